"""What level text tries, and does not reach: under the whole wall and under each mechanism alone.

Every attack is the body of a function that level text runs; it gets past the screen by building names
at run time, holds every module of the worker, `ctypes` included, and raises nothing when it succeeds.
So a level that is accepted, or a canary that changed, is an escape.
"""

import os
import platform
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

from dicode.games.craftax.levels.blank import blank_worlds
from dicode.sandbox import landlock, syscalls
from dicode.types import Origin, Rejected

LEVEL = '''"""Objective: reach outside."""
import numpy as np
from dicode.levels import Achievement, Goal, World

GOAL = Goal.all_of(Achievement.COLLECT_WOOD)

def reach(name):
    """The module `name`, through the globals of a function that is not the level's."""
    return getattr(getattr(World, "__in" + "it__"), "__glo" + "bals__")["__built" + "ins__"]["__imp" + "ort__"](name)

{names}
os, sys, ctypes, socket = reach("os"), reach("sys"), reach("ctypes"), reach("socket")
LIBC = ctypes.CDLL(None, use_errno=True)

def kernel(x86, arm, *arguments):
    """A system call made directly; OSError only if it is refused or finds nobody, not if it dislikes its arguments."""
    if LIBC.syscall(x86 if X86 else arm, *arguments) == -1 and ctypes.get_errno() in (1, 3, 13, 38):
        raise OSError(ctypes.get_errno(), "refused")

def HIGH(*numbers):
    """64-bit numbers at an address whose low word is 0."""
    LIBC.mmap.restype = ctypes.c_void_p
    at = LIBC.mmap(ctypes.c_void_p(7 << 32), ctypes.c_size_t(4096), 3, 0x32, -1, ctypes.c_long(0))
    for n, number in enumerate(numbers):
        ctypes.c_uint64.from_address(at + 8 * n).value = number
    return ctypes.c_void_p(at)

def OPEN(fd):
    try:
        os.lseek(fd, 0, 1)
    except OSError as error:
        return error.errno != 9
    return True

def attack(world):
    {attack}

def build(world):
    attack(world)
'''

FILES = ("full", "seccomp", "landlock", "namespaces")
KERNEL = ("full", "seccomp")


@dataclass(frozen=True)
class Attack:
    """`walls` are those that must stop it; others are not asked."""

    name: str
    code: str
    walls: tuple[str, ...] = KERNEL
    control: bool = False
    """Whether it must succeed where there is no wall, for anybody on any machine."""


