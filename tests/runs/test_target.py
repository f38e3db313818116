"""The target may be any level: it is checked, owned by the run, trained, measured and told to whoever dreams."""

from dataclasses import replace

import pytest

from dicode import config
from dicode.commands import launch, levels
from dicode.curriculum.archive import Archive
from dicode.curriculum.codec import brief_from_json, brief_to_json
from dicode.curriculum.snapshot import own_target, target_record
from dicode.errors import ConfigError, RunError
from dicode.evaluation.results import TARGET as ON_TARGET
from dicode.evaluation.results import load_run
from dicode.games.craftax import library
from dicode.games.craftax.grammar import GrammarDreamer
from dicode.games.craftax.grammar.plan import Help, Plan
from dicode.games.craftax.grammar.printer import print_level
from dicode.games.craftax.grammar.reader import asked_of, plan_of
from dicode.games.craftax.host import HOST
from dicode.levels import Achievement
from dicode.methods.generators import fixed_worlds, is_plain, world_draft
from dicode.runs import directory, origin, target
from dicode.streams import Streams
from dicode.training.checker import record_of
from dicode.types import TARGET, Accepted, Brief, Draft, Origin, OwnTarget, Trial

LEVEL = '''"""Objective: an iron pickaxe from nothing."""
from dicode.levels import Achievement, Goal

WORLD_SEED = 3
GOAL = Goal.all_of(Achievement.MAKE_IRON_PICKAXE)


def build(world):
    world.player.inventory.sapling = 1
'''
PPO = ("preset=smoke", "method=ppo")


@pytest.mark.fast
@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("target=gam", "did you mean 'game'"),
        ("target=library:iron_pickax", "did you mean 'iron_pickaxe'"),
        ("target=library:deep_diamonds", "has no level 'deep_diamonds'"),
        ("target=nowhere.py", "there is no such file"),
        ("target={folder}/broken.py", "is not a level"),
    ],
)
def test_a_target_that_is_none_is_refused_by_name(tmp_path, word, says):
    (tmp_path / "broken.py").write_text("GOAL = ")
    with pytest.raises(ConfigError, match=says):
        target.read(config.load([*PPO, word.format(folder=tmp_path)]))


@pytest.mark.fast
def test_what_a_level_pays_matters_to_ppo_only_where_its_target_is_one():
    assert config.load([*PPO, "target=library:iron_pickaxe", "bonus_value=7"]).bonus_value == 7
    with pytest.raises(ConfigError, match="bonus_value=7 would do nothing"):
        config.load([*PPO, "bonus_value=7"])
    with pytest.raises(ConfigError, match="nothing to pay"):
        config.load([*PPO, "target=library:iron_pickaxe", "reward=goal", "bonus_value=0"])
    grows = ["preset=smoke", "reward=goal", "bonus_value=0", "bonus=dynamic"]
    assert config.load(grows).bonus_value == 0, "twice the agent's return on the game is what levels pay"
    with pytest.raises(ConfigError, match="nothing to pay"):
        config.load([*grows, "target=library:iron_pickaxe"])


@pytest.mark.fast
def test_a_run_owns_its_targets_text_and_knows_when_somebody_changed_it(tmp_path):
    (tmp_path / "mine.py").write_text(LEVEL)
    asked = config.load([*PPO, f"target={tmp_path}/mine.py", f"runs_dir={tmp_path}", "run=own"])
    run = directory.create(asked, target=target.read(asked))
    origin.seal_seeds(run.target_file.parent)
    (tmp_path / "mine.py").unlink()
    assert target.of(run, run.config()) == LEVEL
    assert run.config().target == "mine.py"
    assert not origin.standing(run).foreign
    run.target_file.write_text(LEVEL + "x = 1\n")
    assert origin.standing(run).strangers == ("target/target.py",)
    assert target.task(run).foreign
    with Archive(run.archive_file) as archive:
        archive.commit(0, archive.snapshot().with_levels([target_record(LEVEL, "An iron pickaxe.")]))
        with pytest.raises(RunError, match="another target"):
            target.record(run, run.config(), archive, None)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="another target"):
        target.task(run)
    run.target_file.write_text(LEVEL)
    assert target.task(run).source == LEVEL
    run.target_file.write_text("")
    with pytest.raises(RunError, match="it is empty"):  # which would stand for the game
        target.task(run)
    run.target_file.unlink()
    with pytest.raises(RunError, match="is missing"):
        target.of(run, run.config())


