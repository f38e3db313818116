"""Levels from states that the agent reached: which are kept, that a file is believed only if it is one, what a text may say."""

import json
import zlib
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dicode import config
from dicode.commands import launch
from dicode.curriculum import codec, reached
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Snapshot, target_record
from dicode.dreaming import prompts
from dicode.errors import LevelError, RunError
from dicode.games import load_device, start
from dicode.games.craftax.grammar import plan_of
from dicode.games.craftax.grammar.dreamer import FRONTIER_SHARE, GrammarDreamer
from dicode.games.craftax.host import HOST
from dicode.games.level_build import build_pool
from dicode.levels import Achievement, Frontier, Goal
from dicode.runs import frontier
from dicode.streams import Streams
from dicode.training.builder import LevelBuilder
from dicode.training.trainer import LOOKS, Sightings, Trainer
from dicode.types import Accepted, Brief, FrontierState, Origin

fast = pytest.mark.fast
STATE = FrontierState("0123456789ab", 3, ("COLLECT_WOOD", "PLACE_TABLE"), 2)


@pytest.fixture
def state(blank_pool):
    """One state's arrays, a little way into the game."""
    world = {name: np.array(array[0]) for name, array in blank_pool.items()}
    world["achievements"][[Achievement.COLLECT_WOOD, Achievement.PLACE_TABLE]] = True
    world["inventory.wood"][...] = 3
    return world


@fast
def test_the_rarest_sets_of_achievements_enter_the_latest_sighting_of_each_and_four_at_most():
    common, rare, deep = ("A",), ("B",), ("A", "B", "C")
    assert reached.entering([common, rare, common, (), deep, common]) == [(4, 1), (1, 1), (5, 3)]
    assert len(reached.entering([(f"{i}",) for i in range(9)])) == reached.NEW
    assert reached.entering([(), ()]) == []


@fast
def test_a_state_is_replaced_by_a_newer_one_of_its_set_and_leaves_when_it_is_old_or_common():
    old = FrontierState("a" * 12, 0, ("A",), 1)
    new = FrontierState("b" * 12, 5, ("A",), 7)
    other = FrontierState("c" * 12, 5, ("B",), 2)
    assert reached.kept([old], [new, other], 9, 5) == (other, new)
    assert reached.kept([old], [other, new], 1, 5) == (other,)
    assert reached.kept([old], [], 9, reached.FRESH - 1) == (old,)
    assert reached.kept([old], [], 9, reached.FRESH) == ()


@fast
def test_the_list_of_states_comes_back_from_the_archive_and_nothing_else_does(tmp_path):
    with Archive(tmp_path / "archive.sqlite") as archive:
        snapshot = Snapshot().with_levels([target_record()]).with_run_state({reached.KEY: reached.to_json([STATE])})
        archive.commit(0, snapshot)
        assert reached.held(archive.snapshot().run_state) == (STATE,)
    assert reached.held({}) == ()
    for wrong in (7, [7], [{"id": "0123456789ab"}], [{**reached.to_json([STATE])[0], "seen": "many"}]):
        with pytest.raises(RunError, match="reached states can't be read"):
            reached.held({reached.KEY: wrong})


@fast
def test_a_cycle_is_looked_at_at_moments_that_are_its_own_however_short_it_is():
    trainer = SimpleNamespace(config=SimpleNamespace(updates_per_cycle=32), streams=Streams(0))
    looks = [Trainer._looks(trainer, cycle) for cycle in (0, 1, 0)]
    assert [len(each) for each in looks] == [LOOKS] * 3
    assert looks[0] == looks[2] != looks[1]
    # Rollouts of 64 steps and episodes of 256: not all looks may fall on the steps in which time runs out.
    assert len({update % 4 for each in looks for update in each}) == 4
    trainer.config.updates_per_cycle = 2
    assert Trainer._looks(trainer, 5) == {0, 1}


@fast
def test_sightings_become_files_of_a_few_kilobytes_that_read_back_as_they_were(tmp_path, state):
    pool = {name: np.stack([array, array]) for name, array in state.items()}
    achieved = np.stack([state["achievements"], state["achievements"]])
    [kept] = frontier.keep(tmp_path, HOST, Sightings(pool, achieved), (), 4, 9)
    assert (kept.cycle, kept.seen, kept.achievements) == (9, 2, ("COLLECT_WOOD", "PLACE_TABLE"))
    file = tmp_path / "frontier" / f"{kept.id}.z"
    assert file.stat().st_size < 20_000 < HOST.state_bytes
    found = frontier.read(tmp_path, HOST, kept.id)
    for name, array in state.items():
        assert found[name].dtype == array.dtype
        assert np.array_equal(found[name], array), name
    assert frontier.read(tmp_path, HOST, "f" * 12) is None


