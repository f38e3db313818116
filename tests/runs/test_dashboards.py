"""What TensorBoard and Weights & Biases are told: one set of names, every zero, one run through resumes."""

import json
import sys
from types import SimpleNamespace

import pytest

from dicode import config as configuration
from dicode.curriculum.snapshot import Snapshot, target_record
from dicode.errors import ConfigError
from dicode.runs import dashboards, directory
from dicode.settings import to_tree
from dicode.types import Accepted, Code, LevelRecord, Origin, Rejected

pytestmark = pytest.mark.fast

NAMES = ("COLLECT_WOOD", "PLACE_TABLE")
ROW = {
    "cycle": 1,
    "env_steps": 2048,
    "steps_per_s": 900.0,
    "cycle_steps_per_s": 700.0,
    "compile_s": {"rollout": 3.5},
    "target_return": 0.5,
    "target_success": {"COLLECT_WOOD": 0.25},
    "levels": {"known": 4, "active": 0},
    "status": {"A": 0, "B": 1},
    "learner": {"entropy": 3.0},
    "hooks": {"levels": ["x"], "compile_s": 0.0},
    "fm": {"total": {"calls": 3, "usd": 0.0}, "levels": [{"level": "x"}]},
}
EVALUATION = {"protocol": "target", "env_steps": 2048, "worlds": 2, "returns": [0.0, 3.0], "lengths": [4, 6],
              "floor": [0, 1], "achievements": {"COLLECT_WOOD": 0.5, "PLACE_TABLE": 0.0}}  # fmt: skip
HELDOUT = {"protocol": "heldout", "env_steps": 2048, "worlds": 2, "success": {"a": 0.0, "b": 0.5}}


def made(folder, *words):
    """A run's directory, and a report with a picture and a film."""
    from PIL import Image

    run = directory.create(configuration.load(["preset=smoke", f"runs_dir={folder}", *words]))
    run.report.mkdir()
    Image.new("RGB", (4, 3)).save(run.report / "lineage.png")
    Image.new("RGB", (4, 3)).save(run.report / "target.gif")
    return run


@pytest.fixture
def snapshot():
    good = LevelRecord(
        "a" * 12, "GOAL = ...", "chop", Origin.GRAMMAR, ("target",), "harden", 1, Accepted({}, {}, "p"), active=True
    )
    bad = LevelRecord(
        "b" * 12, "x = ", "broken", Origin.FOUNDATION, (), "", 1, Rejected("screen", "line 1", code=Code.SYNTAX)
    )
    return Snapshot().with_levels([target_record(), good, bad])


def test_every_name_says_what_it_is_of_and_zeros_are_zeros():
    scalars = dashboards.of_row(ROW, NAMES)
    assert scalars == {
        "cycle": 1,
        "env_steps": 2048,
        "target/return": 0.5,
        "target/success/COLLECT_WOOD": 0.25,
        "target/success/PLACE_TABLE": 0.0,
        "train/steps_per_s": 900.0,
        "train/cycle_steps_per_s": 700.0,
        "train/compile_s/rollout": 3.5,
        "train/entropy": 3.0,
        "levels/known": 4,
        "levels/active": 0,
        "levels/status/A": 0,
        "levels/status/B": 1,
        "levels/hooks/compile_s": 0.0,
        "fm/total/calls": 3,
        "fm/total/usd": 0.0,
    }
    unplayed = dashboards.of_row({"cycle": 0, "env_steps": 8, "target_return": None, "target_success": {}}, NAMES)
    assert not [name for name in unplayed if name.startswith("target/")]


def test_evaluations_are_told_apart_by_protocol():
    assert dashboards.of_evaluation(EVALUATION) == {
        "eval/target/return": 1.5,
        "eval/target/length": 5.0,
        "eval/target/depth": 0.5,
        "eval/target/achievements/COLLECT_WOOD": 0.5,
        "eval/target/achievements/PLACE_TABLE": 0.0,
    }
    assert dashboards.of_evaluation(HELDOUT) == {
        "eval/heldout/success": 0.25, "eval/heldout/success/a": 0.0, "eval/heldout/success/b": 0.5,
    }  # fmt: skip


