"""The dreaming loop: when dreams are asked and taken, what trains, who becomes a parent."""

from dataclasses import replace

import pytest
from dreamed import SETTINGS, STAY, STREAMS, context, dream, going_on, plain_trial
from toy import ACHIEVEMENTS, ROOM, Toy, make, seeds, toy_text, train

from dicode.curriculum.snapshot import Assessment, DreamRecord, Snapshot, target_record
from dicode.dreaming.settings import DreamerConfig
from dicode.errors import ConfigError
from dicode.games.craftax.host import HOST
from dicode.methods import Context
from dicode.methods.common import completion_bonus
from dicode.methods.dicode import sent_back
from dicode.types import TARGET, Brief, Code, ParentReport, Rejected, Status

pytestmark = pytest.mark.fast


def test_dreams_are_asked_when_the_seed_phase_ends_and_taken_every_second_cycle():
    method = make("dicode", SETTINGS)
    assert [method.due(cycle) for cycle in range(8)] == [None, None, None, 1, None, 3, None, 5]
    done = train(method, 8)
    assert sorted({brief.cycle for brief in done.snapshot.briefs}) == [1, 3, 5, 7]
    assert sorted({record.born for record in done.snapshot.accepted().values()}) == [0, 3, 5, 7]


def test_lag_and_rhythm_are_settings():
    eager = make("dicode", SETTINGS | {"seed_cycles": 1, "every": 1, "lag": 1})
    assert [eager.due(cycle) for cycle in range(4)] == [None, 0, 1, 2]


def test_the_seed_phase_trains_every_seed_beside_the_target_whatever_keep_says():
    done = train(make("dicode", SETTINGS | {"keep": 2}), 2)
    for proposal in done.proposals:
        assert {slot.level for slot in proposal.slots} == {TARGET, *(seed.id for seed in seeds())}
        assert {slot.level: slot.num_envs for slot in proposal.slots}[TARGET] == 32


def test_at_most_keep_new_levels_enter_and_the_rest_waits_its_turn():
    new = [dream(f"new{i}", 5) for i in range(14)]
    proposal = make("dicode", SETTINGS).propose(context(5, *new))
    assert len(proposal.slots) == 11
    assert proposal.slots[0].level == TARGET


def test_what_is_new_comes_first_then_what_is_replayed():
    old = [dream(f"old{i}", 0, active=True, score=0.1, last_trained=3) for i in range(30)]
    new = [dream(f"new{i}", 5) for i in range(4)]
    slots = make("dicode", SETTINGS).propose(context(5, *old, *new)).slots
    assert {slot.level for slot in slots[1:5]} == {level.id for level in new}
    assert len({slot.level for slot in slots[5:]} & {level.id for level in old}) == 11


