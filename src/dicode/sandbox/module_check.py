"""Walks a StableHLO module that came from a level and accepts only plain, bounded array code.

Accepted: operations on a list, arrays of static shape and bounded size, functions that do not call
themselves, and loops whose number of turns is written in the module: a counter that starts at a
constant, grows by a constant and is compared with a constant, which is what `jax.random`, `argsort`,
`searchsorted`, `scan` and `fori_loop` lower to. Refused: everything else, among it custom calls, host
callbacks, in- and outfeed, collectives and loops that depend on data. The module is then printed
without source locations and written anew, so that no byte of the original is kept.
"""

import math
from dataclasses import dataclass, field
from typing import Any

from dicode.sandbox import loops
from dicode.sandbox.module_error import ModuleError

ELEMENTWISE = frozenset(
    [
        "abs",
        "add",
        "and",
        "atan2",
        "bitcast_convert",
        "cbrt",
        "ceil",
        "clamp",
        "compare",
        "convert",
        "cosine",
        "count_leading_zeros",
        "divide",
        "exponential",
        "exponential_minus_one",
        "floor",
        "is_finite",
        "log",
        "log_plus_one",
        "logistic",
        "maximum",
        "minimum",
        "multiply",
        "negate",
        "not",
        "or",
        "popcnt",
        "power",
        "remainder",
        "round_nearest_afz",
        "round_nearest_even",
        "rsqrt",
        "select",
        "shift_left",
        "shift_right_arithmetic",
        "shift_right_logical",
        "sign",
        "sine",
        "sqrt",
        "subtract",
        "tan",
        "tanh",
        "xor",
        "reduce_precision",
        "real",
    ]
)
SHAPE = frozenset(
    [
        "broadcast_in_dim",
        "concatenate",
        "constant",
        "dynamic_slice",
        "dynamic_update_slice",
        "gather",
        "iota",
        "pad",
        "reshape",
        "reverse",
        "slice",
        "transpose",
        "optimization_barrier",
    ]
)
REGIONS = frozenset(["case", "if", "map", "reduce", "reduce_window", "scatter", "select_and_scatter", "sort", "while"])
OTHER = frozenset({"convolution", "dot_general", "composite", "return"})
ALLOWED = frozenset(f"stablehlo.{name}" for name in ELEMENTWISE | SHAPE | REGIONS | OTHER) | {
    "func.func",
    "func.call",
    "func.return",
    "chlo.erf",
    "chlo.erf_inv",
    "chlo.top_k",
}
_ELEMENT_BYTES = {"i1": 1, "i4": 1, "i8": 1, "i16": 2, "i32": 4, "i64": 8, "f16": 2, "bf16": 2, "f32": 4, "f64": 8}
_ELEMENT_BYTES |= {f"u{name}": size for name, size in _ELEMENT_BYTES.items() if name.startswith("i") and name != "i1"}
_DOTTED_ATTRIBUTES = frozenset(
    {"jax.result_info", "jax.arg_info", "mhlo.num_partitions", "mhlo.num_replicas", "jax.uses_shape_polymorphism"}
)
_MAX_DEPTH = 60
_MOST_TURNS = 1_000_000
TURN = 10_000.0
"""Operations for one environment that a turn of a loop counts as at least: turns follow each other, so
on an accelerator they cost time however little they compute."""


@dataclass(frozen=True)
class Bounds:
    """Limits on one module; the last two are for one environment."""

    module: int
    operations: int
    flops: float
    tensor: int


@dataclass
class _Walk:
    functions: dict[str, Any]
    group: int
    tensor: int
    operations: int
    seen: int = 0
    costs: dict[str, float] = field(default_factory=dict)
    open: list[str] = field(default_factory=list)


