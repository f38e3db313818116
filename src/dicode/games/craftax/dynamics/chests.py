"""What is in a chest. Amounts and chances are rules; the order of the draws is the package's."""

import jax
import jax.numpy as jnp

from dicode.games.craftax.dynamics.draws import ChestDraws, draw_chest
from dicode.games.craftax.dynamics.few import Slots, by_slot, sums, total
from dicode.games.craftax.rules import RuleTable
from dicode.games.craftax.state import Inventory

_ORES = ("coal", "iron", "diamond", "sapphire", "ruby")


@jax.named_scope("game.chests")
def loot(
    opening: jax.Array, held: Inventory, chest: jax.Array | ChestDraws, first: jax.Array, rules: RuleTable
) -> Inventory:
    """The inventory after opening a chest, if `opening`, by the draws of its contents or by their key.

    `first` is (floor, whether it is the floor's first chest), int32[2]: first chests may hold a bow or books.
    """
    draws = draw_chest(chest)
    unit = draws.unit
    floor, is_first = first[0], opening & (first[1] > 0)

    found = opening & (unit[0] < rules.chest_torches)
    torches = jnp.where(found, draws.integer(1, rules.chest_torches_least, rules.chest_torches_most), 0)
    found = opening & (unit[2] < rules.chest_ore)
    kind = weighted(unit[3], rules.chest_ore_weight)
    pieces = draws.integer(4, rules.chest_ore_least[kind], rules.chest_ore_most[kind])
    ores = {ore: getattr(held, ore) + jnp.where(found & (kind == i), pieces, 0) for i, ore in enumerate(_ORES)}

    found = opening & (unit[5] < rules.chest_potion)
    colour = draws.integer(6, jnp.int32(0), jnp.int32(5))
    potions = jnp.where(found, draws.integer(7, rules.chest_potion_least, rules.chest_potion_most), 0)
    found = opening & (unit[8] < rules.chest_arrows)
    arrows = jnp.where(found, draws.integer(9, rules.chest_arrows_least, rules.chest_arrows_most), 0)

    found = opening & (unit[10] < rules.chest_tool)
    is_sword = draws.integer(11, jnp.int32(0), jnp.int32(1)) == 1
    pickaxe = jnp.where(found & ~is_sword, weighted(unit[12], rules.chest_tool_weight) + 1, 0)
    sword = jnp.where(found & is_sword, weighted(unit[13], rules.chest_tool_weight) + 1, 0)
    return held.replace(
        **ores,
        torches=held.torches + torches,
        arrows=held.arrows + arrows,
        potions=by_slot(lambda n, own: own + jnp.where(n == colour, potions, 0), jnp.arange(6), held.potions),
        pickaxe=jnp.maximum(held.pickaxe, pickaxe),
        sword=jnp.maximum(held.sword, sword),
        bow=jnp.where(is_first & (rules.chest_bow[floor] > 0), 1, held.bow),
        books=held.books + jnp.where(is_first, rules.chest_books[floor], 0),
    )


def weighted(unit: jax.Array, weights: Slots) -> jax.Array:
    """The index that `jax.random.choice` draws by `weights` from a uniform number."""
    up_to = sums(weights)
    drawn = up_to[-1] * (1 - unit)
    return jnp.minimum(total(by_slot(lambda below: below < drawn, up_to)), len(weights) - 1)
