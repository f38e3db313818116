"""From level text to what trains: base worlds, the sandbox, novelty, and a cycle's pools.

Pools are never stored: they follow from (seed, "worlds", cycle, level) and the level's source; base worlds alone
may come from a bank in the cache (`world_bank`), which says the same on every machine. A level
whose code fails on a cycle's fresh worlds plays those on which it was accepted, and the cycle says so.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from dicode.dreaming import novelty
from dicode.dreaming.repair import scrubbed
from dicode.errors import DicodeError
from dicode.games import start
from dicode.games.device import DeviceGame
from dicode.games.host import Goal
from dicode.methods.generators import fixed_worlds, is_plain
from dicode.sandbox import Sandbox
from dicode.sandbox.sandbox import Built
from dicode.streams import Streams
from dicode.training.bank import WorldBank
from dicode.training.checker import Checker
from dicode.types import TARGET, Accepted, Code, Draft, LevelRecord, Origin, Rejected, Verdict

_log = logging.getLogger(__name__)

CHECK_WORLDS = 16
"""Worlds on which a draft is checked, at most."""
NAMED = 512
"""Worlds that are kept of levels that name theirs, as drawn and as built; one of Craftax's has 87 kB."""
SPARES = 3
"""Times that the faulty worlds of an accepted level are drawn again."""
FAULTY = 0.25
"""Share of a level's worlds that may be faulty; above it the level is to blame, not its worlds."""

FINISHED = (Origin.LIBRARY, Origin.FILE)
"""Authors who are not asked again: their level is taken where it makes sense on all but a few of the game's worlds."""

Pool = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Playable:
    """One level, ready to be put into a batch."""

    level: str
    goal: Goal
    rules: Mapping[str, object]
    pool: Pool
    """Arrays [P, ...] by dotted name."""
    hooks: Mapping[str, bytes]
    fell_back: bool = False
    """Its code failed on this cycle's worlds."""


