"""Pictures and words for people, from worlds and from what an agent sees."""

import numpy as np
import pytest
from PIL import Image

from dicode import games
from dicode.games.xland.display import told
from dicode.games.xland.levels import Goal, Rule

pytestmark = pytest.mark.fast
DISPLAY = games.load_host("xland").display()


def observation(goal, *rules):
    """What `observation.observe` gives: a view, then goal and productions as rows of cells."""
    cells = np.zeros((15, 5, 3), np.uint8)
    cells[:5] = (1, 7, 0)
    for row, code in zip(cells[5:], [goal.code, *(rule.code for rule in rules)], strict=False):
        row[0, 0] = code[0]
        things = np.array(code[1:]).reshape(-1, 2)
        row[1 : 1 + len(things), :2] = things
    return cells, np.array([0, 1, 0, 0], np.float32)


def test_what_the_agent_is_told_is_read_back_in_words():
    goal, rules = (
        Goal.together("red ball", "blue key"),
        (Rule.hold("pink hex"), Rule.near("pink wall", "red door", "up")),
    )
    cells, _ = observation(goal, *rules)
    assert told(cells) == [f"goal: {goal}", *map(str, rules)]
    cells[5:] = 0
    assert told(cells) == ["goal: not told"]
    cells[5:] = 255
    assert told(cells) == []


def test_observations_become_pictures_whatever_their_bytes(tmp_path):
    cells, scalars = observation(Goal.near("red ball"))
    calm = DISPLAY.frame(cells, scalars)
    cells[1, 1] = (3, 1, 1)
    assert np.any(DISPLAY.frame(cells, scalars)[32:64, 32:64] != calm[32:64, 32:64])
    cells[...] = 255
    assert DISPLAY.frame(cells, scalars).dtype == np.uint8
    seen = {"cells": np.stack([cells] * 3), "scalars": np.stack([scalars] * 3), "done": np.array([False, True, False])}
    assert Image.open(DISPLAY.film(tmp_path / "episode.gif", seen, "goal")).n_frames >= 1


def test_worlds_become_pictures(worlds, tmp_path):
    world = {name: array[0] for name, array in worlds.items()}
    size = int((world["grid"][:, 0, 0] > 0).sum())
    assert DISPLAY.whole(world, None).shape == (32 * size, 32 * size, 3)
    assert DISPLAY.starts(worlds, 3).ndim == 3
    for name in ("level.png", "level.svg"):
        path = DISPLAY.sheet(world, "abc", "walk up to the <red ball>", tmp_path / "new" / name)
        assert path.stat().st_size > 500


def test_rules_are_lines_and_hostile_ones_are_said_to_be_unreadable():
    rule = Rule.hold("pink hex", "red hex")
    lines = DISPLAY.rules({"productions": [rule.to_json(), {"kind": "<b>"}], "told": False})
    assert [line.value for line in lines][:2] == [str(rule), "cannot be read"]
    assert lines[2].name == "told"
