"""PLR, ACCEL, SFL and DR do what their papers say."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from toy import make, record_of, train

from dicode.curriculum.snapshot import Snapshot, target_record
from dicode.errors import ConfigError
from dicode.games import load_host
from dicode.games.craftax.grammar import plan_of
from dicode.games.craftax.host import HOST
from dicode.methods import Context, generators
from dicode.methods.generators import fixed_worlds, is_plain, world_draft
from dicode.methods.plr import PlrSettings, replayed
from dicode.streams import Streams
from dicode.types import TARGET, Origin, Trial

pytestmark = pytest.mark.fast

SETTINGS = {"num_envs": 64, "level_slots": 10, "target_share": 0.0, "score": "max_mc"}


def archive_of(scores: list[float], last_played: list[int]) -> Snapshot:
    records = [
        replace(record_of(world_draft(HOST.levels(), seed), 0), active=True, score=score, last_trained=played)
        for seed, (score, played) in enumerate(zip(scores, last_played, strict=True))
    ]
    return Snapshot().with_levels([target_record(), *records])


def trial(level: str, cycle: int, episodes: int = 40, successes: int = 20, max_mc: float = 0.5) -> Trial:
    return Trial(level, cycle, episodes, successes, 1.0, 10.0, max_mc=max_mc)


def test_plr_replays_by_the_hand_computed_weights():
    snapshot = archive_of([0.9, 0.3, 0.5], [9, 2, 6])
    levels = [world_draft(HOST.levels(), seed).id for seed in range(3)]
    room = make("plr", SETTINGS | {"level_slots": 2}).room
    drawn = [replayed(Context(snapshot, 10, Streams(seed)), room, PlrSettings())[0] for seed in range(3000)]
    # ranks 1, 3, 2; sum of 1/rank 11/6; ages 1, 8, 4, sum 13.
    expected = [0.7 * 6 / 11 + 0.3 / 13, 0.7 * 2 / 11 + 0.3 * 8 / 13, 0.7 * 3 / 11 + 0.3 * 4 / 13]
    counts = [drawn.count(level) for level in levels]
    assert stats.chisquare(counts, 3000 * np.array(expected)).pvalue > 0.001


def test_half_of_plrs_slots_replay_once_the_buffer_is_filled():
    for cycle, proposal in enumerate(train(make("plr", SETTINGS | {"robust": True}), 6).proposals):
        trained = [slot.train for slot in proposal.slots]
        assert trained.count(True) == (5 if cycle else 0)
        assert len(trained) == 10


def test_robust_plr_takes_no_gradient_on_new_levels_and_plain_plr_does():
    done = train(make("plr", SETTINGS | {"robust": True}), 6)
    for cycle, proposal in enumerate(done.proposals):
        for slot in proposal.slots:
            assert slot.train == (done.snapshot.levels[slot.level].born < cycle)
    assert all(slot.train for p in train(make("plr", SETTINGS), 4).proposals for slot in p.slots)


COIN = SETTINGS | {"replay_rule": "coin", "robust": False, "buffer": 40, "minimum_fill": 0.5}


def test_published_plr_replays_a_whole_batch_or_none_by_a_coin_once_the_buffer_is_half_full():
    done = train(make("plr", COIN), 60)
    new = [sum(done.snapshot.levels[s.level].born == c for s in p.slots) for c, p in enumerate(done.proposals)]
    assert set(new) == {0, 10}
    assert all(slot.train for p in done.proposals for slot in p.slots)
    assert new[:2] == [10, 10], "20 of 40 are known after two cycles"
    assert 0.3 < new[2:].count(0) / 58 < 0.7
    always = train(make("plr", COIN | {"replay_probability": 1.0}), 4).proposals
    assert [s.level for s in always[3].slots] != [s.level for s in always[2].slots]
    short = train(make("plr", COIN | {"minimum_fill": 0.51}), 3)
    assert all(short.snapshot.levels[s.level].born == 2 for s in short.proposals[2].slots)


def test_published_accel_edits_every_batch_that_was_replayed_and_nothing_else():
    settings = COIN | {"edit_probability": 1.0, "mutation": "swap", "edits": 200}
    done = train(make("accel", settings), 40)
    kinds = []
    for cycle, proposal in enumerate(done.proposals):
        records = [done.snapshot.levels[slot.level] for slot in proposal.slots]
        new = [record for record in records if record.born == cycle]
        edited = [record for record in new if record.move == "edit:swap"]
        assert (len(new), len(edited)) in {(0, 0), (10, 0), (10, 10)}
        kinds.append("edit" if edited else "new" if new else "replay")
        last = {slot.level for slot in done.proposals[cycle - 1].slots}
        assert all(set(record.parents) <= last for record in edited)
    assert all((kinds[n - 1] == "replay") == (kind == "edit") for n, kind in enumerate(kinds) if n)
    assert {"edit", "new", "replay"} == set(kinds)
    parent = done.snapshot.levels[done.proposals[0].slots[0].level]
    assert '("swap", 7, 200)' in HOST.levels().edit(parent.source, "swap", 7, settings["edits"])


def test_plrs_buffer_keeps_the_best_scores():
    settings = SETTINGS | {"buffer": 3}
    snapshot = archive_of([0.9, 0.3, 0.5], [0, 0, 0])
    new = [record_of(world_draft(HOST.levels(), seed), 1) for seed in (10, 11)]
    here = Context(snapshot.with_levels(new), 1, Streams(0))
    answer = make("plr", settings).assess(here, [trial(new[0].id, 1, max_mc=0.4), trial(new[1].id, 1, max_mc=0.1)])
    assert answer.activated == (new[0].id,)
    assert answer.deactivated == (world_draft(HOST.levels(), 1).id,)


def test_regret_needs_one_episode_and_success_rates_need_twenty():
    snapshot = Snapshot().with_levels([record_of(world_draft(HOST.levels(), 1), 0)])
    here, level = Context(snapshot, 0, Streams(0)), world_draft(HOST.levels(), 1).id
    for score, episodes, scored in [("max_mc", 1, True), ("max_mc", 0, False), ("learnability", 19, False)]:
        method = make("plr", SETTINGS | {"score": score})
        judged = method.assess(here, [trial(level, 0, episodes, min(episodes, 1))]).trials[0]
        assert (judged.score is not None) == scored


def test_accel_edits_the_levels_that_it_replayed_best_first():
    method = make("accel", SETTINGS)
    snapshot = archive_of([0.1 * i for i in range(8)], [4] * 8)
    here = Context(snapshot, 5, Streams(0))
    drafts = method.candidates(here)
    edits = [draft for draft in drafts if draft.parents]
    assert len(drafts) == 5
    assert len(edits) == 4
    assert [draft.parents[0] for draft in edits] == [world_draft(HOST.levels(), seed).id for seed in (7, 6, 5, 4)]
    assert len({draft.id for draft in drafts}) == 5
    assert all(draft.move == "edit:noise" for draft in edits)
    assert [fixed_worlds(draft.source).seed for draft in edits] == [7, 6, 5, 4]


def test_accel_with_nothing_replayed_takes_random_levels():
    drafts = make("accel", SETTINGS).candidates(Context(archive_of([], []), 0, Streams(0)))
    assert len(drafts) == 10
    assert all(is_plain(HOST.levels(), draft.source) for draft in drafts)


def test_sfl_scores_without_gradient_and_trains_on_the_rates_nearest_one_half():
    settings = SETTINGS | {"scoring_batch": 20, "scoring_every": 2, "scoring_keep": 4, "score": "learnability"}
    method, streams = make("sfl", settings), Streams(0)
    snapshot = Snapshot().with_levels([target_record()])
    planted = iter(range(1, 21))
    rates: dict[str, int] = {}
    phases = []
    for cycle in range(4):
        drafts = method.candidates(Context(snapshot, cycle, streams))
        snapshot = snapshot.with_levels(record_of(draft, cycle) for draft in drafts)
        here = Context(snapshot, cycle, streams)
        slots = method.propose(here).slots
        phases.append((len(slots), {slot.train for slot in slots}))
        for slot in slots:
            rates.setdefault(slot.level, next(planted, 0))
        snapshot = snapshot.after(
            cycle, method.assess(here, [trial(s.level, cycle, 20, rates[s.level]) for s in slots])
        )
    assert phases == [(10, {False}), (10, {False}), (4, {True}), (4, {True})]
    chosen = sorted(rates[level] for level in snapshot.active())
    assert chosen in ([8, 9, 10, 11], [9, 10, 11, 12])


def test_published_sfl_scores_short_episodes_by_their_spread_near_the_batchs_mean():
    settings = SETTINGS | {"scoring_batch": 10, "scoring_keep": 1, "score": "return_spread", "scoring_limit": 1500}
    method, snapshot = make("sfl", settings), Snapshot().with_levels([target_record()])
    snapshot = snapshot.with_levels(record_of(d, 0) for d in method.candidates(Context(snapshot, 0, Streams(0))))
    here = Context(snapshot, 0, Streams(0))
    slots = method.propose(here).slots
    assert {slot.episode_limit for slot in slots} == {1500}
    odd, best = slots[3].level, slots[7].level
    means = {odd: 9.0} | {slot.level: 2.0 for slot in slots if slot.level != odd}
    spread = {odd: 2.0, best: 1.0}
    trials = [
        replace(trial(s.level, 0, 5, 0), return_mean=means[s.level], return_std=spread.get(s.level, 0.5)) for s in slots
    ]
    # The level with the widest spread lies too far from the batch: 6.3 with a bell of width 4.41.
    assert method.assess(here, trials).activated == (best,)


def test_sfl_may_train_on_fresh_random_levels_too():
    settings = SETTINGS | {"scoring_every": 2, "scoring_keep": 8, "random_share": 0.5}
    done = train(make("sfl", settings), 6)
    for cycle in (1, 2, 4, 5):
        slots = done.proposals[cycle].slots
        fresh = [slot for slot in slots if done.snapshot.levels[slot.level].born == cycle]
        assert len(fresh) == 5
        assert len(slots) == 10
        assert all(slot.train and not slot.episode_limit for slot in slots)
    assert {done.snapshot.levels[level].born for level in done.snapshot.active()} == {3}


def test_sfl_forgets_the_last_batch_when_a_new_one_is_scored():
    settings = SETTINGS | {"scoring_every": 1, "scoring_keep": 3, "score": "max_mc"}
    done = train(make("sfl", settings), 4)
    born = {record.born for record in done.snapshot.active().values()}
    assert born == {2}
    assert len(done.snapshot.active()) <= 3


def test_sfl_spends_steps_on_scoring_and_the_proposals_say_so():
    settings = SETTINGS | {"scoring_every": 3}
    proposals = train(make("sfl", settings), 8).proposals
    dry = [sum(slot.num_envs for slot in proposal.slots if not slot.train) for proposal in proposals]
    assert dry == [64, 0, 0, 0, 64, 0, 0, 0]


def test_drs_levels_are_distributed_as_the_generators():
    settings = SETTINGS | {"level_slots": 26, "target_share": 0.1}
    done = train(make("dr", settings), 40)
    seeds = [fixed_worlds(record.source).seed for record in done.snapshot.accepted().values()]
    assert len(seeds) == 40 * 25 == len(set(seeds))
    assert stats.kstest(np.array(seeds) / 2**31, "uniform").pvalue > 0.001


def test_dr_never_plays_a_level_twice():
    done = train(make("dr", SETTINGS), 10)
    played = [slot.level for proposal in done.proposals for slot in proposal.slots if slot.level != TARGET]
    assert len(played) == len(set(played)) == 100


def test_the_grammar_generator_makes_other_level_programs_in_every_cycle():
    method = make("dr", SETTINGS | {"generator": "grammar"})
    made = [method.candidates(Context(archive_of([], []), cycle, Streams(0))) for cycle in (3, 4, 3)]
    assert [len(drafts) for drafts in made] == [10, 10, 10]
    assert made[0] == made[2]
    texts = {draft.source for drafts in made[:2] for draft in drafts}
    assert len(texts) >= 18
    assert all("\nGOAL = " in text for text in texts)


def test_random_goals_are_the_game_as_it_is_and_one_that_is_drawn_again_is_the_same_level():
    method = make("dr", SETTINGS | {"generator": "goals"})
    drawn = [draft for cycle in range(40) for draft in method.candidates(Context(Snapshot(cycle), cycle, Streams(0)))]
    assert len(drawn) == 400
    by_goal = {plan_of(draft.source).achievements: draft for draft in drawn}
    assert 20 < len(by_goal) == len({draft.id for draft in drawn}) <= 67
    assert all(len(goal) == 1 for goal in by_goal)
    assert not any("RULES" in draft.source or "def build" in draft.source for draft in drawn)


def test_a_goal_drawn_again_is_trained_again():
    method = make("dr", SETTINGS | {"generator": "goals", "level_slots": 1})
    first = method.candidates(Context(Snapshot(), 0, Streams(0)))
    old = Snapshot().with_levels([target_record(), *(record_of(draft, 0) for draft in first)])
    cycle = next(c for c in range(1, 500) if method.candidates(Context(old, c, Streams(0)))[0].id == first[0].id)
    assert [slot.level for slot in method.propose(Context(old, cycle, Streams(0))).slots] == [first[0].id]


def test_a_game_whose_goals_need_their_level_refuses_random_goals():
    with pytest.raises(ConfigError, match=r"generator=goals .* xland has not"):
        generators.require("goals", load_host("xland"))


def test_a_world_level_names_its_worlds_and_other_levels_do_not():
    draft = world_draft(HOST.levels(), 2**31 - 1, 3)
    assert (fixed_worlds(draft.source).seed, fixed_worlds(draft.source).worlds) == (2**31 - 1, 3)
    assert is_plain(HOST.levels(), draft.source)
    assert not is_plain(HOST.levels(), draft.source + "\n# more\n")
    assert fixed_worlds("GOAL = 1\n") is None


@pytest.mark.parametrize("origin", [o for o in Origin if o is not Origin.GENERATOR])
@pytest.mark.parametrize("constants", ["WORLDS = 9999999999\nWORLD_SEED = 1\n", "WORLD_SEED = 7\n"])
def test_constants_in_anybody_s_text_fix_no_worlds(origin, constants):
    source = world_draft(HOST.levels(), 5).source + constants
    assert fixed_worlds(source, origin) is None
    assert not is_plain(HOST.levels(), world_draft(HOST.levels(), 5).source, origin)


def test_a_generator_s_level_names_no_more_worlds_than_a_level_has():
    from dicode.training.builder import LevelBuilder

    asked = []

    class Game:
        host = HOST

        def generate(self, key, count, *_):
            asked.append(count)
            return {"blocks": np.zeros(count)}

    builder = LevelBuilder(Game(), None, Streams(0), 4)
    for origin in (Origin.GENERATOR, Origin.FOUNDATION, Origin.FILE):
        builder.base_worlds(world_draft(HOST.levels(), 5, 2_000_000_000).source, "a" * 12, 1, 3, origin)
    builder.base_worlds(world_draft(HOST.levels(), 5, 2_000_000_000).source, "a" * 12, 1, 3)
    assert asked == [4, 3, 3, 3]
    again = builder.base_worlds(world_draft(HOST.levels(), 5, 2_000_000_000).source, "b" * 12, 9, 3, Origin.GENERATOR)
    assert asked == [4, 3, 3, 3], "worlds that a level names are made once"
    again.clear()
    assert builder.base_worlds(world_draft(HOST.levels(), 5, 9).source, "b" * 12, 9, 3, Origin.GENERATOR)
    assert fixed_worlds(world_draft(HOST.levels(), 9_999_999_999).source) is None
