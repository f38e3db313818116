"""The host side's vocabulary: what travels between dreamers, sandbox, archive, methods and the loop.

Read this first. Everything here is a frozen dataclass of plain Python values (no JAX), so it can be
printed, hashed, stored as JSON and compared. Device-side types live in `dicode.games.device` and
`dicode.learner.types`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

API_VERSION = 1
"""Version of the level API; part of a level's id."""

TARGET = "target"
"""The id of what the agent is measured on, the unmodified game or a level; always in the archive and never retired."""


PROBED = "probe"
"""The stage of a verdict on a level that the current agent has played: too hard, or too easy."""

OUT_OF_TIME = "out of time"
"""What ended an episode whose steps ran out."""


class Origin(StrEnum):
    """Who wrote a level; decides how much wall its code needs."""

    TARGET = "target"
    LIBRARY = "library"
    FILE = "file"
    GRAMMAR = "grammar"
    GENERATOR = "generator"
    FOUNDATION = "foundation"
    FRONTIER = "frontier"
    """The grammar, on a state that the agent reached."""


class Status(StrEnum):
    """Mastery of a level by success rate; see `STATUS_FLOORS`."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    UNSCORED = "-"


STATUS_FLOORS = {Status.A: 0.75, Status.B: 0.5, Status.C: 0.25, Status.D: 0.0}
"""The least success rate of each status, best first."""


def level_id(source: str) -> str:
    """Twelve hex digits of the hash of (API version, source): identical dreams collapse."""
    return hashlib.sha256(f"{API_VERSION}\n{source}".encode()).hexdigest()[:12]


class Code(StrEnum):
    """What kind of fault a level was turned down for.

    Programs decide by the code; `reason` and `hint` are sentences for whoever writes levels, and may
    be reworded at any time.
    """

    NO_ANSWER = "no_answer"
    """The author answered nothing, or refused."""
    CUT = "cut"
    """The answer ended before it was complete."""
    NO_CODE = "no_code"
    """An answer without a level, or a design without a description."""

    TOO_LONG = "too_long"
    """More text than a level may have."""
    NOT_TEXT = "not_text"
    """Text that no Python parser should be given: null characters, endless lines, deep nesting."""
    SYNTAX = "syntax"
    IMPORT = "import"
    FORBIDDEN = "forbidden"
    """A name that level code doesn't have, or a part that the run doesn't allow."""
    NO_OBJECTIVE = "no_objective"
    NO_GOAL = "no_goal"
    NO_BUILD = "no_build"
    """`build` is misspelled or not at the top level."""
    SIGNATURE = "signature"
    """A function of the level takes other parameters than it is called with."""

    ERROR = "error"
    """Running the level raised an error of Python or NumPy."""
    IMPOSSIBLE = "impossible"
    """The level asked a helper for something that cannot be."""
    NO_ROOM = "no_room"
    """A helper found too few cells that fit what was asked for."""
    WALLED = "walled"
    """The level reached for files, network or processes."""
    CRASHED = "crashed"
    """The level's process broke down."""

    TIME = "time"
    """Too much processor time or waiting."""
    MEMORY = "memory"
    REPLY = "reply"
    """The built worlds are larger than what can be taken."""
    UNREADABLE = "unreadable"
    """What the level's process sent is not a level."""

    RANGE = "range"
    """Arrays with other names, types, shapes or values than the game has."""
    START = "start"
    """The player cannot start like this."""
    MOBS = "mobs"
    LADDERS = "ladders"
    PLANTS = "plants"
    SOLVED = "solved"
    """The goal is met at the start."""
    OUT_OF_REACH = "out_of_reach"
    """The goal cannot be met in what the worlds and rules offer."""
    TOO_SHORT = "too_short"
    """The goal needs more steps than an episode has."""

    HOOKS_OFF = "hooks_off"
    HOOK = "hook"
    """A hook cannot be traced, returns another type than it must, or does not export."""
    MODULE = "module"
    """An exported hook holds what hooks may not do, or too much of it."""

    TOO_HARD = "too_hard"
    """The current agent reaches the goal too rarely to learn from it."""
    TOO_EASY = "too_easy"
    """The current agent reaches the goal too often to learn from it."""

    KNOWN = "known"
    """The archive holds this very level."""
    TWIN = "twin"
    """The archive holds a level that is the same but for details."""
    COPIED = "copied"
    """The example of the instructions came back."""

    LOST = "lost"
    """No draft came back."""
    UNTOLD = "untold"
    """Recorded before reasons had codes."""


