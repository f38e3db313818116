"""The settings of dreaming: who writes levels, which model at which address, what it may cost. Imports no JAX."""

from dataclasses import dataclass

from dicode.settings import Only, option

DREAMERS = ("auto", "grammar", "foundation", "library")
"""Who may write levels; `auto` is the foundation model where it can be reached, else the grammar."""
WRITERS = ("auto", "grammar", "foundation")
"""Those of them who write levels anew, from what the brief shows."""
_SOMEBODY: Only = {"dreamer.name": DREAMERS}
_ASKED: Only = _SOMEBODY | {"dreamer.round": None}
_WRITER: Only = {"dreamer.name": WRITERS}
_MODEL: Only = {"dreamer.name": ("foundation",)}
_PREPARED: Only = {"dreamer.name": ("auto", "grammar"), "dreamer.goal_only": (False,)}
_PROBED: Only = {"dreamer.probe": None}


@dataclass(frozen=True)
class DreamerConfig:
    """Who writes levels, how many and when."""

    name: str = option("auto", "dreamer", choices=(*DREAMERS, "none"))
    round: int = option(12, "drafts asked for in a round", 0, 1000, only=_SOMEBODY)
    keep: int = option(
        10,
        "accepted levels that enter a cycle at most, after the seed cycles, where slots are dealt anew in each",
        0,
        1000,
        only=_SOMEBODY | {"method.stay": ("draw",)},
    )
    every: int = option(2, "cycles between rounds", 1, 1000, only=_ASKED)
    lag: int = option(2, "cycles between asking for dreams and training on them", 1, 100, only=_ASKED)
    deadline_s: float = option(
        900.0, "seconds from dispatch after which a dream is journaled as lost", 0.1, 1e6, only=_ASKED
    )
    repairs: int = option(2, "times a rejected draft goes back", 0, 20, only=_MODEL)
    probe: int = option(
        0,
        "episodes of the current agent that measure a dreamed level before it trains; 0: none",
        0,
        10_000,
        only=_ASKED,
    )
    probe_low: float = option(0.1, "success below which a measured level goes back as too hard", 0, 1, only=_PROBED)
    probe_high: float = option(0.75, "success above which a measured level goes back as too easy", 0, 1, only=_PROBED)
    hooks: bool = option(False, "dreams may define new mechanics as JAX hooks", only=_SOMEBODY)
    goal_only: bool = option(False, "dreams may set a goal only, no initial states and no rules", only=_WRITER)
    arenas: bool = option(True, "grammar: levels may be closed rooms; else open ground", only=_PREPARED)
    steps: str = option(
        "level",
        "grammar: targets for which two drafts of a round begin as the target does and ask for less",
        choices=("none", "level", "any"),
        only=_PREPARED,
    )
    pursue: str = option(
        "tree",
        "grammar: a goal that is mastered leads on along the technology tree, or to what the target lacks next, ways there included",
        choices=("tree", "target"),
        only=_PREPARED,
    )
    stages: int = option(
        2,
        "foundation model: design then code (2) or both at once (1)",
        1,
        2,
        only=_MODEL | {"fm.compact": (False,)},
    )

    bandit: str = option(
        "dream",
        "several models (fm=[a,b]): what their levels taught counts per dream, or per dollar",
        choices=("dream", "dollar"),
        only=_MODEL,
    )

    @property
    def drafts(self) -> int:
        """Drafts asked for in a round: none where nobody dreams."""
        return 0 if self.name == "none" else self.round


@dataclass(frozen=True)
class FmConfig:
    """The foundation model's endpoint."""

    provider: str = option("openai", "provider")
    model: str = option("", "model name at the provider")
    base_url: str = option("", "OpenAI-compatible endpoint")
    key_env: str = option("", "environment variable that holds the key; empty: no key is sent")
    temperature: float = option(0.6, "sampling temperature; negative: not sent", -1, 2)
    top_p: float = option(0.95, "nucleus sampling; negative: not sent", -1, 1)
    max_tokens: int = option(32_000, "tokens of an answer", 16, 1_000_000)
    concurrency: int = option(8, "requests under way at once", 1, 256, only={"fm.max_repairs": (-1,)})
    timeout_s: float = option(600.0, "seconds a request may take", 0.1, 1e5)
    retries: int = option(5, "tries after a failure that may pass", 0, 20)
    embedding_model: str = option(
        "", "embedding model there that picks similar levels as examples; empty: they are compared by structure"
    )
    compact: bool = option(False, "the short one-stage prompts for small models")
    sketch: bool = option(
        False,
        "the short prompts show the level that the grammar would write, for the model to vary",
        only={"fm.compact": (True,)},
    )
    max_drafts: int = option(0, "drafts a round at most; 0: as dreamer.round says", 0, 1000)
    max_repairs: int = option(-1, "repairs a round at most; -1: as dreamer.repairs says", -1, 1000)
    blocking: bool = option(False, "training pauses while it generates")
    journal: str = option(
        "record",
        "journal mode; a new run has no journal to replay or extend, so it takes `record`",
        choices=("record", "replay", "extend"),
    )
    test_call: bool = option(True, "one small call to the model before anything compiles")
    price_input: float = option(-1.0, "US dollars per million tokens of prompt; negative: as the table says", -1, 1e4)
    price_output: float = option(-1.0, "US dollars per million tokens of answer; negative: as the table says", -1, 1e4)
    command: str = option(
        "",
        "program that answers instead of a server: prompt on its input, answer on its output",
        only={"fm.provider": ("command",)},
    )


@dataclass(frozen=True)
class BudgetConfig:
    """What dreaming may cost; reaching a cap falls back to grammar dreams."""

    usd: float = option(0.0, "US dollars a run; 0: no cap", 0, 1e7)
    tokens: float = option(0.0, "tokens a run; 0: no cap", 0, 1e13)
