"""Loops are counted in their counter's own arithmetic: what is accepted ends, in as many turns as were counted.

Random loops are written as StableHLO and go through the check as bytecode. An interpreter plays them turn by
turn, with integers that wrap as their types do, on several values of the data.
"""

import sys
from dataclasses import dataclass, replace

import jax
import numpy as np
import pytest
from jaxlib.mlir import ir
from jaxlib.mlir.dialects import stablehlo

from dicode.sandbox.module_check import TURN, Bounds, check_module
from dicode.sandbox.module_error import ModuleError

BOUNDS = Bounds(module=2**20, operations=20_000, flops=2e7, tensor=2**22)
MOST = 300
"""Turns that a random module may take, so that playing 10,000 of them takes minutes."""
FEW = replace(BOUNDS, flops=(MOST + 1) * TURN)
KINDS = [f"{sign}i{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]


@pytest.fixture(scope="module")
def context():
    return jax.jit(lambda x: x).lower(1.0).compiler_ir("stablehlo").context  # knows every dialect


def bytecode(text: str, context) -> bytes:
    """The module as whoever exports one would send it."""
    with context, ir.Location.unknown(context):
        module = ir.Module.parse(text)
        return stablehlo.serialize_portable_artifact(module, stablehlo.get_current_version())


def module(body: str, kind: str) -> str:
    return f"func.func @main(%data: tensor<{kind}>) -> tensor<{kind}> {{\n{body}\n}}"


def loop(kind: str, start: object, bound: object, step: object, *, direction="LT", sense="", update="") -> str:
    """`while c < bound: c += step` and its relatives, as text."""
    sense = f", {sense}" if sense else ""
    update = update or f"%n = stablehlo.add %c, %step : tensor<{kind}>"
    return module(
        f"""
  %start = stablehlo.constant dense<{start}> : tensor<{kind}>
  %bound = stablehlo.constant dense<{bound}> : tensor<{kind}>
  %step = stablehlo.constant dense<{step}> : tensor<{kind}>
  %r = stablehlo.while(%c = %start) : tensor<{kind}>
    cond {{
      %t = stablehlo.compare {direction}, %c, %bound{sense} : (tensor<{kind}>, tensor<{kind}>) -> tensor<i1>
      stablehlo.return %t : tensor<i1>
    }} do {{
      {update}
      stablehlo.return %n : tensor<{kind}>
    }}
  return %r : tensor<{kind}>""",
        kind,
    )


ENDLESS = {
    "a step past the top of int8": loop("i8", 0, 127, 100),
    "a step past the top of int16": loop("i16", 0, 32767, 30000),
    "a step past the top of int32": loop("i32", 2147483000, 2147483647, 600),
    "a step past the top of int64": loop("i64", 0, 2**63 - 1, 2**62),
    "a step past the top of uint8": loop("ui8", 0, 255, 2),
    "a step past the top of uint16": loop("ui16", 0, 65535, 65534),
    "a step past the top of uint32": loop("ui32", 0, 4294967295, 2),
    "a step past the top of uint64": loop("ui64", 0, 2**64 - 1, 2**63),
    "a negative step": loop("i8", 0, 100, -1),
    "a negative step that is a large unsigned one": loop("ui8", 5, 200, 251),
    "a step of zero": loop("i32", 0, 9, 0),
    "signed numbers compared as unsigned ones": loop("i32", 0, -1, 1, sense="UNSIGNED"),
    "unsigned numbers compared as signed ones": loop("ui8", 0, 127, 100, sense="SIGNED"),
    "a counter that may not equal": loop("i32", 0, 9, 2, direction="NE"),
    "a counter that may reach the top": loop("i8", 0, 127, 1, direction="LE"),
    "a counter that must stay above": loop("i8", 0, -128, 1, direction="GE"),
    "a counter moved forth and back": loop("i32", 0, 9, 1, update="%m = stablehlo.add %c, %step : tensor<i32>\n%n = stablehlo.subtract %m, %step : tensor<i32>"),
    "a counter moved twice": loop("i8", 0, 127, 50, update="%m = stablehlo.add %c, %step : tensor<i8>\n%n = stablehlo.add %m, %step : tensor<i8>"),
    "a counter that is doubled": loop("i32", 0, 9, 1, update="%n = stablehlo.add %c, %c : tensor<i32>"),
    "a step from data": loop("i32", 0, 9, 1, update="%n = stablehlo.add %c, %data : tensor<i32>"),
    "a step past the top of a type of four bits": loop("i4", 0, 7, 5),
}  # fmt: skip


@pytest.mark.fast
@pytest.mark.parametrize("what", ENDLESS)
def test_a_loop_is_refused_with(what, context):
    with pytest.raises(ModuleError, match=r"wraps before it reaches|depends on data"):
        check_module(bytecode(ENDLESS[what], context), 1, BOUNDS)


HIDDEN = {
    "behind a condition": """
  %zero = stablehlo.constant dense<0> : tensor<i8>
  %p = stablehlo.compare EQ, %data, %zero, SIGNED : (tensor<i8>, tensor<i8>) -> tensor<i1>
  %r = "stablehlo.if"(%p) ({
    LOOP
    stablehlo.return %w : tensor<i8>
  }, { stablehlo.return %data : tensor<i8> }) : (tensor<i1>) -> tensor<i8>
  return %r : tensor<i8>""",
    "in a branch of many": """
  %i = stablehlo.convert %data : (tensor<i8>) -> tensor<i32>
  %r = "stablehlo.case"(%i) ({ stablehlo.return %data : tensor<i8> }, {
    LOOP
    stablehlo.return %w : tensor<i8>
  }) : (tensor<i32>) -> tensor<i8>
  return %r : tensor<i8>""",
    "in a reduction": """
  %v = stablehlo.broadcast_in_dim %data, dims = [] : (tensor<i8>) -> tensor<4xi8>
  %zero = stablehlo.constant dense<0> : tensor<i8>
  %r = "stablehlo.reduce"(%v, %zero) ({ ^bb0(%a: tensor<i8>, %b: tensor<i8>):
    LOOP
    stablehlo.return %w : tensor<i8>
  }) {dimensions = array<i64: 0>} : (tensor<4xi8>, tensor<i8>) -> tensor<i8>
  return %r : tensor<i8>""",
    "in the test of another loop": """
  %zero = stablehlo.constant dense<0> : tensor<i8>
  %one = stablehlo.constant dense<1> : tensor<i8>
  %nine = stablehlo.constant dense<9> : tensor<i8>
  %r = stablehlo.while(%x = %zero) : tensor<i8>
    cond {
      LOOP
      %t = stablehlo.compare LT, %x, %nine : (tensor<i8>, tensor<i8>) -> tensor<i1>
      stablehlo.return %t : tensor<i1>
    } do {
      %y = stablehlo.add %x, %one : tensor<i8>
      stablehlo.return %y : tensor<i8>
    }
  return %r : tensor<i8>""",
    "in another loop": """
  %zero = stablehlo.constant dense<0> : tensor<i8>
  %one = stablehlo.constant dense<1> : tensor<i8>
  %nine = stablehlo.constant dense<9> : tensor<i8>
  %r = stablehlo.while(%x = %zero) : tensor<i8>
    cond {
      %t = stablehlo.compare LT, %x, %nine : (tensor<i8>, tensor<i8>) -> tensor<i1>
      stablehlo.return %t : tensor<i1>
    } do {
      LOOP
      %y = stablehlo.add %x, %one : tensor<i8>
      stablehlo.return %y : tensor<i8>
    }
  return %r : tensor<i8>""",
}
INNER = """
      %s0 = stablehlo.constant dense<START> : tensor<i8>
      %s1 = stablehlo.constant dense<127> : tensor<i8>
      %s2 = stablehlo.constant dense<STEP> : tensor<i8>
      %w = stablehlo.while(%c = %s0) : tensor<i8>
        cond {
          %tt = stablehlo.compare LT, %c, %s1 : (tensor<i8>, tensor<i8>) -> tensor<i1>
          stablehlo.return %tt : tensor<i1>
        } do {
          %n = stablehlo.add %c, %s2 : tensor<i8>
          stablehlo.return %n : tensor<i8>
        }"""


@pytest.mark.fast
@pytest.mark.parametrize("where", HIDDEN)
def test_a_loop_that_wraps_is_refused(where, context):
    endless = INNER.replace("START", "0").replace("STEP", "100")
    with pytest.raises(ModuleError, match="wraps before it reaches 127"):
        check_module(bytecode(module(HIDDEN[where].replace("LOOP", endless), "i8"), context), 1, BOUNDS)
    ending = INNER.replace("START", "120").replace("STEP", "1")
    assert check_module(bytecode(module(HIDDEN[where].replace("LOOP", ending), "i8"), context), 1, BOUNDS)[1] > 7 * TURN


COUNTED = {
    "to the top of int8": (loop("i8", 0, 127, 1), 127),
    "from the bottom of int8": (loop("i8", -128, 127, 1), 255),
    "onto the top of uint8": (loop("ui8", 0, 255, 5), 51),
    "over half of uint32": (loop("ui32", 2**31, 2**31 + 9, 3, sense="UNSIGNED"), 3),
    "at the top of int64": (loop("i64", 2**63 - 12, 2**63 - 2, 1), 10),
    "not at all": (loop("i32", 5, -5, 1), 0),
    "past its bound": (loop("i32", 0, 10, 4, sense="SIGNED"), 3),
}


@pytest.mark.fast
@pytest.mark.parametrize("what", COUNTED)
def test_a_counted_loop_counts(what, context):
    text, turns = COUNTED[what]
    _, flops = check_module(bytecode(text, context), 1, BOUNDS)
    assert max(turns, 1) * TURN <= flops < (max(turns, 1) + 1) * TURN


@pytest.mark.fast
def test_turns_in_turns_are_multiplied(context):
    """45 times 45 turns are more than 2000."""
    nested = HIDDEN["in another loop"].replace("dense<9>", "dense<45>")
    text = module(nested.replace("LOOP", INNER.replace("START", "82").replace("STEP", "1")), "i8")
    with pytest.raises(ModuleError, match="operations a step"):
        check_module(bytecode(text, context), 1, BOUNDS)


# --- random loops -----------------------------------------------------------------------------------------------------


class Endless(Exception):
    """More turns than any accepted module may have."""


def wrapped(number: int, kind: str) -> int:
    bits = int(kind.lstrip("ui"))
    low = 0 if kind[0] == "u" else -(2 ** (bits - 1))
    return (number - low) % 2**bits + low


@dataclass
class Interpreter:
    """Plays a module on scalars; integers wrap as their types do."""

    left: int = 2 * MOST
    turns: int = 0
    wrapped: bool = False

    def run(self, block, given: dict, *arguments: int) -> list[int]:
        values = given | dict(zip(block.arguments, arguments, strict=True))
        for view in block.operations:
            op = view.operation
            inputs = [values[operand] for operand in op.operands]
            if op.name in ("stablehlo.return", "func.return"):
                return inputs
            values |= dict(zip(op.results, self.step(op, inputs, values), strict=True))
        raise AssertionError("a block without an end")

    def step(self, op, inputs: list[int], values: dict) -> list[int]:
        name = op.name.removeprefix("stablehlo.")
        if name == "while":
            return self.loop(op, inputs, values)
        if name == "if":
            return self.run(op.regions[0 if inputs[0] else 1].blocks[0], values)
        if name == "compare":
            return [self.compare(op, *inputs)]
        if name == "constant":
            return [int(ir.DenseIntElementsAttr(op.attributes["value"])[0])]
        exact = {"add": lambda a, b: a + b, "subtract": lambda a, b: a - b, "multiply": lambda a, b: a * b}[name](
            *inputs
        )
        kept = wrapped(exact, str(op.results[0].type.element_type))
        self.wrapped |= kept != exact
        return [kept]

    def loop(self, op, state: list[int], values: dict) -> list[int]:
        condition, body = (region.blocks[0] for region in op.regions)
        while self.run(condition, values, *state)[0]:
            self.turns += 1
            if self.turns > self.left:
                raise Endless
            state = self.run(body, values, *state)
        return state

    def compare(self, op, a: int, b: int) -> bool:
        kind = str(op.operands[0].type.element_type)
        if "compare_type" in op.attributes:
            sense = stablehlo.ComparisonTypeAttr(op.attributes["compare_type"]).value
            kind = {"SIGNED": kind.removeprefix("u"), "UNSIGNED": "u" + kind.removeprefix("u")}.get(sense, kind)
        a, b = wrapped(a, kind), wrapped(b, kind)
        direction = stablehlo.ComparisonDirectionAttr(op.attributes["comparison_direction"]).value
        return {"LT": a < b, "LE": a <= b, "GT": a > b, "GE": a >= b, "EQ": a == b, "NE": a != b}[direction]


class Writer:
    """Writes random loops on scalars of one type."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng, self.kind, self.count = rng, str(rng.choice(KINDS)), 0
        self.low = wrapped(2 ** (int(self.kind.lstrip("ui")) - 1), self.kind) if self.kind[0] == "i" else 0
        self.high = wrapped(self.low - 1, self.kind)
        self.counted = True
        """Whether every loop so far has the one form that is accepted (it may wrap nevertheless)."""

    def odd(self, share: float = 0.06) -> bool:
        """Whether to leave the accepted form here."""
        found = bool(self.rng.random() < share)
        self.counted &= not found
        return found

    def value(self) -> int:
        pick = self.rng.random()
        if pick < 0.4:
            return int(self.rng.integers(max(self.low, -20), min(self.high, 90)))
        edge = self.low if self.rng.random() < 0.3 else self.high
        if pick < 0.8:
            return edge + (1 if edge == self.low else -1) * int(self.rng.integers(0, 40))
        return int(self.rng.integers(self.low, self.high, endpoint=True, dtype=self.kind.replace("i", "int")))

    def step(self) -> int:
        found = int(self.rng.integers(1, 12)) if self.rng.random() < 0.6 else self.value()
        self.counted &= found >= 1
        return found

    def one(self, depth: int) -> tuple[str, str]:
        """A loop with all it holds, and the name of what its counter becomes."""
        self.count += 1
        n, kind = self.count, f"tensor<{self.kind}>"
        inner, spare = "", f"%z{n}"
        if depth and self.rng.random() < 0.4:
            inner, spare = self.one(depth - 1)
        start = "%data" if self.odd() else f"%s{n}"
        moved = (
            f"%zn{n} = stablehlo.add %z{n}, %d{n} : {kind}"
            if self.odd()
            else f"%zn{n} = stablehlo.add %z{n}, %o{n} : {kind}"
        )
        carried = self.rng.random() < 0.3
        handed_on = f"%zn{n}" if self.odd(0.04) else spare if self.odd(0.04) else f"%z{n}"
        sides = [f"%c{n}", f"%z{n}" if carried else f"%b{n}"]
        return (
            f"""
  %s{n} = stablehlo.constant dense<{self.value()}> : {kind}
  %b{n} = stablehlo.constant dense<{self.value()}> : {kind}
  %d{n} = stablehlo.constant dense<{self.step()}> : {kind}
  %o{n} = stablehlo.constant dense<0> : {kind}
  %r{n}:2 = stablehlo.while(%c{n} = {start}, %z{n} = %b{n}) : {kind}, {kind}
    cond {{
      %t{n} = stablehlo.compare {self.test(sides)} : ({kind}, {kind}) -> tensor<i1>
      stablehlo.return %t{n} : tensor<i1>
    }} do {{
      {inner}
      {moved}
      {self.update(n, kind)}
      stablehlo.return %n{n}, {handed_on} : {kind}, {kind}
    }}""",
            f"%r{n}#0",
        )

    def test(self, sides: list[str]) -> str:
        direction = str(self.rng.choice(["LE", "GT", "GE", "EQ", "NE"])) if self.odd(0.1) else "LT"
        if self.odd(0.05):
            sides = sides[::-1]
        natural = "UNSIGNED" if self.kind[0] == "u" else "SIGNED"
        sense = f", {natural}" if self.rng.random() < 0.5 else ""
        if self.odd(0.05):
            sense = ", SIGNED" if natural == "UNSIGNED" else ", UNSIGNED"
        return f"{direction}, {', '.join(sides)}{sense}"

    def update(self, n: int, kind: str) -> str:
        c, d, out = f"%c{n}", f"%d{n}", f"%n{n}"
        if not self.odd(0.15):
            pair = (c, d) if self.rng.random() < 0.7 else (d, c)
            return f"{out} = stablehlo.add {', '.join(pair)} : {kind}"
        return str(
            self.rng.choice(
                [
                    f"{out} = stablehlo.subtract {c}, {d} : {kind}",
                    f"{out} = stablehlo.multiply {c}, {d} : {kind}",
                    f"{out} = stablehlo.add {c}, %z{n} : {kind}",
                    f"{out} = stablehlo.add {c}, %data : {kind}",
                    f"%m{n} = stablehlo.add {c}, {d} : {kind}\n{out} = stablehlo.add %m{n}, {d} : {kind}",
                    f"%m{n} = stablehlo.add {c}, {d} : {kind}\n{out} = stablehlo.subtract %m{n}, {d} : {kind}",
                ]
            )
        )

    def module(self) -> str:
        text, result = self.one(2)
        return module(f"{text}\n  return {result} : tensor<{self.kind}>", self.kind)


def play(text: str, data: int, context) -> tuple[Interpreter, bool]:
    """The interpreter after it has played a module, and whether the module ended."""
    found = Interpreter()
    with context, ir.Location.unknown(context):
        parsed = ir.Module.parse(text)
        try:
            found.run(parsed.body.operations[0].regions[0].blocks[0], {}, data)
        except Endless:
            return found, False
    return found, True


def compare_with_playing(count: int, seed: int, context) -> dict[str, int]:
    """Check and play `count` random modules; how many of each kind there were."""
    rng = np.random.default_rng(seed)
    seen = {"accepted": 0, "refused": 0, "endless": 0}
    for _ in range(count):
        writer = Writer(rng)
        text = writer.module()
        try:
            _, flops = check_module(bytecode(text, context), 1, FEW)
        except ModuleError:
            one, ended = play(text, 0, context)
            seen["refused"] += 1
            seen["endless"] += not ended
            # In a loop that never turns, loops are counted that are never played.
            honest = ended and one.turns <= MOST and writer.counted and writer.count == 1 and not one.wrapped
            assert not honest, f"refused, and ends after {one.turns} turns: {text}"
            continue
        seen["accepted"] += 1
        for data in (0, writer.low, writer.high, writer.value()):
            one, ended = play(text, data, context)
            assert ended, f"accepted, and does not end: {text}"
            assert one.turns <= flops / TURN, text
    return seen


@pytest.mark.slow
def test_random_loops_are_accepted_only_if_they_end(context):
    seen = compare_with_playing(100, 0, context)
    assert seen["accepted"] > 10, seen
    assert seen["endless"] > 10, seen


@pytest.mark.long
def test_ten_thousand_random_loops_are_accepted_only_if_they_end(context):
    seen = compare_with_playing(10_000, 1, context)
    sys.stdout.write(f"{seen}\n")
    assert seen["accepted"] > 1000, seen
    assert seen["endless"] > 1000, seen
