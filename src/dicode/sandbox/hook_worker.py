"""Handles hooks, in forks of a zygote that has imported JAX: exports them, checks modules, tries them.

Three jobs, each in a process of its own. `export` runs the level's text and traces its hooks with
`jax.export`, batched for the group. `check` never runs text: it reads the exported bytes, walks the
modules and writes them anew. `try` compiles the checked modules and runs them on states of the pool,
so that a hook that takes forever to compile, or writes NaN, is found before it reaches the trainer.
"""

import dataclasses
import importlib
import os
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from dicode.errors import LevelError
from dicode.games import hook_state
from dicode.games.host import Field, HostGame, Levels
from dicode.games.level_text import HOOKS, plain
from dicode.sandbox import hook_trials, module_check, wire, worker
from dicode.sandbox.module_error import ModuleError
from dicode.sandbox.verify import told
from dicode.types import Code, Rejected

_LATE = (
    "scipy.linalg.cython_blas",  # the CPU backend loads these two when it starts
    "scipy.linalg.cython_lapack",
    *(f"jaxlib.mlir.dialects.{name}" for name in ("builtin", "chlo", "func", "mhlo", "sdy", "stablehlo")),
)
"""What JAX imports late, beside the face of the game's levels; jobs can open no file once they hold anything of the level's."""


def prepare(game: HostGame) -> Callable[[wire.Message], wire.Message]:
    """Import JAX and what the game's levels use once and return the job handler; no backend is started before the fork."""
    os.environ["JAX_PLATFORMS"] = "cpu"
    import jax
    import jax.export
    import jax.nn
    import jax.numpy
    import jax.random
    import jax.scipy

    late_ones = (*_LATE, game.levels().face)
    for late in (*late_ones, *(module.name for module in pkgutil.walk_packages(jax.scipy.__path__, "jax.scipy."))):
        importlib.import_module(late)
    jax.config.update("jax_platforms", "cpu")
    jax.config.update("jax_traceback_filtering", "off")
    jax.tree_util.register_pytree_node(hook_state.HookState, hook_state.flatten, hook_state.unflatten)
    jobs = {"export": export, "check": check, "try": attempt}

    def handle(message: wire.Message) -> wire.Message:
        return jobs[str(message.header["job"])](message, game)

    return handle


def settle(message: wire.Message) -> None:
    """Start the backend for the jobs that need it, while files can still be opened; it runs nothing of the level's."""
    if message.header["job"] != "check":
        import jax
        import jax.numpy as jnp

        jax.block_until_ready(jnp.zeros(2) + 1)


def export(message: wire.Message, game: HostGame) -> wire.Message:
    """Run the level's text and export its hooks: one blob for each."""
    source, group = plain(message.blobs["source"].decode("utf-8")), int(message.header["group"])
    try:
        namespace = worker.execute(source, importlib.import_module, game.levels())
        blobs = {}
        for name in message.header["hooks"]:
            if not callable(namespace.get(name)):
                raise LevelError(f"{name} is not a function")
            blobs[name] = _export(name, namespace[name], group, game)
        return wire.Message({"ok": True}, blobs)
    except BaseException as error:  # noqa: BLE001 - whatever level code raises is its verdict
        return worker.reject(explain(error, source, game.levels()))


def explain(error: BaseException, source: str, levels: Levels) -> Rejected:
    """As for `build`, with hints on tracing."""
    found = worker.explain(error, source, levels)
    name = type(error).__name__
    reason, hint = found.reason.split("\n")[0], _TRACING.get(name, found.hint)
    if found.stage == "limits":
        return Rejected("limits", reason, hint, code=found.code)
    return _refused(reason, hint)


def _refused(reason: str, hint: str = "", code: Code = Code.HOOK) -> Rejected:
    return Rejected("hooks", reason, hint, code=code)


_TRACING = {
    "TracerBoolConversionError": "a hook cannot use if or while on array values; use jnp.where or jax.lax.cond",
    "TracerIntegerConversionError": "array values cannot index Python lists; use jnp.take or at[...]",
    "TracerArrayConversionError": "use jax.numpy on the state, not numpy",
    "ConcretizationTypeError": "shapes and loop bounds in a hook must be constants",
    "NonConcreteBooleanIndexError": "boolean indexing changes shapes; use jnp.where",
    "UnexpectedTracerError": "a hook keeps nothing between calls; return everything in the state",
    "NotImplementedError": "hooks are pure array code: no callbacks, no printing",
}


