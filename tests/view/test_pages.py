"""What the pages of a run say, and that no text of a run becomes anything but text."""

import hashlib
import json
import re
import resource
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import hostile
import numpy as np
import pytest
from view_examples import run

from dicode import config
from dicode.curriculum.snapshot import DreamRecord, Snapshot
from dicode.dreaming.calls import Answer, Kind
from dicode.dreaming.journal import Call
from dicode.errors import ConfigError, RunError
from dicode.evaluation.results import Evaluation
from dicode.games.craftax.display import DISPLAY
from dicode.runs import directory
from dicode.types import Accepted, Brief, Code, Origin, ParentReport, Rejected, Repair
from dicode.view.pages import charts, code, data, export, lineage, site, text
from dicode.view.pages.game import of
from dicode.view.pages.levels import index

pytestmark = pytest.mark.fast


class Page(HTMLParser):
    """What a browser would make of a page: tags with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def links(self) -> list[str]:
        return [value for _, found in self.tags for name in ("href", "src") if (value := found.get(name))]


@pytest.fixture(scope="module")
def example() -> data.RunData:
    """A run of a model's dreams: a level with a repaired attempt and a call, one rejected, one lost."""
    snapshot, rows = run(8)
    parent = next(one for one in snapshot.accepted().values() if one.born == 3)
    call = Call("k1", {"cycle": 3, "index": 0, "stage": "code", "attempt": 0, "model": "m", "messages": []},
                Answer(Kind.TEXT, "the answer", tokens_in=1200, tokens_out=340, usd=0.0123))  # fmt: skip
    good = Accepted({"achievements": ["EAT_COW"]}, {"melee_spawn": 0.3, "mob_health": {"zombie": 9.0}}, "-", ("bonus",))
    child = replace(
        parent, id="child0000001", source="A = 1\nB = 3\n", parents=(parent.id,), born=5, verdict=good, move="design",
        origin=Origin.FOUNDATION, repairs=(Repair("A = 0\n", "build", "it broke here", "mend it so"),), requests=("k1",),
    )  # fmt: skip
    parent = replace(parent, source="A = 1\nB = 2\n")
    bad = replace(
        child,
        id="bad000000001",
        verdict=Rejected("verify", "no cow anywhere", "put a cow in", code=Code.UNTOLD),
        requests=(),
    )
    brief = Brief(4, 0, ParentReport(parent, ()), {}, 1.5, (), frozenset())
    outcomes = (DreamRecord(5, 4, 0, child.id, good), DreamRecord(5, 4, 1, bad.id, bad.verdict),
                DreamRecord(5, 4, 2, None, Rejected("lost", "no answer in 900 s", code=Code.UNTOLD)))  # fmt: skip
    levels = dict(snapshot.levels) | {one.id: one for one in (parent, child, bad)}
    snapshot = replace(snapshot, levels=levels, outcomes=outcomes, briefs=(brief,))
    evaluation = Evaluation(
        "target",
        4,
        9,
        "c",
        300_000,
        np.array([1.0, 2.0, 3.0, 4.0]),
        np.ones(4),
        np.zeros(4),
        {"EAT_COW": 0.75},
        max_return=226.0,
    )
    random = replace(evaluation, returns=np.array([0.5, 0.7]), achievements={"EAT_COW": 0.25})
    settings = {"method.name": "dicode", "seed": 3, "episode_limit": 128}
    return data.RunData("demo", snapshot, tuple(rows), (evaluation,), (random,), settings, {"k1": call})


def pages_of(example: data.RunData, folder: Path) -> Path:
    export.write([example], folder, DISPLAY)
    return folder


def test_every_link_of_an_exported_folder_leads_to_a_file_in_it(example, tmp_path):
    folder = pages_of(example, tmp_path)
    pages = list(folder.rglob("*.html"))
    assert len(pages) == 4 + len(example.snapshot.levels) - 1 + 1
    for page in pages:
        for link in Page(page.read_text()).links():
            file, _, mark = link.partition("#")
            target = (page.parent / file).resolve() if file else page
            assert target.is_file(), f"{page}: {link}"
            assert target.is_relative_to(folder.resolve()), f"{page}: {link}"
            assert not mark or f'id="{mark}"' in target.read_text()


