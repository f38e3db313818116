"""Recorded briefs dreamed again: which settings may change, what is asked again, what is counted."""

import pytest
from cows import brief

from dicode import config
from dicode.commands import dream
from dicode.curriculum.snapshot import Snapshot
from dicode.dreaming.dreamer import Outcome, lost
from dicode.errors import ConfigError, RunError
from dicode.games import templates
from dicode.types import Accepted, Code, Draft, Origin, Rejected, Repair

pytestmark = pytest.mark.fast


def test_another_model_and_other_settings_of_dreaming_are_taken_and_nothing_else(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    run = config.load(["preset=smoke", "dreamer=grammar", "dreamer.hooks=true", "seed=7"])
    other = dream.changed(run, ["fm=ollama", "dreamer.stages=1", "fm.temperature=0.1"])
    assert other.dreamer.name == "foundation"
    assert (other.fm.provider, other.fm.temperature, other.dreamer.stages) == ("ollama", 0.1, 1)
    assert other.dreamer.hooks
    assert (other.seed, other.preset) == (7, "smoke")
    assert dream.changed(other, ["dreamer=grammar"]).dreamer.name == "grammar"
    assert dream.changed(run, ["fm.temperature=0.1", "fm=ollama"]).fm.temperature == 0.1
    assert dream.changed(run, ["dreamer=auto"]).dreamer.name == "grammar"
    with pytest.raises(ConfigError, match="dreamer=none dreams nothing again"):
        dream.changed(run, ["dreamer=none"])
    for word, says in (
        ("fm.modl=x", r"did you mean 'fm\.model'"),
        ("dreamer.stagess=1", r"did you mean 'dreamer\.stages'"),
    ):
        with pytest.raises(ConfigError, match=says):
            dream.changed(run, [word])
    with pytest.raises(ConfigError, match="dream takes settings of dreamer, fm, budget"):
        dream.changed(run, ["num_envs=4"])


def test_the_last_rounds_are_asked_again_without_what_was_sent_back():
    level = brief().parent.level
    asked = [brief(cycle, index) for cycle in (1, 3, 5) for index in range(2)]
    snapshot = Snapshot().with_briefs([*asked, brief(5, 2, revises=level)])
    assert [[(b.cycle, b.index) for b in briefs] for briefs in dream.rounds(snapshot, 2)] == [
        [(3, 0), (3, 1)],
        [(5, 0), (5, 1)],
    ]
    assert len(dream.rounds(snapshot, 0)) == 3
    with pytest.raises(RunError, match="asked for no dreams"):
        dream.rounds(Snapshot(), 0)


def test_what_became_of_the_dreams_is_counted():
    yes = Accepted({"achievements": ["EAT_COW"], "minimum": {}}, {}, "h")
    repaired = Draft("# b\n", "", Origin.FOUNDATION, repairs=(Repair("s", "build", "r", "h"),))
    outcomes = [
        Outcome(Draft("# a\n", "", Origin.FOUNDATION), yes),
        Outcome(repaired, yes),
        Outcome(Draft("# c\n", "", Origin.FOUNDATION), Rejected("novelty", "twin", code=Code.TWIN)),
        lost("late"),
    ]
    assert dream.summary([(brief(1, i), outcome) for i, outcome in enumerate(outcomes)]) == {
        "dreams": 4,
        "drafts": 3,
        "accepted": 2,
        "accepted at first": 1,
        "rejected by stage": {"novelty": 1},
        "copies": 1,
        "different goals": 1,
    }


def test_what_a_model_leaves_to_the_grammar_is_none_of_its_drafts():
    yes = Accepted({"achievements": ["EAT_COW"], "minimum": {}}, {}, "h")
    drafts = [Draft(f"# {origin}\n", "", origin) for origin in (Origin.FOUNDATION, Origin.GRAMMAR, Origin.FRONTIER)]
    answers = [(brief(1, i), Outcome(draft, yes)) for i, draft in enumerate(drafts)] + [(brief(1, 3), lost("late"))]
    assert dream.own(answers, "foundation") == [answers[0], answers[3]]
    assert dream.own(answers, "grammar") == answers


def test_another_prompt_set_stands_for_the_templates_of_its_names_for_a_while(tmp_path):
    usual = templates.template("dicode.dreaming", "repair")
    (tmp_path / "repair.md").write_text("Mend {{stage}}.")
    with templates.instead(tmp_path, ("dicode.dreaming", "dicode.games.craftax")):
        assert templates.template("dicode.dreaming", "repair") == "Mend {{stage}}."
    assert templates.template("dicode.dreaming", "repair") == usual
    (tmp_path / "repare.md").write_text("x")
    with (
        pytest.raises(ConfigError, match=r"repare\.md.*repair"),
        templates.instead(tmp_path, ("dicode.dreaming", "dicode.games.xland")),
    ):
        pass


def test_a_run_s_briefs_are_dreamed_again_and_kept(tmp_path, monkeypatch):
    from dicode.cli import main

    seen = []
    monkeypatch.setattr(dream, "offline", lambda *words: seen.append(words) or 0)
    assert (
        main(["dream", "--offline", "runs/demo", "fm=ollama", "--last", "2", "--probe", "8", "-o", str(tmp_path)]) == 0
    )
    assert seen == [("runs/demo", ["fm=ollama"], "", str(tmp_path), 2, 8)]
    assert main(["dream", "runs/demo"]) == 2