def test_the_table_holds_every_level_with_source_and_parents(snapshot):
    good, bad = dashboards.level_rows(snapshot)
    assert (good["parents"], good["author"], good["state"], good["source"]) == (
        "target",
        "grammar harden",
        "active",
        "GOAL = ...",
    )
    assert (bad["author"], bad["state"], bad["success"]) == ("foundation", "rejected: line 1", None)


@pytest.mark.parametrize(
    ("words", "group"),
    [
        (["seed=3"], "smoke-dicode"),
        (["seed=3", "run=smoke-dicode-3-learner.lr-0.1"], "smoke-dicode-learner.lr-0.1"),
        (["seed=3", "run=smoke-dicode-3-learner.epochs-3-x-3"], "smoke-dicode-learner.epochs-3-x-3"),
        (["seed=3", "run=smoke-dicode-30"], "smoke-dicode-30"),
        (["seed=3", "run=layers-3"], "layers-3"),
        (["seed=3", "run=cold-seed-3"], "cold"),
        (["seed=3", "run=cold"], "cold"),
        (["logging.wandb=true", "logging.wandb_group=mine"], "mine"),
    ],
)
def test_runs_that_differ_by_their_seed_share_a_group(words, group):
    assert dashboards.group_of(configuration.load(["preset=smoke", *words])) == group


class Wandb:
    """Notes what it is told."""

    Image = staticmethod(lambda path: ("image", path))
    Video = staticmethod(lambda path, format: ("film", path))
    Table = staticmethod(lambda columns, data: SimpleNamespace(columns=columns, data=data))

    def __init__(self):
        self.begun, self.logged = [], []

    def init(self, **options):
        self.begun.append(options)
        return SimpleNamespace(
            log=lambda row, step: self.logged.append((options["id"], step, row)), finish=lambda: None
        )


def test_a_resumed_run_goes_on_in_the_same_run_of_wandb(tmp_path, monkeypatch, snapshot):
    wandb = Wandb()
    monkeypatch.setitem(sys.modules, "wandb", wandb)
    run = made(tmp_path, "logging.wandb=true", "seed=5")
    for cycle in range(2):
        board = dashboards.WeightsAndBiases(run.config(), run)
        board.write({**ROW, "cycle": cycle, "env_steps": 10 * (cycle + 1)})
        board.evaluated({**EVALUATION, "env_steps": 20})
        board.drawn(run.report, snapshot, 20)
        board.close()
    first, second = wandb.begun
    assert first["id"] == second["id"] == run.wandb_file.read_text()
    assert second["resume"] == "allow"
    assert (first["group"], first["job_type"]) == ("smoke-dicode", "train")
    assert {"smoke", "dicode"} <= set(first["tags"])
    assert first["config"]["learner"]["lr"] == run.config().learner.lr
    assert {(id, step) for id, step, _ in wandb.logged} == {(first["id"], step) for step in (10, 20)}
    media = wandb.logged[2][2]
    assert media["report/lineage"][0] == "image"
    assert media["report/target_film"][0] == "film"
    assert media["levels/table"].columns == list(dashboards.COLUMNS)
    assert [row[-1] for row in media["levels/table"].data] == ["GOAL = ...", "x = "]
    run.wandb_file.write_text("")
    dashboards.WeightsAndBiases(run.config(), run)
    assert wandb.begun[-1]["id"] == run.wandb_file.read_text() != ""
    other = made(tmp_path / "other", "logging.wandb=true")
    dashboards.WeightsAndBiases(other.config(), other)
    assert wandb.begun[-1]["id"] != first["id"]


def test_a_package_that_can_t_begin_is_one_sentence(tmp_path, monkeypatch):
    class Unlucky(Wandb):
        def init(self, **options):
            raise type("UsageError", (Exception,), {})("api_key not configured\n(no-tty)")

    monkeypatch.setitem(sys.modules, "wandb", Unlucky())
    run = made(tmp_path, "logging.wandb=true")
    with pytest.raises(ConfigError, match=r"UsageError: api_key not configured \(no-tty\).*WANDB_MODE=offline needs"):
        dashboards.WeightsAndBiases(run.config(), run)


