"""`dicode export`: a run's newest policy as a folder that needs nothing of this package."""

from dicode import files
from dicode.adapters import policy
from dicode.errors import RunError
from dicode.runs import checkpoint, restore
from dicode.runs.directory import open_run
from dicode.terminal import PlainConsole
from dicode.training.trainer import Trainer


def command(path: str, output: str | None) -> int:
    """Write policy, manifest and program into `output` (default: the run's `policy/`). Compiles nothing of the game."""
    run, console = open_run(path), PlainConsole()
    folder = run.path / "policy" if output is None else files.output_path(output)
    if folder.exists() and any(folder.iterdir()):
        raise RunError(f"{folder} exists and is not empty; name a new folder with -o")
    config, cycle = run.config(), restore.newest_cycle(run)
    trainer = Trainer(config)
    params = restore.parameters(run, config, trainer, cycle)
    about = {"run": run.path.name, "cycle": cycle, "env_steps": checkpoint.meta(run.checkpoints, cycle)["env_steps"]}
    file = policy.write(folder, trainer.game, config, params, about)
    console.print(f"{file}: {file.stat().st_size / 1e6:.1f} MB, the policy after cycle {cycle}", soft_wrap=True)
    console.print(f"  play it: python {folder / policy.PROGRAM}", soft_wrap=True)
    return 0
