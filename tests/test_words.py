"""Words of the command line: what would do nothing is refused, the nearest name is found, and JAX is not paid for."""

import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml

from dicode import config, machine, words
from dicode import settings as records
from dicode.commands import dream, sweep
from dicode.commands.launch import with_preset
from dicode.config import Config
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast

CONF = Path(config.__file__).parent / "conf"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("method=ppo dreamer=foundation", "it needs method=dicode"),
        ("method=ppo levels=DIR", "it needs method=dicode"),
        ("method=plr dreamer.round=3", "it needs method=dicode"),
        ("method=dr fm=vllm", "it needs method=dicode"),
        ("method=sfl budget.usd=1", "it needs method=dicode"),
        ("method=plr seed_cycles=3", "it needs method=dicode"),
        ("method=ppo target_share=0.3", "it needs method=dicode or dr"),
        ("method=ppo bonus=dynamic", "it needs method=dicode or dr"),
        ("method=plr method.edits=3", "it is a setting of accel, and this run has method=plr"),
        ("agent=lstm agent.memory=3", "it is a setting of gtrxl, and this run has agent.kind=lstm"),
        ("agent=gtrxl agent.kind=gru agent.heads=2", "it is a setting of gtrxl"),
        ("dreamer=grammar fm=openai", "it needs dreamer=foundation"),
        ("dreamer=grammar fm.model=x", "it needs dreamer=foundation"),
        ("dreamer=library dreamer.repairs=1", "it needs dreamer=foundation"),
        ("dreamer=none budget.tokens=1", "it needs dreamer=foundation"),
        ("dreamer=none dreamer.round=3", "dreamer=auto or grammar"),
        ("fm=local dreamer.stages=1", "it needs fm.compact=false"),
        ("fm=local fm.concurrency=3", "it needs fm.max_repairs=-1"),
        ("hook_slots=3", "it needs dreamer.hooks=true"),
        ("method.open_loop=true method.parents=any", "it needs method.open_loop=false"),
        ("method.parents=any method.max_children=2", "it needs method.parents=frontier"),
        ("logging.wandb_project=x", "it needs logging.wandb=true"),
        ("evaluation.heldout_steps=3", "it needs evaluation.heldout_worlds"),
        ("method=accel method.edit_probability=0 method.edits=3", "it needs method.edit_probability=another value"),
        ("method=accel method.edit_probability=0 method.mutation=swap", "method.edit_probability"),
        ("method=plr method.replay_probability=0 method.replay_rule=coin", "method.replay_probability"),
        ("method=plr method.replay_probability=0 method.minimum_fill=0.5", "method.replay_probability"),
        ("dreamer.round=0 dreamer.every=3", "it needs dreamer.round=another value, and this run has dreamer.round=0"),
        ("dreamer.round=0 dreamer.probe=8", "dreamer.round=0"),
        ("dreamer.round=0 dreamer.lag=3", "dreamer.round=0"),
        ("dreamer.goal_only=true dreamer.arenas=false", "it needs dreamer.goal_only=false"),
        ("dreamer.goal_only=true dreamer.steps=any", "it needs dreamer.goal_only=false"),
        ("schedule=restart", "dicode resume"),
        ("preset=laptop dreamer.keep=2", "it needs method.stay=draw"),
        ("method=plr target_share=0 bonus=dynamic", "it follows the target, and this run has target_share=0"),
        ("method.frontier=4 target_share=0", "it follows the target, and this run has target_share=0"),
        ("method.parents=wanted target_share=0", "it follows the target, and this run has target_share=0"),
        ("dreamer.pursue=target target_share=0", "it follows the target, and this run has target_share=0"),
        ("dreamer=none method.parents=random", "it needs dreamer=auto or grammar or foundation"),
        ("dreamer=none method.open_loop=true", "it needs dreamer=auto or grammar or foundation or library"),
        ("dreamer=none method.max_children=2", "it needs dreamer=auto or grammar or foundation"),
        ("dreamer=none method.frontier=4", "it needs dreamer=auto or grammar or foundation"),
        ("dreamer=library method.parents=random", "it needs dreamer=auto or grammar or foundation"),
        ("dreamer=library method.frontier=4", "it needs dreamer=auto or grammar or foundation"),
        ("dreamer.round=0 method.parents=random", "it needs dreamer.round=another value"),
        ("method.unsolved_target=measure", "it is for a target that is a level, and this run has target=game"),
        (
            "target=library:collect_wood method.unsolved_target=measure target_share=0",
            "it follows the target, and this run has target_share=0",
        ),
    ],
)
def test_a_word_that_would_do_nothing_is_refused(given, says):
    with pytest.raises(ConfigError, match="would do nothing") as caught:
        config.load(given.split())
    assert says in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        "method=ppo dreamer=none",
        "method=ppo dreamer=auto",
        "method=accel method.edits=3",
        "dreamer.hooks=true hook_slots=1",
        "evaluation.heldout_worlds=4 evaluation.heldout_steps=3",
        "dreamer=foundation fm=vllm budget.tokens=1e6 dreamer.stages=1",
        "agent=lstm_small agent.kind=gru",
        "preset=smoke dreamer.keep=2",
        "preset=laptop method=ppo num_envs=16 pool_size=16",
        "method=plr target_share=0 bonus=constant",
        "target_share=0 method.parents=random dreamer.pursue=tree",
        "target_share=0 method.rehearse=4",
        "dreamer=library method.open_loop=true",
        "method=ppo target=library:collect_wood bonus=dynamic",
        "target=library:collect_wood method.unsolved_target=measure",
    ],
)
def test_a_word_that_does_something_is_taken(given):
    config.load(given.split())


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("fm.model=x", "it needs dreamer=foundation, and this run has dreamer=grammar"),
        ("budget.usd=1", "it needs dreamer=foundation, and this run has dreamer=grammar"),
        ("dreamer=library dreamer.steps=any", "it needs dreamer=auto or grammar"),
        ("dreamer.round=3", "the recorded briefs are asked as they are"),
        ("dreamer.probe=3", "--probe N measures"),
    ],
)
def test_a_word_that_changes_nothing_of_dreams_asked_again_is_refused(given, says):
    run = config.load(["preset=smoke", "dreamer=grammar"])
    with pytest.raises(ConfigError, match="would do nothing") as caught:
        dream.changed(run, given.split())
    assert says in str(caught.value)
    assert dream.changed(run, ["fm=vllm", "fm.model=x", "budget.usd=1"]).fm.model == "x"


