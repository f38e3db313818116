"""Settings: one record is the home of a name, a type, a default, a range and a sentence; words become values by it."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dicode import config
from dicode import settings as records
from dicode.config import Config
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
LEVELS = {"score": "max_mc", "edits": 20}


def read(key: str, value: str) -> object:
    """What one word becomes, by its record alone."""
    from dicode.words import settings_of

    return settings_of(Config)[key][0].value(value)


@given(TEXT.filter(bool))
@settings(deadline=None)
def test_text_stays_as_typed(text):
    for key in ("run", "runs_dir", "levels", "warm_start", "fm.model", "logging.wandb_project"):
        assert read(key, text) == text


@pytest.mark.slow
@given(TEXT.filter(lambda text: text and not text.startswith("~")))
@settings(deadline=None, max_examples=15)
def test_any_folder_is_a_word(text):
    assert config.load([f"runs_dir={text}"]).runs_dir == text


@pytest.mark.parametrize(
    "text",
    ["2026_11_25", "1e5", "0x10", "null", "true", "1.50", "007", "données", "-", "a.b", "2026-11-25", "no"],
)
def test_a_name_that_looks_like_something_else_is_a_name(text):
    found = config.load([f"run={text}"])
    assert found.run == found.name == text
    assert config.from_yaml(config.to_yaml(found)).run == text


@pytest.mark.parametrize("word", ["from=", "warm_start=", "levels=", "target=", "runs_dir="])
def test_an_empty_place_is_not_taken_for_none(word):
    said = word.replace("warm_start", "from")
    with pytest.raises(ConfigError, match=f"^{said} names nothing; leave the word out"):
        config.load(["preset=smoke", word])


def test_a_reference_is_refused_where_it_would_be_kept():
    assert config.load(["runs_dir=a${b}"]).runs_dir == "a${b}"
    with pytest.raises(ConfigError, match="reference"):
        config.load(["levels=a${b}"])


@pytest.mark.slow
@given(TEXT.filter(lambda text: "${" not in text))
@settings(deadline=None)
def test_text_survives_the_run_directory(text):
    made = replace(Config(), runs_dir=text, fm=replace(Config().fm, model=text), levels=text or None)
    assert config.from_yaml(config.to_yaml(made)) == made


def test_a_folder_may_begin_at_home(monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    found = config.load(["runs_dir=~/a=b, 'c'", "levels=~/levels", "from=~/runs/a"])
    assert found.runs_dir == "/home/somebody/a=b, 'c'"
    assert (found.levels, found.warm_start) == ("/home/somebody/levels", "/home/somebody/runs/a")


@pytest.mark.parametrize(("text", "value"), [("1e6", 1_000_000), ("64.0", 64), ("1_000", 1000), ("+8", 8), (" 8", 8)])
def test_a_whole_number_is_one_however_it_is_written(text, value):
    assert read("num_envs", text) == value
    assert isinstance(read("num_envs", text), int)


@given(st.integers(2, 1_000_000))
def test_every_whole_number_in_range_is_read_exactly(number):
    assert read("num_envs", str(number)) == read("num_envs", f"{number:.1f}") == number


@pytest.mark.parametrize("text", ["1.5", "many", "", "nan", "inf", "1e400", "true", "1,5", "0x10"])
def test_what_is_no_whole_number_is_refused(text):
    with pytest.raises(ConfigError, match=r"seed is .*; it must be a"):
        read("seed", text)


@pytest.mark.parametrize("word", ["true", "True", "yes", "on", "1"])
def test_a_switch_takes_the_usual_words(word):
    assert read("logging.live", word) is True


def test_every_setting_says_what_it_is_and_its_default_is_allowed():
    for setting in records.documented(Config):
        assert setting.field.metadata["text"], setting.name
        assert setting.value(records.default_of(setting)) == records.default_of(setting), setting.name
        assert (setting.field.metadata["low"] is None) == (setting.field.metadata["high"] is None), setting.name


def test_a_configuration_is_its_tree_and_back():
    for words in (["preset=smoke"], ["method=accel", "method.edits=3"], ["agent=gru"], ["experiment=paper/plr"]):
        made = config.load(words)
        assert records.read(Config, records.to_tree(made)) == made


@pytest.mark.parametrize(
    ("tree", "says"),
    [
        ({"sed": 1}, "did you mean 'seed'"),
        ({"learner": {"lrr": 1}}, "did you mean 'lr'"),
        ({"learner": 3}, "learner is a section"),
        ({"method": {"name": "plr", "edits": 3}}, "method.edits is a setting of accel"),
        ({"method": {"name": "plrr"}}, "did you mean 'plr'"),
        ({"agent": {"kind": "lstm", "memory": 3}}, "agent.memory is a setting of gtrxl"),
        ({"agent": {"dtype": "bfloat16"}}, "no setting is called 'agent.dtype'"),
    ],
)
def test_no_name_is_dropped_silently(tree, says):
    with pytest.raises(ConfigError, match=says):
        records.read(Config, tree)


def test_a_run_of_an_earlier_version_that_wrote_down_every_kinds_settings_is_read():
    tree = records.to_tree(config.load(["method=plr", "agent=lstm"]))
    tree["method"] |= {"edits": 20, "mutation": "noise", "open_loop": False}
    tree["agent"] |= {"memory": 128, "heads": 8}
    found = config.from_yaml(yaml.safe_dump(tree))
    assert (found.method.name, found.agent.kind) == ("plr", "lstm")
    with pytest.raises(ConfigError, match="not of this version"):
        config.from_yaml(yaml.safe_dump(tree | {"nonsense": 1}))


@pytest.mark.parametrize(
    ("text", "says"), [("seed: [1", "line [12]"), ("a: 1\nb: }", "line 2"), ("", "no settings"), ("3", "no settings")]
)
def test_a_damaged_configuration_names_the_line(text, says):
    with pytest.raises(ConfigError, match=says):
        config.from_yaml(text)
