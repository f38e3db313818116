"""How mobs move and attack: melee mobs chase, passive mobs wander, ranged mobs keep their distance and shoot."""

from functools import partial

import jax
import jax.numpy as jnp

from dicode.games.craftax.dynamics.combat import wound_of_player
from dicode.games.craftax.dynamics.draws import Draws
from dicode.games.craftax.dynamics.few import Slots, by_slot, slots_of, total
from dicode.games.craftax.dynamics.projectiles import launch
from dicode.games.craftax.dynamics.rare import Slot, one_by_one, put
from dicode.games.craftax.dynamics.scene import MELEE, PASSIVE, RANGED, Scene, can_enter, offset
from dicode.games.craftax.levels.names import Achievement
from dicode.games.craftax.rules import RuleTable


@jax.named_scope("game.mobs")
def move_mobs(scene: Scene, draws: Draws, defended: Slots, rules: RuleTable) -> Scene:
    """Let every mob of the floor act, in the package's order: melee, passive, ranged.

    Free slots move about too, without being in anyone's way. The player moves before the mobs.
    """
    acts = ((MELEE, partial(_melee, defended=defended)), (PASSIVE, _passive), (RANGED, _ranged))
    for part, act in acts:
        scene = one_by_one(range(part.start, part.stop), partial(act, draws=draws, rules=rules), scene)
    return scene


def _melee(scene: Scene, slot: Slot, draws: Draws, rules: RuleTable, defended: Slots) -> Scene:
    mobs, game, number = scene.mobs, scene.game, slot - MELEE.start
    row, column = mobs.position[slot][0], mobs.position[slot][1]
    distance, towards = _towards_player(scene, row, column, draws.melee_axis[number])
    near = (distance < rules.chase_distance) | scene.fighting_boss
    chases = near & (draws.melee_chase[number] < rules.chase_chance)
    wandering = offset(draws.melee_direction[number] + 1)
    rows, columns = (jnp.where(chases, to, away) for to, away in zip(towards, wandering, strict=True))

    attacks = (distance == 1) & (mobs.cooldown[slot] <= 0) & mobs.mask[slot]
    force = 1 + rules.sleeping_damage * game.is_sleeping
    blow = by_slot(lambda damage: damage * force, rules.melee_damage[mobs.kind[slot] - 8])
    wound = wound_of_player(scene, blow, defended, rules) * attacks
    woken = game.is_sleeping & attacks
    game = game.replace(
        player_health=game.player_health - wound,
        is_sleeping=game.is_sleeping & ~attacks,
        is_resting=game.is_resting & ~attacks,
    )
    attacker = jnp.where(wound > 0, mobs.kind[slot], scene.attacker)
    scene = scene.replace(game=game, damage_taken=scene.damage_taken + wound, attacker=attacker)
    scene = scene.earn({Achievement.WAKE_UP: woken})
    willing = ~attacks & (draws.speed[slot] < rules.melee_speed)
    cooldown = jnp.where(attacks, rules.melee_cooldown, mobs.cooldown[slot] - 1)
    stays = (distance < rules.despawn_distance) | scene.fighting_boss
    return _step_to(scene, slot, row + rows, column + columns, willing, cooldown, stays, rules)


def _passive(scene: Scene, slot: Slot, draws: Draws, rules: RuleTable) -> Scene:
    mobs, player = scene.mobs, scene.game.player_position
    row, column = mobs.position[slot][0], mobs.position[slot][1]
    # Half of the eight directions are none.
    rows, columns = offset(draws.passive_direction[slot] + 1)
    distance = jnp.abs(row - player[0]) + jnp.abs(column - player[1])
    willing = draws.speed[slot] < rules.passive_speed
    stays = distance < rules.despawn_distance
    return _step_to(scene, slot, row + rows, column + columns, willing, mobs.cooldown[slot], stays, rules)


def _ranged(scene: Scene, slot: Slot, draws: Draws, rules: RuleTable) -> Scene:
    mobs, number = scene.mobs, slot - RANGED.start
    row, column = mobs.position[slot][0], mobs.position[slot][1]
    distance, towards = _towards_player(scene, row, column, draws.ranged_axis[number])
    wandering = offset(draws.ranged_direction[number] + 1)
    far, close = distance >= rules.advance_distance, distance <= rules.retreat_distance
    follows_plan = draws.ranged_plan[number] > rules.ranged_hesitation
    sign = jnp.where(close, -1, 1)
    planned = follows_plan & (far | close)
    rows, columns = (jnp.where(planned, sign * to, away) for to, away in zip(towards, wandering, strict=True))

    blocked_by = rules.mob_blocked_by[mobs.kind[slot]]
    cornered = close & ~can_enter(scene, row + rows, column + columns, blocked_by)
    in_range = (distance >= rules.shoot_nearest) & (distance <= rules.shoot_farthest)
    attacks = (in_range | cornered) & (mobs.cooldown[slot] <= 0) & mobs.mask[slot]
    room = total(scene.mob_shots.mask) < rules.max_mob_projectiles
    type_id = rules.shoots[mobs.kind[slot] - 16]
    shots = launch(scene.mob_shots, attacks & room, slots_of(row, column), slots_of(*towards), type_id)
    scene = scene.replace(mob_shots=shots)
    willing = ~attacks & (draws.speed[slot] < rules.ranged_speed)
    cooldown = jnp.where(attacks, rules.ranged_cooldown, mobs.cooldown[slot] - 1)
    stays = (distance < rules.despawn_distance) | scene.fighting_boss
    return _step_to(scene, slot, row + rows, column + columns, willing, cooldown, stays, rules)


def _towards_player(
    scene: Scene, row: jax.Array, column: jax.Array, unit: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Distance to the player (rows plus columns), and one step along the longer axis; a draw decides between equals."""
    player = scene.game.player_position
    rows, columns = player[0] - row, player[1] - column
    far_rows, far_columns = jnp.abs(rows), jnp.abs(columns)
    along_columns = (far_columns > far_rows) | ((far_columns == far_rows) & (unit < 0.5))
    step = jnp.where(along_columns, 0, jnp.sign(rows)), jnp.where(along_columns, jnp.sign(columns), 0)
    return far_rows + far_columns, step


def _step_to(
    scene: Scene,
    slot: Slot,
    row: jax.Array,
    column: jax.Array,
    willing: jax.Array,
    cooldown: jax.Array,
    stays: jax.Array,
    rules: RuleTable,
) -> Scene:
    """Move one mob to a cell if it is willing and may enter it, else leave it where it is; or let it vanish."""
    mobs = scene.mobs
    old_row, old_column, mask = mobs.position[slot][0], mobs.position[slot][1], mobs.mask[slot]
    moves = willing & can_enter(scene, row, column, rules.mob_blocked_by[mobs.kind[slot]])
    row, column = jnp.where(moves, row, old_row), jnp.where(moves, column, old_column)
    stays = mask & stays
    # The old cell is freed and the new one taken in one write that waits for the reads above, so that it is in place.
    freed = slots_of(old_row, row), slots_of(old_column, column)
    same = ~moves & stays
    return scene.replace(
        mob_map=scene.mob_map.write_all(*freed, slots_of(same, stays), slots_of(mask, stays)),
        mobs=mobs.replace(
            position=put(mobs.position, slot, slots_of(row, column)),
            cooldown=put(mobs.cooldown, slot, cooldown),
            mask=put(mobs.mask, slot, stays),
        ),
    )