def test_naming_a_model_asks_for_it():
    assert config.load([]).dreamer.name == "auto"
    for word in ("fm=vllm", "fm.model=x", "budget.usd=1", "dreamer.repairs=1"):
        assert config.load([word]).dreamer.name == "foundation"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("lr", "learner.lr"),
        ("learner.learning_rate", "learner.lr"),
        ("LR", "learner.lr"),
        ("learning-rate", "learner.lr"),
        ("method.lr", "learner.lr"),
        ("n_envs", "num_envs"),
        ("envs", "num_envs"),
        ("discount", "learner.gamma"),
        ("learner.discount", "learner.gamma"),
        ("entropy_coef", "learner.entropy"),
        ("wandb", "logging.wandb"),
        ("hooks", "dreamer.hooks"),
        ("dreamer.hook", "dreamer.hooks"),
        ("agent.hidden", "agent.head_hidden"),
        ("episode_length", "episode_limit"),
        ("checkpoints", "keep_checkpoints"),
        ("presett", "preset"),
        ("level", "levels"),
    ],
)
def test_the_nearest_name_is_looked_for_in_all_sections(typed, meant):
    with pytest.raises(ConfigError) as caught:
        config.load([f"{typed}=1"])
    assert repr(meant) in str(caught.value)


def test_what_is_like_nothing_gets_no_guess():
    assert "did you mean" not in words.nearest_setting("xyzzy", Config)


