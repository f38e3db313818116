"""The sandbox: level text goes in, checked data or a verdict comes out.

`Sandbox.build` walks a level through screen, jail, verifier and the trainer's own invariants. The
trainer never executes or parses level text here, and never reads a byte that a level's process sent.
"""

import io
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from dicode.games.host import Goal, HostGame, Rules
from dicode.sandbox import invariants, jail, screen, wire, workers
from dicode.sandbox.limits import Limits
from dicode.sandbox.workers import SandboxError, Worker
from dicode.types import Code, Origin, Rejected

Policy = Literal["auto", "full", "weak"]
_KNOWN_HOOKS = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Built:
    """A level that passed every check."""

    goal: Goal
    rules: Rules
    pool: Mapping[str, np.ndarray]
    """Read-only arrays [P, ...] by dotted name."""
    hooks: Mapping[str, bytes]
    """Checked, exported hooks by name; `dicode.sandbox.hooks.load_hook` makes functions of them."""
    description: str
    warnings: tuple[str, ...]
    pool_hash: str
    cpu_seconds: float
    """CPU time of all its processes together."""


class Sandbox:
    """Warm, walled workers that turn the level text of one game into data; a context manager, safe to share by threads.

    `wall` says what text from a model needs: `auto` and `full` refuse it without the full wall
    (`full` already at the start), `weak` runs it with whatever there is and warns at each start.
    Other origins need only a subprocess with limits. Every mechanism that works is used in any case.
    `foreign`: the levels are of a run that this machine did not make, so all of them need what a model's text needs.
    `hook_group` is the number of environments that hooks are exported for; 0 refuses hooks.
    `use` narrows the mechanisms, for tests. `started`: a `workers.pair` of the game that a caller in a hurry launched.
    """

    def __init__(
        self,
        game: HostGame,
        wall: Policy = "auto",
        limits: Limits = Limits(),  # noqa: B008  frozen
        hook_group: int = 0,
        use: frozenset[str] = jail.ALL_MECHANISMS,
        foreign: bool = False,
        started: tuple[Worker, Worker] | None = None,
    ) -> None:
        if wall not in ("auto", "full", "weak"):
            raise SandboxError(f"sandbox={wall!r} is not one of auto, full, weak")
        self.game, self.limits, self.hook_group, self._wall, self._foreign = game, limits, hook_group, wall, foreign
        self._builder, self._verifier = started or workers.pair(game.name, use, limits.memory)
        self._hooks = Worker(workers.HOOKS, game.name, use, limits.hook_memory)
        # Hooks depend on the text alone, so a level that is built again for a new pool keeps them.
        self._known_hooks: dict[str, dict[str, bytes]] = {}
        if wall == "full":
            self.require(Origin.FOUNDATION)
        elif wall == "weak":
            self._warn()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every worker; a later `build` starts them again."""
        for worker in (self._builder, self._verifier, self._hooks):
            worker.stop()

    def launch(self) -> None:
        """Start what `build` needs for a level without hooks, and don't wait until it is up."""
        self._builder.launch()
        self._verifier.launch()

    def mechanisms(self) -> tuple[str, ...]:
        """The mechanisms seen to hold around level text on this machine, by trying to break them."""
        self._builder.start()
        return self._builder.seen

    def wall_is_full(self) -> bool:
        """Whether no file, network or process outside is reachable: seccomp, rlimits and one bound on files."""
        return _is_full(self._builder)

    def require(self, origin: Origin) -> None:
        """Raise `SandboxError` if level text of this origin may not be run here."""
        self._require(origin, self._builder)

    def _require(self, origin: Origin, worker: Worker) -> None:
        hostile = self._foreign or origin is Origin.FOUNDATION
        if hostile and self._wall != "weak" and not _is_full(worker):
            found = ", ".join(worker.seen) or "none"
            whose = "code of a run that this machine did not make" if self._foreign else "text from a model"
            raise SandboxError(
                f"{whose} needs the full wall (seccomp, rlimits, Landlock or a mount namespace); in force: {found}. "
                "Use another machine, or sandbox=weak to run it nevertheless"
            )

    def _warn(self) -> None:
        full = "" if self.wall_is_full() else "; the wall has gaps"
        found = ", ".join(self.mechanisms()) or "none"
        _log.warning("sandbox=weak: text from a model is run behind whatever holds on this machine: %s%s", found, full)

    def build(
        self,
        source: str,
        worlds: Mapping[str, np.ndarray],
        seed: int,
        origin: Origin,
        episode_limit: int | None = None,
    ) -> Built | Rejected:
        """Run a level's `build` on a pool of base worlds [P, ...] and check what comes back.

        With an `episode_limit` a goal that takes more steps is rejected. The same source, worlds and seed give
        the same pool hash. Raises `SandboxError` only for what is not the level's doing: a wall that the origin
        needs and the machine lacks, a worker that does not start.
        """
        self.launch()
        self.require(origin)
        found = screen.cheap(source, self.limits.source)
        if found is not None:
            return found
        count = self.game.num_worlds(worlds)
        answer = self._run_level(source, worlds, seed, count, episode_limit)
        if isinstance(answer, Rejected):
            return answer
        header, data, cpu_s = answer
        try:
            pool = invariants.unpack_pool(self.game, data, count, header["pool_hash"])
        except invariants.InvariantError as error:
            return Rejected("wire", str(error), code=Code.UNREADABLE)
        built = Built(
            goal=self.game.read_goal(header["goal"]),
            rules=self.game.read_rules(header["rules"]),
            pool=pool,
            hooks={},
            description=header["description"],
            warnings=tuple(header["warnings"]),
            pool_hash=header["pool_hash"],
            cpu_seconds=cpu_s,
        )
        return self._with_hooks(built, source, origin, tuple(header["hooks"])) if header["hooks"] else built

    def _run_level(
        self, source: str, worlds: Mapping[str, np.ndarray], seed: int, count: int, episode_limit: int | None
    ) -> tuple[Mapping[str, Any], bytes, float] | Rejected:
        limits = self.limits
        packed = io.BytesIO()
        fields = self.game.fields
        arrays: dict[str, Any] = {name: np.asarray(worlds[name], field.dtype) for name, field in fields.items()}
        np.savez(packed, **arrays)
        request = wire.Message({"seed": seed}, {"source": source.encode(), "worlds": packed.getvalue()})
        bounds = jail.JobLimits(limits.build_cpu(count), limits.memory)
        reply = limits.reply(count, self.game.state_bytes)
        outcome = self._builder.run(request, bounds, limits, reply)
        if outcome.body is None:
            return _no_answer(outcome)
        asked = {"worlds": count, "text": limits.text, "episode_limit": episode_limit}
        question = wire.Message(asked, {"answer": outcome.body})
        checked = self._verifier.run(question, bounds, limits, reply)
        if checked.body is None:
            reason = f"the answer could not be checked: {checked.detail}"
            return Rejected("verify", reason, "build a simpler level", code=_CODES[checked.failure])
        verdict = _accepted(checked.body)
        if isinstance(verdict, Rejected):
            return verdict
        return verdict.header, verdict.blobs["pool"], outcome.cpu_s + checked.cpu_s

    def _with_hooks(self, built: Built, source: str, origin: Origin, names: tuple[str, ...]) -> Built | Rejected:
        if not self.hook_group:
            reason = f"the level defines {', '.join(names)}, but this run has no hooks"
            return Rejected("hooks", reason, "say it with GOAL and RULES", code=Code.HOOKS_OFF)
        self._require(origin, self._hooks)
        if (known := self._known_hooks.get(source)) is not None:
            return replace(built, hooks=known)
        found = self._compile_hooks(source, built.pool, names)
        if isinstance(found, Rejected):
            return found
        hooks, warnings, cpu_s = found
        self._known_hooks[source] = hooks
        while len(self._known_hooks) > _KNOWN_HOOKS:
            self._known_hooks.pop(next(iter(self._known_hooks)), None)
        return replace(built, hooks=hooks, warnings=(*built.warnings, *warnings), cpu_seconds=built.cpu_seconds + cpu_s)

    def _compile_hooks(
        self, source: str, pool: Mapping[str, np.ndarray], names: tuple[str, ...]
    ) -> tuple[dict[str, bytes], list[str], float] | Rejected:
        """Export, check and try hooks, each in a process of its own: (hooks, warnings, CPU seconds)."""
        limits, order = self.limits, {"hooks": list(names), "group": self.hook_group}
        bounds = {
            "module": limits.hook_module,
            "operations": limits.hook_operations,
            "flops": limits.hook_flops,
            "tensor": limits.hook_tensor,
        }
        exported, first = self._hook_job({"job": "export", **order}, {"source": source.encode()})
        if isinstance(exported, Rejected):
            return exported
        checked, second = self._hook_job({"job": "check", "bounds": bounds, **order}, {"answer": exported})
        answer = _accepted(checked)
        if isinstance(answer, Rejected):
            return answer
        tried, third = self._hook_job({"job": "try", **order}, {**answer.blobs, "pool": self._states(pool)})
        result = _accepted(tried)
        if isinstance(result, Rejected):
            return result
        return dict(answer.blobs), list(result.header["warnings"]), first + second + third

    def _hook_job(self, header: Mapping[str, Any], blobs: Mapping[str, bytes]) -> tuple[bytes | Rejected, float]:
        limits = self.limits
        bounds = jail.JobLimits(limits.hook_cpu_s, limits.hook_memory)
        outcome = self._hooks.run(wire.Message(header, blobs), bounds, limits, 3 * limits.hook_module + (1 << 20))
        if outcome.body is None:
            found = _no_answer(outcome)
            stage = "limits" if found.stage == "limits" else "hooks"
            return Rejected(stage, found.reason, _HOOK_HINT, code=found.code), outcome.cpu_s
        return outcome.body, outcome.cpu_s

    def _states(self, pool: Mapping[str, np.ndarray]) -> bytes:
        """As many of the pool's worlds as the hooks are exported for, in the order of the fields."""
        chosen = np.arange(self.hook_group) % self.game.num_worlds(pool)
        return b"".join(pool[name][chosen].tobytes() for name in self.game.fields)


