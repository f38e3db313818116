"""Several models in one run: who is asked, what it is worth, and a replay that asks the same."""

from collections import Counter
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
from cows import GOOD, Grammar, brief, validate

from dicode import config as configuration
from dicode.config import Config, DreamerConfig, FmConfig
from dicode.dreaming.assembly import make_foundation_dreamer
from dicode.dreaming.bandit import Tally, choose, reward, rewards
from dicode.dreaming.journal import JournalMiss
from dicode.errors import ConfigError
from dicode.streams import Streams
from dicode.types import Accepted, Code, LevelRecord, Origin, Rejected, Trial

pytestmark = pytest.mark.fast

FIRST, SECOND = "vllm able", "vllm hasty"


def record(name="a" * 12, verdict=None, requests=("k",), origin=Origin.FOUNDATION):
    return LevelRecord(name, "x", "", origin, (), "", 1, verdict or Accepted({}, {}, "h"), requests=requests)


def trial(successes, episodes=20, cycle=1):
    return Trial("a" * 12, cycle, episodes, successes, 0.0, 0.0)


@pytest.mark.parametrize(
    ("trials", "worth"),
    [
        ([trial(10)], 1.0),
        ([trial(0)], 0.0),
        ([trial(20)], 0.0),
        ([trial(5)], 0.75),
        ([trial(0), trial(10, cycle=2), trial(20, cycle=3)], 1.0),
        ([], None),
        ([trial(0, episodes=0)], None),
    ],
)
def test_a_level_is_worth_the_best_learnability_that_it_has_shown(trials, worth):
    assert reward(record(), trials) == worth


def test_a_rejected_level_is_worth_nothing_and_others_authors_are_left_out():
    refused = record("b" * 12, Rejected("build", "no", code=Code.ERROR))
    theirs = [
        record("c" * 12, requests=()),
        record("d" * 12, requests=("unknown",)),
        record("e" * 12, origin=Origin.GRAMMAR),
    ]
    found = rewards([record(), refused, *theirs], {"a" * 12: [trial(10)], "e" * 12: [trial(10)]}, {"k": FIRST})
    assert found == {FIRST: [0.0, 1.0]} or found == {FIRST: [1.0, 0.0]}


def test_the_better_model_is_asked_more_and_the_worse_one_still_sometimes():
    tallies = {FIRST: Tally((0.9,) * 4), SECOND: Tally((0.3,) * 4)}
    asked = Counter(choose(tallies, np.random.default_rng(i), per_dollar=False) for i in range(400))
    assert 300 < asked[FIRST] < 400
    unknown = {FIRST: Tally(), SECOND: Tally()}
    even = Counter(choose(unknown, np.random.default_rng(i), per_dollar=False) for i in range(400))
    assert 150 < even[FIRST] < 250


def test_per_dollar_a_cheaper_model_of_like_quality_is_asked_more():
    tallies = {FIRST: Tally((0.6,) * 10, 0.10), SECOND: Tally((0.5,) * 10, 0.01)}
    chosen = {
        flag: Counter(choose(tallies, np.random.default_rng(i), flag) for i in range(200)) for flag in (False, True)
    }
    assert chosen[False][FIRST] > 100
    assert chosen[True][SECOND] > 195


def make(folder, url, bandit="dream", mode="record", other=None):
    fm = replace(
        FmConfig(),
        provider="vllm",
        model="able",
        base_url=url,
        timeout_s=10.0,
        retries=0,
        test_call=False,
        journal=mode,
    )
    config = replace(
        Config(),
        fm=fm,
        models={"hasty": replace(fm, **({"model": "hasty", "compact": True} | (other or {})))},
        dreamer=replace(DreamerConfig(), stages=1, repairs=0, deadline_s=60.0, bandit=bandit),
    )
    with ExitStack() as stack:
        return make_foundation_dreamer(config, folder / "journal", Streams(0), Grammar(), stack.pop_all())


def archive(outcomes, able_cows=2):
    """Records and trials of outcomes: levels of so many cows are solved half the time, others never."""
    levels, trials = [], {}
    for outcome in outcomes:
        draft = outcome.draft
        levels.append(replace(record(draft.id, outcome.verdict), source=draft.source, requests=draft.requests))
        trials[draft.id] = [replace(trial(10 if f"count={able_cows}" in draft.source else 0), level=draft.id)]
    return levels, trials


@pytest.mark.slow
def test_two_models_take_turns_by_what_they_taught_and_a_replay_asks_the_same(fm_server, tmp_path):
    def script(asked, number):
        return fm_server.said(GOOD.replace("{n}", "2" if asked["model"] == "able" else "3") + f"\n{number}")

    fm_server.script = script
    made, outcomes, rounds = make(tmp_path, fm_server.url), [], []
    for cycle in range(1, 7):
        rounds.append([brief(cycle, index) for index in range(6)])
        outcomes.append(made.dream(rounds[-1], validate))
        made.observe(*archive([o for done in outcomes for o in done]))
    asked = [Counter(made.journal.choice(cycle, i) for i in range(6)) for cycle in range(1, 7)]
    assert asked[0][FIRST] < 6
    assert asked[0][SECOND] < 6
    assert asked[-1][FIRST] + asked[-2][FIRST] >= 10
    models = Counter(body["model"] for body in fm_server.requests)
    assert models["able"] > 2 * models["hasty"] > 0
    prompts = {body["model"]: len(body["messages"][0]["content"]) for body in fm_server.requests}
    assert prompts["hasty"] < prompts["able"]  # each model has its own prompts
    assert made.ledger.by_model()["vllm", "able"].calls == models["able"]
    made.journal.close()
    again = make(tmp_path, fm_server.url, mode="replay")
    assert [again.dream(briefs, validate) for briefs in rounds] == outcomes
    assert len(fm_server.requests) == 36