@dataclass(frozen=True)
class Repair:
    """One failed attempt at a level, and what was said about it."""

    source: str
    stage: str
    reason: str
    hint: str
    code: Code = Code.UNTOLD


@dataclass(frozen=True)
class Draft:
    """A level as text, before anything has run it."""

    source: str
    description: str
    origin: Origin
    parents: tuple[str, ...] = ()
    move: str = ""
    """How it was derived, for example `scaffold` (grammar) or `design+code` (foundation)."""
    repairs: tuple[Repair, ...] = ()
    requests: tuple[str, ...] = ()
    """Journal keys of the foundation-model calls that made it."""

    @property
    def id(self) -> str:
        """The level's id."""
        return level_id(self.source)


@dataclass(frozen=True)
class Rejected:
    """A verdict: where a draft failed, why, and what would be possible instead."""

    stage: str
    """`parse`, `screen`, `build`, `limits`, `wire`, `verify`, `hooks`, `novelty`, `probe` or `lost`."""
    reason: str
    hint: str = ""
    code: Code = field(kw_only=True)
    """The kind of fault: what programs decide by."""
    worlds: tuple[int, ...] = field(default=(), kw_only=True)
    """Indices of the faulty worlds where `verify` judged each one; no part of the archive."""
    line: tuple[int, str] | None = field(default=None, kw_only=True)
    """Number of the line at fault, from 1, and how it should read, where that is clear; no part of the archive."""

    @property
    def sentence(self) -> str:
        """What a person is told of it after the level's name."""
        return f"is rejected at {self.stage}: {self.reason}" + (f"; {self.hint}" if self.hint else "")

    def to_json(self) -> dict[str, str]:
        """The verdict as JSON values, as the sandbox's workers and the archive tell it."""
        return {"stage": self.stage, "code": self.code.value, "reason": self.reason, "hint": self.hint}

    @classmethod
    def from_json(cls, body: Mapping[str, object]) -> "Rejected":
        """The inverse of `to_json`; ValueError for an unknown code."""
        code = Code(str(body.get("code", Code.UNTOLD)))
        return cls(str(body["stage"]), str(body["reason"]), str(body["hint"]), code=code)


@dataclass(frozen=True)
class Accepted:
    """A verdict: the level's data as JSON-able values; its pool is held apart."""

    goal: Mapping[str, object]
    """`Goal.to_json()`: achievements by name and minimum per quantity."""
    rules: Mapping[str, object]
    """`Rules.to_json()`: only what differs from the unmodified game."""
    pool_hash: str
    hooks: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    seconds: float = 0.0
    statistics: Mapping[str, float] = field(default_factory=dict)
    """What its worlds look like, in numbers (`dicode.games.host.Looks.statistics`); tells near duplicates apart."""


Verdict = Accepted | Rejected


@dataclass(frozen=True)
class Trial:
    """What one cycle of training said about one level, by the episodes that count (`dicode.counting`)."""

    level: str
    cycle: int
    episodes: int
    successes: int
    return_mean: float
    length_mean: float
    achievements: Mapping[str, float] = field(default_factory=dict)
    """Success rate per achievement name, for those above zero."""
    score: float | None = None
    """The method's priority; None where fewer than the minimum of episodes finished."""
    positive_value_loss: float = 0.0
    max_mc: float = 0.0
    """Highest return less the mean value: of this cycle as it is measured, ever on the level once it is scored."""
    return_max: float | None = None
    """Highest return of an episode that ended in this cycle, None without one."""
    compile_s: float = 0.0
    """Seconds that compiling the rollout with the level's hooks took in this cycle; levels in hook slots share them."""
    return_std: float = 0.0
    """Standard deviation of the returns over episodes."""
    endings: Mapping[str, float] = field(default_factory=dict)
    """Share of the episodes that ended without the goal, by what ended them: `OUT_OF_TIME`, or the game's own word."""
    occupations: Mapping[str, float] = field(default_factory=dict)
    """Share of the steps by what they were spent on, in the game's own words."""

    @property
    def success_rate(self) -> float | None:
        """Successes over episodes, None without an episode."""
        return self.successes / self.episodes if self.episodes else None