@pytest.mark.fast
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_a_persons_files_are_read_in_whatever_encoding_they_were_saved(tmp_path, encoding):
    text = LEVEL + "# \u00e9t\u00e9\n"
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "mine.py").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    asked = config.load(
        ["preset=smoke", f"levels={folder}", f"target={folder}/mine.py", f"runs_dir={tmp_path}", "run=own"]
    )
    run = directory.create(asked, target=target.read(asked))
    assert (run.seeds / "mine.py").read_bytes().decode() == target.of(run, run.config()) == text
    assert not origin.foreign_levels(folder)
    (folder / "mine.py").write_bytes(text.encode("latin-1"))
    with pytest.raises(RunError, match=r"mine\.py: line \d+ is not utf-8.*save the file as UTF-8"):
        target.read(asked)


@pytest.mark.fast
def test_an_exported_target_lies_beside_the_levels_and_is_marked_where_nothing_vouches_for_it(tmp_path):
    (tmp_path / "mine.py").write_text(LEVEL)
    asked = config.load([*PPO, f"target={tmp_path}/mine.py", f"runs_dir={tmp_path}", "run=own"])
    run = directory.create(asked, target=target.read(asked))
    with Archive(run.archive_file) as archive:
        archive.commit(0, archive.snapshot().with_levels([target_record(LEVEL, "An iron pickaxe.")]))
    assert levels.export(str(run.path), str(tmp_path / "strange")) == 0
    assert (tmp_path / "strange" / origin.MARK).exists()
    origin.seal_seeds(run.target_file.parent)
    assert levels.export(str(run.path), str(tmp_path / "out")) == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"_target.py"}
    assert (tmp_path / "out" / "_target.py").read_text() == LEVEL


def _brief(index: int = 0) -> Brief:
    rates = dict.fromkeys((a.name for a in Achievement), 0.0) | {"COLLECT_WOOD": 0.9, "PLACE_TABLE": 0.6}
    trial = Trial(TARGET, 4, 50, 5, 1.0, 60.0)
    told = own_target(target_record(LEVEL, "An iron pickaxe."), [trial], 4)
    return Brief(4, index, None, rates, 1.0, target=told)


@pytest.mark.fast
def test_a_brief_tells_the_target_and_comes_back_from_the_archive():
    brief = _brief()
    assert brief.target is not None
    assert brief.target.success_rate == pytest.approx(0.1)
    known = {TARGET: target_record(LEVEL, "An iron pickaxe.")}
    brief = replace(brief, known=frozenset({TARGET}))
    trials = {TARGET: (Trial(TARGET, 4, 50, 5, 1.0, 60.0), Trial(TARGET, 5, 50, 50, 1.0, 60.0))}
    assert brief_from_json(brief_to_json(brief, known), 4, 0, known, trials) == brief


@pytest.mark.fast
def test_the_grammar_writes_steps_towards_the_target_and_nothing_else():
    dreamer = GrammarDreamer(Streams(1))
    outcomes = dreamer.dream([_brief(index) for index in range(40)], lambda draft: Accepted({}, {}, ""))
    asked = {a for outcome in outcomes if outcome.draft for a in asked_of(plan_of(outcome.draft.source))}
    way = {"COLLECT_WOOD", "PLACE_TABLE", "MAKE_WOOD_PICKAXE", "COLLECT_STONE", "MAKE_STONE_PICKAXE", "COLLECT_COAL",
           "COLLECT_IRON", "PLACE_FURNACE", "MAKE_IRON_PICKAXE"}  # fmt: skip
    assert {a.name for a in asked} <= way
    assert Achievement.MAKE_WOOD_PICKAXE in asked