def events(folder):
    """Every (name, kind of value) of a folder's TensorBoard files."""
    from tensorboardX.proto.event_pb2 import Event

    found = []
    for path in folder.glob("events*"):
        data, at = path.read_bytes(), 0
        while at < len(data):
            size = int.from_bytes(data[at : at + 8], "little")
            event = Event.FromString(data[at + 12 : at + 12 + size])
            found += [(value.tag, event.step, value) for value in event.summary.value]
            at += 16 + size
    return found


@pytest.mark.slow
def test_tensorboard_holds_scalars_pictures_films_and_the_table(tmp_path, snapshot):
    pytest.importorskip("tensorboardX", reason="needs the extra 'tensorboard'")
    run = made(tmp_path, "logging.tensorboard=true")
    (board,) = dashboards.open_dashboards(run.config(), run)
    board.write(ROW)
    board.evaluated(EVALUATION)
    board.drawn(run.report, snapshot, 2048)
    board.close()
    found = {tag: value for tag, step, value in events(run.path / "tensorboard") if step == 2048}
    assert found["target/success/PLACE_TABLE"].simple_value == 0.0
    assert found["eval/target/return"].simple_value == 1.5
    assert found["report/lineage"].image.encoded_image_string[:4] == b"\x89PNG"
    assert found["report/target_film"].image.encoded_image_string[:3] == b"GIF"
    assert "harden" in str(found["levels/table/text_summary"])


def told_offline(path) -> list:
    """Every record of a `.wandb` file: blocks of 32 KiB, in them pieces of a checksum, a length, a kind and their bytes."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, at, piece, found = path.read_bytes(), 7, b"", []
    while at + 7 <= len(data):
        size, kind, left = int.from_bytes(data[at + 4 : at + 6], "little"), data[at + 6], 32768 - at % 32768
        if left < 7 or not kind:
            at += left
            continue
        piece, at = piece + data[at + 7 : at + 7 + size], at + 7 + size
        if kind in (1, 4):  # whole, or the last piece
            found.append(Record.FromString(piece))
            piece = b""
    return found


@pytest.mark.long
def test_wandb_takes_it_offline(tmp_path, monkeypatch, snapshot):
    """The real package: what it keeps of a run and of its resumption is what would be uploaded."""
    pytest.importorskip("wandb", reason="needs the extra 'wandb'")
    monkeypatch.setenv("WANDB_MODE", "offline")
    run = made(tmp_path, "logging.wandb=true")
    for env_steps in (2048, 4096):
        (board,) = dashboards.open_dashboards(run.config(), run)
        board.write({**ROW, "env_steps": env_steps})
        board.evaluated({**EVALUATION, "env_steps": env_steps})
        board.drawn(run.report, snapshot, env_steps)
        board.close()
    kept = sorted((run.path / "wandb").glob("offline-run-*/*.wandb"))
    assert len(kept) == 2
    for path, env_steps in zip(kept, (2048, 4096), strict=True):
        media = path.parent / "files" / "media"
        assert {p.suffix for p in media.rglob("*.*")} >= {".png", ".gif", ".json"}
        (table,) = (media / "table").rglob("*.json")
        assert [row[-1] for row in json.loads(table.read_text())["data"]] == ["GOAL = ...", "x = "]
        records = told_offline(path)
        begun = next(r.run for r in records if r.HasField("run"))
        assert (begun.run_id, begun.run_group, begun.job_type) == (run.wandb_file.read_text(), "smoke-dicode", "train")
        assert {"smoke", "dicode", "craftax"} <= set(begun.tags)
        assert {item.key for item in begun.config.update} >= set(to_tree(run.config()))
        scalars = {i.key or "/".join(i.nested_key): i.value_json for r in records for i in r.history.item}
        assert scalars["_step"] == str(env_steps)
        assert json.loads(scalars["target/success/PLACE_TABLE"]) == 0
        assert json.loads(scalars["eval/target/return"]) == 1.5