@fast
def test_a_countdown_that_ran_below_zero_is_kept_as_zero_and_what_is_no_number_not_at_all(tmp_path, state):
    state["melee_mobs.attack_cooldown"][0, 0] = -48
    state["mob_projectiles.position"][0, 0] = 48
    pool = {name: array[None] for name, array in state.items()}
    [kept] = frontier.keep(tmp_path, HOST, Sightings(pool, state["achievements"][None]), (), 4, 9)
    found = frontier.read(tmp_path, HOST, kept.id)
    assert (found["melee_mobs.attack_cooldown"].min(), found["mob_projectiles.position"].max()) == (0, 47)
    pool["light_level"][...] = np.nan
    assert frontier.keep(tmp_path, HOST, Sightings(pool, state["achievements"][None]), (), 4, 9) == ()


def _packed(state):
    return b"".join(np.ascontiguousarray(state[name]).tobytes() for name in HOST.fields)


def _changed(state, name, value):
    other = {key: array.copy() for key, array in state.items()}
    other[name][...] = value
    return zlib.compress(_packed(other))


@fast
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda state: b"no zlib", "damaged"),
        (lambda state: zlib.compress(_packed(state)[:-1]), "bytes or more"),
        (lambda state: zlib.compress(b"\0" * 50_000_000), "bytes or more"),
        (lambda state: _changed(state, "player_food", 99), "player_food holds 99"),
        (lambda state: _changed(state, "light_level", np.nan), "light_level holds nan"),
        (lambda state: _changed(state, "inventory.wood", 9), "not the hash"),
        (lambda state: zlib.compress(b"\2" * HOST.state_bytes), "neither true nor false"),
    ],
)
def test_a_file_that_is_not_that_state_is_refused(tmp_path, state, damage, said):
    name = frontier.write(tmp_path, HOST, state)
    (tmp_path / "frontier" / f"{name}.z").write_bytes(damage(state))
    with pytest.raises(RunError, match=said):
        frontier.read(tmp_path, HOST, name)


@fast
def test_a_file_that_is_a_link_is_refused(tmp_path, state):
    name = frontier.write(tmp_path, HOST, state)
    file = tmp_path / "frontier" / f"{name}.z"
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="is a link"):
        frontier.read(tmp_path, HOST, name)


@fast
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('START = Frontier("0123456789ab")', "0123456789ab"),
        ("START=Frontier('0123456789ab')  # rare", "0123456789ab"),
        ('    START = Frontier("0123456789ab")', ""),
        ('START = Frontier("0123456789AB")', ""),
        ('RESTART = Frontier("0123456789ab")', ""),
        ('START = Frontier("0123456789ab", 1)', ""),
        ('"""As in\nSTART = Frontier("0123456789ab")\n"""', ""),
        ('START = Frontier("0123456789ab")\n"""\nSTART = Frontier("cccccccccccc")\n"""', "0123456789ab"),
        ('START = Frontier("0123456789ab")\nx = (', ""),
    ],
)
def test_the_state_is_found_in_the_text_without_running_it(line, found):
    assert start.named(f"import numpy as np\n{line}\nGOAL = 1\n") == found


@fast
def test_a_level_from_a_state_gets_that_state_as_every_base_world(tmp_path, state):
    name = frontier.write(tmp_path, HOST, state)
    builder = LevelBuilder(
        load_device("craftax"), None, Streams(0), 4, reached=lambda asked: frontier.read(tmp_path, HOST, asked)
    )  # type: ignore[arg-type]
    worlds = builder.base_worlds(f'START = Frontier("{name}")\n', "x", 3, 3)
    assert all(np.array_equal(worlds[field][i], state[field]) for field in HOST.fields for i in range(3))


@fast
def test_what_a_text_says_of_its_start_is_held_against_the_worlds_that_it_gets(blank_pool, state):
    copies = {name: np.stack([array, array]) for name, array in state.items()}
    said = {"GOAL": Goal.all_of(Achievement.COLLECT_STONE), "START": Frontier(start.state_id(HOST, state))}
    assert build_pool(HOST, said, copies, 0).pool["inventory.wood"].tolist() == [3, 3]
    with pytest.raises(LevelError, match="is not here"):
        build_pool(HOST, said, blank_pool, 0)
    with pytest.raises(LevelError, match="START is str"):
        build_pool(HOST, said | {"START": "0123456789ab"}, copies, 0)
    for wrong in ("", "x" * 12, "0123456789AB", 7):
        with pytest.raises(LevelError, match="names no state"):
            Frontier(wrong)


