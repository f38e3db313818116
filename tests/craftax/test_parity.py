"""The step with default rules is the package's step: both sides of every step held together.

Plain size: 8 worlds and 400 steps. `-m long`: 64 worlds and 10 000 steps, with a report of what was reached.
Both sides run freely; a cell that the package draws otherwise by float rounding is counted, and the
environment goes on from the package's state; anything else fails. Light, whose rounding could add up, is
never set back.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
import parity_worlds
import pytest

from dicode.games.craftax.levels.counted import COLLECTABLES, PLACEABLES
from dicode.games.craftax.levels.names import NUM_ACHIEVEMENTS, Achievement, Action
from dicode.games.craftax.levels.schema import STATE_FIELDS

CHUNK = 50
LIT = 13
FIELDS = tuple(name for name in STATE_FIELDS if name != "light")
FLOATS = tuple(name for name in FIELDS if STATE_FIELDS[name].dtype == np.float32)
MAY_BE_DRAWN = {"passive_mobs.position", "melee_mobs.position", "ranged_mobs.position", "mob_map"}
"""What differs if a new mob appears on a neighbouring cell."""


def _get(state, name):
    for part in name.split("."):
        state = getattr(state, part)
    return state


def _ulps(a, b):
    """Distance of floats in units in the last place."""

    def ordered(x):
        bits = jax.lax.bitcast_convert_type(x, jnp.int32)
        return jnp.where(bits < 0, jnp.int32(-(2**31)) - bits, bits)

    return jnp.abs(ordered(a + 0.0) - ordered(b + 0.0))


def _far_apart(a, b, before):
    """More than 2 ulp apart, of the largest of the two and the value before: health minus a wound may nearly cancel."""
    largest = jnp.maximum(jnp.maximum(jnp.abs(a), jnp.abs(b)), jnp.abs(before))
    return (_ulps(a, b) > 2) & (jnp.abs(a - b) > 2 * jnp.float32(2**-23) * largest)


def _compare(before, theirs, ours, rewards, dones):
    """Per environment: which fields differ, the largest distance of floats, and how light stands."""
    from dicode.games.craftax.state import from_package

    narrow = from_package(theirs)
    rows = []
    for name in FIELDS:
        a, b = _get(narrow, name), _get(ours, name)
        differs = _far_apart(a, b, _get(before, name)) if name in FLOATS else a != b
        rows.append(differs.reshape(a.shape[0], -1).any(axis=1))
    lit = (theirs.light_map > 0.05) != (ours.light >= LIT)
    far = jnp.abs(theirs.light_map * 255.0 - ours.light) > 1.001
    rows += [(lit | far).reshape(lit.shape[0], -1).any(axis=1), _ulps(*rewards) > 2, dones[0] != dones[1]]
    worst = jnp.stack([_ulps(_get(narrow, n), _get(ours, n)).max() for n in FLOATS] + [_ulps(*rewards).max()])
    cancelled = sum((_ulps(_get(narrow, n), _get(ours, n)) > 2).sum() for n in FLOATS)
    return narrow, jnp.stack(rows), worst, cancelled


def _born(before, after):
    """Mobs that appeared on the player's floor, per environment."""
    count = 0
    for record in ("passive_mobs", "melee_mobs", "ranged_mobs"):
        new = _get(after, record).mask & ~_get(before, record).mask
        count = count + new.sum(axis=(1, 2))
    return count


def _effects(before, after, action, events):
    """Whether the action changed what only it can change, per environment."""
    held = jax.tree.leaves(
        jax.tree.map(lambda a, b: (a != b).reshape(a.shape[0], -1).any(1), before.inventory, after.inventory)
    )
    names = ["player_position", "player_direction", "player_level", "is_sleeping", "is_resting", "player_dexterity"]
    names += [
        "player_strength",
        "player_intelligence",
        "sword_enchantment",
        "bow_enchantment",
        "armour_enchantments",
        "boss_progress",
    ]
    changed = jnp.zeros(action.shape, bool)
    for flags in held + [(_get(before, n) != _get(after, n)).reshape(action.shape[0], -1).any(1) for n in names]:
        changed = changed | flags
    shot = (after.player_projectiles.mask & ~before.player_projectiles.mask).any(axis=(1, 2))
    used = (events.drunk > 0) | (events.eaten > 0) | (events.kills.sum((1, 2)) > 0)
    awake = ~(before.is_sleeping | before.is_resting)
    return awake & (changed | shot | used)