@pytest.mark.fast
@pytest.mark.parametrize(
    ("goal", "held", "way"),
    [
        ('Goal.collect("coal", 3)', "pickaxe=1, coal=1", {"COLLECT_COAL"}),
        ('Goal.collect("coal", 3)', "pickaxe=1", {"COLLECT_COAL"}),
        ("Achievement.MAKE_TORCH", "wood=1, coal=1", {"MAKE_TORCH", "PLACE_TABLE"}),
        ("Achievement.OPEN_CHEST", "potions=1, sword=1, pickaxe=1", {"OPEN_CHEST", "ENTER_DUNGEON"}),
        ("Achievement.DRINK_POTION", "potions=1, sword=1, pickaxe=1", {"DRINK_POTION", "ENTER_DUNGEON"}),
    ],
)
def test_the_way_to_a_target_is_its_goal_and_what_its_start_does_not_spare(goal, held, way):
    target = f"GOAL = Goal.all_of({goal})\ndef build(world):\n    world.player.inventory.set({held})\n"
    assert HOST.dreams().way(target) == way
    told = own_target(target_record(target, "A target."), [Trial(TARGET, 4, 50, 5, 1.0, 60.0)], 4)
    dreamer = GrammarDreamer(Streams(1))
    briefs = [Brief(4, index, None, {}, 1.0, target=told) for index in range(8)]
    outcomes = dreamer.dream(briefs, lambda draft: Accepted({}, {}, ""))
    asked = [{a.name for a in asked_of(plan_of(outcome.draft.source))} for outcome in outcomes if outcome.draft]
    assert all(names <= way for names in asked)


def _steps(brief: Brief, steps: str = "level") -> list[Plan]:
    """The plans of a round's three dreams for `brief`, the last one first."""
    briefs = [replace(brief, index=index, round=3) for index in (2, 1, 0)]
    outcomes = GrammarDreamer(Streams(1), steps=steps).dream(briefs, lambda draft: Accepted({}, {}, ""))
    return [plan_of(outcome.draft.source) for outcome in outcomes if outcome.draft]


NOTHING = "from dicode.levels import Achievement, Goal\n\nGOAL = Goal.all_of(Achievement.MAKE_STONE_PICKAXE)\n"
ON_THE_WAY = {"COLLECT_WOOD": 0.9, "PLACE_TABLE": 0.5, "MAKE_WOOD_PICKAXE": 0.2, "COLLECT_STONE": 0.01, "EAT_COW": 0.3}


@pytest.mark.fast
def test_the_game_itself_has_steps_only_where_they_are_asked_for():
    game = replace(_brief(), target_success=ON_THE_WAY, target=None)
    first, second, third = _steps(game, "any")
    assert {first.achievements, second.achievements} == {(Achievement.MAKE_WOOD_PICKAXE,), (Achievement.PLACE_TABLE,)}
    assert first.help == second.help == Help.GAME
    assert first.rules == second.rules == {}
    assert third.help > Help.GAME
    assert all(plan.help > Help.GAME for plan in _steps(game))
    all_begun = replace(game, target_success=dict.fromkeys(ON_THE_WAY, 0.3))
    assert all(plan.help > Help.GAME for plan in _steps(all_begun))
    level = replace(game, target=OwnTarget(NOTHING, "A stone pickaxe.", 0.0))
    assert all(plan.help > Help.GAME for plan in _steps(level, "none"))


@pytest.mark.fast
def test_two_dreams_of_a_round_begin_as_the_target_does_and_ask_for_what_it_shows_now_and_then():
    brief = replace(_brief(), target_success=ON_THE_WAY, target=OwnTarget(NOTHING, "A stone pickaxe.", 0.0))
    first, second, third = _steps(brief)
    assert (first.achievements, second.achievements) == ((Achievement.MAKE_WOOD_PICKAXE,), (Achievement.PLACE_TABLE,))
    assert first.help == second.help == Help.GAME
    assert first.rules == second.rules == {}
    assert third.help > Help.GAME
    given = NOTHING + "\n\ndef build(world):\n    world.player.inventory.set(sapling=3)\n"
    first, *_ = _steps(replace(brief, target=OwnTarget(given, "A stone pickaxe.", 0.0)))
    assert first.kit == {"sapling": 3}, "what the target's start gives, its steps give"
    short = NOTHING.replace("Goal\n", "Goal, Rules\n", 1) + "RULES = Rules(episode_length=90)\n"
    first, second, third = _steps(replace(brief, target=OwnTarget(short, "A stone pickaxe, soon.", 0.0)))
    assert first.rules == second.rules == {"episode_length": 90.0}, "they end when the target does"
    assert third.rules.get("episode_length") != 90.0


