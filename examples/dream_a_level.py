"""Dream one level without a foundation model, run it behind the wall, and print the verdict.

    uv run python examples/dream_a_level.py

No JAX is imported: levels are NumPy, and the worlds here are synthetic ones.
"""

from dicode import Accepted, Brief, Draft, Rejected, Sandbox, Streams, Verdict, load_host
from dicode.games.craftax.grammar import GrammarDreamer
from dicode.games.craftax.levels.blank import blank_worlds
from dicode.levels import Achievement

# What a run would tell a dreamer: the agent collects wood and saplings on the target, little else.
success = dict.fromkeys((a.name for a in Achievement), 0.0) | {
    "COLLECT_WOOD": 0.8,
    "COLLECT_SAPLING": 0.6,
    "PLACE_TABLE": 0.3,
}
brief = Brief(cycle=0, index=0, parent=None, target_success=success, target_return=1.7)

with Sandbox(load_host("craftax")) as sandbox:

    def validate(draft: Draft) -> Verdict:
        """Build the draft on four worlds; the pool is thrown away here."""
        built = sandbox.build(draft.source, blank_worlds(4), seed=0, origin=draft.origin)
        if isinstance(built, Rejected):
            return built
        return Accepted(built.goal.to_json(), built.rules.to_json(), built.pool_hash)

    (outcome,) = GrammarDreamer(Streams(7)).dream([brief], validate)

assert outcome.draft is not None, outcome.verdict
assert outcome.accepted, outcome.verdict
print(outcome.draft.source)
print(f"# accepted; id {outcome.draft.id}, goal {dict(outcome.verdict.goal)}")
