"""Live pages: the same texts as on disk, for this machine alone, renewed as a run goes on; and levels that are played."""

import asyncio
import json
import threading
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import browser
import numpy as np
import pytest
from view_examples import run

from dicode.curriculum.archive import Archive
from dicode.curriculum.snapshot import Snapshot
from dicode.errors import ConfigError, DicodeError
from dicode.games.craftax.display import DISPLAY
from dicode.types import level_id
from dicode.view.pages import command, serve, site
from dicode.view.pages.data import read
from dicode.view.pages.machine import Moment
from dicode.view.pages.play import Sessions


class ToyTable:
    """A level in which the player walks over one of six blocks and wins at step 12."""

    def __init__(self):
        self.watching = []

    def start(self):
        self.moment = moment(0, 0)
        return self.moment

    def act(self, action: int):
        if not self.moment.ended:
            step = self.moment.step + 1
            self.moment = replace(moment(step, action), ended="solved" if step == 12 else "")
        return self.moment

    def watch(self, say):
        say("the agent plays")
        return [moment(step, step % 5) for step in range(1, 6)]


class ToyMachine:
    def __init__(self, path: Path):
        self.lock = threading.Lock()

    def table(self, record, say):
        say("compiling nothing")
        if "impossible" in record.description:
            raise DicodeError("this level can't be built any more")
        return ToyTable()


def moment(step: int, action: int) -> Moment:
    cells = np.zeros((9, 11, 8), np.uint8)
    cells[..., 0] = 2 + (step + action) % 6
    scalars = np.zeros(51, np.float32)
    scalars[0], scalars[11], scalars[22], scalars[31] = 0.3, 0.5, 0.9, 1.0
    return Moment(cells, scalars, step, 1.0, float(step), (0,) if step > 2 else ())


def commit(folder: Path, cycles: int) -> list[str]:
    """Write the run up to `cycles`; returns the ids of its accepted levels."""
    told: list[Snapshot] = []
    for cycle in range(1, cycles + 1):
        snapshot = run(cycle)[0]
        names = {name: level_id(record.source) for name, record in snapshot.levels.items() if record.source}
        told.append(renamed(snapshot, names))
    with Archive(folder / "archive.sqlite") as archive:
        for cycle in range(archive.committed_cycle() + 1, cycles):
            archive.commit(cycle, told[cycle])
    (folder / "config.yaml").write_text("seed: 1\nepisode_limit: 100\n")
    (folder / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in run(cycles)[1]))
    return list(told[-1].accepted())


def renamed(snapshot: Snapshot, names: dict[str, str]) -> Snapshot:
    """With ids that are hashes, as the archive wants them."""

    def new(level: str) -> str:
        return names.get(level, level)

    levels = {new(n): replace(r, id=new(n), parents=tuple(map(new, r.parents))) for n, r in snapshot.levels.items()}
    trials = {new(n): tuple(replace(t, level=new(n)) for t in found) for n, found in snapshot.trials.items()}
    activations = tuple(replace(one, level=new(one.level)) for one in snapshot.activations)
    return replace(snapshot, levels=levels, trials=trials, activations=activations)


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "run"
    path.mkdir()
    return path


def live_of(folder: Path) -> serve.Live:
    game = DISPLAY
    return serve.Live([folder], game, lambda path: Sessions(ToyMachine(path), game))


def ask(app, path: str, method: str = "GET", host: str = "127.0.0.1:80", body: bytes = b"", origin: str | None = None):
    """(status, headers, body) of one request."""
    headers = [(b"host", host.encode())] + ([(b"origin", origin.encode())] if origin else [])
    scope = {"type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
             "raw_path": path.encode(), "query_string": b"", "headers": headers, "server": ("127.0.0.1", 80)}  # fmt: skip
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], {k.decode(): v.decode() for k, v in sent[0]["headers"]}, content


@pytest.mark.fast
def test_pages_are_served_as_they_are_written_with_headers_that_forbid_the_rest(folder):
    levels = commit(folder, 3)
    app = serve.application(live_of(folder))
    for path in (
        "/index.html",
        "/lineage.html",
        "/dreams.html",
        "/calls.html",
        f"/levels/{levels[0]}.html",
        "/static/pages.js",
    ):
        status, headers, body = ask(app, path)
        assert status == 200, path
        assert body, path
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
    static = site.Run(read(folder), DISPLAY).page("dreams.html")
    assert static is not None
    assert static.split("<main")[1] == ask(app, "/dreams.html")[2].decode().split("<main")[1]
    assert ask(app, "/")[0] == 307


@pytest.mark.fast
@pytest.mark.parametrize(
    "path", ["/levels/../config.yaml", "/config.yaml", "/pictures/..%2f..%2fconfig.png", "/levels/nobody.html", "/static/../site.py",
             "/pictures/../../config.yaml", "/archive.sqlite", "//etc/passwd", "/play/nobody.html", "/play/x/frame.png"],
)  # fmt: skip
def test_nothing_but_pages_and_their_pictures_is_served(folder, path):
    commit(folder, 1)
    assert ask(serve.application(live_of(folder)), path)[0] == 404


