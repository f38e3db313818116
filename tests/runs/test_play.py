"""A run's level at play with the run's own programs."""

import numpy as np
import pytest

from dicode.view.pages.data import read


@pytest.mark.long
def test_a_level_is_played_and_watched_with_the_run_s_own_programs(finished_run):
    """The machine itself: worlds behind the wall, the compiled step, the agent of the newest checkpoint."""
    from dicode.view.pages.machine import Machine

    found = read(finished_run.path)
    level = next(one for one in found.snapshot.accepted().values() if not one.verdict.hooks)
    said: list[str] = []
    with Machine(finished_run.path) as machine:
        table = machine.table(level, said.append)
        first = table.start()
        moments = [table.act(action) for action in (1, 2, 3, 4, 5, 6)]
        watched = table.watch(said.append)
        again = machine.table(level, said.append)
    over = next((moment.step for moment in moments if moment.ended), 6)
    assert [moment.step for moment in moments] == [min(number, over) for number in range(1, 7)]
    assert any(not np.array_equal(first.cells, moment.cells) for moment in moments)
    assert 0 < len(watched) <= 32
    assert watched[-1].ended in ("solved", "time is up", "died")
    assert sum("compiling the game's step" in text for text in said) == 1
    assert again is not table
