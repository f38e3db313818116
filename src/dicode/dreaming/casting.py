"""Which model dreams which brief; with several, a bandit's choice, journaled so that a replay makes the same."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from dicode.dreaming.bandit import Tally, choose, rewards
from dicode.dreaming.calls import Kind
from dicode.dreaming.journal import Journal, JournalMiss
from dicode.dreaming.ledger import Ledger, Totals
from dicode.dreaming.voices import Voice
from dicode.types import Brief, LevelRecord, Trial


class Casting:
    """The models of a run and what they have come to; `per_dollar` weighs what they taught by what they cost."""

    def __init__(self, voices: Sequence[Voice], journal: Journal, ledger: Ledger, per_dollar: bool = False) -> None:
        self.voices = tuple(voices)
        self._journal, self._ledger, self._per_dollar = journal, ledger, per_dollar
        self._seen: tuple[tuple[LevelRecord, ...], Mapping[str, Sequence[Trial]]] = ((), {})

    def observe(self, levels: Iterable[LevelRecord], trials: Mapping[str, Sequence[Trial]]) -> None:
        """What the archive shows by now."""
        self._seen = tuple(levels), trials

    def cast(self, brief: Brief, rng: np.random.Generator) -> None:
        """Choose a model for a brief, unless there is one model only or the journal holds the choice.

        Raises JournalMiss for a replay of a choice that was not recorded.
        """
        if len(self.voices) == 1 or self._journal.choice(brief.cycle, brief.index):
            return
        if self._journal.mode == "replay":
            raise JournalMiss(f"nothing is recorded of which model dreams cycle {brief.cycle}, dream {brief.index}")
        name = self._author(brief) or choose(self.tallies(), rng, self._per_dollar)
        self._journal.record_choice(brief.cycle, brief.index, name)

    def _author(self, brief: Brief) -> str | None:
        """Who wrote what a brief sends back, if it is a model of this run."""
        keys = brief.revises.requests[-1:] if brief.revises else ()
        wrote = {f"{c.request['provider']} {c.request['model']}" for c in self._journal.calls() if c.key in keys}
        return next((voice.name for voice in self.voices if voice.name in wrote), None)

    def voice(self, brief: Brief) -> Voice:
        """The model that dreams a brief; the first where none was chosen or the chosen one is not in this run."""
        name = self._journal.choice(brief.cycle, brief.index)
        return next((voice for voice in self.voices if voice.name == name), self.voices[0])

    def tallies(self) -> dict[str, Tally]:
        """What each model's dreams have come to, by its name."""
        levels, trials = self._seen
        calls = list(self._journal.calls())
        author = {call.key: f"{call.request['provider']} {call.request['model']}" for call in calls}
        earned = rewards(levels, trials, author)
        answered = {
            (call.request["cycle"], call.request["index"])
            for call in calls
            if call.answer.kind not in (Kind.FAILED, Kind.DENIED)
        }
        asked = {(call.request["cycle"], call.request["index"]) for call in calls}
        chosen = self._journal.choices()
        for dream, name in chosen.items():
            fate = self._journal.fate(*dream)
            if (fate is not None and fate.kind == "lost") or dream in asked - answered:
                earned.setdefault(name, []).append(0.0)
        costs = self._ledger.by_model()
        return {voice.name: self._tally(voice, earned, list(chosen.values()), costs) for voice in self.voices}

    def _tally(
        self,
        voice: Voice,
        earned: Mapping[str, list[float]],
        chosen: list[str],
        costs: Mapping[tuple[str, str], Totals],
    ) -> Tally:
        total = costs.get((voice.endpoint.provider, voice.endpoint.model))
        dreams = max(1, chosen.count(voice.name))
        return Tally(tuple(earned.get(voice.name, ())), total.usd / dreams if total else 0.0)