def signature(name: str, group: int, game: HostGame) -> tuple[Any, ...]:
    """Shapes and dtypes of a hook's arguments: states as tuples in the order of the fields, leading axis `group`."""
    import jax

    state = tuple(jax.ShapeDtypeStruct((group, *field.shape), field.dtype) for field in game.fields.values())
    action = jax.ShapeDtypeStruct((group,), np.dtype("int32"))
    key = jax.ShapeDtypeStruct((group, 2), np.dtype("uint32"))
    return {"transition": (state, action, state, key), "success": (state,), "bonus": (state, action, state)}[name]


def _export(name: str, function: Callable[..., Any], group: int, game: HostGame) -> bytes:
    import jax

    wrapped = {"transition": _transition, "success": _success, "bonus": _bonus}[name](function, game)
    exported = jax.export.export(
        jax.jit(jax.vmap(wrapped)),
        platforms=["cpu"],
        # What passes the check has no custom calls, so it means the same on every platform.
        disabled_checks=[jax.export.DisabledSafetyCheck.platform()],
    )(*signature(name, group, game))
    return bytes(exported.serialize())


def _reader(game: HostGame) -> Callable[[Any], hook_state.HookState]:
    return lambda values: hook_state.from_values(game.fields, values, game.levels().nearest)


def _transition(function: Callable[..., Any], game: HostGame) -> Callable[..., Any]:
    state = _reader(game)

    def transition(before: Any, action: Any, after: Any, key: Any) -> tuple[Any, ...]:
        result = function(state(before), action, state(after), key)
        if not isinstance(result, hook_state.HookState):
            raise LevelError(
                f"transition returned {type(result).__name__}; it must return the state, for example after.replace(...)"
            )
        values = hook_state.to_values(game.fields, result)
        return tuple(_fit(name, field, value) for (name, field), value in zip(game.fields.items(), values, strict=True))

    return transition


def _fit(name: str, field: Field, value: Any) -> Any:
    import jax.numpy as jnp

    array = _array(f"transition gives {name}", value)
    if array.shape != field.shape:
        raise LevelError(f"transition gives {name} the shape {array.shape}; it must be {field.shape}")
    if array.dtype.kind == "f" and field.dtype.kind != "f":
        rounded = "state.x != 0" if field.dtype == bool else f"jnp.round(...).astype(jnp.{field.dtype})"
        raise LevelError(
            f"transition gives {name} as {array.dtype}; the field is {field.dtype}, and nothing is rounded by itself",
            hint=f"write {rounded}, or draw: + jax.random.bernoulli(key, 0.5) changes a whole number by half on average",
        )
    if field.dtype.kind in "iu" and array.dtype != field.dtype and array.dtype != bool:
        bounds = np.iinfo(field.dtype)
        array = jnp.clip(array, max(bounds.min, int(field.low)), min(bounds.max, int(field.high)))
    return array.astype(field.dtype)


def _array(what: str, value: Any) -> Any:
    """What a hook returned as an array of real numbers; LevelError, which begins with `what`, for anything else."""
    import jax.numpy as jnp

    try:
        array = jnp.asarray(value)
    except OverflowError:
        raise LevelError(f"{what} as a number that no int32 holds") from None
    except (TypeError, ValueError):
        raise LevelError(f"{what} as {type(value).__name__}; it must be a number or an array of numbers") from None
    if array.dtype.kind == "c":
        raise LevelError(f"{what} as {array.dtype}, whose imaginary part would be lost", hint="write jnp.real(...)")
    return array


def _success(function: Callable[..., Any], game: HostGame) -> Callable[..., Any]:
    state = _reader(game)
    return lambda values: _scalar("success", function(state(values)), bool)


def _bonus(function: Callable[..., Any], game: HostGame) -> Callable[..., Any]:
    state = _reader(game)

    def bonus(before: Any, action: Any, after: Any) -> Any:
        return _scalar("bonus", function(state(before), action, state(after)), float)

    return bonus


def _scalar(name: str, value: Any, kind: type) -> Any:
    import jax.numpy as jnp

    array = _array(f"{name} returned its value", value)
    if array.shape != ():
        raise LevelError(f"{name} returned an array of shape {array.shape}; it must return one {kind.__name__}")
    if kind is bool and array.dtype != bool:
        raise LevelError(f"success returned {array.dtype}; it must return a bool, for example state.x >= 2")
    return array.astype(bool if kind is bool else jnp.float32)