ATTACKS = (
    # files
    Attack("read a file outside", "os.read(os.open(CANARY, os.O_RDONLY), 10)", FILES, control=True),
    Attack("read the password file", "open_ = reach('io').open; open_('/etc/passwd').read()", FILES, control=True),
    Attack("append to a file outside", "os.write(os.open(CANARY, os.O_WRONLY | os.O_APPEND), b'x')", FILES, control=True),
    Attack("create a file outside", "os.open(FOLDER + '/new', os.O_CREAT | os.O_WRONLY)", FILES, control=True),
    Attack("create a file in its own folder", "os.write(os.open('mine', os.O_CREAT | os.O_WRONLY), b'x')", FILES),
    Attack("truncate a file outside", "os.truncate(CANARY, 0)", FILES, control=True),
    Attack("delete a file outside", "os.unlink(CANARY)", FILES, control=True),
    Attack("rename a file outside", "os.rename(CANARY, CANARY + '2')", FILES, control=True),
    Attack("hard-link a file outside", "os.link(CANARY, FOLDER + '/link')", FILES),
    Attack("follow a symbolic link to a file outside", "os.read(os.open(LINK, os.O_RDONLY), 10)", FILES, control=True),
    Attack("make a symbolic link", "os.symlink(CANARY, FOLDER + '/other')", FILES, control=True),
    Attack("make a folder outside", "os.mkdir(FOLDER + '/folder')", FILES, control=True),
    Attack("open a file for execution only", "os.open(CANARY, os.O_PATH); os.chmod(CANARY, 0o777)", ("full", "seccomp", "namespaces")),
    Attack("list the root folder", "os.listdir('/')", ("full", "seccomp", "landlock"), control=True),
    Attack("list the user's home", "os.listdir(HOME)", ("full", "seccomp", "landlock"), control=True),
    Attack("read the project's configuration", "os.open(PROJECT + '/pyproject.toml', os.O_RDONLY)", FILES),
    Attack("go through /proc/self/root", "os.open('/proc/self/root' + CANARY, os.O_RDONLY)", FILES, control=True),
    Attack("make a device", "os.mknod(FOLDER + '/memory', 0o20666, os.makedev(1, 1))", FILES),
    Attack("map a file by handle", "kernel(304, 265, -100, ctypes.c_char_p(b'x' * 64), 0)"),
    Attack("import what is not loaded yet", "reach('sqlite3')", control=True),
    Attack("load a shared library", "ctypes.CDLL('libutil.so.1')"),
    # environment
    Attack("read a key from the environment", "os.environ['DICODE_TEST_KEY']", FILES),
    Attack("find any environment at all", "assert len(os.environ) or reach('posix').environ.get(b'DICODE_TEST_KEY')", FILES),
    Attack("read a key from its own first environment", "assert b'DICODE' in os.read(os.open('/proc/self/environ', 0), 9999)", FILES),
    Attack("read the environment of its parent", "os.read(os.open(f'/proc/{os.getppid()}/environ', 0), 10)", FILES),
    Attack("read the environment of the trainer", "os.read(os.open(f'/proc/{TRAINER}/environ', 0), 10)", FILES),
    # network
    Attack("connect to a port on this machine", "socket.create_connection(('127.0.0.1', PORT), 1)", FILES, control=True),
    Attack("send a datagram", "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', PORT))", ("full", "seccomp", "namespaces"), control=True),
    Attack("listen on a port", "s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()", ("full", "seccomp", "landlock"), control=True),
    Attack("connect to a Unix socket", "socket.socket(socket.AF_UNIX).connect(FOLDER + '/socket')", ("full", "seccomp", "namespaces"), control=True),
    Attack("connect to an abstract Unix socket", "socket.socket(socket.AF_UNIX).connect(chr(0) + ABSTRACT)", FILES, control=True),
    Attack("resolve a name", "socket.getaddrinfo('localhost', 80)"),
    Attack("talk to the kernel by netlink", "socket.socket(16, 3, 0)", control=True),
    # processes
    Attack("fork", "os.fork() or os._exit(0)", control=True),
    Attack("fork bomb", "[os.fork() for _ in range(1000)]"),
    Attack("start a shell", "assert os.system('true') == 0", control=True),
    Attack("replace itself by a shell", "os.execv('/bin/sh', ['sh', '-c', 'echo x > ' + FOLDER + '/shell'])"),
    Attack("run a program from memory", "kernel(319, 279, b'code', 0)", control=True),
    Attack("start a thread", "reach('_thread').start_new_thread(print, ())", control=True),
    Attack("signal its parent", "os.kill(os.getppid(), 15)", ("full", "seccomp", "landlock")),
    Attack("signal the trainer", "os.kill(TRAINER, 0)", FILES, control=True),
    Attack("signal everybody", "os.kill(-1, 15)", ("full", "seccomp")),
    Attack("trace its parent", "kernel(101, 117, 16, os.getppid(), 0, 0)", ("full", "seccomp", "landlock")),
    Attack("trace the trainer", "kernel(101, 117, 16, TRAINER, 0, 0)", FILES),
    Attack("read its parent's memory", "kernel(310, 270, os.getppid(), 0, 0, 0, 0, 0); os.open(f'/proc/{os.getppid()}/mem', 0)", FILES),
    Attack("take a descriptor from its parent", "kernel(434, 434, os.getppid(), 0)"),
    Attack("hold more descriptors than its answer", "assert len([fd for fd in range(3, 4096) if OPEN(fd)]) > 1", FILES),
    Attack("outlive its parent", "kernel(157, 167, 1, 0, 0, 0, 0)", control=True),
    # kernel
    Attack("map new machine code", "reach('mmap').mmap(-1, 4096, prot=7)", control=True),
    Attack("make memory executable", "m = reach('mmap').mmap(-1, 4096); kernel(10, 226, ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(m))), 4096, 7)", control=True),
    Attack("enter a new user namespace", "kernel(272, 97, 0x10000000)"),
    Attack("mount", "kernel(165, 40, b'none', b'/tmp', b'tmpfs', 0, 0)"),
    Attack("change the root folder", "os.chroot('/tmp')"),
    Attack("become another user", "os.setuid(1)"),
    Attack("raise a limit", "reach('resource').setrlimit(0, (99, 99))", ("full", "seccomp")),
    Attack("limit the trainer", "kernel(302, 261, TRAINER, 4, HIGH(0, 0), 0)", control=True),
    Attack("limit its parent", "kernel(302, 261, os.getppid(), 4, HIGH(0, 0), 0)", control=True),
    Attack("change a limit of its own", "kernel(302, 261, 0, 4, HIGH(0, 0), 0)", control=True),
    Attack("change a limit by a number that looks like its own", "kernel(302, 261, ctypes.c_long(5 << 32), 4, HIGH(0, 0), 0)", control=True),
    Attack("read the trainer's limits", "kernel(302, 261, TRAINER, 4, 0, HIGH(0, 0))", control=True),
    Attack("read the trainer's clock", "kernel(228, 113, (~TRAINER << 3) | 2, HIGH(0, 0))", control=True),
    Attack("read the resolution of the trainer's clock", "kernel(229, 114, (~TRAINER << 3) | 2, HIGH(0, 0))", control=True),
    Attack("ask for the trainer's processors", "kernel(204, 123, TRAINER, 128, HIGH(0, 0))", control=True),
    Attack("load a kernel program", "kernel(321, 280, 5, 0, 0)"),
    Attack("open an io_uring", "kernel(425, 425, 1, 0)"),
    Attack("read the kernel's keyring", "kernel(250, 219, 0, -3, 1)"),
    Attack("watch page faults", "kernel(323, 282, 1)"),
    Attack("open a performance counter", "kernel(298, 241, 0, 0, -1, -1, 0)"),
    Attack("draw entropy", "os.urandom(8)", control=True),
    Attack("draw without a seed", "np.random.default_rng().random()", control=True),
    # Python
    Attack("reach a shell by walking objects", "c = [c for c in getattr(object, '__subcl' + 'asses__')() if getattr(c, '__na' + 'me__') == '_wrap_close'][0]; assert getattr(getattr(c, '__in' + 'it__'), '__glo' + 'bals__')['system']('true') == 0", control=True),
    Attack("unpickle a command", "assert reach('pickle')._loads(b\"cposix\\nsystem\\n(S'true'\\ntR.\") == 0", control=True),
    Attack("wait instead of computing", "reach('time').sleep(0.01)", control=True),
)  # fmt: skip


