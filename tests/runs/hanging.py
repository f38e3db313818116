"""A loop whose trainer hangs in a compiled program that never ends, as a hook could; run by `test_hung_hooks`.

Arguments: the run's folder, and how the trainer is: `hang`, or `tell` (prints the levels of the first proposal).
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import jax
import jax.numpy as jnp

from dicode import config as configuration
from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import target_record
from dicode.dreaming.library_dreamer import Volume
from dicode.methods import registry
from dicode.runs.assemble import room_of
from dicode.runs.directory import RunDirectory
from dicode.runs.loop import Loop, Parts
from dicode.training.builder import Playable
from dicode.types import Accepted, Draft, Origin

WORDS = "preset=smoke dreamer=grammar dreamer.hooks=true devices=1 hook_timeout_s=3"
HOOKED, PLAIN = (Draft(f"# {name}", name, Origin.GRAMMAR) for name in ("hooked", "plain"))


class Trainer:
    """Stands for the trainer: everything but `train` is nothing."""

    compiled = True
    sizes = SimpleNamespace(pool_size=100)

    def __init__(self, hang: bool) -> None:
        self.hang = hang

    def batch(self, proposal, playables, bonus):
        names = {HOOKED.id: "hooked", PLAIN.id: "plain"}
        sys.stdout.write(" ".join(names.get(slot.level, "target") for slot in proposal.slots) + "\n")
        sys.stdout.flush()

    def use_hooks(self, hooks, progress):
        return 0.0

    def train(self, learner, batch, cycle, on_update, watched):
        if self.hang:
            endless = jax.jit(lambda x: jax.lax.while_loop(lambda c: c < 127, lambda c: c + jnp.int8(100), x))
            compiled = endless.lower(jnp.int8(0)).compile()
            on_update(0, None)
            jax.block_until_ready(compiled(jnp.int8(0)))
        raise SystemExit(0)


class Builder:
    """Accepts everything; the level called `hooked` has a hook."""

    def check(self, draft, archive=()):
        return Accepted({}, {}, "", hooks=("bonus",) if draft.id == HOOKED.id else ())

    def playable(self, record, cycle, count):
        return Playable(record.id, None, {}, {}, {"bonus": b""} if record.id == HOOKED.id else {})


def main(folder: str, how: str) -> None:
    run = RunDirectory(Path(folder))
    config = configuration.load(WORDS.split())
    nothing = lambda *_: None  # noqa: E731
    observer = SimpleNamespace(stage=nothing, update=nothing, cycle=nothing, dreaming=nothing)
    dreams = SimpleNamespace(pending=dict, dispatch=nothing, collect=lambda due: [], progress=None)
    method = registry.make(room_of(config), config.method, config.dreamer)
    with Archive(run.archive_file) as archive:
        parts = Parts(
            config,
            run,
            archive,
            Trainer(how == "hang"),
            Builder(),
            method,
            dreams,
            [],
            observer,
            target_record(),
            [Volume(draft.description, draft) for draft in (HOOKED, PLAIN)],
        )
        Loop(parts, lambda trainer: object()).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
