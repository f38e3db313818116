"""The seam, proved: other games, one of another package, run the whole loop, and nothing above them knows what a door is."""

import json
import re
import shutil
import sqlite3
from contextlib import closing
from dataclasses import MISSING, dataclass, fields
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dicode import cli, config, games
from dicode.commands import launch
from dicode.curriculum.archive import SEALED, Archive
from dicode.dreaming import prompts
from dicode.errors import ConfigError
from dicode.games.device import DeviceGame
from dicode.games.host import Dreams, HostGame, Levels
from dicode.games.level_build import build_pool
from dicode.methods.generators import is_plain, world_draft
from dicode.runs import origin
from dicode.runs.directory import RunDirectory
from dicode.sandbox import Built, Limits, Sandbox
from dicode.sandbox.hooks import load_hook
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.training.checker import record_of
from dicode.training.trainer import Trainer
from dicode.types import TARGET, Accepted, Code, Origin, Rejected
from tests.compiling import compilations

WORDS = [
    "preset=smoke",
    "num_envs=8",
    "level_slots=4",
    "updates_per_cycle=2",
    "learner.rollout_steps=16",
    "episode_limit=16",
    "total_steps=768",
    "dreamer=grammar",
    "dreamer.round=2",
    "dreamer.probe=0",
    "agent.width=8",
    "agent.head_hidden=8",
    "worlds_per_level=2",
    "evaluation.worlds=4",
    "evaluation.steps=16",
    "evaluation.every_steps=1",
    "logging.live=false",
]
"""Three cycles of 256 steps."""


@dataclass(frozen=True)
class Known:
    """What is said of a game's runs."""

    goal: str
    """In the table of levels."""
    objective: str
    """On a page."""
    heldout: str
    max_return: float


GAMES = {
    "tests.toy": Known("doors >= 1", "open the door", "middle", 2.0),
    "xland": Known("hold", "pick up the red ball", "nine_rooms", 1.0),
}


class Interrupted(Exception):
    """What ends a run in the middle of a cycle."""


def words(game: str, folder: Path, name: str) -> config.Config:
    return config.load([*WORDS, f"game={game}", f"runs_dir={folder}", f"run={name}"])


@pytest.fixture(scope="module", params=["tests.toy", pytest.param("xland", marks=pytest.mark.long)])
def game(request) -> str:
    if request.param == "xland":
        pytest.importorskip("xminigrid")
    return request.param


@pytest.fixture(scope="module")
def compiled() -> list[str]:
    """Names of the programs that XLA compiled for `run`; `cycle N` where a cycle's row was written."""
    return []


