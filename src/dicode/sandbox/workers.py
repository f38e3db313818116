"""The trainer's side of a warm worker: start it, give it jobs, replace it when it breaks.

Jobs' answers are returned as bytes that nobody has looked at. Workers start with an environment of
their own, no inherited descriptors and no arguments, and read what they are to be from the socket.
"""

import contextlib
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dicode import games
from dicode.errors import DicodeError
from dicode.sandbox import jail, wire, zygote
from dicode.sandbox.limits import Limits

_BOOT = "import sys; sys.path += {path!r}; from dicode.sandbox.zygote import main; main({fd})"
_ENVIRONMENT = {
    "PYTHONHASHSEED": "0",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "JAX_PLATFORMS": "cpu",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "LC_ALL": "C.UTF-8",
    "OBJC_DISABLE_INITIALIZE_FORK_SAFETY": "YES",  # macOS: the fork runs NumPy only, never its graphics
}
_PASSED_ON = ("LD_LIBRARY_PATH",)  # some installations of Python do not start without it
_START_S = 120.0
_SIGKILL, _SIGXCPU = 9, 24


class SandboxError(DicodeError):
    """The sandbox itself cannot work as asked; not a verdict on any level."""


@dataclass(frozen=True)
class Role:
    """One kind of worker: which module handles its jobs and which packages it may read."""

    module: str
    packages: tuple[str, ...]
    jax: bool = False


BUILDER = Role("dicode.sandbox.worker", ("numpy",))
VERIFIER = Role("dicode.sandbox.verify", ("numpy",))
HOOKS = Role(
    "dicode.sandbox.hook_worker",
    ("numpy", "jax", "jaxlib", "ml_dtypes", "opt_einsum", "scipy", "flatbuffers"),
    jax=True,
)


@dataclass(frozen=True)
class JobEnd:
    """How a job ended: the answer's body, unread, or None with the reason why there is none."""

    body: bytes | None
    cpu_s: float
    failure: str = ""
    """`cpu`, `wall`, `reply` or `crash` where there is no answer."""
    detail: str = ""


