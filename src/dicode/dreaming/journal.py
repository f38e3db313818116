"""The journal: every request, answer, verdict and lost dream of a run, so that it can be replayed.

One file of `dicode.lines`, `calls.jsonl`, only ever appended to and synced line by line. Long texts are
stored once and referred to by hash. Everything is looked up by key, so the order in which concurrent calls
ended makes no difference. What is written holds no key (answers are scrubbed by the client) and no path.

Modes: `record` keeps a run's own journal and, when the run resumes, answers from it what it already
holds; `extend` starts from a journal that must exist and asks the provider for what is missing;
`replay` asks nobody, and a request that is not there is an error.
"""

import difflib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from dicode import lines
from dicode.dreaming.calls import Answer, Request, key_of
from dicode.errors import ConfigError, RunError, nearest
from dicode.received.shapes import record, shaped
from dicode.received.text import line
from dicode.types import Accepted, Code, Draft, Rejected, Trial, Verdict

FILE = "calls.jsonl"
MODES = ("record", "replay", "extend")
LONG = 200
"""Texts of at least this many characters are stored once and referred to."""


class JournalMiss(RunError):
    """A replay asked for something that was never recorded."""


@dataclass(frozen=True)
class Call:
    """One recorded call."""

    key: str
    request: Mapping[str, Any]
    """`Request.canonical()`."""
    answer: Answer


@dataclass(frozen=True)
class Fate:
    """What became of one dream for a reason that no recorded answer shows."""

    cycle: int
    index: int
    kind: str
    """`lost` (deadline, provider), `fallback` (budget spent) or `unrepaired` (the round's repairs were used up)."""
    reason: str
    attempt: int = 0
    """The first attempt that was not made, for `unrepaired`."""


