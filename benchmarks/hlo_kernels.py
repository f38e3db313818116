"""Kernels in the text of a program that XLA has compiled for a GPU: how many, in which loop, of which part of the code,
and how many bytes they move.

The text is read line by line; no expression spans lines, so megabytes of it take seconds.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import prod

LAUNCHED = frozenset(
    [
        "fusion",
        "copy",
        "custom-call",
        "reduce",
        "scatter",
        "gather",
        "sort",
        "dynamic-slice",
        "dynamic-update-slice",
        "transpose",
        "concatenate",
        "broadcast",
        "iota",
        "convolution",
        "dot",
        "convert",
        "add",
        "slice",
        "pad",
        "reverse",
        "select-and-scatter",
        "rng-bit-generator",
    ]
)
"""Operations that stand in a schedule as kernels of their own."""
NO_NAME = "(copies)"
"""Module of a kernel that XLA made without the code's saying: copies, mostly."""
LARGE = 1_000_000
_SHAPE = re.compile(r"(\w+)\[([\d,]+)\]")
_ARRAY = re.compile(r"\b(pred|bf16|[a-z]\d+)\[([\d,]*)\]")
_PARTS = frozenset(["dynamic-slice", "slice", "gather"])
"""Operations that read of an array what they give."""
_SCOPE = re.compile(r"\b(?:game|env|agent|learner)\.[a-z_]+")
_OPERATION = re.compile(r"(?:^|\s)([a-z][a-z0-9\-]*)\(")
_NAME = re.compile(r'op_name="([^"]*)"')
_TRIPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"')


@dataclass
class Loop:
    """A loop's body, or the whole program: its kernels by module, each counted as often as it runs in one round."""

    name: str
    trips: int | None = 1
    """Rounds; None: only the device knows."""
    kernels: Counter[str] = field(default_factory=Counter)
    loops: list["Loop"] = field(default_factory=list)
    moved: Counter[str] = field(default_factory=Counter)
    """Bytes that these kernels read and write, each array once a kernel. One that is updated in place counts whole, so
    loops that fill an array step by step (a rollout, a recurrent agent's gradient) move less than this says."""
    large_copies: list[str] = field(default_factory=list)
    """Shapes of `LARGE` numbers or more that a round copies: a map that is read after it was written, mostly."""

    @property
    def total(self) -> int:
        """Kernels of one round, those of inner loops times their rounds (once where unknown)."""
        return sum(self.by_module.values())

    @property
    def by_module(self) -> Counter[str]:
        """`total` by module."""
        return self._summed("kernels")

    @property
    def moved_by_module(self) -> Counter[str]:
        """Bytes that one round's kernels read and write, by module: over a card's bandwidth, a floor of its time."""
        return self._summed("moved")

    def _summed(self, what: str) -> Counter[str]:
        counted = Counter(getattr(self, what))
        for loop in self.loops:
            counted += Counter({name: n * (loop.trips or 1) for name, n in loop._summed(what).items()})
        return counted

    @property
    def unknown(self) -> list[str]:
        """Names of the loops within whose rounds only the device knows."""
        inner = [name for loop in self.loops for name in loop.unknown]
        return [loop.name for loop in self.loops if loop.trips is None] + inner

    @property
    def largest(self) -> "Loop":
        """The direct inner loop with the most kernels a round; the loop itself where it has none."""
        return max(self.loops, key=lambda loop: loop.total, default=self)


def read(lines: Iterable[str]) -> Loop:
    """The program in the lines of an optimised HLO module."""
    bodies, entry = _computations(lines)
    return _walk("program", 1, entry, bodies)


def _computations(lines: Iterable[str]) -> tuple[dict[str, list[str]], str]:
    """Instructions by computation, and the name of the first to run."""
    bodies: dict[str, list[str]] = {}
    current = entry = ""
    for line in lines:
        if not line[:1].isspace() and line.rstrip().endswith("{") and "(" in line:
            words = line.split()
            current = words[1 if words[0] == "ENTRY" else 0].lstrip("%")
            entry = current if words[0] == "ENTRY" else entry
            bodies[current] = []
        elif line.startswith("}"):
            current = ""
        elif current and " = " in line:
            bodies[current].append(line.strip())
    return bodies, entry