def test_a_level_page_tells_why_the_level_exists_and_how_it_fares(example, tmp_path):
    said = Page((pages_of(example, tmp_path) / "levels" / "child0000001.html").read_text()).text
    for part in (
        "eat cow", "melee_spawn", "mob_health", "zombie", "Scales how often melee mobs appear",  # rules beside the usual
        "-B = 2", "+B = 3", "Attempt 1 failed at build", "it broke here", "mend it so", "A = 0",  # source, parent, attempts
        "Asked for after cycle 5, dream 0", "a return of 1.50 on the target", "1 calls, 1,200 tokens read, 340 written, $0.0123",
        "bonus",
    ):  # fmt: skip
        assert part in said, part
    assert re.search(r"mob_health\s*zombie\s*9\s*5", said), "the game's own value stands beside the level's"


@pytest.mark.parametrize(
    ("parents", "main"), [(["target"], None), (["target", "old"], "old"), (["late", "old"], "old")]
)
def test_a_level_is_compared_with_the_parent_that_its_page_names(example, tmp_path, parents, main):
    """Of an archive that came from elsewhere: whose parent is the target, with a text, or was born later."""
    levels = dict(example.snapshot.levels)
    child = levels["child0000001"]
    old, late = (next(one for one in levels.values() if one.born == born) for born in (3, 7))
    names = {"target": "target", "old": old.id, "late": late.id}
    levels["target"] = replace(levels["target"], source="A = 7\n", born=-1)
    levels |= {
        child.id: replace(child, parents=tuple(names[each] for each in parents)),
        late.id: replace(late, source="A = 9\n"),
    }
    shown = replace(example, snapshot=replace(example.snapshot, levels=levels))
    page = (pages_of(shown, tmp_path) / "levels" / "child0000001.html").read_text()
    heading = re.search(r"<h2>Difference to (.*?)</h2>", page)
    assert (heading and re.search(r"levels/(\w+)\.html", heading[1])[1]) == names.get(main)
    named = re.search(r"The brief named <a[^>]*levels/(\w+)\.html", page)
    assert named[1] == example.snapshot.briefs[0].parent.level.id, "whatever the parents are"


def test_rejected_and_lost_dreams_are_told_with_reason_and_hint(example, tmp_path):
    said = Page((pages_of(example, tmp_path) / "dreams.html").read_text()).text
    for part in ("verify", "no cow anywhere", "Hint: put a cow in", "lost", "no answer in 900 s"):
        assert part in said, part
    assert "Rejected at verify" in Page((tmp_path / "levels" / "bad000000001.html").read_text()).text


def test_the_first_page_names_training_evaluation_and_the_random_policy(example, tmp_path):
    said = Page((pages_of(example, tmp_path) / "index.html").read_text()).text
    for part in (
        "return, evaluated",
        "2.50",
        "over 4 worlds",
        "random policy",
        "0.60",
        "environment steps",
        "mean return",
    ):
        assert part in said, part
    assert re.search(r"eat cow\s*\d+ %\s*75 %\s*25 %", said)
    assert "target solved" not in said, "of the unmodified game"
    assert "1 % of 226" in said


def test_the_first_page_says_under_its_title_what_the_run_is(example, tmp_path):
    settings = {"method.name": "dicode", "dreamer.name": "grammar", "agent.kind": "lstm", "seed": 3, "preset": "smoke"}
    said = Page((pages_of(replace(example, settings=settings), tmp_path) / "index.html").read_text()).text
    assert re.search(r"method dicode · dreamer grammar · agent lstm · seed 3 · preset smoke", said)


def test_a_run_on_an_own_target_says_first_how_often_that_is_solved(example, tmp_path):
    measured = replace(example.evaluations[0], success={"target": 0.375})
    settings = {**example.settings, "target": "library:wood_pickaxe"}
    own = replace(example, settings=settings, evaluations=(measured,))
    said = Page((pages_of(own, tmp_path / "a") / "index.html").read_text()).text
    assert re.search(r"target solved\s*38 %\s*wood_pickaxe, evaluated", said)
    assert "of 226" not in said, "a share of what the game pays"
    said = Page((pages_of(replace(own, evaluations=()), tmp_path / "b") / "index.html").read_text()).text
    assert re.search(r"target solved\s*–\s*wood_pickaxe, not evaluated", said)