def _package_dir(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _readable(role: Role, game: str) -> tuple[str, ...]:
    """The standard library, the role's packages with their bundled libraries, and the game."""
    compiled = sysconfig.get_path("platstdlib", vars={"platbase": sys.base_exec_prefix})
    paths = [Path(sysconfig.get_path("stdlib")), Path(compiled)]
    for name in role.packages:
        found = _package_dir(name)
        if found is not None:
            paths += [found, found.with_name(f"{name}.libs")]
    if role.jax:
        paths.append(Path("/dev/urandom"))  # the compiler's C++ library seeds itself from it
    own = _own_root() / "dicode"
    paths += [
        own / "games",
        own / "levels",
        own / "sandbox",
        *(own / f"{name}.py" for name in ("__init__", "errors", "types", "streams")),
        *filter(None, [_package_dir(games.package(game))]),
    ]
    return tuple(dict.fromkeys(str(path.resolve()) for path in paths if path.exists()))


def environment() -> dict[str, str]:
    """The environment that workers start with; their jobs see none at all."""
    return _ENVIRONMENT | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


def _own_root() -> Path:
    return Path(__file__).resolve().parents[2]


def _search_path(role: Role, game: str) -> list[str]:
    """What the worker imports from: nothing of the user's own but the folder that holds the run's game."""
    roots = [str(_own_root())]
    roots += [str(found.resolve().parent) for name in role.packages if (found := _package_dir(name)) is not None]
    top = _package_dir(games.package(game).partition(".")[0])
    return list(dict.fromkeys([*roots, *([str(top.resolve().parent)] if top else [])]))


@dataclass
class Worker:
    """One zygote. `run` is thread-safe: jobs of one worker follow each other."""

    role: Role
    game: str
    """Whose levels it handles, by the name that `games.load_host` finds it by."""
    use: frozenset[str] = jail.ALL_MECHANISMS
    probe_memory: int = 1 << 33
    debug: bool = False
    seen: tuple[str, ...] = ()
    """Mechanisms seen to hold, after the worker has started."""
    starts: int = 0
    _wrapped: bool = False
    _ready: bool = False
    _process: subprocess.Popen[bytes] | None = None
    _control: socket.socket | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def launch(self) -> None:
        """Start the process unless it runs, without waiting until it is up; `start` says if it is not."""
        with self._lock:
            if self._process is None or self._process.poll() is not None:
                self._launch(self._wrapped)

    def start(self) -> None:
        """Start the process unless it runs; `SandboxError` if it does not come up."""
        with self._lock:
            self.launch()
            if self._ready:
                return
            self._await(self._wrapped)
            if not self._wrapped and not set(self.seen) & set(jail.NAMESPACES) and self._wrapper():
                self._try_wrapped()

    def _try_wrapped(self) -> None:
        """Where the kernel refuses us namespaces, bubblewrap may have them; without, what stood stands."""
        try:
            self._launch(wrapped=True)
            self._await(wrapped=True)
        except SandboxError:
            self._launch(wrapped=False)
            self._await(wrapped=False)
            self.use -= {"bubblewrap"}
        else:
            self._wrapped = True

    def _launch(self, wrapped: bool) -> None:
        self.stop()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._process = self._spawn(theirs, self._wrapper() if wrapped else [])
        finally:
            theirs.close()
        self._control = ours
        self.starts += 1
        ours.settimeout(_START_S)
        with contextlib.suppress(OSError):  # a process that has ended already: `_await` says so
            self._send({**self._setup(), "wrapped": wrapped}, [])

    def _await(self, wrapped: bool) -> None:
        try:
            answer = self._receive()
        except (OSError, ValueError) as error:
            self.stop()
            raise SandboxError(f"a sandbox worker did not start ({self.role.module}): {error}") from error
        self._ready = True
        self.seen = tuple(answer["seen"]) + (("bubblewrap",) if wrapped else ())

    def _wrapper(self) -> list[str]:
        """The command that puts bubblewrap around the worker, empty where it is absent or not wanted."""
        found = shutil.which("bwrap") if "bubblewrap" in self.use and sys.platform == "linux" else None
        if found is None:
            return []
        system = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", sys.base_prefix, sys.prefix)
        paths = [
            *(path for path in system if os.path.exists(path)),
            *_search_path(self.role, self.game),
            *_readable(self.role, self.game),
        ]
        command = [found, "--unshare-all", "--as-pid-1", "--cap-drop", "ALL", "--dir", "/tmp", "--chdir", "/"]
        for path in dict.fromkeys(paths):
            command += ["--ro-bind" if not path.startswith("/dev/") else "--dev-bind", path, path]
        return [*command, "--"]

    def _setup(self) -> dict[str, Any]:
        return {
            "readable": _readable(self.role, self.game),
            "jax": self.role.jax,
            "use": sorted(self.use),
            "module": self.role.module,
            "game": self.game,
            "memory": self.probe_memory,
        }

    def _spawn(self, theirs: socket.socket, wrapper: list[str]) -> subprocess.Popen[bytes]:
        boot = _BOOT.format(path=_search_path(self.role, self.game), fd=theirs.fileno())
        return subprocess.Popen(
            [*wrapper, sys.executable, "-S", "-s", "-P", *(["-B"] if sys.dont_write_bytecode else []), "-c", boot],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None if self.debug else subprocess.DEVNULL,
            env=environment(),
            pass_fds=(theirs.fileno(),),
            cwd="/",
            start_new_session=True,
        )

    def stop(self) -> None:
        """End the process and whatever it forked."""
        with self._lock:
            self._ready = False
            if self._control is not None:
                self._control.close()
                self._control = None
            if self._process is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._process.pid, 9)
                self._process.kill()
                self._process.wait()
                self._process = None

    def _send(self, order: dict[str, Any], fds: list[int]) -> None:
        assert self._control is not None
        data = json.dumps(order).encode() + b"\n"
        sent = socket.send_fds(self._control, [data], fds)
        self._control.sendall(data[sent:])

    def _receive(self) -> dict[str, Any]:
        assert self._control is not None
        data = b""
        while not data.endswith(b"\n"):
            part = self._control.recv(65536)
            if not part or len(data) > 1 << 16:
                raise OSError("the worker closed the line")
            data += part
        answer: dict[str, Any] = json.loads(data)
        return answer

    def run(self, request: wire.Message, bounds: jail.JobLimits, limits: Limits, reply: int) -> JobEnd:
        """Run one job in a fresh fork; never raises for what the job does."""
        with self._lock:
            for attempt in range(2):
                self.start()
                try:
                    return self._job(request, bounds, limits, reply)
                except OSError as error:
                    self.stop()
                    if attempt:
                        return JobEnd(None, 0.0, "crash", f"the worker was lost: {error}")
        raise AssertionError("unreachable")

    def _job(self, request: wire.Message, bounds: jail.JobLimits, limits: Limits, reply: int) -> JobEnd:
        assert self._control is not None
        request_read, request_write = os.pipe()
        answer_read, answer_write = os.pipe()
        deadline = time.monotonic() + limits.wall_s + 10.0
        body, failure, detail = None, "", ""
        try:
            order = {"cpu_s": bounds.cpu_s, "memory": bounds.memory, "wall_s": limits.wall_s, "idle_s": limits.idle_s}
            self._control.settimeout(limits.wall_s + 20.0)
            self._send(order, [request_read, answer_write])
            for fd in (request_read, answer_write):
                os.close(fd)
            request_read = answer_write = -1
            os.set_blocking(request_write, False)
            os.set_blocking(answer_read, False)
            try:
                wire.write_all(request_write, wire.encode(request), deadline)
                body = wire.read_frame(answer_read, reply, deadline)
            except wire.WireTimeout:
                failure, detail = "wall", f"no answer within {limits.wall_s:g} s"
            except wire.WireError as error:
                failure, detail = "reply", str(error)
            os.close(answer_read)
            answer_read = -1
            ended = self._receive()
        finally:
            for fd in (request_read, request_write, answer_read, answer_write):
                if fd >= 0:
                    os.close(fd)
        return _outcome(body, failure, detail, ended, bounds, limits)


