"""Run directories as training and evaluation leave them."""

import json
from pathlib import Path

import numpy as np

BASE = {
    "total_steps": 1000000.0,
    "num_envs": 64,
    "episode_limit": 256,
    "learner": {"lr": 5e-4, "gamma": 0.99},
    "agent": {"kind": "lstm"},
    "dreamer": {"name": "grammar"},
    "evaluation": {"worlds": 32, "steps": 512},
}
NAMES = ("COLLECT_WOOD", "PLACE_TABLE", "EAT_COW", "ENTER_DUNGEON")


def make_run(folder: Path, method: str, seed: int, level: float = 5.0, **changes) -> Path:
    """A run directory as training and evaluation leave it; `level` is its mean return."""
    path = folder / f"{method}-{seed}"
    (path / "evaluation").mkdir(parents=True)
    config = BASE | {"seed": seed, "method": {"name": method}} | changes.pop("config", {})
    (path / "config.yaml").write_text(json.dumps(config))
    rng = np.random.default_rng(seed * 7919 + len(method))
    steps, key, worlds = changes.pop("env_steps", 1e6), changes.pop("key", 20000), changes.pop("worlds", 32)
    rows = [
        {"cycle": c, "env_steps": steps * (c + 1) / 10, "target_return": level * (c + 1) / 10 + 0.2 * rng.normal(),
         "steps_per_s": 5000.0, "cycle_steps_per_s": 4000.0}
        for c in range(10)
    ]  # fmt: skip
    (path / "metrics.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + '\n{"cycle": 10, "env_')
    for share in (0.5, 1.0):
        body = {
            "protocol": "target", "worlds": worlds, "steps": 512, "seed": key, "checkpoint": f"c{share}",
            "env_steps": steps * share, "versions": {"craftax": "1.6.1"},
            "returns": (share * level + rng.normal(0, 1.5, worlds)).tolist(), "lengths": [100.0] * worlds, "floor": [0] * worlds,
            "achievements": dict(zip(NAMES, np.clip(rng.normal(level / 10, 0.05, 4), 0, 1).tolist(), strict=True)),
        } | changes  # fmt: skip
        (path / "evaluation" / f"target-{share}.json").write_text(json.dumps(body))
    return path
