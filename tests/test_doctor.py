"""What `dicode doctor` says of the wall: whether it is the full one, and what a container would have to let through."""

from importlib.metadata import PackageNotFoundError, version

import pytest

from dicode.commands import doctor
from dicode.commands.doctor import cores_in_words, required, wall_in_words
from dicode.dreaming import trial
from dicode.dreaming.calls import Answer, Kind
from dicode.errors import ConfigError
from dicode.machine import has_amx

pytestmark = pytest.mark.fast


def test_the_full_wall_is_called_so_and_nothing_is_asked_for():
    assert wall_in_words(("rlimits", "seccomp", "landlock"), True) == "rlimits, seccomp, landlock: the full wall"


@pytest.mark.parametrize("found", [(), ("rlimits",)])
def test_what_a_container_must_let_through_is_named(found):
    said = wall_in_words(found, False)
    assert said.startswith(", ".join(found) or "none")
    assert all(call in said for call in ("seccomp", "landlock_restrict_self", "--security-opt", "sandbox=weak"))


@pytest.mark.parametrize(
    ("listing", "there"),
    [
        ("flags\t\t: fpu amx_bf16 amx_tile\n", True),
        ("flags\t\t: fpu avx512_bf16\n", False),
        ("Features\t: bf16\n", False),
    ],
)
def test_matrix_units_are_found_in_what_the_system_lists_and_the_setting_for_them_is_named(listing, there, tmp_path):
    (tmp_path / "cpuinfo").write_text(listing)
    assert has_amx(tmp_path / "cpuinfo") is there
    assert ("learner.precision=bfloat16" in cores_in_words(2, there)) is there
    assert not has_amx(tmp_path / "absent")


def test_every_package_that_is_asked_for_is_looked_at_with_the_extra_that_asks():
    found = required()
    assert {"dicode", "jax", "jaxlib", "craftax", "hydra-core", "httpx2", "jinja2"} <= {
        n for n, e in found.items() if not e
    }
    assert (found["wandb"], found["imageio"], found["hydra-submitit-launcher"]) == ("wandb", "", "slurm")
    assert len(found) > 20


def test_a_source_tree_that_was_never_installed_is_looked_at_all_the_same(monkeypatch):
    def unknown(name):
        if name == "dicode":
            raise PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(doctor, "requires", unknown)
    monkeypatch.setattr(doctor, "version", unknown)
    found = required()
    assert {"dicode", "jax", "craftax"} <= set(found)
    assert "not installed" in doctor._version("dicode")
    assert doctor._version("jax") == version("jax")


def test_each_of_several_models_is_asked_once_and_one_that_fails_is_told_by_the_exit_code(monkeypatch, capsys):
    asked = []

    def probe(fm, place):
        asked.append((fm.provider, place))
        return trial.Probe(fm.provider != "vllm", f"{fm.provider} was asked", Answer(Kind.TEXT))

    monkeypatch.setattr(trial, "probe", probe)
    monkeypatch.setattr(doctor, "rows", list)
    assert doctor.report(["fm=[vllm,ollama]", "fm.model=any"]) == 1
    assert asked == [("vllm", "fm"), ("ollama", "models.ollama")]
    assert "ollama was asked" in capsys.readouterr().out


def test_a_mistake_of_a_further_model_is_told_by_the_name_of_its_setting(monkeypatch):
    monkeypatch.setattr(doctor, "rows", list)
    monkeypatch.setattr(trial, "call", lambda *_: Answer(Kind.TEXT))
    with pytest.raises(ConfigError, match=r"models\.ollama\.base_url='nowhere' is not an http"):
        doctor.report(["fm=[vllm,ollama]", "fm.model=a", "models.ollama.model=b", "models.ollama.base_url=nowhere"])
