"""What a small model is spared and given: few drafts, a sketch to vary, lines corrected without a call."""

from cows import GOOD, Grammar, brief, validate
from rounds import dreamer, replayed
from scripted import no_sockets

from dicode.dreaming.foundation import CORRECTIONS
from dicode.types import Code, Draft, LevelRecord, Origin, Rejected


def test_a_small_local_model_writes_few_drafts_and_one_repair_a_round(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "50"))]
    briefs = [brief(index=i) for i in range(6)]
    settings = {"compact": True, "max_drafts": 4, "max_repairs": 1, "concurrency": 1}
    made = dreamer(fm_server, tmp_path, **settings)
    outcomes = made.dream(briefs, validate)
    assert len(fm_server.requests) == 5
    assert [o.draft.origin.value for o in outcomes] == ["foundation"] * 4 + ["grammar"] * 2
    assert [len(o.draft.repairs) for o in outcomes] == [1, 0, 0, 0, 0, 0]
    assert sum(len(m["content"]) for m in fm_server.requests[0]["messages"]) <= 4 * 3000
    assert replayed(fm_server, tmp_path, [briefs], **settings) == [outcomes]


class Sketching(Grammar):
    """A stand-in for the grammar dreamer that shows what it would write."""

    def sketch(self, brief):
        count = 2 if brief.revises is None else 4
        return Draft(GOOD.replace("{n}", f"{count}").strip("`").removeprefix("python\n"), "", Origin.GRAMMAR)


SKETCH = {"compact": True, "sketch": True}


def sketching(server, folder, mode="record"):
    return dreamer(server, folder, mode, fallback=Sketching(), **SKETCH)


def test_a_small_model_varies_a_sketch_and_is_asked_afresh_without_its_answer(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", n)) for n in ("2", "11", "3")]
    (outcome,) = sketching(fm_server, tmp_path).dream([brief()], validate)
    asked = [request["messages"] for request in fm_server.requests]
    assert [[m["role"] for m in messages] for messages in asked] == [["system", "user"]] * 3
    assert "count=2)" in asked[0][1]["content"]
    assert "sketch of the instructions, copied" in asked[1][1]["content"]
    assert "11 cows do not fit" in asked[2][1]["content"]
    assert "count=11)" not in asked[2][1]["content"]
    assert all(messages[1]["content"].startswith(asked[0][1]["content"]) for messages in asked)
    assert outcome.accepted
    assert outcome.draft.move == "sketch"
    assert [repair.code for repair in outcome.draft.repairs] == [Code.COPIED, Code.NO_ROOM]
    with no_sockets():
        assert sketching(fm_server, tmp_path, "replay").dream([brief()], validate) == [outcome]


def test_a_line_that_a_verdict_corrects_is_corrected_without_a_call(fm_server, tmp_path):
    def strict(draft):
        if "Mob.COWS" not in draft.source:
            return validate(draft)
        number = next(i for i, line in enumerate(draft.source.splitlines(), 1) if "Mob.COWS" in line)
        right = draft.source.splitlines()[number - 1].strip().replace("Mob.COWS", "Mob.COW")
        return Rejected("build", f"line {number}: COWS", "did you mean COW?", code=Code.ERROR, line=(number, right))

    fm_server.script = [fm_server.said(GOOD.replace("{n}", "3").replace("Mob.COW,", "Mob.COWS,"))]
    (outcome,) = dreamer(fm_server, tmp_path, repairs=0).dream([brief()], strict)
    assert len(fm_server.requests) == 1
    assert outcome.accepted
    assert outcome.draft.source == GOOD.replace("{n}", "3").strip("`").removeprefix("python\n")
    assert [repair.reason for repair in outcome.draft.repairs] == ["line 6: COWS", "line 10: COWS"]
    with no_sockets():
        replay = dreamer(fm_server, tmp_path, "replay", repairs=0)
        assert replay.dream([brief()], validate) == [outcome]


def test_a_correction_that_does_not_help_ends(fm_server, tmp_path):
    def never(draft):
        longer = f"{draft.source.splitlines()[0]}x"
        return Rejected("build", "no", code=Code.ERROR, line=(1, longer))

    fm_server.script = [fm_server.said(GOOD.replace("{n}", "3"))]
    (outcome,) = dreamer(fm_server, tmp_path, repairs=1).dream([brief()], never)
    assert len(fm_server.requests) == 2
    assert len(outcome.draft.repairs) == 2 * CORRECTIONS + 1


def test_a_sketch_follows_what_was_measured_and_needs_a_grammar_and_a_world(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "3"))]
    hard = Rejected("probe", "the agent reached the goal in 0 of 16 episodes", "easier", code=Code.TOO_HARD)
    level = LevelRecord("b" * 12, "GOAL = 2\n", "Eat.", Origin.FOUNDATION, (), "sketch", 1, hard)
    sketching(fm_server, tmp_path / "back").dream([brief(revises=level)], validate)
    said = fm_server.requests[-1]["messages"][-1]["content"]
    assert "count=4)" in said
    assert "0 of 16 episodes" in said
    sketching(fm_server, tmp_path / "goal").dream([brief(goal_only=True)], validate)
    dreamer(fm_server, tmp_path / "alone", **SKETCH).dream([brief()], validate)
    assert all("sketch" not in m["content"] for r in fm_server.requests[-2:] for m in r["messages"])
