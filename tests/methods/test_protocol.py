"""What holds for every method: full batches, no surprises, and nothing remembered outside the archive."""

import pytest
from toy import make, train

from dicode.curriculum.archive import Archive
from dicode.errors import ConfigError
from dicode.methods import METHODS
from dicode.types import TARGET

pytestmark = pytest.mark.fast

SMALL = {"num_envs": 37, "level_slots": 6, "round": 4, "keep": 3}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("generator", ["worlds", "grammar"])
@pytest.mark.parametrize("target_share", [0.0, 0.2])
def test_every_proposal_fills_the_environments_and_no_slot_twice(name, generator, target_share):
    settings = SMALL | {"generator": generator, "target_share": target_share}
    for proposal in train(make(name, settings), 12).proposals:
        counts = {slot.level: slot.num_envs for slot in proposal.slots}
        assert len(counts) == len(proposal.slots) <= settings["level_slots"]
        assert sum(counts.values()) == settings["num_envs"]
        assert min(counts.values()) >= 2
        if target_share and len(counts) > 1:
            assert counts[TARGET] == 7
        others = [count for level, count in counts.items() if level != TARGET]
        assert not others or max(others) - min(others) <= 1


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("more", [{}, {"generator": "grammar", "open_loop": True}])
def test_a_run_resumed_from_the_archive_after_every_cycle_is_the_same_run(tmp_path, name, more):
    settings = SMALL | more
    whole = Archive(tmp_path / "whole.sqlite")
    at_once = train(make(name, settings), 10, commit=whole.commit)
    path = tmp_path / "resumed.sqlite"
    skill = 0.0
    for cycle in range(10):
        with Archive(path) as archive:
            start = archive.snapshot()
            resumed = train(make(name, settings), cycle + 1, start=start, skill=skill, commit=archive.commit)
            skill = resumed.skill
    assert skill == at_once.skill
    assert Archive(path).digest() == whole.digest()
    assert Archive(path).snapshot() == at_once.snapshot


@pytest.mark.parametrize("name", METHODS)
def test_another_seed_gives_another_run(name):
    if name != "ppo":
        assert train(make(name, SMALL), 6, seed=1).proposals != train(make(name, SMALL), 6, seed=2).proposals


def test_ppo_plays_nothing_but_the_target():
    for proposal in train(make("ppo", SMALL), 3).proposals:
        assert [(slot.level, slot.num_envs, slot.train) for slot in proposal.slots] == [(TARGET, 37, True)]


@pytest.mark.parametrize(("num_envs", "level_slots"), [(16, 16), (3, 3), (1, 2), (64, 40)])
def test_too_few_environments_are_refused_with_what_would_do(num_envs, level_slots):
    settings = SMALL | {"num_envs": num_envs, "level_slots": level_slots}
    with pytest.raises(ConfigError, match="level_slots=") as caught:
        make("dicode", settings)
    fit = int(str(caught.value).split("level_slots=")[-1].split()[0])
    if fit > 1:
        make("dicode", settings | {"level_slots": fit})


def test_one_environment_a_level_is_enough_where_the_settings_say_so():
    single = SMALL | {"num_envs": 16, "level_slots": 16, "target_share": 0.0, "min_envs": 1}
    assert [slot.num_envs for slot in train(make("plr", single), 1).proposals[0].slots] == [1] * 16
    with pytest.raises(ConfigError, match="level_slots=8 or fewer"):
        make("plr", single | {"min_envs": 2})


def test_a_target_that_takes_everything_is_refused_unless_nothing_else_is_asked():
    with pytest.raises(ConfigError):
        make("dicode", SMALL | {"target_share": 1.0})
    make("ppo", SMALL | {"target_share": 1.0})


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="did you mean 'learnability'"):
        make("dicode", SMALL | {"score": "learnabilty"})
    with pytest.raises(ConfigError, match="did you mean 'swap'"):
        make("accel", SMALL | {"mutation": "swp"})
