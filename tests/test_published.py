"""`experiment=paper/*` is the published experiment, setting by setting; our defaults are another matter."""

import pytest

from dicode import config

pytestmark = pytest.mark.fast

LEARNER = {
    "lr": 2e-4, "rollout_steps": 128, "epochs": 4, "minibatches": 8, "gamma": 0.999, "gae_lambda": 0.8, "clip": 0.2,
    "entropy": 0.002, "value": 0.5, "max_grad_norm": 1.0, "adam_eps": 1e-5, "strata": 1, "bootstrap_time_limit": False,
}  # fmt: skip
AGENT = {
    "kind": "gtrxl", "width": 256, "layers": 2, "heads": 8, "qkv": 256, "head_hidden": 256, "memory": 128, "window": 64,
    "gate_bias": 2.0, "feed_activation": "gelu", "gate_order": "feed", "init": "lecun",
}  # fmt: skip
EVERY = {
    "num_envs": 1024,
    "total_steps": 2.0054e9,
    "evaluation.seed": 0,
    "evaluation.worlds": 1024,
    "evaluation.steps": 8192,
}
LEVELS_OF_ONE_WORLD = {
    "level_slots": 1024, "min_envs": 1, "worlds_per_level": 1, "target_share": 0.0, "episode_limit": 8000,
    "updates_per_cycle": 64, "steps_per_cycle": 8192 * 1024, "learner.lr_final": 0.0, "agent.conditioning": "none",
}  # fmt: skip
REPLAY = {
    "method.score": "max_mc", "method.buffer": 4000, "method.minimum_fill": 0.5, "method.replay_rule": "coin",
    "method.replay_probability": 0.5, "method.robust": False, "method.staleness": 0.3, "method.temperature": 1.0,
}  # fmt: skip
PUBLISHED = {
    "dicode": {
        "level_slots": 16, "target_share": 0.2, "updates_per_cycle": 100, "seed_cycles": 2, "episode_limit": 4096,
        "bonus": "constant", "bonus_value": 20.0, "learner.lr_final": 2e-6, "agent.conditioning": "paper",
        "dreamer.lag": 3, "dreamer.every": 2, "dreamer.round": 12, "dreamer.keep": 10, "dreamer.hooks": False,
        "method.score": "learnability", "method.score_updates": 40, "method.min_episodes": 20,
        "method.unscored": "zero", "method.active_limit": 100, "method.active_threshold": -1.0,
        "method.parents": "strict", "method.heir": "now", "method.counted_children": "asked",
        "method.max_children": 5, "method.surplus": "drop", "method.stay": "draw", "method.staleness": 0.3, "method.temperature": 1.0,
    },
    "ppo": {"learner.lr_final": 0.0, "episode_limit": 10_000, "agent.conditioning": "none"},
    "dr": LEVELS_OF_ONE_WORLD,
    "plr": LEVELS_OF_ONE_WORLD | REPLAY,
    "accel": LEVELS_OF_ONE_WORLD | REPLAY | {"method.mutation": "swap", "method.edits": 2 * 100,
                                             "method.edit_probability": 1.0},
    "sfl": LEVELS_OF_ONE_WORLD | {"method.score": "return_spread", "method.scoring_batch": 5 * 4000,
                                  "method.scoring_keep": 4000, "method.scoring_every": 10,
                                  "method.scoring_limit": 1500, "method.random_share": 0.0},
}  # fmt: skip


def value(settings, name: str):
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_paper_experiment_has_the_published_settings(name):
    loaded = config.load([f"experiment=paper/{name}"])
    wanted = EVERY | PUBLISHED[name]
    wanted |= {f"learner.{k}": v for k, v in LEARNER.items()} | {f"agent.{k}": v for k, v in AGENT.items()}
    found = {key: value(loaded, key) for key in wanted}
    assert found == wanted
    assert loaded.method.name == name


def test_the_first_dreams_enter_two_whole_cycles_after_they_were_asked():
    from dicode.methods import make
    from dicode.runs.assemble import room_of

    published = config.load(["experiment=paper/dicode"])
    method = make(room_of(published), published.method, published.dreamer)
    assert [cycle for cycle in range(9) if method.due(cycle) is not None] == [4, 6, 8]
    assert method.due(4) == 1


def test_our_defaults_stay_ours():
    ours = config.load(["preset=gpu"])
    assert (ours.agent.feed_activation, ours.agent.gate_order, ours.agent.init) == ("relu", "stream", "orthogonal")
    assert (ours.method.heir, ours.method.counted_children, ours.method.parents) == ("ever", "accepted", "frontier")
    assert (ours.method.unscored, ours.method.surplus, ours.method.active_threshold) == ("retry", "wait", 0.0)
    assert (ours.dreamer.lag, ours.method.score_updates, ours.learner.strata) == (2, 0, 8)
