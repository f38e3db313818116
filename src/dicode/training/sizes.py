"""How large a run's parts are, as its configuration says: worlds in a batch, environments of a hook, episodes that count."""

from dicode.config import Config
from dicode.counting import Counting
from dicode.environment.batch import MIN_ENVS
from dicode.learner.distributed import mesh_devices
from dicode.methods.settings import target_envs


def counting(config: Config) -> Counting:
    """Which episodes of a cycle count."""
    steps = config.learner.rollout_steps
    return Counting(config.updates_per_cycle * steps, config.method.score_updates * steps)


def pool_size(config: Config) -> int:
    """Initial states in a batch, all levels together."""
    return config.pool_size or 2 * config.level_slots * config.worlds_per_level


def hook_envs(config: Config) -> int:
    """Environments of one hook slot, 0 where the run has no hooks: what an even split gives a level, equally many on each device."""
    if not (config.dreamer.hooks and config.hook_slots):
        return 0
    target = target_envs(config.num_envs, config.target_share, config.min_envs)
    even = max((config.num_envs - target) // max(config.level_slots - 1, 1), MIN_ENVS)
    devices = len(mesh_devices(config.devices))
    return max(even // devices, 1) * devices


def hook_group(config: Config) -> int:
    """Environments of one hook slot on each device: what hooks are exported for."""
    return hook_envs(config) // len(mesh_devices(config.devices))
