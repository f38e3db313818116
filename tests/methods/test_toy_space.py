"""On a planted level space where one level in eight teaches the target's skill, curricula find it and DR does not."""

import pytest
from toy import make, random_toy, train

CYCLES = 60


def run(name: str, seed: int, **more):
    settings = {"num_envs": 128, "level_slots": 17, "stay": "draw", **more}
    return train(make(name, settings), CYCLES, seed)


def mean_skill(name: str, **more) -> float:
    return sum(run(name, seed, **more).skill for seed in range(3)) / 3


def test_one_level_in_eight_of_the_toy_space_teaches():
    families = [random_toy(str(i)).family for i in range(4000)]
    assert families.count("skill") / 4000 == pytest.approx(1 / 8, abs=0.02)


@pytest.mark.parametrize("generator", ["worlds", "grammar"])
def test_dr_wastes_its_budget_and_regret_and_learnability_find_what_teaches(generator):
    wasted = mean_skill("dr", generator=generator)
    assert mean_skill("plr", generator=generator, score="max_mc") > 1.5 * wasted
    assert mean_skill("plr", generator=generator, score="positive_value_loss") > 1.5 * wasted
    assert mean_skill("sfl", generator=generator, scoring_batch=64, scoring_keep=8) > 1.5 * wasted


def test_dicode_climbs_the_ladder_that_random_levels_do_not_show():
    assert mean_skill("dicode") > 3.0 > mean_skill("dr")


def test_staying_levels_climb_it_too():
    # A toy level teaches within a cycle or two, so this says that staying is no trap, not that it is better.
    assert mean_skill("dicode", stay="learning", stay_steps=24.0) > 3.0 > mean_skill("dr")


def test_the_closed_loop_is_what_makes_dreams_useful():
    closed, open_loop = run("dicode", 1), run("dicode", 1, open_loop=True)
    # The open loop, too, keeps out of its active set what is never solved, which is most of what teaches nothing.
    assert closed.useful_share > 1.4 * open_loop.useful_share
    assert closed.skill > open_loop.skill + 1.0


def test_ppo_on_the_target_alone_learns_nothing_here():
    assert run("ppo", 0).skill == 0.0


def test_a_dreamer_that_never_answers_leaves_a_running_loop():
    settings = {"num_envs": 128, "level_slots": 17, "stay": "draw"}
    done = train(make("dicode", settings), 12, dream=lambda brief, streams: None)
    assert done.snapshot.cycle == 11
    assert len(done.snapshot.pending()) == len(done.snapshot.briefs) > 0
