"""The facade that level code writes: names, labels, ranges, multipliers."""

import numpy as np
import pytest

from dicode.errors import LevelError
from dicode.games.craftax.levels.names import Achievement, Floor, Mob
from dicode.games.craftax.levels.rule_spec import GROUPS, MULTIPLIERS, RULES, VALUES, reference
from dicode.games.craftax.levels.rules import Rules

pytestmark = pytest.mark.fast


def test_the_table_of_rules_is_complete_and_within_its_own_ranges():
    assert len(RULES) == sum(map(len, GROUPS.values())) == len(VALUES) + len(MULTIPLIERS)
    for rule in RULES.values():
        assert rule.sentence.endswith("."), rule.name
        assert rule.unit, rule.name
        assert rule.default.shape == tuple(len(labels) for labels in rule.labels), rule.name
        assert (rule.low <= rule.default).all(), rule.name
        assert (rule.default <= rule.high).all(), rule.name
        for target, _ in rule.scales:
            assert not RULES[target].is_multiplier


def test_without_changes_the_values_are_crafts_own():
    arrays = Rules().arrays()
    assert list(arrays) == [rule.name for rule in VALUES]
    assert all(np.array_equal(arrays[rule.name], rule.default) for rule in VALUES)
    assert Rules().to_json() == {}


def test_a_table_takes_a_number_labels_members_and_paths():
    whole = Rules(ladder_kills=0)
    assert (whole.arrays()["ladder_kills"] == 0).all()
    for change in ({"dungeon": 3}, {Floor.DUNGEON: 3}, {"DUNGEON": 3}):
        kills = Rules(ladder_kills=change).arrays()["ladder_kills"]
        assert kills.tolist() == [8, 3, 8, 8, 8, 8, 8, 8, 8]
    nested, path = Rules(recipe_cost={"arrow": {"wood": 2}}), Rules(recipe_cost={"arrow.wood": 2})
    assert nested == path
    assert nested.to_json() == {"recipe_cost": {"arrow.wood": 2}}
    assert Rules(mob_health={Mob.ZOMBIE: 2}).arrays()["mob_health"][Mob.ZOMBIE] == 2
    assert Rules(achievement_reward={Achievement.EAT_COW: 9}).value("achievement_reward")[2] == 9


def test_multipliers_scale_after_replacement_round_whole_numbers_and_stay_in_range():
    rules = Rules(mob_health={"zombie": 10}, monster_health=0.5, crafting_cost=0.5, melee_spawn=10)
    arrays = rules.arrays()
    assert arrays["mob_health"][Mob.ZOMBIE] == 5
    assert arrays["mob_health"][Mob.COW] == 3
    assert arrays["recipe_cost"][8].tolist() == [0, 0, 2, 2, 0, 0, 0], "3 x 0.5 rounds to 2"
    assert arrays["spawn_chance"][0].tolist() == pytest.approx([0.1, 0.2, 0.05, 1.0])
    assert Rules(melee_spawn=10, spawn_chance={"overworld.melee": 0.5}).arrays()["spawn_chance"][0, 1] == 1


def test_json_says_what_differs_and_reads_back():
    rules = Rules(ranged_spawn=0.2, plant_ripening=50, mob_defence={"bat": {"fire": 0.3}}, mob_health=3)
    again = Rules.from_json(rules.to_json())
    assert again == rules
    assert again.to_json() == rules.to_json()
    assert rules.to_json()["plant_ripening"] == 50
    assert rules.to_json()["mob_defence"] == {"bat.fire": 0.3}
    assert "cow" not in rules.to_json()["mob_health"], "a cow has 3 anyway"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"meele_spawn": 1}, ["meele_spawn", "melee_spawn"]),
        ({"melee_spawn": 11}, ["melee_spawn is 11", "0 to 10"]),
        ({"melee_spawn": float("nan")}, ["nan", "0 to 10"]),
        ({"melee_spawn": "high"}, ["'high'", "0 to 10"]),
        ({"melee_spawn": None}, ["None"]),
        ({"melee_spawn": {"zombie": 1}}, ["melee_spawn is one number"]),
        ({"mob_health": {"zombi": 1}}, ["zombi", "did you mean 'zombie'"]),
        ({"mob_health": {"": 1}}, ["no mob ''"]),
        ({"mob_health": {"zombie": 0}}, ["mob_health.zombie is 0", "0.1 to 1000"]),
        ({"recipe_cost": {"arrow": {"wool": 1}}}, ["recipe_cost.arrow has no material 'wool'", "wood"]),
        ({"arrow_yield": 1.5}, ["1.5", "whole numbers"]),
        ({"mob_health": [1, 2]}, ["list"]),
        ({"chest_torches_least": 9}, ["chest_torches_most"]),
    ],
)
def test_what_cannot_be_is_refused_with_what_could(change, words):
    with pytest.raises(LevelError) as error:
        Rules(**change)
    assert all(word in str(error.value) for word in words), str(error.value)


def test_the_reference_has_a_line_for_every_rule():
    lines = list(reference())
    assert sum(line.startswith("###") for line in lines) == len(GROUPS)
    assert sum(line.startswith("- `") for line in lines) == len(RULES)