def test_runs_stand_side_by_side_with_what_differs(example, tmp_path):
    other = replace(
        example, name="other", settings={**example.settings, "seed": 4}, evaluations=(), rows=example.rows[:3]
    )
    export.write([example, other], tmp_path, DISPLAY)
    said = Page((tmp_path / "index.html").read_text())
    assert "2 runs side by side" in said.text
    assert re.search(r"seed\s*3\s*4", said.text)
    assert "method.name" not in said.text, "a setting on which they agree"
    third = replace(example, evaluations=(replace(example.evaluations[0], achievements={"WAKE_UP": 0.5}),))
    export.write([example, third], tmp_path / "again", DISPLAY)
    assert re.search(r"wake up\s*0 %\s*50 %", Page((tmp_path / "again/index.html").read_text()).text), (
        "measured, and never"
    )
    assert {"run-1/index.html", "run-2/index.html"} <= set(said.links())
    assert "../../index.html" in Page((tmp_path / "run-2/levels/seed0.html").read_text()).links()


def test_the_lineage_has_parents_before_children_and_lines_that_meet():
    rows = lineage.rows(index(data.RunData("r", run(24)[0]), DISPLAY))
    place = {row.line.id: number for number, row in enumerate(rows)}
    assert len(place) == len(rows) == len(run(24)[0].levels) - 1
    for number, row in enumerate(rows):
        parent = row.line.parent
        if parent is not None:
            above = rows[place[parent]]
            assert place[parent] < number <= place[parent] + above.below
            assert row.depth == above.depth + 1
            assert f"M{above.x:g} 0V" in row.path
            assert row.path.count(f"H{row.x:g}") == 1
        between = [one for one in rows[number + 1 : number + 1 + row.below] if row.x > one.x]
        assert not between, "a child stands right of its parent"


def test_a_page_is_written_again_only_where_it_says_something_new(example, tmp_path):
    known: dict[str, str] = {}
    export.write([example], tmp_path, DISPLAY, known)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*.html")}
    levels = dict(example.snapshot.levels)
    levels["seed1"] = replace(levels["seed1"], description="changed")
    export.write([replace(example, snapshot=replace(example.snapshot, levels=levels))], tmp_path, DISPLAY, known)
    assert {file.name for file, when in before.items() if file.stat().st_mtime_ns != when} == {"seed1.html"}


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (lambda rows: rows, None),
        (lambda rows: [*rows, '{"cycle": 4, "env_'], None),
        (lambda rows: [*rows[:2], "null\n", *rows[3:]], "line 3 of metrics.jsonl can't be read and is left out"),
        (lambda rows: ["x\n", *rows[1:3], "[]\n"], "line 1 and 1 more of metrics.jsonl can't be read and is left out"),
        (lambda _: [], "metrics.jsonl lacks 4 of 4 finished cycles (from cycle 0 on)"),
        (lambda rows: [*rows[:1], *rows[2:]], "metrics.jsonl lacks 1 of 4 finished cycles (from cycle 1 on)"),
    ],
)
def test_rows_that_are_damaged_or_lost_are_noted_and_a_torn_last_line_is_not(tmp_path, spoil, note):
    run = directory.create(config.load(["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", "run=demo"]))
    rows = [json.dumps({"cycle": cycle, "env_steps": 10 * cycle}) + "\n" for cycle in range(4)]
    run.metrics_file.write_text("".join(spoil(rows)))
    found = data.read(run.path, Snapshot(cycle=3))
    assert found.notes == (() if note is None else (note,))
    front = next(render() for address, _, render in site.Run(found, DISPLAY).pages() if address == "index.html")
    assert note is None or note.partition("'")[0] in front


def test_pages_of_runs_that_are_shown_no_more_go_and_nothing_else(tmp_path):
    runs = [
        directory.create(config.load(["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", f"run={name}"])).path
        for name in "abc"
    ]
    out = tmp_path / "out"
    export.export(runs[:2], out)
    (out / "run-1" / "notes.txt").write_text("mine")
    (out / "run-2" / "index.html").write_text("mine, too")
    (out / "static" / "mine.css").write_text("")
    export.export(runs[2:], out)
    alone = tmp_path / "alone"
    export.export(runs[2:], alone)
    left = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    mine = {"run-1/notes.txt", "run-2/index.html", "static/mine.css"}
    assert left == mine | {path.relative_to(alone).as_posix() for path in alone.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["../mine.txt", "link/mine.txt", "/etc/hostname", "run-1", ""])
def test_a_list_of_pages_removes_nothing_outside_of_them(tmp_path, name):
    run = directory.create(config.load(["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", "run=a"])).path
    out, mine = tmp_path / "out", tmp_path / "mine.txt"
    mine.write_text("x")
    export.export([run], out)
    (out / "run-1").mkdir()
    (out / "link").symlink_to(tmp_path)
    digest = hashlib.sha256(b"x").hexdigest()
    (out / "static" / "written.json").write_text(json.dumps({"files": {name: digest}}))
    export.export([run], out)
    assert mine.exists()
    assert (out / "run-1").is_dir()