def _brief(index: int = 0, **more) -> Brief:
    rates = dict.fromkeys((a.name for a in Achievement), 0.0) | {"COLLECT_WOOD": 0.9, "PLACE_TABLE": 0.6}
    return Brief(4, index, None, rates, 1.0, **more)


@fast
def test_a_brief_with_states_comes_back_from_the_archive_and_one_without_is_written_as_before():
    known = {"target": target_record()}
    brief = replace(_brief(starts=(STATE,)), known=frozenset(known))
    body = json.loads(codec.dumps(codec.brief_to_json(brief, known)))
    assert codec.brief_from_json(body, 4, 0, known, {}) == brief
    assert "starts" not in codec.brief_to_json(replace(brief, starts=()), known)


@pytest.mark.slow
def test_the_grammar_goes_on_from_reached_states_in_its_share_of_levels_and_nowhere_without_them():
    accept = lambda draft: Accepted({}, {}, "")  # noqa: E731
    briefs = [_brief(index, starts=(STATE, replace(STATE, id="b" * 12, seen=40))) for index in range(120)]
    drafts = [outcome.draft for outcome in GrammarDreamer(Streams(1)).dream(briefs, accept) if outcome.draft]
    onward = [draft for draft in drafts if draft.origin is Origin.FRONTIER]
    # The levels that can be told apart are few: two states, and what comes next there.
    assert 4 <= len(onward) <= 1.3 * FRONTIER_SHARE * len(drafts)
    for draft in onward:
        plan = plan_of(draft.source)
        assert plan.start == start.named(draft.source) in (STATE.id, "b" * 12)
        assert not {a.name for a in plan.achievements} & set(STATE.achievements)
        assert "from dicode.levels import Achievement, Frontier, Goal" in draft.source
    assert not any(start.named(draft.source) for draft in drafts if draft.origin is Origin.GRAMMAR)
    plain = GrammarDreamer(Streams(1)).dream([_brief(index) for index in range(20)], accept)
    assert {outcome.draft.origin for outcome in plain if outcome.draft} == {Origin.GRAMMAR}


@fast
def test_a_model_is_told_the_states_and_how_to_start_from_one():
    nudge = prompts.Focus(None, "Vary.")
    for write in (prompts.design, prompts.level, prompts.compact):
        text = write(HOST, _brief(starts=(STATE,)), nudge)[-1].content
        assert '"0123456789ab": COLLECT_WOOD, PLACE_TABLE (seen 2 times in cycle 3)' in text
        assert "START = Frontier(" in text
        assert "START" not in write(HOST, _brief(), nudge)[-1].content
    assert "START = Frontier(" in prompts.code(HOST, _brief(starts=(STATE,)), "A level.")[-1].content


@pytest.mark.long
def test_a_run_with_frontier_states_trains_on_them_resumes_and_replays(tmp_path, tiny_run):
    words = [word for word in tiny_run(tmp_path, "far") if not word.startswith(("total_steps", "evaluation.every"))]
    words += [
        "total_steps=4096",
        "updates_per_cycle=8",
        "episode_limit=64",
        "target_share=0.5",
        "method.frontier=4",
        "logging.video=false",
        "logging.report_every=0",
    ]
    assert launch.train(config.load(words), quiet=True) == 0
    run = tmp_path / "far"
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        whole, known = archive.digest(), archive.snapshot()
    states = reached.held(known.run_state)
    assert 0 < len(states) <= 4
    levels = [record for record in known.levels.values() if record.origin is Origin.FRONTIER]
    assert any(known.trials.get(record.id) for record in levels), [record.verdict for record in levels]
    kept = {path.name: path.read_bytes() for path in (run / "frontier").iterdir()}
    assert all(f"{state.id}.z" in kept for state in states)
    # Without its last checkpoint the run goes on from the cycle before.
    newest = max((run / "checkpoints").glob("[0-9]*"))
    for file in newest.iterdir():
        file.unlink()
    newest.rmdir()
    assert launch.resume(str(run), quiet=True) == 0
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        assert archive.digest() == whole
    assert {path.name: path.read_bytes() for path in (run / "frontier").iterdir()} == kept
    assert launch.replay(str(run)) == 0
