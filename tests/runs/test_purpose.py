"""Settings that together train, pay or measure nothing are refused, or told, before anything compiles."""

import logging
from dataclasses import replace

import pytest

from dicode import config, words
from dicode.commands import purpose
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast
SMOKE = ["preset=smoke"]


def asked(said: str):
    return config.load([*SMOKE, *said.split()])


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("learner.lr=0 learner.lr_final=0", "trains nothing"),
        ("learner.max_grad_norm=0", "set it to 1e9"),
        ("learner.adam_eps=0", "divides by zero"),
        ("game=xland dreamer.goal_only=true", "game=xland has not"),
        ("game=xland arm=goals_of_the_game", "game=xland has not"),
        ("dreamer.goal_only=true dreamer.hooks=true", "leave one out"),
        ("arm=frontier dreamer.goal_only=true", "leave one out"),
        ("game=xland dreamer.hooks=true", "dreamer.hooks changes no dream of game=xland"),
        ("game=xland dreamer.arenas=false", "dreamer.arenas changes no dream of game=xland"),
        ("game=xland dreamer.pursue=target", "dreamer.pursue changes no dream of game=xland"),
        ("game=xland dreamer.steps=none", "dreamer.steps changes no dream of game=xland"),
        ("game=xland method.parents=wanted", "asks what the target lacks, which game=xland can't tell; use frontier"),
        ("game=xland method.rehearse=3", "asks what the target lacks, which game=xland can't tell; use 0"),
        (
            "method.stay=learning method.replay_slots=3 dreamer.hooks=true level_slots=6",
            "replay_slots=3 hook_slots=2 leaves none of 5 slots",
        ),
        ("method.rehearse=2 dreamer.hooks=true hook_slots=5 level_slots=6", "rehearse=2 hook_slots=5 leaves none of 5"),
        (
            "method.stay=learning method.rehearse=2 method.replay_slots=4 level_slots=6",
            "replay_slots=4 method.rehearse=2 leaves none of 5",
        ),
        (
            "game=xland dreamer=grammar method.frontier=4",
            "method.frontier=4 starts no level of the grammar's in game=xland",
        ),
        ("game=xland lessons=3", "lessons=3 asks for first lessons, which game=xland has not"),
        ("arm=frontier target_share=0", "which target_share=0 never plays"),
        ("dreamer.round=0 library_seeds=false", "use method=ppo"),
        ("method=dr reward=goal", "pays nothing"),
        ("method=plr reward=goal", "pays nothing"),
        ("method=accel reward=goal", "pays nothing"),
        ("method=sfl reward=goal", "pays nothing"),
        ("method=plr method.robust=true method.replay_probability=0", "set replay_probability above 0"),
        ("method=plr method.robust=true method.minimum_fill=0.5 method.buffer=50", "makes at most 20 levels"),
        ("method=sfl method.scoring_batch=25", "first 5 cycles score levels .* total_steps=20481 or more"),
    ],
)
def test_settings_that_come_to_nothing_are_refused(said, says):
    with pytest.raises(ConfigError, match=says):
        purpose.require(asked(said))


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("seed_cycles=5", "the first are there in cycle 6"),
        ("total_steps=1000", "the run has 1"),
        ("method.active_threshold=0.25", "no level will be replayed"),
        ("method=sfl method.score=learnability", "is 0 for every level"),
        ("method=plr method.score=learnability", "is 0 for every level"),
    ],
)
def test_settings_under_which_a_part_does_nothing_are_told(said, says, caplog):
    with caplog.at_level(logging.WARNING):
        purpose.require(asked(said))
    (told,) = caplog.messages
    assert says in told


@pytest.mark.parametrize(
    "said",
    [
        "",
        "game=xland",
        "game=xland dreamer.hooks=true levels=mine",
        "dreamer.hooks=true dreamer.arenas=false dreamer.steps=any",
        "method.stay=learning method.replay_slots=1 method.rehearse=2 dreamer.hooks=true level_slots=6",
        "dreamer.goal_only=true",
        "arm=frontier",
        "dreamer.round=0",
        "method=ppo",
        "method=dr",
        "method=dr method.generator=goals reward=goal",
        "method=dr reward=goal game=xland",
        "method=plr reward=goal method.generator=grammar",
        "method=plr reward=goal target=library:iron_pickaxe",
        "method=plr method.robust=true",
        "method=sfl method.score=learnability method.generator=grammar",
        "method=sfl method.scoring_batch=20",
        "method.active_threshold=0.24 seed_cycles=4",
    ],
)
def test_what_trains_is_neither_refused_nor_warned_of(said, caplog):
    with caplog.at_level(logging.WARNING):
        purpose.require(asked(said))
    assert not caplog.messages


@pytest.mark.parametrize(
    ("said", "schedule", "told"),
    [("", "continue", 1), ("", "restart", 0), ("learner.lr_final=2e-4 learner.lr=2e-4", "continue", 0)],
)
def test_a_run_made_longer_after_its_end_is_told_what_its_learning_rate_is(said, schedule, told, caplog):
    with caplog.at_level(logging.WARNING):
        purpose.tell_rate(replace(asked(said), schedule=schedule))
    assert len(caplog.messages) == told
    assert all("schedule=restart" in message for message in caplog.messages)


@pytest.mark.slow
def test_every_arm_trains():
    arms = words.group_choices("arm", config.Config)
    for preset in ("smoke", "laptop"):
        for arm in arms:
            purpose.require(config.load([f"preset={preset}", f"arm={arm}"]))
    assert "goals_of_the_game" in arms
