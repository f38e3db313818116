"""Is a dream new? Near duplicates of what the archive holds are turned down, with their twin's name.

Exact copies are turned down by their id, before anything runs them. Two levels are near duplicates when their code is
the same but for comments, names and layout; or when they ask for the same, under the same rules and
mechanics, in similar code, and their worlds look the same in numbers. Worlds differ by chance as well,
so the last test errs on the side of "new".
"""

from collections.abc import Iterable, Mapping

from dicode.dreaming.similarity import exact, overlap, syntax
from dicode.games.host import Looks
from dicode.types import Accepted, Code, LevelRecord, Rejected

SAME_CODE = 0.6
"""Overlap of code (constants left out) from which two levels may be twins."""
SAME_AMOUNT = 1.25
"""Two amounts are the same within this ratio."""


def look_alike(looks: Looks, one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two pools' statistics agree within the tolerance of each kind of number that was measured of both."""
    unknown = looks.always - (_kinds(one) & _kinds(other))
    for name in set(one) | set(other):
        kind = name.partition(".")[0]
        if kind in unknown:
            continue
        absent = looks.absent.get(kind, 0.0)
        if abs(one.get(name, absent) - other.get(name, absent)) > looks.tolerance[kind]:
            return False
    return True


def _kinds(statistics: Mapping[str, float]) -> frozenset[str]:
    return frozenset(name.partition(".")[0] for name in statistics)


def same_amounts(one: object, other: object) -> bool:
    """Whether two JSON values agree: the same keys and words, numbers within `SAME_AMOUNT`."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return set(one) == set(other) and all(same_amounts(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(same_amounts, one, other))
    if _is_number(one) and _is_number(other):
        low, high = sorted((float(one), float(other)))  # type: ignore[arg-type]
        return low == high or (low * high > 0 and abs(high) <= SAME_AMOUNT * abs(low) and low > 0)
    return one == other


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def are_twins(looks: Looks, source: str, verdict: Accepted, other_source: str, other: Accepted) -> bool:
    """Whether two accepted levels are near duplicates; see the module's docstring for the rule."""
    if exact(source) == exact(other_source):
        return True
    if not same_amounts(verdict.goal, other.goal) or not same_amounts(verdict.rules, other.rules):
        return False
    if sorted(verdict.hooks) != sorted(other.hooks) or not (verdict.statistics and other.statistics):
        return False
    if not look_alike(looks, verdict.statistics, other.statistics):
        return False
    return overlap(dict(syntax(source).features), dict(syntax(other_source).features)) >= SAME_CODE


def known(level_id: str, archive: Iterable[LevelRecord]) -> Rejected | None:
    """The rejection of a level that the archive holds, letter by letter; None where it doesn't, or holds it as rejected."""
    for record in archive:
        if record.id == level_id and isinstance(record.verdict, Accepted):
            return Rejected(
                "novelty",
                f"this is level {record.id} itself ({_title(record.description)}), which the archive holds",
                f"write another level than {record.id}: another goal or amount, floor or start, equipment or rule",
                code=Code.KNOWN,
            )
    return None


def judge(looks: Looks, source: str, verdict: Accepted, archive: Iterable[LevelRecord]) -> Rejected | None:
    """None where `source` is new beside the archive's accepted levels, else the rejection that names its twin.

    `verdict.statistics` should be filled (by `Looks.statistics`); without them only the code is compared.
    """
    for record in sorted(archive, key=lambda record: record.id):
        if not record.source or not isinstance(record.verdict, Accepted):
            continue
        if are_twins(looks, source, verdict, record.source, record.verdict):
            return Rejected(
                "novelty",
                f"near duplicate of level {record.id} ({_title(record.description)})",
                f"make it differ from {record.id} in what counts: another goal or amount (by more than a quarter), "
                "another floor or start, other equipment, another distance to what is needed, or another rule",
                code=Code.TWIN,
            )
    return None


def _title(description: str) -> str:
    lines = description.strip().splitlines()
    return lines[0][:100] if lines else "no description"