class LevelBuilder:
    """Builds levels on fresh worlds; safe to share by threads."""

    def __init__(
        self,
        game: DeviceGame,
        sandbox: Sandbox,
        streams: Streams,
        worlds_per_level: int,
        episode_limit: int | None = None,
        world_bank: int = 0,
        reached: Callable[[str], Pool | None] = lambda state: None,
    ) -> None:
        """`episode_limit`: steps after which the run ends a level's episode; drafts that need more are rejected.

        `world_bank`: worlds of the bank that levels draw from; 0: fresh ones. `reached`: the arrays of a state that the
        run's agent reached, by its id; None for one that isn't kept.
        """
        self.game, self.host = game, game.host
        self.sandbox, self.streams, self.worlds_per_level = sandbox, streams, worlds_per_level
        self.episode_limit, self._reached = episode_limit, reached
        self.bank = WorldBank(game, world_bank) if world_bank else None
        # One program builds worlds; two callers at once would only fight for the same cores.
        self._worlds_lock = threading.Lock()
        # A level that names its worlds is checked, then trained, and edited: all take the same ones.
        kept = max(NAMED // worlds_per_level, 1)
        self._named = lru_cache(kept)(lambda seed, count: game.generate(Streams(seed).key("generator world"), count, 0))
        self._built, self._built_lock, self._built_room = dict[tuple[str, str], Built](), threading.Lock(), kept

    def base_worlds(self, source: str, level: str, when: int | str, count: int, origin: Origin = Origin.FILE) -> Pool:
        """`count` unmodified worlds: fresh or drawn for (when, level), or those that a level names.

        A generator's level names at most as many worlds as every level of the run has. A state that isn't kept is no
        world of this game's either: the jail tells its author.
        """
        named_start = start.named(source)
        state = self._reached(named_start) if named_start else None
        if state is not None:
            return {name: np.repeat(array[None], count, axis=0) for name, array in state.items()}
        fixed = fixed_worlds(source, origin)
        with self._worlds_lock:
            if fixed is None and self.bank is not None:
                return self.bank.draw(self.streams.rng("worlds", when, level), count)
            if fixed is None:
                return self.game.generate(self.streams.key("worlds", when, level), count, 0)
            return dict(self._named(fixed.seed, min(fixed.worlds, self.worlds_per_level)))

    def playable(self, record: LevelRecord, cycle: int, count: int) -> Playable:
        """The level with a fresh pool of `count` worlds (fewer if it names its own).

        Raises DicodeError if it fails on the worlds on which it was accepted, too.
        """
        if not record.source or is_plain(self.host.levels(), record.source, record.origin):
            base = self.base_worlds(record.source, record.id, cycle, count, record.origin)
            return Playable(record.id, self.host.target_goal, {}, base, {})
        return self.build(record.source, record.id, record.origin, cycle, count)

    def check_target(self, source: str) -> Accepted | Rejected:
        """The verdict on a level's text as the target. Evaluation plays the game without hooks, so it may have none."""
        built = self._build_checked(source, TARGET, Origin.TARGET, self.episode_limit, SPARES)
        if isinstance(built, Rejected):
            return built
        if built.hooks:
            hint = "say it with GOAL, RULES and build"
            return Rejected("hooks", "a target can't have hooks", hint, code=Code.HOOKS_OFF)
        return Accepted(built.goal.to_json(), built.rules.to_json(), built.pool_hash, warnings=built.warnings)

    def build(self, source: str, level: str, origin: Origin, when: int | str, count: int) -> Playable:
        """An accepted level's text on `count` worlds of (when, level), or else on those on which it was accepted."""
        built = self.attempt(source, level, origin, when, count)
        fell_back = isinstance(built, Rejected)
        if isinstance(built, Rejected):
            _log.warning("level %s fails on the worlds of %s: %s", level, when, built.reason)
            built = self._build_checked(source, level, origin, spares=SPARES)
        if isinstance(built, Rejected):
            raise DicodeError(f"level {level} was accepted but can't be built any more: {built.reason}")
        return Playable(level, built.goal, built.rules.to_json(), built.pool, built.hooks, fell_back)

    def attempt(self, source: str, level: str, origin: Origin, when: int | str, count: int) -> Built | Rejected:
        """A level's text on `count` worlds of (when, level); the few on which it makes no sense are drawn again.

        A level that names its worlds is the same in every cycle, draws of its own included, and gets no others.
        """
        if fixed_worlds(source, origin):
            return self._of_named_worlds(source, level, origin)
        return self._mended(source, level, origin, when, self.base_worlds(source, level, when, count, origin), SPARES)

    def _of_named_worlds(
        self, source: str, level: str, origin: Origin, episode_limit: int | None = None
    ) -> Built | Rejected:
        """The text on the worlds that it names, which is the same whenever it is asked for: checked once, trained often."""
        key = (level, source)
        with self._built_lock:
            if key in self._built:
                self._built[key] = self._built.pop(key)  # the last one is the youngest
                return self._built[key]
        base = self.base_worlds(source, level, "named", CHECK_WORLDS, origin)
        built = self.sandbox.build(source, base, self._seed(level, "fixed"), origin, episode_limit)
        if isinstance(built, Built):  # a text that was too slow once may be fast enough another time
            with self._built_lock:
                self._built[key] = built
                if len(self._built) > self._built_room:
                    del self._built[next(iter(self._built))]
        return built

    def _mended(
        self,
        source: str,
        level: str,
        origin: Origin,
        when: int | str,
        base: Pool,
        spares: int,
        episode_limit: int | None = None,
    ) -> Built | Rejected:
        """The text on `base`, whose faulty worlds are replaced up to `spares` times while they are few."""
        seed, count = self._seed(level, when), self.host.num_worlds(base)
        built = self.sandbox.build(source, base, seed, origin, episode_limit)
        for spare in range(spares):
            if not isinstance(built, Rejected) or not 0 < len(built.worlds) <= FAULTY * count:
                break
            others = self.base_worlds(source, level, f"{when}/spare/{spare}", count, origin)
            base = _replaced(base, built.worlds, others)
            built = self.sandbox.build(source, base, seed, origin, episode_limit)
        return built

    def check(self, draft: Draft, archive: Iterable[LevelRecord] = ()) -> Verdict:
        """Screen, jail, verifier and novelty against `archive`: the verdict on a draft."""
        if is_plain(self.host.levels(), draft.source, draft.origin):
            base = self.base_worlds(draft.source, draft.id, "check", 1, draft.origin)
            return Accepted(self.host.target_goal.to_json(), {}, self.host.pool_hash(base))
        archive, looks = list(archive), self.host.dreams().looks
        copy = novelty.known(draft.id, archive)
        if copy is not None:
            return copy
        spares = SPARES if draft.origin in FINISHED else 0
        built = self._build_checked(draft.source, draft.id, draft.origin, self.episode_limit, spares)
        if isinstance(built, Rejected):
            return scrubbed(built)
        verdict = Accepted(
            goal=built.goal.to_json(),
            rules=built.rules.to_json(),
            pool_hash=built.pool_hash,
            hooks=tuple(sorted(built.hooks)),
            warnings=built.warnings,
            seconds=built.cpu_seconds,
            statistics=looks.statistics(built.pool),
        )
        return novelty.judge(looks, draft.source, verdict, archive) or verdict

    def checker(self, archive: Iterable[LevelRecord]) -> Checker:
        """`check` for one round of dreams, beside `archive`."""
        return Checker(self.check, self.host.dreams().looks, archive)

    def _build_checked(
        self, source: str, level: str, origin: Origin, episode_limit: int | None = None, spares: int = 0
    ) -> Built | Rejected:
        if fixed_worlds(source, origin):
            return self._of_named_worlds(source, level, origin, episode_limit)
        count = min(self.worlds_per_level, CHECK_WORLDS)
        base = self.base_worlds(source, level, "check", count, origin)
        return self._mended(source, level, origin, "check", base, spares, episode_limit)

    def _seed(self, level: str, when: int | str) -> int:
        return self.streams.entropy("level", when, level) & (2**63 - 1)


def _replaced(base: Pool, faulty: Sequence[int], others: Pool) -> Pool:
    """`base` with its `faulty` worlds taken from the first of `others`."""
    mended = {name: np.array(values) for name, values in base.items()}
    for spare, index in enumerate(faulty):
        for name, values in others.items():
            mended[name][index] = values[spare]
    return mended