def tried(episodes: int, cycles: int):
    """In which cycles a level trains whose trials hold so many episodes, and what is known of it then."""
    method = make("dicode", SETTINGS)
    snapshot = context(3, dream("slow", 3)).snapshot
    level = next(iter(snapshot.accepted()))
    trained = []
    for cycle in range(3, 3 + cycles):
        slots = method.propose(Context(snapshot, cycle, STREAMS)).slots
        trained.append(level in [slot.level for slot in slots])
        trials = [plain_trial(slot.level, cycle, episodes, episodes // 2) for slot in slots]
        snapshot = snapshot.after(cycle, method.assess(Context(snapshot, cycle, STREAMS), trials))
    return trained, snapshot.levels[level]


def test_a_level_that_ends_no_episode_is_tried_again_but_not_for_ever():
    trained, record = tried(0, 5)
    assert trained == [True, True, True, False, False]
    assert record.score is None
    assert not record.active


@pytest.mark.parametrize(("episodes", "cycles"), [(2, 10), (3, 7), (5, 4), (19, 2)])
def test_a_level_of_few_episodes_goes_on_until_they_make_up_its_first_score(episodes, cycles):
    trained, record = tried(episodes, cycles - 1)
    assert all(trained)
    assert record.score is None
    trained, record = tried(episodes, cycles)
    assert all(trained)
    assert record.score is not None
    assert record.active
    assert record.status != Status.UNSCORED


def test_episodes_of_consecutive_cycles_add_up_to_a_first_score():
    method = make("dicode", SETTINGS)
    snapshot = context(3, dream("slow", 3)).snapshot
    level = next(iter(snapshot.accepted()))
    for cycle in (3, 4):
        trials = [plain_trial(level, cycle, 10, 5)]
        snapshot = snapshot.after(cycle, method.assess(Context(snapshot, cycle, STREAMS), trials))
    assert snapshot.levels[level].score == 0.25
    assert snapshot.levels[level].status == "B"
    assert snapshot.levels[level].active


def test_a_full_active_set_gives_up_its_worst_level():
    method = make("dicode", SETTINGS | {"active_limit": 2})
    levels = [dream("good", 0, active=True, score=0.2), dream("bad", 0, active=True, score=0.1), dream("new", 4)]
    here = context(4, *levels)
    answer = method.assess(here, [plain_trial(levels[2].id, 4, 20, 5)])
    assert answer.activated == (levels[2].id,)
    assert answer.deactivated == (levels[1].id,)


def test_a_brief_tells_the_parents_trials_and_the_agents_success_on_the_target():
    done = train(make("dicode", SETTINGS), 2)
    brief = done.snapshot.briefs[0]
    assert len(done.snapshot.briefs) == 12
    assert [b.index for b in done.snapshot.briefs] == list(range(12))
    assert brief.parent.trials == done.snapshot.trials[brief.parent.level.id]
    assert len(brief.parent.trials) == 2
    assert set(brief.target_success) == set(ACHIEVEMENTS)
    assert brief.known == frozenset(done.snapshot.levels)
    assert brief.target_return is not None


def test_the_ablations_change_only_what_they_name():
    open_loop = train(make("dicode", SETTINGS | {"open_loop": True}), 2).snapshot.briefs
    assert all(b.parent is None and b.target_success == {} and b.target_return is None for b in open_loop)
    rest = train(make("dicode", SETTINGS | {"goal_only": True, "hooks": True}), 2).snapshot.briefs
    assert all(brief.goal_only and brief.allow_hooks and brief.parent for brief in rest)


def test_published_surplus_levels_are_never_trained():
    new = [dream(f"new{i}", 5) for i in range(14)]
    waits, drops = (make("dicode", SETTINGS | {"surplus": rule}) for rule in ("wait", "drop"))
    snapshot = context(5, *new).snapshot
    first = {slot.level for slot in drops.propose(Context(snapshot, 5, STREAMS)).slots}
    assert len(first) == 11
    assert first == {slot.level for slot in waits.propose(Context(snapshot, 5, STREAMS)).slots}
    snapshot = snapshot.after(5, Assessment(tuple(plain_trial(level, 5, 2, 1) for level in sorted(first))))
    later = [{s.level for s in method.propose(Context(snapshot, 6, STREAMS)).slots} for method in (waits, drops)]
    assert {level.id for level in new} - first <= later[0]
    assert later[1] == first


def test_published_a_level_with_too_few_episodes_has_score_zero_and_is_active():
    here = context(3, dream("slow", 3))
    level = next(iter(here.snapshot.accepted()))
    for rule, score, active in (("zero", 0.0, (level,)), ("retry", None, ())):
        settings = SETTINGS | {"unscored": rule, "active_threshold": -1.0}
        answer = make("dicode", settings).assess(here, [plain_trial(level, 3, 19, 10)])
        assert (answer.trials[0].score, answer.activated) == (score, active)
        assert answer.statuses == {}


def test_a_level_that_is_never_or_always_solved_does_not_become_active():
    here = context(3, dream("hopeless", 3), dream("easy", 3), dream("good", 3))
    never, always, good = here.snapshot.accepted()
    trials = [plain_trial(never, 3, 40, 0), plain_trial(always, 3, 40, 40), plain_trial(good, 3, 40, 1)]
    assert make("dicode", SETTINGS).assess(here, trials).activated == (good,)


def test_published_parents_are_strict_and_without_them_nothing_is_dreamed():
    strict = make("dicode", SETTINGS | {"parents": "strict"})
    assert strict.briefs(context(1, *seeds())) == ()
    b = dream("b", 0, status=Status.B, score=0.25, last_trained=1)
    briefs = strict.briefs(context(1, b))
    assert [brief.parent.level.id for brief in briefs] == [b.id] * 12
    assert len(make("dicode", SETTINGS).briefs(context(1, *seeds()))) == 12


def test_random_parents_ignore_scores_and_any_parent_ignores_children():
    brood = [dream(f"kid{i}", 2, parents=("old",), status=Status.D, score=0.01, last_trained=2) for i in range(5)]
    old = replace(dream("old", 0, status=Status.B, score=0.25, last_trained=2), id="old")
    young = replace(dream("young", 0, status=Status.B, score=0.2, last_trained=2), id="young")
    seen = Assessment(tuple(plain_trial(level.id, 2, 20, 10) for level in (old, young)))
    snapshot = Snapshot().with_levels([target_record(), old, young, *brood])
    snapshot = replace(snapshot, trials={trial.level: (trial,) for trial in seen.trials})
    parents = {
        rule: [
            b.parent.level.id
            for b in make("dicode", SETTINGS | {"parents": rule}).briefs(Context(snapshot, 3, STREAMS))
        ]
        for rule in ("frontier", "any", "random")
    }
    assert set(parents["frontier"]) == {"young"}
    assert parents["any"] == ["old", "young"] * 6
    assert set(parents["random"]) == {"old", "young", *(kid.id for kid in brood)}


def test_an_archive_without_levels_dreams_without_parents():
    briefs = make("dicode", SETTINGS).briefs(context(1))
    assert len(briefs) == 12
    assert all(brief.parent is None for brief in briefs)
    assert briefs[0].target_success == dict.fromkeys(ACHIEVEMENTS, 0.0)


def test_the_completion_bonus_is_constant_or_twice_the_return_on_the_target():
    silent = context(0).snapshot
    assert completion_bonus(silent, "dynamic") == completion_bonus(silent) == 20.0
    played = silent.after(0, Assessment((replace(plain_trial(TARGET, 0, 5, 0), return_mean=15.0),)))
    played = played.after(1, Assessment((plain_trial(TARGET, 1, 0, 0),)))
    assert completion_bonus(played, "dynamic") == 30.0
    poor = silent.after(0, Assessment((replace(plain_trial(TARGET, 0, 5, 0), return_mean=4.0),)))
    assert completion_bonus(poor, "dynamic") == 20.0, "never less than the constant one"
    assert completion_bonus(played, "constant", 7.0) == 7.0


def test_a_level_stays_while_it_is_learned_and_makes_room_for_the_latest_dream_when_it_is_mastered():
    first = [dream(f"first{i}", 2) for i in range(4)]
    master, held = first[0].id, {level.id for level in first}

    def rates(level: str, cycle: int) -> float:
        return 0.9 if level == master and cycle >= 5 else 0.1 + 0.08 * (cycle - 3)

    trained, snapshot = going_on(context(2, *first).snapshot, range(3, 6), rates)
    assert trained == [held] * 3
    waiting = [dream("late", 3), dream("later", 4)]
    trained, snapshot = going_on(snapshot.with_levels(waiting), range(6, 8), rates)
    assert trained == [held - {master} | {waiting[1].id}] * 2


def test_hopeless_and_flat_levels_leave_and_only_then_are_levels_drawn_again():
    first = [dream(f"first{i}", 2) for i in range(4)]
    flat = first[0].id
    trained, snapshot = going_on(context(2, *first).snapshot, range(3, 9), lambda level, _: 0.3 * (level == flat))
    held = {level.id for level in first}
    assert trained[:2] == [held] * 2
    assert all(levels == {flat} for levels in trained[2:]), "hopeless after two cycles; the flat one is drawn again"
    assert snapshot.levels[flat].active


def test_a_slot_that_is_kept_for_replay_brings_back_what_was_mastered_while_others_wait():
    first = [dream(f"first{i}", 2) for i in range(3)]
    master = first[0].id

    def rates(level: str, cycle: int) -> float:
        return 0.9 if level == master and cycle >= 4 else 0.1 + 0.08 * (cycle - 3)

    settings = STAY | {"replay_slots": 1}
    _, snapshot = going_on(context(2, *first).snapshot, range(3, 6), rates, settings)
    waiting = [dream(f"late{i}", 5) for i in range(4)]
    trained, _ = going_on(snapshot.with_levels(waiting), range(6, 8), rates, settings)
    assert all(len(levels) == 4 and master in levels for levels in trained), "three slots learn, one repeats"
    trained, _ = going_on(snapshot.with_levels(waiting), range(6, 8), rates)
    assert all(len(levels) == 4 and master not in levels for levels in trained)
    with pytest.raises(
        ConfigError, match=r"method\.replay_slots=4 leaves none of 4 slots to new levels; choose 0 to 3"
    ):
        make("dicode", STAY | {"replay_slots": 4})


def test_more_dreams_are_not_asked_for_than_slots_wait_for_them():
    queue = [dream(f"waits{i}", 2) for i in range(3)]
    trained = [replace(level, score=0.2, active=True, status=Status.B) for level in seeds()]
    snapshot = context(3, *trained, *queue).snapshot
    assert len(make("dicode", STAY).briefs(Context(snapshot, 3, STREAMS))) == 1
    assert make("dicode", STAY | {"replay_slots": 1}).briefs(Context(snapshot, 3, STREAMS)) == ()
    assert len(make("dicode", STAY | {"stay": "draw"}).briefs(Context(snapshot, 3, STREAMS))) == 12


def _measured(name: str, born: int, code: Code = Code.TOO_HARD):
    turned_down = Rejected("probe", "0 of 10", "easier", code=code)
    return dream(name, born, verdict=turned_down, probe=plain_trial("x", born, 10, 0))


def _asked(levels, cycle: int, taken: int, revises=None) -> Snapshot:
    briefs = [Brief(cycle, i, None, {}, None, revises=revises) for i in range(len(levels))]
    outcomes = [DreamRecord(taken, cycle, i, level.id, level.verdict) for i, level in enumerate(levels)]
    return Snapshot().with_levels([target_record(), *levels]).with_briefs(briefs).with_outcomes(outcomes)


def test_what_was_measured_and_turned_down_is_sent_back_with_the_next_round_once_and_half_a_round_at_most():
    dreaming = DreamerConfig(name="grammar", round=6, every=2)
    hard = [_measured(f"hard{i}", 5) for i in range(5)]
    broken = dream("broken", 5, verdict=Rejected("build", "no", code=Code.ERROR))
    taken = Context(_asked([broken, *hard], 3, 5), 5, STREAMS)
    assert [level for level, _ in sent_back(taken, dreaming)] == hard[:3]
    assert sent_back(replace(taken, cycle=7), dreaming) == [], "only since the last round"
    again = Context(_asked(hard, 3, 5, revises=hard[0]), 5, STREAMS)
    assert sent_back(again, dreaming) == [], "what was written again is not sent back once more"


def test_a_level_sent_back_takes_a_brief_of_the_round_with_its_own_parent():
    method = make("dicode", SETTINGS | {"round": 4, "every": 1, "lag": 1, "seed_cycles": 1})
    parent, hard = dream("parent", 1, status=Status.B, score=0.2), _measured("hard", 2)
    asked = Brief(1, 0, ParentReport(parent, ()), {}, None)
    known = Snapshot().with_levels([target_record(), parent, hard]).with_briefs([asked])
    known = known.with_outcomes([DreamRecord(2, 1, 0, hard.id, hard.verdict)])
    briefs = method.briefs(Context(known, 2, STREAMS))
    assert len(briefs) == 4
    assert [brief.revises and brief.revises.id for brief in briefs] == [hard.id, None, None, None]
    assert briefs[0].parent.level.id == parent.id
    unfed = make("dicode", SETTINGS | {"round": 4, "every": 1, "lag": 1, "seed_cycles": 1, "open_loop": True})
    assert [brief.revises for brief in unfed.briefs(Context(known, 2, STREAMS))] == [None] * 4, "that is feedback, too"


def test_the_targets_share_moves_by_steps_and_stays_where_it_got():
    method = make("dicode", SETTINGS | {"target_share_final": 0.8, "share_cycles": 4.0})
    old = [dream(f"old{i}", 0, active=True, score=0.1, last_trained=0) for i in range(3)]

    def share(cycle: int) -> int:
        slots = method.propose(context(cycle, *old)).slots
        assert sum(slot.num_envs for slot in slots) == 160
        return next(slot.num_envs for slot in slots if slot.level == TARGET)

    assert [share(cycle) for cycle in (0, 2, 4, 9)] == [32, 80, 128, 128]


def test_a_level_is_granted_its_steps_whatever_share_the_target_has_by_then():
    """The share falls from 3/4 to 1/4: a slot is worth 10 steps a cycle at first, and 30 from the fourth cycle on."""
    moving = STAY | {"target_share": 0.75, "target_share_final": 0.25, "share_cycles": 4.0, "stay_steps": 240.0}
    first = [dream(f"first{i}", 2) for i in range(4)]
    trained, _ = going_on(context(4, *first).snapshot, range(5, 15), lambda level, cycle: 0.3, moving)
    stayed = [len(levels) for levels in trained]
    held, _ = going_on(
        context(4, *first).snapshot, range(5, 15), lambda level, cycle: 0.3, STAY | {"stay_steps": 256.0}
    )
    assert trained == held
    assert stayed[:8] == [4] * 8
    method = make("dicode", moving | {"stay": "draw", "round": 1, "every": 1, "lag": 1, "cycle_steps": 4})
    facts = [method.briefs(context(cycle, *first))[0].facts for cycle in (2, 8)]
    assert facts[0].episodes < facts[1].episodes


def test_a_share_that_leaves_levels_too_little_in_the_end_is_refused():
    with pytest.raises(ConfigError, match="levels; each needs 2"):
        make("dicode", SETTINGS | {"target_share_final": 0.9})


@pytest.mark.parametrize(
    ("source", "successes", "trains"), [("GOAL = 1", 0, False), ("GOAL = 1", 3, True), ("", 0, True)]
)
def test_a_target_of_ones_own_that_is_never_solved_may_be_measured_without_a_gradient(source, successes, trains):
    target = target_record(source, "Something far away.") if source else target_record()
    snapshot = Snapshot().with_levels([target, dream("new", 5)])
    snapshot = replace(snapshot, trials={TARGET: (plain_trial(TARGET, 4, 200, successes),)})
    here = Context(snapshot, 5, STREAMS)
    slots = {slot.level: slot for slot in make("dicode", SETTINGS | {"unsolved_target": "measure"}).propose(here).slots}
    assert slots[TARGET].train is trains
    assert slots[TARGET].num_envs > 0
    always = make("dicode", SETTINGS).propose(here)
    assert all(slot.train for slot in always.slots)


def test_wanted_parents_are_those_whose_goal_the_target_lacks_most():
    level = dream("wood", 1, active=True, status=Status.A, score=0.0)
    other = replace(
        dream("cow", 1, active=True, status=Status.B, score=0.25), source=toy_text(Toy("skill", 2.0), "cow")
    )
    wants = {level.source: 3.0, other.source: 1.0}
    game = replace(ROOM["game"], dreams=lambda: replace(HOST.dreams(), wanted=lambda source, success: wants[source]))

    def asked(parents: str) -> list[str]:
        told = SETTINGS | {"parents": parents, "round": 2, "game": game}
        briefs = make("dicode", told).briefs(context(1, level, other))
        return [brief.parent.level.id for brief in briefs]

    assert asked("wanted") == [level.id, other.id]
    assert asked("frontier") == [other.id, level.id]
