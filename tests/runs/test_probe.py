"""Measuring a round, with a trainer that says what it is told to: who is played, what is counted, what is said."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dicode import config
from dicode.dreaming.dreamer import Outcome, lost
from dicode.dreaming.journal import Journal
from dicode.environment.episode import Tally
from dicode.games.craftax.host import HOST
from dicode.learner.types import Scores, Statistics
from dicode.runs.probe import Probe
from dicode.types import Accepted, Brief, Code, Draft, Origin, Rejected

pytestmark = pytest.mark.fast

WORDS = ["preset=smoke", "dreamer=grammar", "num_envs=16", "level_slots=4", "dreamer.round=6", "dreamer.probe=8"]
YES = Accepted({"achievements": ["EAT_COW"], "minimum": {}}, {}, "h")


def draft(number: int) -> Draft:
    return Draft(f"# {number}\n", f"level {number}", Origin.FOUNDATION)


class Bench:
    """Stands for trainer and builder: level i is solved in `solved[i]` of 10 episodes."""

    def __init__(self, solved: dict[str, int]) -> None:
        self.solved, self.played, self.lengths = solved, [], []
        self.game = SimpleNamespace(host=HOST)

    def build(self, source, level, origin, cycle, count):
        return SimpleNamespace(level=level)

    def batch(self, proposal, playables, bonus, steps):
        assert sum(slot.num_envs for slot in proposal.slots) == 16
        assert not any(slot.train for slot in proposal.slots)
        self.lengths.append(steps)
        return [slot.level for slot in proposal.slots]

    def probe(self, params, batch, rollouts, cycle, part):
        assert params == "params"
        self.played.append((batch, rollouts, cycle, part))
        count, achievements = len(batch), np.zeros((len(batch), len(HOST.achievements)), int)
        achievements[:, HOST.achievements.index("COLLECT_WOOD")] = 9
        endings = np.zeros((count, len(HOST.endings)), int)
        endings[:, HOST.endings.index("zombie")] = [min(3, 10 - self.solved[level]) for level in batch]
        levels = Tally(
            episodes=np.full(count, 10), successes=np.array([self.solved[level] for level in batch]),
            time_limits=np.zeros(count), return_sum=np.zeros(count), return_squares=np.zeros(count),
            length_sum=np.full(count, 200), achievements=achievements, endings=endings,
            occupations=np.zeros((count, len(HOST.occupations)), int),
        )  # fmt: skip
        nothing = np.zeros(count)
        return Statistics(levels, Scores(np.full(count, 10.0), nothing, nothing, nothing))


def measure(solved, answers, log=None, cycle=3):
    bench = Bench(solved)
    ready = lambda batch: SimpleNamespace(params="params")  # noqa: E731
    probe = Probe(config.load(WORDS), bench, bench, ready, log, 1.0)
    return bench, probe.measure(answers, cycle)


def answer(index: int, outcome: Outcome):
    return Brief(2, index, None, {}, None), outcome


def accepted(*numbers: int):
    return [answer(i, Outcome(draft(n), YES)) for i, n in enumerate(numbers)]


def test_what_is_solved_too_rarely_or_too_often_is_rejected_with_what_was_seen():
    _, done = measure({draft(n).id: n for n in (0, 1, 5, 10)}, accepted(0, 1, 5, 10))
    hard, low, fair, easy = (outcome.verdict for _, outcome in done.answers)
    assert (hard.stage, hard.code) == ("probe", Code.TOO_HARD)
    assert "0 of 10 episodes" in hard.reason
    assert "agents reached COLLECT_WOOD 90 %; failed by out of time 70 %, zombie 30 %" in hard.reason
    assert "easier" in hard.hint
    assert isinstance(low, Accepted), "the band includes its ends"
    assert isinstance(fair, Accepted)
    assert easy.code is Code.TOO_EASY
    assert "harder" in easy.hint
    assert done.row() == {"levels": 4, "in_band": 2, "too_hard": 1, "too_easy": 1, "episodes": 40, "steps": done.steps}


def test_a_round_is_played_in_as_few_batches_as_its_slots_allow_and_its_steps_are_counted():
    solved = {draft(n).id: 5 for n in range(6)}
    bench, done = measure(solved, accepted(*range(6)))
    assert [len(batch) for batch, *_ in bench.played] == [4, 2]
    # 16 environments: 4 a level play 2 episodes of 128 steps each, 8 a level play one; rollouts have 32 steps.
    assert [rollouts for _, rollouts, *_ in bench.played] == [8, 4]
    assert bench.lengths == [256, 128]
    assert done.steps == (256 + 128) * 16 == config.load(WORDS).probe_steps
    assert set(done.playables) == set(solved), "what was built is not built again"


def test_only_accepted_levels_without_hooks_are_played_each_once():
    hooked = Outcome(draft(7), replace(YES, hooks=("bonus",)))
    broken = Outcome(draft(8), Rejected("build", "no", code=Code.ERROR))
    answers = [*accepted(5, 5), answer(2, hooked), answer(3, broken), answer(4, lost("late"))]
    bench, done = measure({draft(5).id: 5}, answers)
    assert [batch for batch, *_ in bench.played] == [[draft(5).id]]
    assert [outcome for _, outcome in done.answers[2:]] == [hooked, broken, answers[4][1]]


def test_what_the_journal_has_is_not_played_again_and_holds(tmp_path):
    with Journal(tmp_path) as journal:
        first, done = measure({draft(0).id: 0, draft(5).id: 5}, accepted(0, 5), journal)
    with Journal(tmp_path, "replay") as journal:
        again, replayed = measure({draft(0).id: 9, draft(5).id: 9}, accepted(0, 5), journal)
    assert len(first.played) == 1
    assert again.played == []
    assert replayed.answers == done.answers
    assert replayed.trials == done.trials
    assert replayed.row() == done.row(), "the steps are part of the archive"


def test_a_run_that_was_killed_while_it_kept_what_it_measured_plays_the_same_batch_again(tmp_path):
    with Journal(tmp_path) as journal:
        kept = replace(measure({draft(0).id: 0, draft(5).id: 5}, accepted(0, 5))[1].trials[draft(0).id], successes=3)
        journal.record_probe(2, 0, draft(0).id, kept)
        bench, done = measure({draft(0).id: 0, draft(5).id: 5}, accepted(0, 5), journal)
        assert [batch for batch, *_ in bench.played] == [[draft(0).id, draft(5).id]]
        assert done.trials[draft(0).id] == kept
        assert journal.probe(2, 1, draft(5).id).successes == 5


def test_the_budget_of_a_run_sets_aside_what_measuring_may_take():
    small = [w for w in WORDS if "probe" not in w]
    without, with_it = (config.load([*words, "total_steps=102400"]) for words in (small, WORDS))
    assert without.num_cycles * without.steps_per_cycle == 102400
    spent = with_it.num_cycles * (with_it.steps_per_cycle + with_it.probe_steps / with_it.dreamer.every)
    assert 102400 <= spent < 102400 + with_it.steps_per_cycle + with_it.probe_steps
    assert with_it.num_cycles < without.num_cycles


def test_a_band_that_is_none_is_refused():
    with pytest.raises(Exception, match=r"must be below dreamer\.probe_high=0\.2"):
        config.load([*WORDS, "dreamer.probe_low=0.4", "dreamer.probe_high=0.2"])