_HOOK_HINT = "keep hooks short: few jax.numpy operations and no Python loops over cells"
_CODES = {"cpu": Code.TIME, "wall": Code.TIME, "reply": Code.REPLY, "crash": Code.CRASHED}
_LIMIT_HINTS = {
    "cpu": "bound every loop and search; work on whole arrays instead of single cells",
    "wall": "do not wait or sleep",
    "reply": "edit the world in place; keep the docstring short",
    "crash": "use plain NumPy; make no large arrays and no deep recursion",
}


def _accepted(body: bytes | Rejected) -> wire.Message | Rejected:
    """What a process that ran no level text answered, or the verdict that it came to."""
    if isinstance(body, Rejected):
        return body
    message = wire.decode(body)
    if message.header["ok"]:
        return message
    line, worlds = message.header.get("line"), tuple(message.header.get("worlds", ()))
    return replace(Rejected.from_json(message.header), worlds=worlds, line=tuple(line) if line else None)


def _is_full(worker: Worker) -> bool:
    worker.start()
    seen = set(worker.seen)
    return {"rlimits", "no_new_privs", "seccomp"} <= seen and bool(seen & {"landlock", "mount namespace"})


def _no_answer(outcome: workers.JobEnd) -> Rejected:
    stage = "build" if outcome.failure == "crash" else "limits"
    reasons = {
        "cpu": f"the level used {outcome.detail}",
        "wall": f"the level gave {outcome.detail}",
        "reply": f"the level's answer was refused: {outcome.detail}",
        "crash": f"the level's process broke down: {outcome.detail}",
    }
    failure = outcome.failure
    return Rejected(stage, reasons[failure], _LIMIT_HINTS[failure], code=_CODES[failure])