def pair(game: str, use: frozenset[str] = jail.ALL_MECHANISMS, memory: int = Limits.memory) -> tuple[Worker, Worker]:
    """What builds and what verifies levels of a game; it is named, so that both may start before its host side is read."""
    return Worker(BUILDER, game, use, memory), Worker(VERIFIER, game, use, memory)


def _outcome(
    body: bytes | None, failure: str, detail: str, ended: dict[str, Any], bounds: jail.JobLimits, limits: Limits
) -> JobEnd:
    code, cpu_s = int(ended["code"]), float(ended["cpu_s"])
    if code == zygote.WALL_CODE:
        return JobEnd(None, cpu_s, "wall", f"no answer within {limits.wall_s:g} s")
    if code == zygote.IDLE_CODE:
        return JobEnd(None, cpu_s, "wall", f"no sign of work for {limits.idle_s:g} s")
    if code == -_SIGXCPU or (code == -_SIGKILL and cpu_s >= bounds.cpu_s):
        return JobEnd(None, cpu_s, "cpu", f"more than {bounds.cpu_s} s of CPU time")
    if failure:
        return JobEnd(None, cpu_s, failure, detail)
    if body is None or code != 0:
        return JobEnd(None, cpu_s, "crash", f"the process ended with {_ending(code)}")
    return JobEnd(body, cpu_s)


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