def check(message: wire.Message, game: HostGame) -> wire.Message:
    """Read the exporting process's answer without trusting it; the hooks written anew, or a verdict."""
    header = message.header
    try:
        answer = wire.decode(message.blobs["answer"])
        if answer.header.get("ok") is not True:
            return _passed_on(answer.header)
        names = list(header["hooks"])
        if sorted(answer.blobs) != sorted(names):
            raise ModuleError("the answer does not hold the announced hooks")
        bounds = module_check.Bounds(**header["bounds"])
        blobs, costs = {}, {}
        for name in names:
            blobs[name], costs[name] = _checked(name, answer.blobs[name], int(header["group"]), bounds, game)
        return wire.Message({"ok": True, "flops": costs}, blobs)
    except ModuleError as error:
        return worker.reject(_refused(str(error), error.hint, Code.MODULE))
    except Exception as error:  # noqa: BLE001 - StableHLO raises what it likes at damaged bytes
        reason = f"the exported hook cannot be read ({type(error).__name__})"
        return worker.reject(_refused(reason, code=Code.UNREADABLE))


def _passed_on(header: Mapping[str, Any]) -> wire.Message:
    verdict = told(header, ("hooks", "limits"))
    return worker.reject(verdict or _refused("the answer is neither hooks nor a reason", code=Code.UNREADABLE))


def _checked(name: str, data: bytes, group: int, bounds: module_check.Bounds, game: HostGame) -> tuple[bytes, float]:
    import jax

    if name not in HOOKS or len(data) > bounds.module:
        raise ModuleError(
            f"{name} exports to {len(data)} bytes; at most {bounds.module} are allowed", "write a shorter hook"
        )
    exported = jax.export.deserialize(bytearray(data))
    _check_record(exported, name, group, game)
    module, flops = module_check.check_module(exported.mlir_module_serialized, group, bounds)
    rewritten = dataclasses.replace(exported, fun_name=name, mlir_module_serialized=module)
    return bytes(rewritten.serialize()), flops


def _check_record(exported: Any, name: str, group: int, game: HostGame) -> None:
    """Everything beside the module is what our own export of this signature would say."""
    import jax

    arguments = signature(name, group, game)
    leaves, tree = jax.tree.flatten((arguments, {}))
    outputs: Any = {"transition": arguments[0], "success": _one(group, "bool"), "bonus": _one(group, "float32")}[name]
    out_leaves, out_tree = jax.tree.flatten(outputs)
    told = [(tuple(a.shape), np.dtype(a.dtype)) for a in (*exported.in_avals, *exported.out_avals)]
    wanted = [(tuple(a.shape), np.dtype(a.dtype)) for a in (*leaves, *out_leaves)]
    kept = tuple(exported.module_kept_var_idx)
    right = (
        exported.in_tree == tree
        and exported.out_tree == out_tree
        and told == wanted
        and tuple(exported.platforms) == ("cpu",)
        and exported.nr_devices == 1
        and not exported.ordered_effects
        and not exported.unordered_effects
        and not exported.uses_global_constants
        and not any(exported.in_shardings_hlo)
        and not any(exported.out_shardings_hlo)
        and kept == tuple(sorted(set(kept)))
        and all(0 <= index < len(leaves) for index in kept)
    )
    if not right:
        raise ModuleError(f"{name} is not exported with the signature of its kind")


def _one(group: int, dtype: str) -> Any:
    import jax

    return jax.ShapeDtypeStruct((group,), np.dtype(dtype))


def attempt(message: wire.Message, game: HostGame) -> wire.Message:
    """Compile checked hooks and run them on many states and actions; seconds of compilation, or what is wrong."""
    import time

    import jax

    group = int(message.header["group"])
    states = hook_trials.pool_states(game, message.blobs["pool"], group)
    seconds, warnings = {}, []
    for name in message.header["hooks"]:
        exported = jax.export.deserialize(bytearray(message.blobs[name]))
        began = time.process_time()
        compiled = jax.jit(exported.call).lower(*signature(name, group, game)).compile()
        seconds[name] = time.process_time() - began
        results = [
            jax.tree.leaves(jax.device_get(compiled(*_called(name, given))))
            for given in hook_trials.trials(game, states)
        ]
        if any(value.dtype.kind == "f" and not np.isfinite(value).all() for value in results[0]):
            warnings.append(
                f"{name} gives NaN or infinity on the initial states; such values are put back to what they were"
            )
        if name == "success" and results[0][0].all():
            reason = "success(state) is already true at reset in every world"
            return worker.reject(_refused(reason, "start further from success", Code.SOLVED))
    return wire.Message({"ok": True, "compile_s": seconds, "warnings": warnings})


def _called(name: str, given: hook_trials.Arguments) -> tuple[Any, ...]:
    """What a hook of this name takes of a trial."""
    before, action, after, key = given
    return {"transition": (before, action, after, key), "success": (after,), "bonus": (before, action, after)}[name]
