"""What one level may cost: CPU time decides verdicts, wall time is only the backstop."""

from dataclasses import dataclass

MIB = 2**20
GIB = 2**30


@dataclass(frozen=True)
class Limits:
    """Bounds on one level's journey through the sandbox; sizes in bytes, times in seconds."""

    cpu_s: int = 5
    """CPU time of `build` over the whole pool, before `cpu_per_world_s` is added."""
    cpu_per_world_s: float = 0.5
    """CPU time added for each world of the pool."""
    wall_s: float = 600.0
    """Backstop in wall-clock time, far beyond what the CPU limit takes on a busy machine."""
    idle_s: float = 30.0
    """A process that uses no CPU time for so long is waiting, and is ended."""
    memory: int = 2 * GIB
    """Address space of the process that runs `build`."""
    source: int = 64 * 1024
    """Level text, in UTF-8 bytes."""
    text: int = 2000
    """Characters kept of a description, a reason or a hint that comes out of the sandbox."""
    hook_cpu_s: int = 40
    """CPU time for exporting one level's hooks, and again for checking and for trying them."""
    hook_memory: int = 4 * GIB
    """Address space of the processes that handle hooks (JAX reserves much more than it uses)."""
    hook_module: int = MIB
    """One hook's exported module."""
    hook_operations: int = 20_000
    """Operations in one hook's module, as written."""
    hook_flops: float = 2e7
    """Estimated floating-point operations of one hook for one environment and step."""
    hook_tensor: int = MIB // 2
    """The largest array inside a hook, per environment."""

    def build_cpu(self, worlds: int) -> int:
        """Whole seconds of CPU time for a pool of `worlds` worlds."""
        return int(self.cpu_s + self.cpu_per_world_s * worlds + 0.999)

    def reply(self, worlds: int, state_bytes: int) -> int:
        """Bytes that a level's process may send back for a pool of `worlds` worlds of `state_bytes` bytes each."""
        return worlds * (state_bytes + 64 * 1024) + MIB
