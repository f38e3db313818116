"""Random briefs of every kind, and a validator that runs levels in this process."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from dicode.dreaming import novelty
from dicode.games.craftax.grammar.frontier import before
from dicode.games.craftax.host import HOST
from dicode.games.craftax.levels.checks import check
from dicode.games.craftax.library import load
from dicode.games.craftax.looks import LOOKS
from dicode.games.level_build import build_pool
from dicode.levels import Achievement, LevelError
from dicode.types import (
    Accepted,
    Brief,
    Draft,
    LevelRecord,
    Origin,
    ParentReport,
    Rejected,
    Trial,
    Verdict,
)


def able(depth_limit: int, rng: np.random.Generator) -> dict[str, float]:
    """Success rates of an agent that knows what has fewer than `depth_limit` things before it."""
    return {
        a.name: float(np.clip((0.9 if len(before(a)) < depth_limit else 0.02) + rng.normal(0, 0.1), 0, 1))
        for a in Achievement
    }


def record(draft: Draft, verdict: Verdict, born: int = 0) -> LevelRecord:
    return LevelRecord(
        draft.id, draft.source, draft.description, draft.origin, draft.parents, draft.move, born, verdict
    )


def library_records() -> list[LevelRecord]:
    return [
        record(Draft(source, name, Origin.LIBRARY), Accepted({"achievements": [], "minimum": {}}, {}, "-"))
        for name, source in load()
    ]


def report(level: LevelRecord, episodes: int, successes: int, achievements: Mapping[str, float] | None = None):
    return ParentReport(level, (Trial(level.id, 1, episodes, successes, 1.0, 100.0, achievements or {}),))


def random_brief(number: int, levels: list[LevelRecord], rng: np.random.Generator, **fields) -> Brief:
    """No parent in one of five; success rates from a beginner's to an expert's."""
    parent = None
    if levels and number % 5:
        episodes = int(rng.integers(0, 60))
        parent = report(levels[int(rng.integers(len(levels)))], episodes, int(rng.integers(0, episodes + 1)))
    rates = able(int(rng.integers(0, 25)), rng)
    known = frozenset(level.id for level in levels)
    return Brief(number // 6, number % 6, parent, rates, 3.0, known=known, **fields)


def in_process(worlds: Mapping[str, np.ndarray], archive: Iterable[LevelRecord] = ()) -> Callable[[Draft], Verdict]:
    """Run, check and judge a draft here, as the sandbox would in another process."""
    known = list(archive)

    def validate(draft: Draft) -> Verdict:
        namespace: dict[str, object] = {}
        exec(compile(draft.source, draft.id, "exec"), namespace)
        try:
            built = build_pool(HOST, namespace, worlds, 0)
        except LevelError as error:
            return Rejected("build", str(error), code=error.code)
        warnings = check(built.pool, built.goal, built.rules, built.hooks)
        if isinstance(warnings, Rejected):
            return warnings
        numbers = LOOKS.statistics(built.pool)
        verdict = Accepted(built.goal.to_json(), built.rules.to_json(), "-", built.hooks, warnings, statistics=numbers)
        twin = novelty.known(draft.id, known) or novelty.judge(LOOKS, draft.source, verdict, known)
        if twin is None:
            known.append(record(draft, verdict))
        return twin or verdict

    return validate