def test_a_replay_of_a_choice_that_was_never_made_is_a_miss(fm_server, tmp_path):
    fm_server.script = [fm_server.said(GOOD.replace("{n}", "2"))]
    make(tmp_path, fm_server.url).dream([brief()], validate)
    with pytest.raises(JournalMiss, match="which model dreams cycle 2, dream 0"):
        make(tmp_path, fm_server.url, mode="replay").dream([brief(2)], validate)


def test_one_model_that_is_denied_does_not_silence_the_other(fm_server, tmp_path):
    def script(asked, number):
        return fm_server.problem(404, "gone") if asked["model"] == "hasty" else fm_server.said(GOOD.replace("{n}", "2"))

    fm_server.script = script
    made = make(tmp_path, fm_server.url)
    for cycle in range(1, 5):
        outcomes = made.dream([brief(cycle, index) for index in range(4)], validate)
    assert any(outcome.accepted for outcome in outcomes)
    assert made.silence() is None
    tallies = made.casting.tallies()
    assert set(tallies[SECOND].rewards) == {0.0}


def test_models_that_cannot_be_told_apart_and_prices_that_nobody_knows_are_refused(fm_server, tmp_path):
    with pytest.raises(ConfigError, match="'vllm able' twice"):
        make(tmp_path / "a", fm_server.url, other={"model": "able"})
    with pytest.raises(ConfigError, match=r"dreamer.bandit=dollar needs a price for 'hasty'"):
        make(tmp_path / "b", fm_server.url, bandit="dollar", other={"base_url": "https://models.example.org/v1"})
    make(tmp_path / "c", fm_server.url, bandit="dollar", other={"price_input": 1.0, "price_output": 2.0})


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"provider": "vlm"}, r"models\.hasty\.provider='vlm' is not known"),
        ({"base_url": "localhost"}, r"models\.hasty\.base_url='localhost' is not an http"),
        ({"base_url": "http://127.0.0.1/v1?a=b"}, r"^models\.hasty\.base_url holds .* models\.hasty\.key_env's"),
        ({"model": ""}, r"models\.hasty\.model is empty"),
        ({"key_env": "a b"}, r"models\.hasty\.key_env must"),
        ({"price_input": 1.0}, r"models\.hasty\.price_input and models\.hasty\.price_output"),
        ({"command": "cat"}, r"models\.hasty\.command and fm=command"),
        ({"base_url": "http://x.example/v1", "key_env": "OPENAI_API_KEY"}, r"models\.hasty\.base_url is 'http://x"),
    ],
)
def test_a_further_models_mistake_is_told_by_the_name_of_its_setting(wrong, says, fm_server, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-aaaaaaaaaaaa")
    with pytest.raises(ConfigError, match=says):
        make(tmp_path, fm_server.url, other=wrong)


@pytest.mark.parametrize(
    ("asked", "first", "others"),
    [
        (["fm=[openai,gemini]"], "gpt-5-mini", {"gemini": "gemini-3-flash-preview"}),
        (["fm=[vllm, vllm]", "fm.model=a", "models.vllm2.model=b"], "a", {"vllm2": "b"}),
        (["fm=vllm", "fm.model=a"], "a", {}),
    ],
)
def test_a_list_of_models_is_a_word_of_the_command_line(asked, first, others):
    config = configuration.load(["preset=smoke", "dreamer=foundation", *asked])
    assert (config.fm.model, {name: fm.model for name, fm in config.models.items()}) == (first, others)
    assert configuration.from_yaml(configuration.to_yaml(config)) == config


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["fm=[openai,gemni]"], "did you mean 'gemini'"),
        (["fm=[vllm,local]", "models.local.temperature=5"], "models.local.temperature is 5; allowed range is -1 to 2"),
        (["fm=[vllm,local]", "models.ollama.model=x"], "no further model of this run is called 'ollama' (local)"),
        (["fm=[vllm,local]", "models.local.tempratur=1"], "no setting is called 'models.local.tempratur'"),
        (["fm=[]"], "fm= is not known"),
        (["fm.command=cat"], "needs fm.provider=command"),
    ],
)
def test_a_list_that_cannot_work_is_one_sentence(asked, says):
    with pytest.raises(ConfigError) as caught:
        configuration.load(["preset=smoke", "dreamer=foundation", *asked])
    assert says in str(caught.value)


def test_a_sweep_takes_a_list_as_one_value():
    from dicode import words

    found = words.combinations(words.split(["fm=[vllm,local]", "seed=1,2"], Config), Config)
    assert [[str(word) for word in run] for run in found] == [
        ["fm=[vllm,local]", "seed=1"],
        ["fm=[vllm,local]", "seed=2"],
    ]