@pytest.mark.fast
def test_a_step_that_is_being_learned_is_not_dreamed_again_and_one_that_was_forgotten_is():
    brief = replace(_brief(), target_success=ON_THE_WAY, target=OwnTarget(NOTHING, "A stone pickaxe.", 0.0))
    source = print_level(Plan((Achievement.MAKE_WOOD_PICKAXE,), help=Help.GAME), "A step.")
    level = record_of(Draft(source, "A step.", Origin.GRAMMAR), Accepted({}, {}, ""), 1)

    def played(rate: float) -> list[Plan]:
        trial = Trial(level.id, 3, 100, round(100 * rate), 1.0, 60.0)
        known = brief.known | {level.id}
        return _steps(replace(brief, relatives=(level,), trials={level.id: (trial,)}, known=known))

    assert played(0.4)[0].achievements == (Achievement.PLACE_TABLE,)
    again = played(0.95)[0]
    assert again.achievements == (Achievement.MAKE_WOOD_PICKAXE,)
    assert again.help == Help.GAME
    assert 0.5 <= again.rules["melee_spawn"] <= 0.95, "so that it is another level"
    calm = NOTHING.replace("Goal\n", "Goal, Rules\n", 1) + "RULES = Rules(melee_spawn=0.4)\n"
    brief = replace(brief, target=OwnTarget(calm, "A stone pickaxe among few.", 0.0))
    assert 0.2 <= played(0.95)[0].rules["melee_spawn"] <= 0.38, "also where the target has such a rule"


@pytest.mark.fast
def test_a_run_begins_with_the_seeds_that_lead_to_its_target():
    asked = config.load(["preset=smoke"])
    everything, chosen = launch._seeds(asked, None), launch._seeds(asked, None, LEVEL)
    assert {volume.name for volume in chosen} < {volume.name for volume in everything}
    assert {"collect_wood", "coal_seam", "iron_vein"} <= {volume.name for volume in chosen}
    assert not {"orc_soldier", "eat_cow"} & {volume.name for volume in chosen}


@pytest.mark.fast
def test_a_run_may_begin_without_the_librarys_seeds(tmp_path):
    ablation = config.load(["preset=smoke", "dreamer=grammar", "dreamer.goal_only=true"])
    assert launch._seeds(ablation, None), "what dreams may set and what a run begins with are two settings"
    asked = config.load(["preset=smoke", "dreamer=grammar", "library_seeds=false"])
    assert launch._seeds(asked, None) == []
    (tmp_path / "table.py").write_text(LEVEL)
    assert len(launch._seeds(asked, tmp_path)) == 1, "levels of one's own are trained as they are"


@pytest.mark.fast
def test_a_model_is_told_the_target():
    from dicode.dreaming import prompts

    brief = _brief()
    for write in (prompts.design, prompts.level, prompts.compact):
        text = write(HOST, brief, prompts.Focus(None, "Vary."))[-1].content
        assert "iron pickaxe" in text.lower(), write.__name__
        assert "unmodified game" not in text
    assert "10 %" in prompts.level(HOST, brief, prompts.Focus(None, "Vary."))[-1].content


@pytest.mark.fast
def test_a_random_level_is_the_target_in_a_world_of_its_own():
    draft = world_draft(HOST.levels(), 77, 2, LEVEL)
    found = fixed_worlds(draft.source)
    assert found is not None
    assert (found.seed, found.worlds) == (77, 2)
    assert fixed_worlds(LEVEL, Origin.FILE) is None
    assert not is_plain(HOST.levels(), draft.source)
    assert is_plain(HOST.levels(), world_draft(HOST.levels(), 77).source)


def test_a_run_on_a_target_of_its_own_is_measured_on_it_resumes_and_replays(tmp_path, tiny_run):
    (tmp_path / "mine.py").write_text(library.source("collect_wood"))
    words = [*tiny_run(tmp_path, "own"), f"target={tmp_path}/mine.py", "reward=goal", "logging.video=false"]
    words = [word for word in words if not word.startswith("total_steps")]
    assert launch.train(config.load([*words, "total_steps=1024"]), quiet=True) == 0
    (tmp_path / "mine.py").unlink()
    run = tmp_path / "own"
    # Before the run is made longer, which stretches its learning rate and so is another run from the start.
    assert launch.replay(str(run)) == 0
    assert launch.resume(str(run), ["total_steps=1536"], quiet=True) == 0
    final = load_run(run).final(ON_TARGET)
    assert final is not None
    assert set(final.success) == {TARGET}
    assert final.target
    with Archive(run / "archive.sqlite", read_only=True) as archive:
        known = archive.snapshot()
    assert known.levels[TARGET].source == library.source("collect_wood")
    ended = [trial for trial in known.trials[TARGET] if trial.episodes]
    assert ended
    for trial in ended:  # the goal alone pays
        assert trial.return_mean == pytest.approx(20.0 * trial.successes / trial.episodes)