def check_module(data: bytes, group: int, bounds: Bounds) -> tuple[bytes, float]:
    """(the module written anew, estimated operations for one environment and step).

    `data` is a portable StableHLO artifact for `group` environments. Raises `ModuleError`. What is handed on
    is walked too, so that nothing depends on reading and writing being each other's inverse.
    """
    from jaxlib.mlir import ir
    from jaxlib.mlir.dialects import chlo, sdy, stablehlo

    context = ir.Context()
    for dialect in (stablehlo, chlo, sdy):  # sdy is refused below, but must be readable to be named
        dialect.register_dialect(context)
    with context, ir.Location.unknown(context):
        original = _read(data, context)
        _walk_module(original, group, bounds)
        written = _rewritten(original, context)
        flops = _walk_module(_read(written, context), group, bounds) / group
        if not flops <= bounds.flops:
            raise ModuleError(
                f"the hook needs about {flops:.2g} operations a step; at most {bounds.flops:.2g} are allowed",
                "touch one floor or a window around the player instead of all maps, and make loops shorter",
            )
        return written, flops


def _read(data: bytes, context: Any) -> Any:
    from jaxlib.mlir.dialects import stablehlo

    try:
        return stablehlo.deserialize_portable_artifact(context, data)
    except Exception:  # noqa: BLE001 - MLIR raises errors of no class of its own
        raise ModuleError("the module cannot be read") from None


def _rewritten(module: Any, context: Any) -> bytes:
    from jaxlib.mlir import ir
    from jaxlib.mlir.dialects import stablehlo

    text = module.operation.get_asm(enable_debug_info=False)
    clean = ir.Module.parse(text, context)
    window = stablehlo.StablehloCompatibilityRequirement.WEEK_4
    version = stablehlo.get_version_from_compatibility_requirement(window)
    return bytes(stablehlo.serialize_portable_artifact(clean, version))


def _walk_module(module: Any, group: int, bounds: Bounds) -> float:
    functions = {}
    _check_attributes(module.operation)
    for function in module.body.operations:
        if function.operation.name != "func.func":
            raise ModuleError(f"the module holds {function.operation.name[:60]} beside functions")
        functions[function.operation.attributes["sym_name"].value] = function.operation
    if "main" not in functions:
        raise ModuleError("the module has no main function")
    walk = _Walk(functions, group, bounds.tensor * group, bounds.operations)
    for name in functions:
        _function(walk, name)
    return walk.costs["main"]


def _function(walk: _Walk, name: str) -> float:
    """Cost of one call of a function; each is walked once."""
    if name in walk.costs:
        return walk.costs[name]
    if name not in walk.functions:
        raise ModuleError("the module calls a function that it does not hold")
    if name in walk.open or len(walk.open) > _MAX_DEPTH:
        raise ModuleError("the module's functions call themselves", "write loops with jax.lax.fori_loop or scan")
    walk.open.append(name)
    operation = walk.functions[name]
    _check_attributes(operation)
    if len(operation.regions) != 1 or len(operation.regions[0].blocks) != 1:
        raise ModuleError("a function has no body, or jumps")
    walk.costs[name] = _region(walk, operation.regions[0], 0)
    walk.open.pop()
    return walk.costs[name]


def _region(walk: _Walk, region: Any, depth: int) -> float:
    if len(region.blocks) != 1 or depth > _MAX_DEPTH:
        raise ModuleError("a region of the module jumps or nests too deep")
    block = region.blocks[0]
    for argument in block.arguments:
        _size(walk, argument.type)
    return sum(_operation(walk, op.operation, depth) for op in block.operations)