@pytest.fixture(scope="module")
def run(game, compiled, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp(game)
    compiled.clear()
    with compilations(compiled):
        assert launch.train(words(game, folder, "whole"), quiet=True) == 0
    return folder / "whole"


def archived(run: Path):
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        return archive.digest(), archive.snapshot()


def test_levels_are_dreamt_checked_in_the_jail_trained_and_scored_by_their_goals_alone(game, run):
    snapshot = archived(run)[1]
    dreamt = [record for record in snapshot.accepted().values() if record.origin is Origin.GRAMMAR]
    assert len(dreamt) >= 2
    trials = [trial for record in dreamt for trial in snapshot.trials.get(record.id, ())]
    assert sum(trial.episodes for trial in trials) > 0
    assert set(snapshot.trials[TARGET][-1].achievements) <= set(games.load_host(game).achievements)
    assert any(trial.score is not None for trials in snapshot.trials.values() for trial in trials)


def test_later_cycles_with_other_levels_compile_nothing(run, compiled):
    assert sum("rollout" in name for name in compiled) == 1
    assert "cycle 2" in compiled
    # Evaluation and pictures warm up after the first cycle's row.
    last = compiled[compiled.index("cycle 1") :]
    assert [name for name in last if not name.startswith("cycle")] == []


def test_a_received_run_is_shown_and_its_levels_are_strangers(run, tmp_path, monkeypatch, capsys):
    assert not origin.standing(RunDirectory(run)).foreign
    monkeypatch.setenv("DICODE_CONFIG", str(tmp_path / "another"))
    got = tmp_path / "got"
    shutil.copytree(run, got)
    known = origin.standing(RunDirectory(got))
    assert known.foreign
    assert set(known.strangers) == {
        level.id for level in archived(run)[1].levels.values() if level.origin in SEALED and level.source
    }
    for command in (["levels", str(got), "--digest"], ["view", str(got), "--export", str(tmp_path / "pages")]):
        assert cli.main(command) == 0
    assert archived(run)[0] in capsys.readouterr().out


def test_spoilt_goals_and_rules_of_a_received_run_are_refused_in_a_sentence_or_shown_as_text(run, tmp_path, capsys):
    for number, spoilt in enumerate(("[]", "7", '{"kind": "<script>alert(1)</script>"}', '{"doors": 1e400}', "null")):
        got, pages = tmp_path / str(number), tmp_path / f"pages{number}"
        shutil.copytree(run, got)
        with closing(sqlite3.connect(got / "archive.sqlite")) as archive:
            for part in ("goal", "rules"):
                archive.execute(f"UPDATE levels SET body = json_set(body, '$.verdict.{part}', json(?))", (spoilt,))
            archive.commit()
        codes = [cli.main(["levels", str(got)]), cli.main(["view", str(got), "--export", str(pages)])]
        # An error that nobody foresaw would come through as itself.
        assert set(codes) <= {0, 2}
        said = capsys.readouterr()
        assert codes == [0, 0] or "dicode: " in said.err
        assert "<script>alert" not in said.out + "".join(page.read_text() for page in pages.rglob("*.html"))


def test_a_run_that_was_interrupted_goes_on_to_the_same_archive(game, run, monkeypatch):
    genuine = Trainer.train

    def train(self, learner, batch, cycle, *more):
        if cycle == 1:
            raise Interrupted
        return genuine(self, learner, batch, cycle, *more)

    monkeypatch.setattr(Trainer, "train", train)
    with pytest.raises(Interrupted):
        launch.train(words(game, run.parent, "broken"), quiet=True)
    monkeypatch.undo()
    assert archived(run.parent / "broken")[0] != archived(run)[0]
    assert launch.resume(str(run.parent / "broken"), quiet=True) == 0
    assert archived(run.parent / "broken")[0] == archived(run)[0]


def test_a_run_is_replayed_to_the_same_archive(run):
    assert launch.replay(str(run)) == 0


def test_generated_worlds_are_the_same_in_every_cycle(game):
    host, device = games.load_host(game), games.load_device(game)
    draft = world_draft(host.levels(), 7, 2)
    assert is_plain(host.levels(), draft.source)
    with Sandbox(host) as sandbox:
        builder = LevelBuilder(device, sandbox, Streams(0), worlds_per_level=2)
        verdict = builder.check(draft)
        assert isinstance(verdict, Accepted)
        record = record_of(draft, verdict, 0)
        first, later = (builder.playable(record, cycle, 2).pool for cycle in (1, 2))
    assert host.pool_hash(first) == host.pool_hash(later)


def test_an_agent_is_evaluated_on_the_game_and_on_held_out_levels(game, run, capsys):
    for suite in ("target", "heldout"):
        assert cli.main(["eval", str(run), f"suite={suite}", "worlds=4", "steps=16"]) == 0
    names = {name for name, _ in games.load_host(game).heldout()}
    assert GAMES[game].heldout in names
    results = [json.loads(path.read_text()) for path in (run / "evaluation").glob("*.json")]
    assert any(set(result.get("success", {})) == names for result in results)
    assert all(result["max_return"] == GAMES[game].max_return for result in results)


def test_the_run_is_shown_as_a_table_and_as_pages(game, run, tmp_path, capsys):
    assert cli.main(["levels", str(run)]) == 0
    assert GAMES[game].goal in capsys.readouterr().out
    assert cli.main(["view", str(run), "--export", str(tmp_path / "pages")]) == 0
    pages = [path.read_text() for path in (tmp_path / "pages").rglob("*.html")]
    assert any(GAMES[game].objective in page for page in pages)
    assert (run / "report" / "learning_curve.png").exists()


HOSTILE = {
    "reads a file": ("outside(world)['op' + 'en'](CANARY).read()", Code.WALLED),
    "writes a file": ("outside(world)['op' + 'en'](CANARY, 'w')", Code.WALLED),
    "connects": ("outside(world)['__imp' + 'ort__']('socket').create_connection(('127.0.0.1', 9))", Code.WALLED),
    "never ends": ("while True: pass", Code.TIME),
    "takes all memory": ("bytearray(1 << 36)", Code.MEMORY),
    "recurses": ("build(world)", Code.ERROR),
}


@pytest.fixture(scope="module", params=["tests.toy", "xland", "craftax"])
def jail(request):
    """(host, worlds, a sandbox for a game's levels)."""
    host = games.load_host(request.param)
    worlds = {name: np.zeros((2, *field.shape), field.dtype) for name, field in host.fields.items()}
    limits = Limits(cpu_s=1, cpu_per_world_s=0, wall_s=60.0, idle_s=3.0, memory=2**30)
    with Sandbox(host, wall="weak", limits=limits) as sandbox:
        yield host, worlds, sandbox


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_levels_of_every_game_are_walled_in(jail, name, tmp_path):
    host, worlds, sandbox = jail
    attack, code = HOSTILE[name]
    canary = tmp_path / "canary"
    canary.write_text("as it was")
    reach = "getattr(getattr(type(world), '__in' + 'it__'), '__glo' + 'bals__')['__built' + 'ins__']"
    source = (
        f"{host.seeds()[0][1]}\nCANARY = {str(canary)!r}\n\ndef outside(world):\n    return {reach}\n\n"
        f"def build(world):\n    {attack}\n"
    )
    verdict = sandbox.build(source, worlds, 0, Origin.FOUNDATION)
    assert isinstance(verdict, Rejected)
    assert verdict.code is code, verdict.reason
    assert canary.read_text() == "as it was"


@dataclass(frozen=True)
class Hooked:
    """A `transition` that overdoes it: what it changes, and what the game makes of that."""

    change: str
    misspelt: str
    meant: str
    success: str
    after: dict[str, list]


HOOKED = {
    "tests.toy": Hooked("keys=jnp.int32(7), position=before.position", "kees", "keys", "keys", {"keys": [1, 1]}),
    "xland": Hooked(
        "direction=jnp.int32(9), position=0 * before.position", "dirction", "direction", "made", {"direction": [3, 3]}
    ),
}


@pytest.mark.parametrize("game", HOOKED)
def test_hooks_of_a_level_are_exported_and_tried_on_the_game_s_own_state(game):
    host, device, hooked = games.load_host(game), games.load_device(game), HOOKED[game]
    worlds = device.generate(jax.random.PRNGKey(0), 2, 0)
    text = (
        f"{host.seeds()[0][1]}\nimport jax.numpy as jnp\n\ndef transition(before, action, after, key):\n"
        f"    return after.replace({hooked.change})\n\ndef success(state):\n    return state.{hooked.success} > 0\n"
    )
    with Sandbox(host, wall="weak", hook_group=2) as sandbox:
        built = sandbox.build(text, worlds, 0, Origin.FILE)
        wrong = sandbox.build(text.replace(f"({hooked.meant}", f"({hooked.misspelt}"), worlds, 0, Origin.FILE)
    assert isinstance(built, Built)
    state = device.from_arrays(built.pool)
    transition = load_hook(built.hooks["transition"], host.fields)
    kept = device.restore(state, transition(state, jnp.zeros(2, jnp.int32), state, jnp.zeros((2, 2), jnp.uint32)))
    for name, values in hooked.after.items():
        assert getattr(kept, name).tolist() == values, "what is beyond its range is brought to its end"
    assert np.array_equal(kept.position, state.position), "nobody stands in a wall"
    assert isinstance(wrong, Rejected)
    assert f"did you mean '{hooked.meant}'" in wrong.reason


@pytest.mark.parametrize("game", GAMES)
def test_a_level_file_is_checked_by_its_own_game(game, tmp_path, capsys):
    (tmp_path / "mine.py").write_text(games.load_host(game).seeds()[0][1])
    assert cli.main(["level", "check", str(tmp_path / "mine.py"), "--game", game]) == 0
    assert GAMES[game].goal in capsys.readouterr().out


@pytest.mark.fast
@pytest.mark.parametrize("record", [HostGame, Levels, Dreams, DeviceGame])
def test_the_page_on_games_names_what_a_game_must_give(record):
    page = (Path(__file__).parents[2] / "docs" / "add-a-game.md").read_text()
    told = re.search(rf"^`{record.__name__}`: (.*?)\.$", page, re.DOTALL | re.MULTILINE)
    assert told is not None
    needed = [f.name for f in fields(record) if f.default is MISSING and f.default_factory is MISSING]
    assert re.findall(r"`(\w+)`", told[1]) == needed


@pytest.mark.fast
def test_a_game_without_edits_or_prompts_says_so_before_anything_compiles(tmp_path):
    with pytest.raises(ConfigError, match=r"game=tests\.toy has no edits; use method=plr"):
        launch.train(
            config.load(["game=tests.toy", "preset=smoke", "method=accel", f"runs_dir={tmp_path}", "run=a"]), quiet=True
        )
    with pytest.raises(ConfigError, match="nothing to tell a foundation model; use dreamer=grammar"):
        prompts.of(games.load_host("tests.toy"))


def test_the_game_s_name_is_what_it_is_loaded_by():
    for name in ("craftax", *GAMES):
        assert games.load_host(name).name == name
        assert games.load_device(name).host is games.load_host(name)


def test_a_toy_level_is_built_by_the_same_code_as_every_other():
    host, device = games.load_host("tests.toy"), games.load_device("tests.toy")
    worlds = device.generate(jax.random.PRNGKey(0), 3, 0)
    namespace: dict[str, object] = {}
    exec(host.seeds()[0][1], namespace)  # our own file
    built = build_pool(host, namespace, worlds, 0)
    assert str(built.goal) == "doors >= 1"
    away = abs(built.pool["key"] - built.pool["position"]).sum(axis=1)
    assert (away == 1).all()
