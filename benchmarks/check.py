"""What `dicode level check` costs: CPU seconds of the command and its workers, in units of a Python that imports NumPy.

    python benchmarks/check.py [--repeats 7] [--against CHECKOUT]

`--against` runs the commands of another checkout (its `src/`, this environment) in turn with this one's, and prints the
ratio. CPU seconds, not waiting, and the unit is taken in the same turn: the machine may be busy.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

GOOD = '''"""Objective: defeat a zombie with a wooden sword.
Why: fights gate the dungeon.
"""
from dicode.levels import Achievement, Goal, Mob, World

GOAL = Goal.all_of(Achievement.DEFEAT_ZOMBIE)

def build(world: World) -> None:
    world.player.inventory.sword = 1
    world.spawn(Mob.ZOMBIE, count=1, distance=(4, 8))
'''
FILES = {
    "correct": GOOD,
    "syntax error": GOOD.replace("ZOMBIE)\n", "ZOMBIE\n", 1),
    "import refused": GOOD.replace("def build", "import os\n\ndef build"),
}


def cpu_s(code: str, *words: str, source: Path) -> float:
    """CPU seconds of a Python that runs `code` with `dicode` from `source`, and of its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    surroundings = {**os.environ, "PYTHONPATH": str(source)}
    subprocess.run([sys.executable, "-c", code, *words], env=surroundings, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(files: dict[str, Path], sources: dict[str, Path], repeats: int) -> dict[tuple[str, str], list[float]]:
    """(file, checkout) -> multiples of importing NumPy, a turn each; one turn before that fills caches."""
    check = "import sys; from dicode.cli import main; main(['level', 'check', sys.argv[1]])"
    found: dict[tuple[str, str], list[float]] = {}
    for turn in range(repeats + 1):
        for checkout, source in sources.items():
            unit = cpu_s("import numpy", source=source)
            for name, path in files.items():
                cost = cpu_s(check, str(path), source=source) / unit
                if turn:
                    found.setdefault((name, checkout), []).append(cost)
    return found


def main() -> None:
    """Print a line for each kind of file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--against", type=Path, help="another checkout")
    words = parser.parse_args()
    sources = {"here": Path(__file__).resolve().parent.parent / "src"}
    if words.against:
        sources["there"] = words.against.resolve() / "src"
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, f"{name.replace(' ', '_')}.py") for name in FILES}
        for name, path in files.items():
            path.write_text(FILES[name])
        found = measure(files, sources, words.repeats)
    for name in FILES:
        here = median(found[name, "here"])
        line = f"{name:15} {here:5.1f} x importing NumPy"
        if words.against:
            there = median(found[name, "there"])
            line += f"; there {there:5.1f} x, {there / here:.2f} times this"
        print(line)


if __name__ == "__main__":
    main()