@jax.jit
def _chunk(theirs, ours, keys, policy):
    """`CHUNK` steps of both sides: (theirs, ours), and what the host needs to judge."""
    from dicode.games.craftax import package
    from dicode.games.craftax.dynamics import step
    from dicode.games.craftax.rules import default_rules
    from dicode.games.craftax.state import GameState

    rules = default_rules()

    def both(carry, key):
        theirs, ours = carry
        n = policy.shape[0]
        acting, stepping = jax.random.split(key)
        action = jax.vmap(parity_worlds.act)(jax.random.split(acting, n), theirs, policy)
        keys = jax.random.split(stepping, n)
        after, reward = jax.vmap(package.craftax_step, in_axes=(0, 0, 0, None, None))(
            keys, theirs, action, package.ENV_PARAMS, package.STATIC_PARAMS
        )
        done = package.is_game_over(after, package.ENV_PARAMS, package.STATIC_PARAMS)
        result = jax.vmap(step, in_axes=(0, 0, 0, None))(keys, ours, action, rules)
        narrow, differs, worst, cancelled = _compare(
            ours, after, result.state, (reward, result.reward), (done, result.done)
        )
        report = {
            "differs": differs,
            "worst": worst,
            "cancelled": cancelled,
            "born": _born(ours, result.state).sum(),
            "achieved": (result.state.achievements & ~ours.achievements).sum(axis=0),
            "acted": jnp.zeros(len(Action), jnp.int32)
            .at[action]
            .add(_effects(ours, result.state, action, result.events)),
            "done": done,
            "events": jax.tree.map(lambda x: x.sum(axis=0), result.events),
        }
        drawn_otherwise = differs.any(axis=0)

        def settle(name, a, b):
            wrong = drawn_otherwise.reshape(-1, *[1] * (a.ndim - 1))
            return b if name == "light" else jnp.where(wrong, a, b) if name not in FLOATS else a

        flat = {name: settle(name, _get(narrow, name), _get(result.state, name)) for name in STATE_FIELDS}
        from dicode.games.craftax.state import _build

        settled: GameState = _build(flat)
        return (after, settled), report

    return jax.lax.scan(both, (theirs, ours), keys)


@dataclass
class Report:
    """What a run of both sides showed."""

    steps: int = 0
    cancelled: int = 0
    born: int = 0
    drawn_otherwise: int = 0
    failures: list[str] = field(default_factory=list)
    worst: np.ndarray = field(default_factory=lambda: np.zeros(len(FLOATS) + 1, int))
    achieved: np.ndarray = field(default_factory=lambda: np.zeros(NUM_ACHIEVEMENTS, int))
    acted: np.ndarray = field(default_factory=lambda: np.zeros(len(Action), int))
    ended: int = 0
    events: Counter = field(default_factory=Counter)

    def add(self, report: dict) -> None:
        """Judge one chunk."""
        names = np.array([*FIELDS, "light", "reward", "done"])
        differs = np.moveaxis(np.asarray(report["differs"]), 1, 2)
        self.steps += differs.shape[0] * differs.shape[1]
        for step, env in zip(*np.nonzero(differs.any(axis=2)), strict=True):
            fields = set(names[differs[step, env]])
            if fields <= MAY_BE_DRAWN:
                self.drawn_otherwise += 1
            else:
                self.failures.append(f"step {step} environment {env}: {sorted(fields)}")
        self.worst = np.maximum(self.worst, np.asarray(report["worst"]).max(axis=0))
        self.cancelled += int(report["cancelled"].sum())
        self.born += int(report["born"].sum())
        self.achieved += np.asarray(report["achieved"]).sum(axis=0)
        self.acted += np.asarray(report["acted"]).sum(axis=0)
        self.ended += int(np.asarray(report["done"]).any(axis=0).sum())
        events = report["events"]
        kills = np.asarray(events.kills).sum(axis=0)
        self.events.update({f"kill {c}.{t}": int(kills[c, t]) for c in range(3) for t in range(8)})
        for kind, values in (("collected", COLLECTABLES), ("placed", PLACEABLES)):
            sums = np.asarray(getattr(events, kind)).sum(axis=0)
            self.events.update({f"{kind} {name}": int(n) for name, n in zip(values, sums, strict=True)})
        self.events.update({n: float(np.asarray(getattr(events, n)).sum()) for n in ("eaten", "drunk", "damage_taken")})

    def lines(self) -> list[str]:
        """The report for people."""
        text = [f"{self.steps} steps, {self.ended} chunks with an end, {self.born} mobs born, "
                f"{self.drawn_otherwise} drawn on another cell, {self.cancelled} floats more than 2 ulp apart after nearly cancelling, {len(self.failures)} failures"]  # fmt: skip
        text.append(
            "largest distance in ulps: "
            + ", ".join(f"{n} {w}" for n, w in zip((*FLOATS, "reward"), self.worst, strict=True))
        )
        text.append("achieved: " + ", ".join(f"{a.name.lower()} {self.achieved[a]}" for a in Achievement))
        text.append("effects: " + ", ".join(f"{a.name.lower()} {self.acted[a]}" for a in Action))
        return [*text, "events: " + ", ".join(f"{n} {c:g}" for n, c in self.events.items())]