def test_pages_are_not_written_over_other_things(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ConfigError, match="other things than pages"):
        export.export([], tmp_path)
    with pytest.raises(RunError, match="is not a run"):
        export.export([tmp_path / "nothing"], tmp_path / "new")


@pytest.mark.parametrize("most", [0, 100])
def test_an_export_that_the_disk_refuses_leaves_nothing_in_the_way_of_the_next(tmp_path, most):
    run = directory.create(config.load(["preset=smoke", "method=ppo", f"runs_dir={tmp_path}", "run=a"])).path
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        with pytest.raises(RunError, match=r"cannot write to .*/out: File too large"):
            export.export([run], tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path for path in (tmp_path / "out").rglob("*") if path.is_file()] == []
    assert export.export([run], tmp_path / "out") > 0


ALLOWED = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "nav", "main", "span", "bdi", "p", "h1", "h2",
    "dl", "div", "dt", "dd", "small", "figure", "figcaption", "b", "svg", "g", "path", "circle", "rect", "line", "polyline",
    "polygon", "text", "tspan", "use", "defs", "table", "caption", "thead", "tbody", "tr", "th", "td", "ul", "li", "details",
    "summary", "form", "label", "input", "select", "option", "button", "output", "img", "pre", "code", "br", "section",
}  # fmt: skip


SUMS = {"calls": 1, "tokens_in": 2, "tokens_cached": 0, "tokens_out": 3, "usd": None, "unpriced": 1, "estimated": 0}
FM = {"total": SUMS, "accepted": 1, "levels": [{"level": "a", "model": "m", **SUMS}], "stopped": None}
ODD_FIELDS = [
    {"target_success": {"COLLECT_WOOD": "0.4"}}, {"target_success": [1]}, {"target_success": {"COLLECT_WOOD": None}},
    {"target_return": "x"}, {"target_return": float("inf")}, {"target_return": True}, {"status": ["A"]}, {"status": {"A": "1"}},
    {"fm": [1]}, {"fm": {"total": SUMS, "accepted": 1}}, {"fm": FM | {"total": {"calls": 1}}}, {"fm": FM | {"levels": [{}]}},
    {"fm": FM | {"stopped": {"cycle": 1}}}, {"fm": FM | {"accepted": "1"}}, {"fm": FM | {"silence": 3}},
    {"fm": FM | {"levels": [FM["levels"][0] | {"level": []}]}},
]  # fmt: skip


@pytest.mark.parametrize("odd", ODD_FIELDS)
def test_a_field_of_the_wrong_form_is_left_out_of_its_row_and_noted(tmp_path, odd):
    good = {"cycle": 0, "env_steps": 10, "target_return": 1.0, "target_success": {"EAT_COW": 0.5}, "status": {"A": 1}}
    rows = [good | {"fm": FM}, good | {"cycle": 1, "fm": FM | {"stopped": {"cycle": 1, "reason": "r", "dreams": 2}}}]
    path = tmp_path / "metrics.jsonl"
    notes: list[str] = []
    path.write_text("".join(json.dumps(row) + "\n" for row in [*rows, good | {"cycle": 2} | odd]))
    read = data.metrics_rows(path, notes)
    (name,) = odd
    assert list(read) == [*rows, {key: value for key, value in (good | {"cycle": 2}).items() if key != name}]
    assert notes == [f"{name} of some cycles in metrics.jsonl can't be read and is left out"]