def leaves(tree: dict, prefix: str = "") -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in tree.items():
        found |= leaves(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def test_no_file_repeats_a_default():
    for group in ("preset", "agent", "method", "dreamer", "fm"):
        for path in (CONF / group).glob("*.yaml"):
            tree = {key: value for key, value in yaml.safe_load(path.read_text()).items() if key != "defaults"}
            given = leaves(tree if group == "preset" else {group: tree})
            for name in given.keys() - {"preset", "agent.kind", "method.name", "dreamer.name", "fm.provider"}:
                own = words.settings_of(Config)[name]
                assert any(setting.value(given[name]) != records.default_of(setting) for setting in own), (path, name)


def test_an_experiment_brings_its_own_preset():
    assert with_preset(["seed=3"])[0].startswith("preset=")
    assert config.load(with_preset(["experiment=paper/dicode"])).preset == "paper"
    assert config.load(with_preset(["experiment=paper/ppo"])).learner.lr_final == 0.0


@pytest.mark.slow
def test_a_sweep_has_one_run_for_every_combination():
    found = sweep.plan(["method=ppo,dr", "seed=range(2)", "learner.lr=1e-3,2e-3", "runs_dir=a,b"])
    assert [(c.method.name, c.seed, c.learner.lr) for c in found] == [
        (method, seed, lr) for method in ("ppo", "dr") for seed in (0, 1) for lr in (1e-3, 2e-3)
    ]
    assert {c.runs_dir for c in found} == {"a,b"}
    assert found[0].name == "laptop-ppo-0-learner.lr-1e-3"


@pytest.mark.slow
def test_the_comparison_sweeps_what_its_file_says_unless_a_word_does():
    assert len(sweep.plan(["experiment=laptop/compare"])) == 25
    assert {c.seed for c in sweep.plan(["experiment=laptop/compare", "seed=7"])} == {7}


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("method=ppo,dr run=x", "would all be called"),
        ("method=ppo,dr dreamer=grammar", "would do nothing"),
        ("method=plr,accel method.edits=1,2", "would do nothing"),
        ("seed=0,x", "must be a number"),
        ("seed=range(3", "must be a number"),
        (
            "experiment=laptop/compare,laptop/trend seed=5",
            "experiment=laptop/compare names values of its own, of method",
        ),
        ("seed=range(0) method=ppo", "names no values"),
        ("seed=range(5,1)", "names no values"),
        ("method=ppo,drr", "did you mean 'dr'"),
    ],
)
def test_a_sweep_that_cannot_work_is_refused_before_its_first_run(given, says):
    with pytest.raises(ConfigError, match=says):
        sweep.plan(given.split())


def test_a_word_may_concern_some_runs_of_a_sweep_only():
    assert len(sweep.plan(["method=ppo,dicode", "dreamer=grammar"])) == 2


def test_the_machine_is_looked_at_without_jax(tmp_path, monkeypatch):
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    monkeypatch.setattr(metadata, "entry_points", lambda group: ["a plugin"])
    assert not machine.has_accelerator(tmp_path)
    (tmp_path / "nvidia0").touch()
    assert machine.has_accelerator(tmp_path)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not machine.has_accelerator(tmp_path)
    monkeypatch.setenv("JAX_PLATFORMS", "cuda,cpu")
    assert machine.has_accelerator(tmp_path)
    assert machine.default_preset() == "gpu"
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert machine.default_preset() == "laptop"


@pytest.mark.slow
@pytest.mark.parametrize(
    "given", [["train", "--help"], ["train", "lr=3"], ["resume", "nowhere"], ["eval", "nowhere"], []]
)
def test_words_are_checked_without_jax(given, tmp_path):
    program = f"import sys; from dicode.cli import main; main({given!r}); sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True).returncode == 0
