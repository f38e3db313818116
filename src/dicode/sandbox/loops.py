"""How often a StableHLO loop turns, proven in the arithmetic of its own counter.

One form is accepted, which `jax.random`, `argsort`, `searchsorted`, `scan` and `fori_loop` lower to: an
integer counter starts at a constant, is compared as less than a constant, and grows by one constant in
every turn. Start, bound and step alone prove nothing, because integers wrap: from 100 an `i8` goes on to
-56, and stays below 127 for ever. So the last value that the counter takes must lie in its type; then it
never wraps, and the number of turns is the quotient that one expects.
"""

from typing import Any

from dicode.sandbox.module_error import ModuleError

_BITS = (8, 16, 32, 64)
_RANGES = {f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in _BITS}
_RANGES |= {f"ui{bits}": (0, 2**bits - 1) for bits in _BITS}
"""Lowest and highest value of the counters' types; StableHLO reads `i` as signed."""
_DATA_LOOP = "a loop in the hook depends on data; the number of its turns must be a constant"
_DATA_LOOP_HINT = "use jax.lax.fori_loop with constant bounds, and jnp.where inside it to stop early"


def turns(loop: Any) -> int:
    """Turns of a `stablehlo.while` (an operation of MLIR); `ModuleError` unless they are proven."""
    condition, body = loop.regions[0].blocks[0], loop.regions[1].blocks[0]
    test = _owner(_last(condition).operands[0])
    if test is None or test.name != "stablehlo.compare" or not _says(test, "comparison_direction", "LT"):
        raise ModuleError(_DATA_LOOP, _DATA_LOOP_HINT)
    position = _argument(test.operands[0], condition)
    kind = "" if position is None else _scalar_type(loop.operands[position])
    if position is None or kind not in _RANGES or not _natural(test, kind):
        raise ModuleError(_DATA_LOOP, _DATA_LOOP_HINT)
    start, step = _constant(loop.operands[position]), _step(body, position)
    bound = _bound(loop, test.operands[1], condition, body)
    if start is None or bound is None or step is None or step < 1:
        raise ModuleError(_DATA_LOOP, _DATA_LOOP_HINT)
    count = max(0, -((start - bound) // step))
    if start + count * step > _RANGES[kind][1]:
        raise ModuleError(
            f"a loop's counter of type {kind} goes from {start} in steps of {step} and wraps before it reaches {bound}",
            "count in int32",
        )
    return count


def _natural(test: Any, kind: str) -> bool:
    """Whether the comparison takes the counter for what its type says."""
    return "compare_type" not in test.attributes or _says(
        test, "compare_type", "UNSIGNED" if kind.startswith("u") else "SIGNED", "NOTYPE"
    )


def _says(test: Any, attribute: str, *values: str) -> bool:
    from jaxlib.mlir.dialects import stablehlo

    kinds: dict[str, Any] = {
        "comparison_direction": stablehlo.ComparisonDirectionAttr,
        "compare_type": stablehlo.ComparisonTypeAttr,
    }
    return kinds[attribute](test.attributes[attribute]).value in values


def _bound(loop: Any, value: Any, condition: Any, body: Any) -> int | None:
    """The constant that the counter is compared with: written there, or carried along unchanged."""
    position = _argument(value, condition)
    if position is None:
        return _constant(value)
    unchanged = _argument(_last(body).operands[position], body) == position
    return _constant(loop.operands[position]) if unchanged else None


def _step(body: Any, position: int) -> int | None:
    """What every turn adds to the counter: the value handed on is the sum of this turn's counter and a constant."""
    added = _owner(_last(body).operands[position])
    if added is None or added.name != "stablehlo.add":
        return None
    for counter, step in (tuple(added.operands), tuple(added.operands)[::-1]):
        if _argument(counter, body) == position:
            return _constant(step)
    return None


def _last(block: Any) -> Any:
    return list(block.operations)[-1].operation


def _owner(value: Any) -> Any:
    from jaxlib.mlir import ir

    owner = value.owner
    return None if isinstance(owner, ir.Block) else getattr(owner, "operation", owner)


def _argument(value: Any, block: Any) -> int | None:
    """Position of `value` among the block's arguments, None if it is none of them."""
    for position, argument in enumerate(block.arguments):
        if argument == value:
            return position
    return None


def _scalar_type(value: Any) -> str:
    """The element type of a scalar, empty for anything else."""
    from jaxlib.mlir import ir

    shaped = ir.RankedTensorType(value.type)
    return str(shaped.element_type) if shaped.rank == 0 else ""


def _constant(value: Any) -> int | None:
    """The integer that a scalar constant operation holds, in its own type."""
    from jaxlib.mlir import ir

    owner = _owner(value)
    if owner is None or owner.name != "stablehlo.constant":
        return None
    elements = ir.DenseIntElementsAttr(owner.attributes["value"])  # of the counter's type, an integer
    return int(elements[0]) if len(elements) == 1 else None