def test_a_number_beyond_all_floats_is_none(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"cycle": 0, "env_steps": 1' + "0" * 400 + "}\n")
    assert data.metrics_rows(path) == ()


@pytest.mark.slow
def test_no_text_of_a_hostile_run_becomes_a_tag_an_attribute_or_an_address(tmp_path):
    folder = hostile.write(tmp_path, 80)
    found = data.read(folder)
    (folder / "report" / "pictures" / f"{hostile.level(1)}.png").symlink_to("/etc/passwd")
    assert found.notes[0] == "line 7 and 2 more of metrics.jsonl can't be read and is left out"
    assert found.notes[1].startswith("fm, status, target_return of some cycles")
    assert "<b>.json" in found.notes[2]
    pages = 0
    for address, _, render in site.Run(found, DISPLAY).pages():
        page = render()
        page.encode()  # no half characters
        seen = Page(page)
        assert {tag for tag, _ in seen.tags} <= ALLOWED, address
        assert [attrs["src"] for tag, attrs in seen.tags if tag == "script"] == [
            "../" * address.count("/") + "static/pages.js"
        ]
        for tag, attrs in seen.tags:
            odd = [
                name for name in attrs if name.startswith("on") or name in ("style", "action", "srcdoc", "formaction")
            ]
            assert not odd, f"{address}: {tag} {odd}"
        assert all(re.fullmatch(r"[\w./#-]*", link) for link in seen.links()), address
        hidden = [letter for letter in page if letter not in "\n\t" and text.visible(letter) != letter]
        assert not hidden, f"{address}: {hidden[:3]}"
        assert len(page) < 800_000, address
        pages += 1
    assert pages > 80
    assert found.picture(hostile.level(0)) is None, "no PNG, and a link elsewhere"
    assert found.picture(hostile.level(1)) is None, "no PNG, and a link elsewhere"
    assert found.file("target.gif") is None, "no GIF"


def test_what_is_shown_of_odd_texts():
    assert text.visible("a\u202eb\u200b\ud800\x1b\tc\n") == r"a\u202eb\u200b\ud800\x1b" + "\tc\n"
    assert text.visible("žluťoučký 学 é") == "žluťoučký 学 é"
    cut = text.block("x" * 1_000_000 + "\r\nend")
    assert len(cut) < 2200
    assert "a line of" in cut
    assert "the text has 1,000,005 characters" in cut
    assert text.number(float("nan")) == text.percent(None) == text.fixed(float("inf")) == "–"


def test_code_is_numbered_and_never_more_than_text():
    shown = str(code.python("def f():\n    return '<b>'\n"))
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert shown.count('class="ln"') == 2
    assert str(code.difference(["+<b>", "-a", " c"])).count("<b>") == 0


def test_a_chart_leaves_out_what_is_no_number_and_names_its_lines():
    shown = str(
        charts.lines(
            [charts.Series("<name>", [(0, 1), (1, float("nan")), (2, 3)])], charts.Axes("steps", "return", "t")
        )
    )
    assert "nan" not in shown
    assert "&lt;name&gt;" in shown
    assert ">steps<" in shown
    assert ">return<" in shown
    assert "Nothing to draw" in charts.lines([], charts.Axes("x", "y", "t"))
    assert "Nothing to draw" in charts.stack([0, 1], {"A": [0, 0]}, {"A": "a"}, charts.Axes("x", "y", "t"))


def test_a_folder_does_not_choose_which_module_is_imported(example, tmp_path):
    named = replace(example, settings={"game": "xml.dom"})
    with pytest.raises(ConfigError, match=r"game=xml\.dom is not one of this package's"):
        of(export.game_named([named]))
    with pytest.raises(ConfigError, match="several games"):
        export.game_named([named, example])
    assert of("craftax").max_return == 226


def test_generic_pages_name_no_block_and_no_mob():
    folder = Path(site.__file__).parent
    game = {"zombie", "cow", "stone", "wood", "iron", "diamond", "skeleton", "sapling", "achievement."}
    for file in [*folder.glob("*.py"), *folder.glob("templates/*")]:
        if file.name != "game.py":
            words = set(re.findall(r"[a-z]+\.?", file.read_text().lower()))
            assert not words & game, f"{file.name} names {words & game}"


def test_a_level_page_tells_how_agents_fail_and_what_they_do(example, tmp_path):
    level = next(iter(example.snapshot.trials))
    last = replace(
        example.snapshot.trials[level][-1],
        endings={"out of time": 0.5, "starved": 0.125, "odd": float("nan")},
        occupations={"walking": 0.75, "nothing": 0.0},
    )
    trials = {**example.snapshot.trials, level: (*example.snapshot.trials[level][:-1], last)}
    record = example.snapshot.levels[level]
    short = replace(record, verdict=replace(record.verdict, rules={"episode_length": 96}))
    levels = {**example.snapshot.levels, level: short}
    told = replace(example, snapshot=replace(example.snapshot, trials=trials, levels=levels))
    said = " ".join(Page((pages_of(told, tmp_path) / "levels" / f"{level}.html").read_text()).text.split())
    assert re.search(r"How it fails\W*what\W*share of episodes\W*out of time\W*50 %\W*starved\W*12 %", said), said
    assert re.search(r"What it does\W*what\W*share of steps\W*walking\W*75 %", said)
    assert "odd" not in said
    assert "of at most 96." in said, "the level's own rule is shorter than the run's limit"