def _walk(name: str, trips: int | None, computation: str, bodies: dict[str, list[str]]) -> Loop:
    loop, results = Loop(name, trips), {_names(line)[0]: _result(line) for line in bodies[computation]}
    for line in bodies[computation]:
        operation = _operation(line)
        if operation == "while":
            known = _TRIPS.search(line)
            loop.loops.append(_walk(_module(line), int(known[1]) if known else None, _called(line, "body"), bodies))
        elif operation == "call":
            inner = _walk(name, 1, _called(line, "to_apply"), bodies)
            loop.kernels += inner.kernels
            loop.moved += inner.moved
            loop.loops += inner.loops
            loop.large_copies += inner.large_copies
        elif operation == "conditional":
            # The host waits for the condition; the dearest branch is counted.
            branches = [_walk(name, 1, branch, bodies) for branch in _branches(line)]
            loop.loops.append(max(branches, key=lambda branch: branch.total))
        elif operation in LAUNCHED:
            loop.kernels[_module(line)] += 1
            loop.moved[_module(line)] += _moved(line, results, bodies)
            shape = _SHAPE.search(line) if operation == "copy" else None
            if shape and prod(map(int, shape[2].split(","))) >= LARGE:
                loop.large_copies.append(shape[0])
    return loop


def _operation(line: str) -> str:
    """The name of an instruction's operation: what follows its shape, which may be a tuple."""
    found = _OPERATION.search(_after(line))
    return found[1] if found else ""


def _result(line: str) -> str:
    """The shape of what an instruction gives."""
    whole = line.split(" = ", 1)[1]
    return whole[: len(whole) - len(_after(line))]


def _after(line: str) -> str:
    """An instruction without its name and shape."""
    rest = line.split(" = ", 1)[1]
    if not rest.startswith("("):
        return rest[rest.find(" ") :]
    depth = 0
    for place, letter in enumerate(rest):
        depth += (letter == "(") - (letter == ")")
        if depth == 0:
            return rest[place + 1 :]
    return ""


def _names(line: str) -> list[str]:
    """Names of an instruction and of its operands."""
    name = line.removeprefix("ROOT ").split(" = ")[0]
    operands = re.search(r"\(([^()]*)\)", _after(line))
    return [name.lstrip("%"), *re.findall(r"%([\w.\-]+)", operands[1] if operands else "")]


def _bytes(shape: str) -> int:
    total = 0
    for kind, sizes in _ARRAY.findall(shape):
        bits = re.sub(r"\D", "", kind) or "8"
        total += max(int(bits) // 8, 1) * prod(int(size) for size in sizes.split(",") if size)
    return total


def _moved(line: str, results: dict[str, str], bodies: dict[str, list[str]]) -> int:
    """Bytes of an instruction's result and operands; of an operand that is only cut, what is cut out."""
    operands = [_bytes(results.get(name, "")) for name in _names(line)[1:]]
    for index, cut in _cut_out(bodies.get(_called(line, "calls"), [])).items():
        operands[index] = min(operands[index], cut)
    return _bytes(_result(line)) + sum(operands)


def _cut_out(body: list[str]) -> dict[int, int]:
    """Bytes that a fused computation cuts out of those of its parameters, by index, that it uses for nothing else."""
    found = {}
    for parameter in (line for line in body if _operation(line) == "parameter"):
        name, index = _names(parameter)[0], int(re.findall(r"parameter\((\d+)\)", parameter)[0])
        users = [line for line in body if name in _names(line)[1:]]
        if users and all(_operation(user) in _PARTS and _names(user)[1] == name for user in users):
            found[index] = sum(_bytes(_result(user)) for user in users)
    return found


def _called(line: str, attribute: str) -> str:
    found = re.search(attribute + r"=%?([\w.\-]+)", line)
    return found[1] if found else ""


def _branches(line: str) -> list[str]:
    found = re.search(r"branch_computations=\{([^}]*)\}", line)
    if found:
        return [name.strip().lstrip("%") for name in found[1].split(",")]
    return [_called(line, "true_computation"), _called(line, "false_computation")]


def _module(line: str) -> str:
    """The innermost named scope of an instruction."""
    found = _NAME.search(line)
    scopes = _SCOPE.findall(found[1]) if found else []
    return scopes[-1] if scopes else NO_NAME
