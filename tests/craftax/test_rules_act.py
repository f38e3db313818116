"""Every rule acts in the game; and no rule, action or state leads to what cannot be.

One compiled step over `ROWS` worlds, each with its own rules, serves all tests here.
"""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import rule_cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rule_cases import ANY, CASES

from dicode.games.craftax.levels.names import MAP_SIZE, Action, Block
from dicode.games.craftax.levels.rule_spec import MULTIPLIERS, RULES, VALUES
from dicode.games.craftax.levels.rules import Rules
from dicode.games.craftax.levels.schema import MAX_MOBS, STATE_FIELDS

ROWS = 2 * len(CASES)
SEED = 5


@pytest.fixture(scope="module")
def play():
    """(worlds[ROWS], actions, list of Rules, seed) -> list of (state, record) after one step."""
    from dicode.games.craftax.dynamics import step
    from dicode.games.craftax.rules import RuleTable
    from dicode.games.craftax.state import from_arrays, to_arrays

    compiled = jax.jit(jax.vmap(step))

    def run(worlds, actions, rules, seed, same_key=True):
        state = from_arrays({name: np.stack([world[name] for world in worlds]) for name in STATE_FIELDS})
        arrays = [change.arrays() for change in rules]
        table = RuleTable(**{name: jnp.asarray(np.stack([a[name] for a in arrays])) for name in arrays[0]})
        key = jax.random.PRNGKey(seed)
        keys = jnp.broadcast_to(key, (ROWS, 2)) if same_key else jax.random.split(key, ROWS)
        result = jax.device_get(compiled(keys, state, jnp.asarray(actions, jnp.int32), table))
        after = to_arrays(result.state)
        rows = []
        for row in range(ROWS):
            record = SimpleNamespace(reward=result.reward[row], done=result.done[row])
            rows.append(({name: array[row] for name, array in after.items()}, record))
        return rows

    return run


@pytest.mark.fast
def test_there_is_a_case_for_every_rule():
    assert {case.rule for case in CASES} == set(RULES)


@pytest.mark.fast
def test_a_rule_set_to_its_default_changes_nothing():
    for rule in VALUES + MULTIPLIERS:
        default = float(rule.default.flat[0])
        same = default if rule.default.ndim == 0 else _as_dict(rule)
        assert Rules(**{rule.name: same}).to_json() == {}, rule.name


def _as_dict(rule):
    entries = np.ndindex(rule.default.shape)
    labelled = {i: [labels[k] for labels, k in zip(rule.labels, i, strict=True)] for i in entries}
    return {".".join(names): float(rule.default[i]) for i, names in labelled.items() if all(names)}


def test_every_rule_acts(play):
    worlds = [world for case in CASES for world in (case.start, case.start)]
    actions = [action for case in CASES for action in (case.action, case.action)]
    rules = []
    for case in CASES:
        rules += [Rules(**case.base), Rules(**(case.base | {case.rule: case.change}))]
    rows = play(worlds, actions, rules, SEED)
    wrong = []
    for number, case in enumerate(CASES):
        without, with_it = (case.look(*rows[2 * number + side]) for side in (0, 1))
        as_said = [want is ANY or got == pytest.approx(want, abs=1e-4)
                   for got, want in ((without, case.without), (with_it, case.with_it))]  # fmt: skip
        if not all(as_said) or without == with_it:
            wrong.append(f"{case.rule}: {without} -> {with_it}, expected {case.without} -> {case.with_it}")
    assert not wrong, "\n".join(wrong)


def _random_rules(rng: np.random.Generator) -> Rules:
    """A few rules, anywhere in their ranges."""
    changes = {}
    for name in rng.choice(list(RULES), size=rng.integers(0, 40), replace=False):
        rule = RULES[str(name)]
        if name.endswith(("_least", "_most")):
            continue
        edge = rng.random() < 0.3
        value = rng.choice([rule.low, rule.high]) if edge else rng.uniform(rule.low, rule.high)
        changes[str(name)] = int(value) if rule.integer else float(value)
    return Rules(**changes)


def _random_world(rng: np.random.Generator, bases) -> dict:
    import parity_worlds

    return parity_worlds.start(bases, int(rng.integers(0, 10_000)), int(rng.integers(0, 10_000)))


def _bases():
    plain = rule_cases.world()
    plain["up_ladders"][...] = plain["down_ladders"][...] = (24, 24)
    return {name: array[None] for name, array in plain.items()}


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**31 - 1))
def test_no_rules_and_actions_lead_to_what_cannot_be(play, seed):
    rng, bases = np.random.default_rng(seed), _bases()
    rules = [_random_rules(rng) for _ in range(ROWS)]
    worlds = [_random_world(rng, bases) for _ in range(ROWS)]
    for _ in range(3):
        actions = rng.integers(0, len(Action), ROWS)
        before = worlds
        rows = play(worlds, actions, rules, int(rng.integers(2**31)), same_key=False)
        worlds = [state for state, _ in rows]
        for row, (state, record) in enumerate(rows):
            problems = _impossible(before[row], state, record)
            assert not problems, f"row {row}, action {actions[row]}, {rules[row]}: {problems}"


def _impossible(before, state, record) -> list[str]:
    """What in a state cannot be."""
    problems = [n for n in STATE_FIELDS if state[n].dtype.kind == "f" and not np.isfinite(state[n]).all()]
    problems += [] if np.isfinite(record.reward) else ["reward"]
    for name in ("blocks", "items"):
        spec = STATE_FIELDS[name]
        problems += [name] if state[name].min() < 0 or state[name].max() > spec.high else []
    for name in STATE_FIELDS:
        if name.startswith("inventory."):
            problems += [f"{name} {state[name]}"] if (state[name] < 0).any() or (state[name] > 99).any() else []
    for name in ("player_health", "player_food", "player_drink", "player_energy", "player_mana"):
        problems += [name] if state[name] < 0 else []
    row, column = state["player_position"]
    problems += ["player outside"] if not (0 <= row < MAP_SIZE and 0 <= column < MAP_SIZE) else []
    problems += ["floor"] if not 0 <= state["player_level"] < 9 else []
    return problems + _misplaced(before, state)


def _misplaced(before, state) -> list[str]:
    """Mobs that moved, or appeared, in walls or outside."""
    floor, problems = int(state["player_level"]), []
    solid = {Block.WALL, Block.STONE, Block.TREE, Block.CHEST, Block.NECROMANCER, Block.FURNACE}
    for record in MAX_MOBS:
        for slot in np.nonzero(state[f"{record}.mask"][floor])[0]:
            cell = state[f"{record}.position"][floor, slot]
            if not ((cell >= 0) & (cell < MAP_SIZE)).all():
                problems.append(f"{record} {slot} outside")
            moved = (cell != before[f"{record}.position"][floor, slot]).any()
            if moved and Block(state["blocks"][floor][tuple(cell)]) in solid:
                problems.append(f"{record} {slot} in a wall")
    return problems