class Journal:
    """A run's journal in memory and on disk; safe to use from several threads of one process."""

    def __init__(self, directory: Path, mode: str = "record") -> None:
        """Open `directory` (made unless replaying). Raises RunError for a journal that cannot serve `mode`."""
        if mode not in MODES:
            raise ConfigError(f"fm.journal={mode!r} is not known{nearest(mode, MODES)} (choices: {', '.join(MODES)})")
        self.mode = mode
        self.path = Path(directory) / FILE
        self._calls: dict[str, Call] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._fates: dict[tuple[int, int], Fate] = {}
        self._choices: dict[tuple[int, int], str] = {}
        self._probes: dict[tuple[int, int, str], Trial] = {}
        self._texts: dict[str, str] = {}
        self._lines: lines.Lines | None = None
        if mode == "replay" and not self.path.exists():
            raise RunError(f"there is no journal {FILE} in the run, so it cannot be replayed")
        self._load()
        if mode == "extend" and not self._calls and not self._fates:
            raise RunError(
                "fm.journal=extend needs a journal that holds something; use fm.journal=record for a new one"
            )
        if mode != "replay":
            self._lines = lines.Lines(self.path)

    def answer(self, request: Request) -> Answer | None:
        """The recorded answer, None where there is none; when replaying, raises JournalMiss instead."""
        call = self._calls.get(request.key)
        if call is None and self.mode == "replay":
            raise JournalMiss(self._miss(request))
        return call.answer if call else None

    def has(self, request: Request) -> bool:
        """Whether an answer is recorded."""
        return request.key in self._calls

    def record(self, request: Request, answer: Answer) -> None:
        """Keep one call for good."""
        canonical = request.canonical()
        stored = dict(canonical, messages=[self._stored(m) for m in canonical["messages"]])
        self._write({"kind": "call", "key": request.key, "request": stored, "answer": answer.to_json()})
        self._calls[request.key] = Call(request.key, canonical, answer)

    def verdict(self, cycle: int, index: int, attempt: int, draft: Draft) -> Verdict | None:
        """The recorded verdict on this attempt at this dream, None where there is none."""
        return self._verdicts.get(_verdict_key(cycle, index, attempt, draft))

    def record_verdict(self, cycle: int, index: int, attempt: int, draft: Draft, verdict: Verdict) -> None:
        """Keep one verdict for good; verdicts depend on the machine (limits) and on the archive (novelty)."""
        key = _verdict_key(cycle, index, attempt, draft)
        accepted = isinstance(verdict, Accepted)
        self._write({"kind": "verdict", "key": key, "accepted": accepted, "verdict": asdict(verdict)})
        self._verdicts[key] = verdict

    def fate(self, cycle: int, index: int) -> Fate | None:
        """What became of a dream, where that was recorded."""
        return self._fates.get((cycle, index))

    def fates(self) -> list[Fate]:
        """Every recorded fate, by cycle and dream."""
        return [self._fates[key] for key in sorted(self._fates)]

    def record_fate(self, fate: Fate) -> None:
        """Keep the end of one dream for good."""
        self._write({"kind": "fate", "fate": asdict(fate)})
        self._fates[fate.cycle, fate.index] = fate

    def choice(self, cycle: int, index: int) -> str | None:
        """The model that dreams, where several do and one was chosen."""
        return self._choices.get((cycle, index))

    def choices(self) -> dict[tuple[int, int], str]:
        """Every choice of a model, by cycle and dream."""
        return {key: self._choices[key] for key in sorted(self._choices)}

    def record_choice(self, cycle: int, index: int, model: str) -> None:
        """Keep the choice of a model for good; it rests on what was known at the time."""
        self._write({"kind": "choice", "cycle": cycle, "index": index, "model": model})
        self._choices[cycle, index] = model

    def probe(self, cycle: int, index: int, level: str) -> Trial | None:
        """How the agent fared on a dream's level when it was measured; None where that is not recorded."""
        return self._probes.get((cycle, index, level))

    def record_probe(self, cycle: int, index: int, level: str, trial: Trial) -> None:
        """Keep what was measured for good: another machine's agent differs in the last bits. Nothing while replaying."""
        if self.mode != "replay":
            self._write({"kind": "probe", "cycle": cycle, "index": index, "level": level, "trial": asdict(trial)})
        self._probes[cycle, index, level] = trial

    def calls(self) -> Iterator[Call]:
        """Every recorded call, sorted by key, so that sums over them do not depend on order."""
        return iter(sorted(self._calls.values(), key=lambda call: call.key))

    def close(self) -> None:
        """Close the file; the journal can still be read."""
        if self._lines is not None:
            self._lines.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, entry: dict[str, Any]) -> None:
        if self._lines is None:
            raise RunError("the journal is open for reading only; nothing can be recorded in it")
        self._lines.append(entry)

    def _stored(self, message: dict[str, str]) -> dict[str, str]:
        """A message with its text moved to an entry of its own where it is long."""
        text = message["content"]
        if len(text) < LONG:
            return message
        name = text_name(text)
        if name not in self._texts:
            self._write({"kind": "text", "id": name, "text": text})
            self._texts[name] = text
        return {"role": message["role"], "text": name}

    def _load(self) -> None:
        for number, entry in enumerate(lines.read(self.path), 1):
            try:
                self._read(entry)
            except KeyError as error:
                raise lines.damaged(
                    self.path, number, f"is no entry of a journal: {line(error, 80)} is missing"
                ) from error
            except (ValueError, TypeError, AttributeError) as error:
                raise lines.damaged(self.path, number, f"is no entry of a journal: {line(error, 200)}") from error

    def _read(self, entry: dict[str, Any]) -> None:
        kind = entry.pop("kind")
        if kind == "text":
            text = shaped(str, entry["text"], "text")
            if entry["id"] != text_name(text):
                raise ValueError("the id of a text is not its hash")
            self._texts[entry["id"]] = text
        elif kind == "call":
            request = self._request(entry["request"])
            if entry["key"] != key_of(request):
                raise ValueError("the key of a call is not the hash of its request")
            self._calls[entry["key"]] = Call(entry["key"], request, Answer.from_json(entry["answer"]))
        elif kind == "verdict":
            key, accepted = shaped(str, entry["key"], "key"), shaped(bool, entry["accepted"], "accepted")
            self._verdicts[key] = _verdict(accepted, entry["verdict"])
        elif kind == "fate":
            fate = record(Fate, entry["fate"], "fate")
            self._fates[fate.cycle, fate.index] = fate
        elif kind == "probe":
            dream = shaped(int, entry["cycle"], "cycle"), shaped(int, entry["index"], "index")
            self._probes[(*dream, shaped(str, entry["level"], "level"))] = record(Trial, entry["trial"], "trial")
        elif kind == "choice":
            place = shaped(int, entry["cycle"], "cycle"), shaped(int, entry["index"], "index")
            self._choices[place] = shaped(str, entry["model"], "model")
        else:
            raise ValueError(f"unknown kind {kind!r}")

    def _request(self, stored: Any) -> dict[str, Any]:
        """A stored request with its texts put back. Raises ValueError, KeyError or TypeError for what is none."""
        messages = [
            {"role": m["role"], "content": self._texts[m["text"]] if "text" in m else m["content"]}
            for m in stored["messages"]
        ]
        told = {f.name: stored[f.name] for f in fields(Request) if f.name in stored}
        record(Request, told | {"messages": messages}, "request")
        return dict(stored, messages=messages)

    def _miss(self, request: Request) -> str:
        asked = request.canonical()
        if not self._calls:
            return f"nothing is recorded for {request.label}: the journal holds no calls"
        nearest_call = max(self.calls(), key=lambda call: _likeness(call.request, asked))
        where = "cycle {cycle}, dream {index}, {stage}, attempt {attempt}".format(**nearest_call.request)
        return (
            f"nothing is recorded for {request.label} (key {request.key}); the nearest recorded request is {where} "
            f"(key {nearest_call.key}); first difference: {first_difference(nearest_call.request, asked)}"
        )