@pytest.mark.fast
def test_only_this_machine_is_answered_and_only_its_pages_may_act(folder):
    level = commit(folder, 1)[0]
    app = serve.application(live_of(folder))
    for host in ("evil.example", "127.0.0.1.evil.example", "evil.example:80", ""):
        assert ask(app, "/index.html", host=host)[0] == 400, host
    assert ask(app, f"/play/{level}/open", "POST")[0] == 403
    assert ask(app, f"/play/{level}/open", "POST", origin="http://evil.example")[0] == 403
    assert ask(app, f"/play/{level}/open", "POST", origin="http://127.0.0.1:80")[0] == 200
    for body in (b"43", b"-1", b"x", b"1" * 5000):
        assert ask(app, f"/play/{level}/act", "POST", body=body, origin="http://127.0.0.1:80")[0] == 400
    assert command.listen(0).getsockname()[0] == "127.0.0.1"
    with command.listen(0) as taken:
        taken.listen()
        with pytest.raises(ConfigError, match="can't be had"):
            command.listen(taken.getsockname()[1])


@pytest.mark.fast
def test_a_run_that_goes_on_is_followed(folder):
    commit(folder, 2)
    app = serve.application(live_of(folder))
    before = json.loads(ask(app, "/state.json")[2])
    assert before["said"].endswith("cycle 2")
    assert json.loads(ask(app, "/state.json")[2]) == before
    levels = commit(folder, 4)
    after = json.loads(ask(app, "/state.json")[2])
    assert after["version"] != before["version"]
    assert after["said"].endswith("cycle 4")
    assert ask(app, f"/levels/{levels[-1]}.html")[0] == 200


@pytest.mark.fast
@pytest.mark.parametrize("place", ["evaluation", "evaluation/random"])
def test_an_evaluation_made_after_the_run_is_shown(folder, place):
    commit(folder, 2)
    app = serve.application(live_of(folder))
    before = json.loads(ask(app, "/state.json")[2])["version"]
    result = {
        "protocol": "target",
        "worlds": 2,
        "steps": 9,
        "checkpoint": "a",
        "env_steps": 400,
        "returns": [77.0, 78.0],
    }
    (folder / place).mkdir(parents=True)
    (folder / place / "a.json").write_text(json.dumps(result | {"achievements": {}}))
    assert json.loads(ask(app, "/state.json")[2])["version"] != before
    assert b"77.5" in ask(app, "/index.html")[2]


@pytest.mark.fast
def test_a_level_that_cannot_be_built_says_so(folder):
    level = commit(folder, 1)[0]
    game = DISPLAY
    sessions = Sessions(ToyMachine(folder), game)
    record = replace(read(folder).snapshot.levels[level], description="impossible")
    session = sessions.open(record)
    until(lambda: session.error)
    assert sessions.state(session)["error"] == "this level can't be built any more"


def until(true, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def served(folder):
    """(folder, address) of a run that is served."""
    import uvicorn

    commit(folder, 2)
    listening = command.listen(0)
    server = uvicorn.Server(uvicorn.Config(serve.application(live_of(folder)), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    until(lambda: server.started)
    yield folder, f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    thread.join(10)
    listening.close()


@pytest.mark.skipif(browser.find() is None, reason="no Chromium here: apt-get install chromium")
def test_ten_keys_play_a_level_in_the_browser_and_each_changes_the_frame(served):
    folder, address = served
    level = next(iter(read(folder).snapshot.accepted()))
    step = "document.querySelector('[data-play]').dataset.step"
    pixels = """(async () => { const image = document.getElementById('frame'); await image.decode();
        const canvas = document.createElement('canvas'); canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
        const drawn = canvas.getContext('2d'); drawn.drawImage(image, 0, 0);
        return drawn.getImageData(0, 0, 16, 16).data.join(); })()"""
    with browser.Browser() as page:
        page.open(f"{address}play/{level}.html")
        page.until(lambda: page.run(step) == "0")
        seen = [page.run(pixels)]
        for number, key in enumerate(
            ["ArrowUp", "ArrowUp", "w", "w", "ArrowUp", "ArrowUp", "w", "w", "ArrowUp", "w"], 1
        ):
            page.press(key)
            page.until(lambda number=number: page.run(step) == str(number))
            seen.append(page.run(pixels))
        assert all(one != other for one, other in pairwise(seen))
        assert page.run("document.getElementById('total').textContent") == "10"
        assert page.run("document.getElementById('held').textContent") == "9 wood, stone pickaxe"
        assert page.run("document.getElementById('unlocked').textContent") == "collect wood"
        page.press(" ")
        page.press(" ")
        page.until(lambda: "solved" in page.run("document.getElementById('verdict').textContent"))
        page.run("document.getElementById('watch').click()")
        page.until(lambda: page.run("document.getElementById('at').max") == "4")
        assert page.errors == []
        assert all(request.startswith(address) for request in page.requests)


@pytest.mark.skipif(browser.find() is None, reason="no Chromium here: apt-get install chromium")
def test_a_page_renews_itself_as_the_run_goes_on(served):
    folder, address = served
    with browser.Browser() as page:
        page.open(f"{address}index.html")
        page.until(lambda: "cycle 2" in page.run("document.querySelector('.live').textContent"))
        assert "2 cycles finished" in page.run("document.querySelector('main').textContent")
        commit(folder, 4)
        page.until(lambda: "4 cycles finished" in page.run("document.querySelector('main').textContent"))
        assert page.errors == []
