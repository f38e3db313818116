"""When a run was made longer is kept, and what was noted of cycles that never came is not."""

import json

import jax.numpy as jnp
import pytest

from dicode.errors import RunError
from dicode.learner import schedule
from dicode.runs import lengthened
from dicode.runs.lengthened import Stretch

pytestmark = pytest.mark.fast


def test_each_cycle_knows_the_stretch_that_begins_with_it(tmp_path):
    path = tmp_path / "lengthened.jsonl"
    assert lengthened.first_end(path, 300) == 300
    noted = [Stretch(5, 100, 200, restart=False), Stretch(9, 200, 300, restart=True)]
    for stretch in noted:
        lengthened.note(path, stretch)
    assert lengthened.stretches(path, 300) == tuple(noted)
    assert (lengthened.at(path, 9, 300), lengthened.at(path, 6, 300)) == (noted[1], None)
    assert lengthened.first_end(path, 300) == 100


def test_what_was_noted_of_cycles_that_were_taken_back_does_not_count(tmp_path):
    path = tmp_path / "lengthened.jsonl"
    for stretch in (Stretch(10, 100, 200, restart=False), Stretch(6, 200, 400, restart=False)):
        lengthened.note(path, stretch)
    assert lengthened.stretches(path, 400) == (Stretch(6, 100, 400, restart=False),), (
        "it was 100 updates long until then"
    )


def test_what_was_noted_and_never_came_into_force_does_not_count(tmp_path):
    """The process was killed between the note and the configuration, then the run went on as it was, or to another end."""
    path, real = tmp_path / "lengthened.jsonl", Stretch(9, 100, 500, restart=False)
    lengthened.note(path, Stretch(5, 100, 400, restart=True))
    assert lengthened.stretches(path, 100) == ()
    assert (lengthened.at(path, 5, 100), lengthened.first_end(path, 100)) == (None, 100)
    lengthened.note(path, real)
    assert lengthened.stretches(path, 500) == (real,)


@pytest.mark.parametrize(
    "change", [{"cycle": -1}, {"cycle": True}, {"before": 0}, {"updates": 100}, {"updates": 2**31}, {"restart": 1}]
)
def test_a_line_that_says_something_else_is_named(tmp_path, change):
    path = tmp_path / "lengthened.jsonl"
    path.write_text(json.dumps({"cycle": 5, "before": 100, "updates": 200, "restart": False} | change) + "\n")
    with pytest.raises(RunError, match=r"line 1 of .*lengthened.jsonl"):
        lengthened.stretches(path, 400)


def test_a_stretched_rate_goes_on_from_where_it_is_or_begins_again():
    whole = schedule.linear(1.0, 0.0, 0, 100)
    on, again = (schedule.stretched(whole, 60, 0.0, 160, start) for start in (None, 1.0))
    rates = [float(schedule.rate(line, jnp.int32(u))) for line in (on, again) for u in (60, 110, 160)]
    assert rates == pytest.approx([0.4, 0.2, 0.0, 1.0, 0.5, 0.0])
