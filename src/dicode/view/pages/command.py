"""`dicode view`: runs in the browser, as a folder of pages or while they go on."""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from dicode.errors import ConfigError
from dicode.terminal import PlainConsole


def view(runs: Sequence[str], folder: str | None, port: int) -> int:
    """Write the pages of `runs` into `folder`, or serve them on `port` of this machine until interrupted."""
    if folder is not None:
        from dicode.view.pages.export import export

        count = export(runs, folder)
        said = f"{count} pages written; open {Path(folder, 'index.html')}"
        PlainConsole().print(said, soft_wrap=True)
        return 0
    return serve([Path(run) for run in runs], port)


def serve(paths: Sequence[Path], port: int) -> int:
    """Serve the pages until interrupted. Raises ConfigError where the extra `web` is missing or the port is taken."""
    try:
        import uvicorn

        from dicode.view.pages import serve as server
    except ImportError as error:
        raise ConfigError(
            "live pages need the extra 'web': `uv sync --extra web` or `pip install 'dicode[web]'`"
        ) from error
    from dicode.view.pages.data import read
    from dicode.view.pages.export import game_named
    from dicode.view.pages.game import of
    from dicode.view.pages.machine import Machine
    from dicode.view.pages.play import Sessions

    game = of(game_named([read(path) for path in paths]))
    with ExitStack() as stack:
        listening = stack.enter_context(listen(port))

        def play(path: Path) -> Sessions:
            return Sessions(stack.enter_context(Machine(path)), game)

        app = server.application(server.Live(paths, game, play))
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        PlainConsole().print(f"{address} shows {', '.join(map(str, paths))}; Ctrl-C ends it", soft_wrap=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", server_header=False)).run(sockets=[listening])
    return 0


def listen(port: int) -> socket.socket:
    """A socket on this machine's own address. Raises ConfigError for a port that is taken or none."""
    if not 0 <= port <= 65535:
        raise ConfigError(f"--port is {port}; ports are 1 to 65535, and 0 for a free one")
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind(("127.0.0.1", port))
    except OSError as error:
        made.close()
        raise ConfigError(
            f"port {port} can't be had: {error.strerror or error}; leave --port out for a free one"
        ) from error
    return made