@dataclass(frozen=True)
class LevelRecord:
    """One row of the archive."""

    id: str
    source: str
    description: str
    origin: Origin
    parents: tuple[str, ...]
    move: str
    born: int
    """The cycle in which it was recorded."""
    verdict: Verdict
    active: bool = False
    status: Status = Status.UNSCORED
    score: float | None = None
    last_trained: int | None = None
    repairs: tuple[Repair, ...] = ()
    requests: tuple[str, ...] = ()
    probe: Trial | None = None
    """How the agent of that time fared on it before it trained there; None where it was not measured."""


@dataclass(frozen=True)
class ParentReport:
    """What a dreamer is told about one parent."""

    level: LevelRecord
    trials: tuple[Trial, ...]
    children: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnTarget:
    """What a dreamer is told about a target that is a level, not the game as it is."""

    source: str
    description: str
    success_rate: float | None
    """Of its goal, in the latest cycle with an episode; None before, and in the open loop."""


@dataclass(frozen=True)
class FrontierState:
    """A state that the agent reached on the target, from which levels may start."""

    id: str
    """Twelve hex digits of the hash of its arrays; what `START = Frontier(...)` names."""
    cycle: int
    """In which it was reached."""
    achievements: tuple[str, ...]
    """What is achieved in it, by name."""
    seen: int
    """How often its set of achievements was seen in that cycle; few: rare."""


@dataclass(frozen=True)
class RunFacts:
    """What holds for every level of a run, whoever writes it."""

    episode_limit: int
    """Steps of an episode at most."""
    episodes: int
    """Episodes of that length that a level gets in a cycle at least; shorter ones are more."""
    bonus: float
    """What reaching the goal pays."""
    hook_slots: int
    """Slots for levels with hooks that nobody holds."""
    sees: str
    """What the agent observes, in words."""
    agent: str
    """Kind and size of the agent."""
    reward: str = "game"
    """Whether a level pays the game's reward, too, or its goal alone (`goal`)."""
    after_goal: str = "end"
    """Whether an episode ends at the goal or goes on (`go_on`)."""
    level_rules: str = "own"
    """Whether levels play by their own rules or by the game's (`game`)."""
    level_length: str = "own"
    """Whether a level may say how many steps its episodes have, or not (`run`)."""


@dataclass(frozen=True)
class Brief:
    """What a dreamer is told: one request for one new level."""

    cycle: int
    index: int
    """Position in the round; (cycle, index) is unique and seeds the dreamer's randomness."""
    parent: ParentReport | None
    """None in the open-loop ablation."""
    target_success: Mapping[str, float]
    """Success rate per achievement name on the target, all of them; empty in the open-loop ablation."""
    target_return: float | None
    examples: tuple[LevelRecord, ...] = ()
    """Archive levels most similar to the parent, most similar first."""
    known: frozenset[str] = frozenset()
    """Ids of every level in the archive; a dream must not be one of them."""
    allow_hooks: bool = True
    goal_only: bool = False
    relatives: tuple[LevelRecord, ...] = ()
    """The parent's children, its siblings, and what else was played lately, oldest first."""
    trials: Mapping[str, tuple[Trial, ...]] = field(default_factory=dict)
    """By level: how the agent fared on relatives, examples and the target until now; empty in the open loop."""
    facts: RunFacts | None = None
    target: OwnTarget | None = None
    """None: the unmodified game."""
    round: int = 0
    """Briefs of the round; 0: not told."""
    starts: tuple[FrontierState, ...] = ()
    """States that the level may start from, rarest first; empty where the run keeps none."""
    revises: LevelRecord | None = None
    """A level of the same author that was measured and turned down: write it again, so that it can teach."""


@dataclass(frozen=True)
class Slot:
    """One level's place in a cycle's batch."""

    level: str
    """Level id, or TARGET."""
    num_envs: int
    train: bool = True
    """False: episodes are played and scored, but give no gradient (robust PLR, SFL's scoring)."""
    episode_limit: int = 0
    """Steps of an episode at most, where that is less than the run's; 0: the run's."""


@dataclass(frozen=True)
class Proposal:
    """A method's answer to "what is trained in this cycle": slots in order; counts sum to num_envs."""

    slots: tuple[Slot, ...]
