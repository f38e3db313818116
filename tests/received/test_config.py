"""A configuration from outside is plain values: it resolves nothing, sends nothing, and is refused in one sentence."""

import os

import pytest
from commands import READERS, WRITERS, say
from sent import make
from surroundings import tree

from dicode.dreaming.providers import KEY_HOSTS, Endpoint, find_key
from dicode.errors import ConfigError
from dicode.received.values import from_json, from_yaml

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)
BAD = {
    "environment": ("runs_dir: runs", "runs_dir: ${oc.env:HOME}", "interpolation"),
    "environment inside": ("runs_dir: runs", "runs_dir: x-${oc.env:DICODE_TEST_SECRET}-y", "interpolation"),
    "another value": ("project: dicode", "project: ${fm.key_env}", "interpolation"),
    "a resolver": ("runs_dir: runs", "runs_dir: '${oc.create:x}'", "interpolation"),
    "old style": ("runs_dir: runs", "runs_dir: ${env:HOME}", "interpolation"),
    "anchors": ("runs_dir: runs", "runs_dir: &x runs", "anchors"),
    "a bomb": ("seed: 0\n", BOMB, "anchors"),
    "a python object": ("runs_dir: runs", "runs_dir: !!python/object/apply:os.system ['touch pwned']", "tags"),
    "a set": ("runs_dir: runs", "runs_dir: !!set {a, b}", "tags"),
    "bytes": ("runs_dir: runs", "runs_dir: !!binary aGVsbG8=", "tags"),
    "two documents": ("seed: 0\n", "seed: 0\n---\nseed: 1\n", "line"),
    "twice": ("seed: 0\n", "seed: 0\nseed: 1\n", "twice"),
    "depth": ("seed: 0\n", f"seed: {'[' * 3000}{']' * 3000}\n", "deep"),
    "a long number": ("seed: 0\n", f"seed: {'9' * 6000}\n", ""),
    "a big number": ("seed: 0\n", f"seed: {'9' * 40}\n", ""),
    "no number": ("num_envs: ", "num_envs: .nan #", "finite"),
    "infinity": ("num_envs: ", "num_envs: .inf #", "finite"),
    "out of range": ("num_envs: ", "num_envs: -5 #", "num_envs"),
    "a list": ("num_envs: ", "num_envs: [8] #", ""),
    "unknown": ("seed: 0\n", "seed: 0\nsurprise: 1\n", "surprise"),
    "a tab": ("seed: 0\n", "seed:\t- 0\n\t: x\n", "line"),
    "nothing": (None, "", "settings"),
    "no mapping": (None, "- a\n- b\n", "settings"),
    "a word": (None, "hello", "settings"),
    "control characters": ("runs_dir: runs", "runs_dir: \x1b[2J", "1b"),
    "a huge file": ("seed: 0\n", "seed: 0\n#" + "x" * (2 << 20), "larger"),
    "other bytes": (None, b"\xff\xfe\x00s", "text"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_configuration_is_one_sentence_in_every_command(tmp_path, stopped, name, monkeypatch):
    monkeypatch.setenv("DICODE_TEST_SECRET", "sesame")
    monkeypatch.chdir(tmp_path)
    run = make(tmp_path)
    old, new, match = BAD[name]
    text = run.config_file.read_text()
    changed = new if old is None else text.replace(old, new, 1)
    assert changed != text
    run.config_file.write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    before = tree(tmp_path)
    every = ("eval", "resume", "replay", "train from=", "adopt")
    for command in every if name == "environment" else ("eval", "resume"):
        code, said = say(command, run.path)
        assert code == 2, (command, said)
        assert said.count("\n") == 1, (command, said)
        assert match in said, (command, said)
        assert "sesame" not in said
        assert os.environ["HOME"] not in said.replace(str(tmp_path), "")
    code, said = say("compare", run.path)
    assert said.count("\n") == 1 if code else True
    assert tree(tmp_path).keys() - before.keys() <= {k for k in tree(tmp_path) if k.startswith("comparison")}


SENDING = {
    "a model": (("dreamer=foundation", "fm=openai"), "OPENAI_API_KEY"),
    "a model elsewhere": (
        ("dreamer=foundation", "fm=vllm", "fm.base_url=http://192.0.2.7/v1", "fm.key_env=AWS_SECRET_ACCESS_KEY"),
        "AWS_SECRET_ACCESS_KEY",
    ),
    "a program": (("dreamer=foundation", "fm=command", "fm.command='touch pwned'", "fm.model=m"), "touch pwned"),
    "whichever there is": (("dreamer=auto", "fm=gemini"), "GEMINI_API_KEY"),
    "a service": (("logging.wandb=true", "logging.wandb_project=theirs"), "theirs"),
}


@pytest.mark.parametrize("name", SENDING)
def test_what_a_received_configuration_would_send_is_said_and_not_sent(tmp_path, stopped, name, monkeypatch):
    words, named = SENDING[name]
    for variable in ("OPENAI_API_KEY", "AWS_SECRET_ACCESS_KEY", "GEMINI_API_KEY"):
        monkeypatch.setenv(variable, "sk-aaaaaaaaaaaa")
    for module in ("assembly", "trial", "providers"):
        monkeypatch.setattr(f"dicode.dreaming.{module}.find_key", None)
    run = make(tmp_path, words=words)
    before = tree(tmp_path)
    code, said = say("resume", run.path)
    assert code == 2
    assert named in said
    assert "dicode adopt" in said
    assert "sk-aaa" not in said
    assert tree(tmp_path) == before
    for command in (*READERS, "eval"):
        assert "find_key" not in say(command, run.path)[1]


def test_a_received_configuration_imports_no_package(tmp_path, stopped):
    run = make(tmp_path)
    text = run.config_file.read_text()
    assert "game: craftax\n" in text
    run.config_file.write_text(text.replace("game: craftax\n", "game: xml.dom\n"))
    for command in ("eval", "resume", "replay", "train from="):
        code, said = say(command, run.path)
        assert code == 2, (command, said)
        assert "imports the package 'xml.dom'" in said, (command, said)
    assert "imports the package" in say("adopt", run.path)[1]


def test_a_run_made_here_goes_on_with_its_model(tmp_path, stopped, monkeypatch):
    monkeypatch.setenv("FM_KEY_OF_MINE", "key-123456")
    mine = ("fm=vllm", "fm.base_url=http://127.0.0.1:9/v1", "fm.key_env=FM_KEY_OF_MINE", "fm.test_call=false")
    words = ("dreamer=foundation", *mine)
    run = make(tmp_path, sealed=True, words=words)
    assert "would compile" in say("resume", run.path)[1]
    run.config_file.write_text(run.config_file.read_text().replace("127.0.0.1", "192.0.2.7"))
    assert "was changed since" in say("resume", run.path)[1]


@pytest.mark.fast
@pytest.mark.parametrize("variable", KEY_HOSTS)
@pytest.mark.parametrize(
    "address",
    ["https://evil.example/v1", "http://{host}/v1", "https://{host}.evil.example/v1", "https://evil.example/{host}"],
)
def test_a_hosted_providers_key_is_sent_to_its_own_host_only(monkeypatch, variable, address):
    monkeypatch.setenv(variable, "sk-aaaaaaaaaaaa")
    host = KEY_HOSTS[variable]
    with pytest.raises(ConfigError, match=f"{variable} is sent to https://{host} only"):
        find_key(Endpoint("vllm", "m", address.format(host=host), variable))
    assert find_key(Endpoint("vllm", "m", f"https://{host}/v1", variable)).reveal() == "sk-aaaaaaaaaaaa"


@pytest.mark.fast
def test_the_hosts_of_keys_are_those_of_the_provider_entries():
    from importlib import resources

    import yaml

    found = {}
    for file in resources.files("dicode.conf").joinpath("fm").iterdir():
        entry = yaml.safe_load(file.read_text()) if file.name.endswith(".yaml") else {}
        if entry.get("key_env"):
            found[entry["key_env"]] = entry["base_url"].split("/")[2]
    assert found == KEY_HOSTS


@pytest.mark.fast
def test_plain_values_are_read_as_they_were_written():
    text = "a: 1e-4\nb: '1e-4'\nc: 2026-11-25\nd: {e: [1, true, null, x]}\nf: 1_000\n"
    assert from_yaml(text) == {"a": 1e-4, "b": "1e-4", "c": "2026-11-25", "d": {"e": [1, True, None, "x"]}, "f": 1000}
    assert from_json('{"a": [1, -3, -2.5, "\u00e9", 9223372036854775807]}') == {"a": [1, -3, -2.5, "é", 2**63 - 1]}


@pytest.mark.fast
@pytest.mark.parametrize(
    "text",
    ["NaN", "[Infinity]", "-Infinity", "1e999", "9" * 30, "-" + "9" * 30, "[" * 100_000, "[" * 40 + "]" * 40,
     '{"a":' * 40 + "1" + "}" * 40, '"\\ud800"', '{"\\udfff": 1}', "", "{", '{"a": 1,}', "\x00", "1" * 5000],
)  # fmt: skip
def test_json_that_would_break_its_reader_is_a_value_error(text):
    with pytest.raises(ValueError):  # noqa: PT011 - the sentence is each parser's own
        from_json(text)


@pytest.mark.parametrize("command", WRITERS)
def test_a_wall_that_a_received_configuration_lowers_stands_again(tmp_path, stopped, monkeypatch, command):
    from dicode import sandbox
    from dicode.runs import assemble

    seen = []

    class Watched(sandbox.Sandbox):
        def __init__(self, game, wall="auto", **more):
            seen.append((wall, more.get("foreign")))
            super().__init__(game, wall=wall, **more)

    for module in (sandbox, assemble):
        monkeypatch.setattr(module, "Sandbox", Watched)
    run = make(tmp_path, words=("sandbox=weak",))
    say(command, run.path)
    assert ("weak", True) not in seen
    assert ("weak", False) not in seen
    assert seen == {"resume": [("auto", True)], "replay": [("auto", True)]}.get(command, seen)