def _run(bases, num_envs: int, chunks: int, seed: int = 0) -> Report:
    from dicode.games.craftax.state import from_arrays, to_arrays, to_package

    attempts = np.zeros(num_envs, int)
    starts = [parity_worlds.start(bases, env, 0) for env in range(num_envs)]
    worlds = {name: np.stack([world[name] for world in starts]) for name in STATE_FIELDS}
    ours = from_arrays(worlds)
    theirs = jax.tree.map(jnp.array, to_package(ours))
    report, rng = Report(), np.random.default_rng(seed)
    for chunk in range(chunks):
        keys = jax.random.split(jax.random.PRNGKey(seed * 100_003 + chunk), CHUNK)
        policy = rng.integers(0, parity_worlds.POLICIES, num_envs)
        boss = np.array([w["player_level"] for w in starts]) == 8
        policy = np.where(boss & (rng.random(num_envs) < 0.7), 6, policy)
        (theirs, ours), result = _chunk(theirs, ours, keys, jnp.asarray(policy))
        report.add(jax.device_get(result))
        over = np.asarray(result["done"]).any(axis=0) | (rng.random(num_envs) < 0.08)
        if over.any():
            arrays = to_arrays(ours)
            arrays = {name: np.array(array) for name, array in arrays.items()}
            light = np.array(theirs.light_map)
            for env in np.nonzero(over)[0]:
                attempts[env] += 1
                starts[env] = parity_worlds.start(bases, env, int(attempts[env]))
                for name in STATE_FIELDS:
                    arrays[name][env] = starts[env][name]
                light[env] = arrays["light"][env] / np.float32(255.0)
            ours = from_arrays(arrays)
            theirs = to_package(ours).replace(light_map=jnp.asarray(light))
    return report


def test_the_step_equals_the_packages_for_400_steps_of_8_worlds(worlds8):
    report = _run(worlds8, num_envs=8, chunks=8)
    assert not report.failures, report.failures[:10]
    assert report.steps == 8 * 8 * CHUNK
    assert report.drawn_otherwise <= 1 + report.born // 10_000
    assert report.acted.sum() > 500, "the policies must do something"


@pytest.mark.long
def test_the_step_equals_the_packages_for_10000_steps_of_64_worlds(worlds8, capsys):
    report = _run(worlds8, num_envs=64, chunks=10_000 // CHUNK)
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *report.lines(), ""]))
    assert not report.failures, report.failures[:10]
    assert report.drawn_otherwise <= 1 + report.born // 10_000
    missing = [a.name for a in Achievement if not report.achieved[a]]
    assert not missing, f"never achieved: {missing}"
    idle = [a.name for a in Action if a and not report.acted[a]]
    assert not idle, f"never had an effect: {idle}"