def text_name(text: str) -> str:
    """The id of a long text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _verdict_key(cycle: int, index: int, attempt: int, draft: Draft) -> str:
    return f"{cycle}/{index}/{attempt}/{draft.id}"


def _verdict(accepted: bool, values: dict[str, Any]) -> Verdict:
    kind: Any = Accepted if accepted else Rejected
    known = {f.name for f in fields(kind)}
    before = {} if accepted else {"code": Code.UNTOLD.value}
    verdict: Verdict = record(
        kind, before | {name: value for name, value in values.items() if name in known}, "verdict"
    )
    return verdict


def _likeness(recorded: Mapping[str, Any], asked: Mapping[str, Any]) -> tuple[int, float]:
    """How alike two requests are: first the same dream and stage, then the text of the last message."""
    same = [name for name in ("cycle", "index", "stage", "attempt") if recorded.get(name) == asked.get(name)]
    left, right = (r["messages"][-1]["content"][:2000] if r["messages"] else "" for r in (recorded, asked))
    return len(same), difflib.SequenceMatcher(None, left, right, autojunk=False).quick_ratio()


def first_difference(recorded: Any, asked: Any, where: str = "") -> str:
    """The first place at which two JSON values differ, with a little of both."""
    if isinstance(recorded, dict) and isinstance(asked, dict):
        for name in sorted(recorded.keys() | asked.keys()):
            if recorded.get(name) != asked.get(name):
                return first_difference(recorded.get(name), asked.get(name), f"{where}.{name}".lstrip("."))
    if isinstance(recorded, list) and isinstance(asked, list):
        for index, (left, right) in enumerate(zip(recorded, asked, strict=False)):
            if left != right:
                return first_difference(left, right, f"{where}[{index}]")
        return f"{where} has {len(recorded)} entries in the journal and {len(asked)} now"
    if isinstance(recorded, str) and isinstance(asked, str):
        pairs = enumerate(zip(recorded, asked, strict=False))
        at = next((i for i, (left, right) in pairs if left != right), min(len(recorded), len(asked)))
        start = max(0, at - 20)
        return (
            f"{where} at character {at}: {recorded[start : at + 40]!r} in the journal, {asked[start : at + 40]!r} now"
        )
    return f"{where} is {recorded!r} in the journal and {asked!r} now"