class Outside:
    """Things outside that attacks aim at: files, a TCP and two Unix sockets."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.canary = folder, folder / "canary"
        self.canary.write_text("alive")
        (folder / "visible").symlink_to(self.canary)
        self.sockets = [socket.socket(), socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)]
        for one, address in zip(self.sockets, [("127.0.0.1", 0), str(folder / "socket"), f"\0{name}"], strict=True):
            one.bind(address)
            one.listen()
            one.setblocking(False)
        self.names: dict[str, object] = {
            "CANARY": str(self.canary),
            "LINK": str(folder / "visible"),
            "FOLDER": str(folder),
            "HOME": os.path.expanduser("~"),
            "PROJECT": str(Path(__file__).parents[2]),
            "TRAINER": os.getpid(),
            "PORT": self.sockets[0].getsockname()[1],
            "ABSTRACT": name,
            "X86": platform.machine() == "x86_64",
        }
        self.before = self.listing()

    def listing(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def untouched(self) -> bool:
        for one in self.sockets:
            with pytest.raises(BlockingIOError):
                one.accept()
        return self.canary.read_text() == "alive" and self.listing() == self.before

    def close(self) -> None:
        for one in self.sockets:
            one.close()


@pytest.fixture(scope="module")
def worlds():
    return blank_worlds(1)


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory):
    found = Outside(Path(os.path.realpath(tmp_path_factory.mktemp("outside"))), f"dicode-{os.getpid()}")
    yield found
    found.close()


@pytest.fixture
def unguarded(tmp_path: Path):
    found = Outside(Path(os.path.realpath(tmp_path)), f"dicode-control-{os.getpid()}")
    yield found
    found.close()


def level(attack: Attack, names: dict[str, object]) -> str:
    known = "\n".join(f"{name} = {value!r}" for name, value in names.items())
    return LEVEL.replace("{attack}", attack.code).replace("{names}", known)


# In bubblewrap's network the loopback device is up, so a datagram leaves for a port that nobody has.
HARMLESS_IN_BUBBLEWRAP = {"send a datagram"}
CASES = [
    pytest.param(wall, attack, id=f"{attack.name}-{wall}")
    for attack in ATTACKS
    for wall in (
        *attack.walls,
        *(("bubblewrap",) if "namespaces" in attack.walls and attack.name not in HARMLESS_IN_BUBBLEWRAP else ()),
    )
]
CONTROLS = [pytest.param(attack, id=attack.name) for attack in ATTACKS if attack.control]


@pytest.mark.parametrize(("wall", "attack"), CASES)
def test_level_text_does_not(wall, attack, walls, worlds, outside):
    sandbox = walls.get(wall)
    found = sandbox.build(level(attack, outside.names), worlds, 1, Origin.GRAMMAR)
    assert isinstance(found, Rejected), f"{attack.name}: reached under {wall}"
    assert found.stage in ("build", "limits"), found
    assert outside.untouched()
    assert sandbox._builder.starts == 1


@pytest.mark.parametrize("attack", CONTROLS)
def test_without_a_wall_level_text_does(attack, walls, worlds, unguarded):
    """The attacks are real: what the walls stop is not a slip in the attack."""
    found = walls.get("none").build(level(attack, unguarded.names), worlds, 1, Origin.GRAMMAR)
    assert not isinstance(found, Rejected), found


@pytest.mark.parametrize("wall", [*FILES, "none"])
def test_a_level_holds_its_answer_and_no_other_descriptor(wall, walls, worlds, outside):
    """The same look as in the attack finds exactly one, so the attack does not fail for want of eyes."""
    look = Attack("look", "assert len([fd for fd in range(3, 4096) if OPEN(fd)]) == 1")
    found = walls.get(wall).build(level(look, outside.names), worlds, 1, Origin.GRAMMAR)
    assert not isinstance(found, Rejected), found


def test_some_mechanism_was_exercised(sandbox):
    assert {"rlimits"} < set(sandbox.mechanisms()), "this machine offers no wall: nothing was tested"


def test_every_mechanism_that_the_kernel_offers_is_in_force(sandbox):
    """A wall that fails to go up must not pass as a machine without it."""
    offered = {"rlimits"}
    if syscalls.supported():
        offered |= {"no_new_privs"}
        offered |= {"seccomp"} if os.path.exists("/proc/sys/kernel/seccomp/actions_avail") else set()
        offered |= {"landlock"} if landlock.abi() else set()
    assert offered <= set(sandbox.mechanisms())