def _operation(walk: _Walk, op: Any, depth: int) -> float:
    walk.seen += 1
    if walk.seen > walk.operations:
        raise ModuleError(
            f"the hook has more than {walk.operations} operations", "use loops of jax.lax instead of Python's"
        )
    if op.name not in ALLOWED:
        raise ModuleError(_refusal(op), _refusal_hint(op))
    _check_attributes(op)
    results = [_size(walk, result.type) for result in op.results]
    inputs = [_size(walk, operand.type) for operand in op.operands]
    size = float(sum(results) + 1)
    kind = op.name.split(".", 1)[1]
    if op.name == "func.call":
        return _function(walk, op.attributes["callee"].value)
    if kind == "composite":
        return size + _composite(walk, op)
    if kind == "dot_general":
        return 2.0 * size * _contracted(op)
    if kind == "convolution":
        return 2.0 * size * inputs[1]
    if kind == "while":
        test, body = (_region(walk, region, depth + 1) for region in op.regions)
        return _turns(op) * (TURN * walk.group + test + body) + test
    inner = sum(_region(walk, region, depth + 1) for region in op.regions)
    if kind == "sort":
        _check_stable(op)
        count = max([*inputs, 1.0])
        return count * (1.0 + math.log2(count + 1.0)) * max(inner, 1.0)
    if kind == "reduce_window" or kind == "select_and_scatter":
        return size * max(inner, 1.0) * _product(op, "window_dimensions")
    if kind in ("reduce", "scatter", "map"):
        return sum([*inputs, size]) * max(inner, 1.0)
    return size + inner


def _check_stable(op: Any) -> None:
    """Only stable sorts stay within their arrays on a CPU whatever the comparison says."""
    if "is_stable" not in op.attributes or not op.attributes["is_stable"].value:
        raise ModuleError("the hook sorts with stable=False", "leave stable=False out")


def _composite(walk: _Walk, op: Any) -> float:
    name = op.attributes["name"].value
    if not name.startswith("chlo."):
        raise ModuleError(f"the hook uses {name[:60]}", "use operations of jax.numpy")
    return _function(walk, op.attributes["decomposition"].value)


def _contracted(op: Any) -> float:
    from jaxlib.mlir.dialects import stablehlo

    numbers = stablehlo.DotDimensionNumbers(op.attributes["dot_dimension_numbers"])
    shape = op.operands[0].type.shape
    return float(math.prod(shape[axis] for axis in numbers.lhs_contracting_dimensions))


def _product(op: Any, attribute: str) -> float:
    return float(math.prod(list(op.attributes[attribute])))


def _refusal(op: Any) -> str:
    target = ""
    if op.name == "stablehlo.custom_call" and "call_target_name" in op.attributes:
        target = f" ({op.attributes['call_target_name'].value[:60]})"
    return f"the hook uses {op.name[:60]}{target}, which is not allowed"


def _refusal_hint(op: Any) -> str:
    if op.name == "stablehlo.custom_call":
        return "leave out callbacks, printing and jnp.linalg; use plain jax.numpy operations"
    return "use plain jax.numpy operations"


def _check_attributes(op: Any) -> None:
    for entry in op.attributes:
        name = entry if isinstance(entry, str) else entry.name
        if "." in name and name not in _DOTTED_ATTRIBUTES:
            raise ModuleError(f"the module carries the annotation {name[:60]}")


def _size(walk: _Walk, kind: Any) -> float:
    """Number of elements; refuses types that are not arrays of static shape and bounded size."""
    from jaxlib.mlir import ir

    if not isinstance(kind, ir.RankedTensorType):
        raise ModuleError(f"the hook computes a {str(kind)[:40]}, which is not an array")
    shaped = ir.RankedTensorType(kind)
    element = str(shaped.element_type)
    if not shaped.has_static_shape or element not in _ELEMENT_BYTES:
        raise ModuleError(
            f"the hook computes a {str(kind)[:40]}, which is not allowed", "use float32, int32 and bool arrays"
        )
    count = math.prod(shaped.shape)
    if count * _ELEMENT_BYTES[element] > walk.tensor:
        raise ModuleError(f"the hook makes an array {str(kind)[:40]}, which is too large", "compute on smaller arrays")
    return float(count)


def _turns(op: Any) -> float:
    count = loops.turns(op)
    if count > _MOST_TURNS:
        raise ModuleError(f"a loop in the hook has {count} turns", "make it shorter")
    return float(max(count, 1))
