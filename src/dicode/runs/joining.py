"""How the processes of one run find each other: the words that say so, JAX's own service, and the sockets for orders.

JAX's coordinator knows every process; process 0 publishes there the port on which it takes the followers' connections,
and a key that they must know.
"""

import os
import re
import secrets
import socket
from collections.abc import Callable, Sequence
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, answer_challenge, deliver_challenge

from dicode import settings, words
from dicode.config import Config, DistributedConfig
from dicode.errors import ConfigError, RunError
from dicode.runs.processes import CONNECT_S, Alone, Follower, Leader

PREFIX = "distributed."
"""What the words of several processes begin with."""

_ADDRESS = "dicode leader"


def asked(overrides: Sequence[str]) -> DistributedConfig:
    """The `distributed` section that the words ask for. Raises ConfigError for half an address or one that can't be."""
    given = [word for word in words.split(overrides, Config) if word.key.startswith(PREFIX)]
    if not given:
        return DistributedConfig()
    section = settings.read(DistributedConfig, {word.key.removeprefix(PREFIX): word.value for word in given}, PREFIX)
    whole = {"coordinator": section.coordinator != "", "processes": section.processes, "process": section.process != -1}
    missing = [f"distributed.{name}" for name, there in whole.items() if not there]
    if missing:
        raise ConfigError(
            f"several processes need distributed.coordinator, .processes and .process, all three; "
            f"missing: {', '.join(missing)}"
        )
    if not re.fullmatch(r".+:\d{1,5}", section.coordinator):
        raise ConfigError(f"distributed.coordinator={section.coordinator!r} is not host:port, as in 10.0.0.1:4321")
    if section.process >= section.processes:
        raise ConfigError(
            f"distributed.process is {section.process}; the {section.processes} processes are numbered "
            f"0 to {section.processes - 1}"
        )
    return section


def join(section: DistributedConfig) -> Alone | Leader | Follower:
    """Find the other processes: by the given addresses, else by SLURM's; before anything else asks for JAX's devices.

    Raises RunError if they do not come.
    """
    if not section.processes and "SLURM_STEP_NUM_TASKS" not in os.environ:
        return Alone()
    import jax

    from dicode.learner import distributed

    address = (section.coordinator, section.processes, section.process) if section.processes else ()
    if not distributed.initialise(*address) or jax.process_count() == 1:
        return Alone()
    if jax.process_index() == 0:
        return Leader(_accept(jax.process_count() - 1, lambda value: distributed.publish(_ADDRESS, value)))
    port, key = distributed.published(_ADDRESS, CONNECT_S).decode().split()
    number = jax.process_index()
    return Follower(number, _connect(distributed.leader_host(), int(port), bytes.fromhex(key), number))


def _accept(count: int, publish: Callable[[bytes], None]) -> list[Connection]:
    """Connections to processes 1 to `count`, which prove that they know the key that is published for them."""
    key = secrets.token_bytes(32)
    found: dict[int, Connection] = {}
    both = socket.has_dualstack_ipv6()
    family = socket.AF_INET6 if both else socket.AF_INET
    with socket.create_server(("", 0), family=family, dualstack_ipv6=both) as server:
        server.settimeout(CONNECT_S)
        publish(f"{server.getsockname()[1]} {key.hex()}".encode())
        while len(found) < count:
            try:
                accepted, _ = server.accept()
            except TimeoutError as error:
                missing = sorted({*range(1, count + 1)} - {*found})
                raise RunError(f"processes {missing} did not connect to process 0 on its second port") from error
            connection = _connection(accepted)
            try:
                deliver_challenge(connection, key)
                answer_challenge(connection, key)
                found[connection.recv()] = connection
            except (AuthenticationError, EOFError, OSError):
                connection.close()
    return [found[number] for number in sorted(found)]


def _connect(host: str, port: int, key: bytes, number: int) -> Connection:
    try:
        connection = _connection(socket.create_connection((host, port), CONNECT_S))
    except OSError as error:
        raise RunError(f"process {number} cannot reach process 0 at {host}:{port}: {error}") from error
    answer_challenge(connection, key)
    deliver_challenge(connection, key)
    connection.send(number)
    return connection


def _connection(connected: socket.socket) -> Connection:
    connected.settimeout(None)
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(connected.detach())
