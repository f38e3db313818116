"""Pages as they are served: the same texts as on disk, renewed as a run goes on, for this machine alone.

Requests are answered on 127.0.0.1 and only if they name this machine as their host, so that no page of another place can read
along through a name that it points here; what changes something must come from one of these pages (`Origin`).
"""

import json
import threading
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dicode.errors import DicodeError
from dicode.view.pages import site
from dicode.view.pages.data import read
from dicode.view.pages.export import places
from dicode.view.pages.game import Game
from dicode.view.pages.play import Session, Sessions

HOSTS = ("127.0.0.1", "localhost")
_HEADERS = {
    "Content-Security-Policy": site.policy(live=True) + "; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png", "gif": "image/gif"}
_WATCHED = ("archive.sqlite", "metrics.jsonl", "report/index.html", "evaluation", "evaluation/random")


class Live:
    """The runs as they are now, read again when their files have changed."""

    def __init__(self, paths: Sequence[Path], game: Game, play: Callable[[Path], Sessions]) -> None:
        self._paths, self.game, self._play = paths, game, play
        self._lock = threading.Lock()
        self._version = ""
        self.runs: dict[str, site.Run] = {}
        self._sessions: dict[str, Sessions] = {}
        self.refresh()

    def version(self) -> str:
        """What the runs' files say of their age."""
        seen = []
        for path in self._paths:
            for name in _WATCHED:
                try:
                    status = (path / name).stat()
                    seen.append((status.st_mtime_ns, status.st_size))
                except OSError:
                    seen.append((0, 0))
        return json.dumps(seen)

    def refresh(self) -> str:
        """Read what has changed; returns the version that is held now."""
        with self._lock:
            version = self.version()
            if version != self._version:
                self.runs = places([read(path) for path in self._paths], self.game, live=True)
                self._version = version
            return self._version

    def said(self, prefix: str) -> str:
        """One line on the run, for the corner of its pages."""
        run = self.runs.get(prefix)
        return "following" if run is None else f"following, cycle {run.data.snapshot.cycle + 1}"

    def sessions(self, prefix: str) -> Sessions:
        """Those who play the run's levels."""
        with self._lock:
            if prefix not in self._sessions:
                self._sessions[prefix] = self._play(self._paths[list(self.runs).index(prefix)])
            return self._sessions[prefix]


def application(live: Live) -> Starlette:
    """The server as a value, for uvicorn and for tests."""

    async def get(request: Request) -> Response:
        return await run_in_threadpool(_get, live, request.path_params["path"])

    async def post(request: Request) -> Response:
        if request.headers.get("origin") != f"{request.url.scheme}://{request.headers.get('host')}":
            return _plain("only these pages may ask for that", 403)
        body = await request.body()
        return await run_in_threadpool(_post, live, request.path_params["path"], body[:1000])

    routes = [Route("/{path:path}", get, methods=["GET"]), Route("/{path:path}", post, methods=["POST"])]
    return Starlette(
        routes=routes, middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS)), Middleware(_Headers)]
    )


class _Headers:
    """Adds the headers that hold for every answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Callable[[Any], Awaitable[None]]) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self._app(scope, receive, with_headers)


def _plain(text: str, status: int) -> Response:
    return Response(text, status, media_type="text/plain")


def _json(value: object) -> Response:
    return Response(json.dumps(value), media_type="application/json")


def _get(live: Live, path: str) -> Response:
    if path == "":
        return RedirectResponse("/index.html")
    if path.startswith("static/"):
        name = path.removeprefix("static/")
        found = name in site.STATIC
        return (
            Response(site.static(name), media_type=_KINDS[name.rpartition(".")[2]])
            if found
            else _plain("no such file", 404)
        )
    try:
        version = live.refresh()
    except DicodeError as error:
        return _plain(str(error), 503)
    if path == "index.html" and len(live.runs) > 1:
        return Response(site.compare(live.runs, live=True), media_type="text/html")
    prefix, address = _split(live, path)
    if prefix is None:
        return _plain("no such page", 404)
    if address == "state.json":
        return _json({"version": version, "said": live.said(prefix)})
    if address.startswith("play/"):
        return _play_page(live, prefix, address.removeprefix("play/"))
    return _page(live.runs[prefix], address)


def _split(live: Live, path: str) -> tuple[str | None, str]:
    """(place of the run, address below it); None for a place that is none."""
    if "" in live.runs:
        return "", path
    prefix, _, address = path.partition("/")
    if path == "state.json":
        return next(iter(live.runs)), path
    return (prefix, address) if prefix in live.runs and address else (None, path)


def _page(run: site.Run, address: str) -> Response:
    page = run.page(address)
    if page is not None:
        return Response(page, media_type="text/html")
    folder, _, name = address.rpartition("/")
    file = None
    if folder == "pictures" and name.endswith(".png"):
        file = run.data.picture(name.removesuffix(".png"))
    elif not folder and name in (*site.FIGURES, *site.GIFS):
        file = run.data.file(name)
    if file is None:
        return _plain("no such page", 404)
    return Response(run.data.content(file), media_type=_KINDS[name.rpartition(".")[2]])


def _play_page(live: Live, prefix: str, rest: str) -> Response:
    run = live.runs[prefix]
    if rest.endswith(".html"):
        page = run.play(rest.removesuffix(".html"))
        return Response(page, media_type="text/html") if page else _plain("no such level", 404)
    level, _, what = rest.partition("/")
    sessions = live.sessions(prefix)
    session = sessions.get(level)
    if session is None:
        return _plain("this level is not being played", 404)
    if what == "state.json":
        return _json(sessions.state(session))
    if what == "frame.png" and session.table is not None and session.table.moment is not None:
        return Response(sessions.png(session.table.moment), media_type="image/png")
    if what == "watched.json":
        return _json([sessions.told(moment) for moment in session.watched])
    number = what.removeprefix("watched/").removesuffix(".png")
    if what.startswith("watched/") and number.isdecimal() and int(number) < len(session.watched):
        return Response(sessions.png(session.watched[int(number)]), media_type="image/png")
    return _plain("no such picture", 404)


def _post(live: Live, path: str, body: bytes) -> Response:
    prefix, address = _split(live, path)
    parts = address.split("/")
    if prefix is None or len(parts) != 3 or parts[0] != "play":
        return _plain("no such request", 404)
    record = live.runs[prefix].playable(parts[1])
    if record is None:
        return _plain("no such level", 404)
    sessions = live.sessions(prefix)
    session = sessions.open(record)
    return _do(live.game, sessions, session, parts[2], body)


def _do(game: Game, sessions: Sessions, session: Session, what: str, body: bytes) -> Response:
    if what == "act":
        try:
            action = int(body)
        except ValueError:
            action = -1
        if not 0 <= action < len(game.actions):
            return _plain(f"an action is a number from 0 to {len(game.actions) - 1}", 400)
        sessions.act(session, action)
    elif what == "again":
        sessions.again(session)
    elif what == "watch":
        sessions.watch(session)
    elif what != "open":
        return _plain("no such request", 404)
    return _json(sessions.state(session))
