"""A scripted chat-completions server: real sockets on loopback, answers as the test says."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest


@dataclass(frozen=True)
class Step:
    """What the server does with one request."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    drip_s: float = 0.0
    """Pause after every byte."""
    drop: bool = False
    """Close the connection without a word."""
    cut: bool = False
    """Promise more bytes than are sent."""


def said(content, finish="stop", usage=(100, 20), **message) -> Step:
    """A well-formed answer."""
    body = {
        "id": "x",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted-1",
        "choices": [
            {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": content, **message}}
        ],
    }
    if usage:
        body["usage"] = {"prompt_tokens": usage[0], "completion_tokens": usage[1]}
    return Step(body=json.dumps(body).encode())


def problem(status, message="no", headers=None, **error) -> Step:
    """An error as providers word it."""
    return Step(status, json.dumps({"error": {"message": message, **error}}).encode(), headers or {})


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    """Connections that may wait to be taken; the default of 5 drops some of many at once."""


class Scripted:
    """The server: `script` is a list of steps (the last one repeats) or a function of (request body, call number)."""

    def __init__(self) -> None:
        self.script: list[Step] | Callable[[dict, int], Step] = []
        self.requests: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.times: list[float] = []
        self.under_way = self.most_under_way = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def next_step(self, body: dict, headers: dict[str, str]) -> Step:
        with self._lock:
            number = len(self.requests)
            self.requests.append(body)
            self.headers.append(headers)
            self.times.append(time.monotonic())
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        if callable(self.script):
            return self.script(body, number)
        return self.script[min(number, len(self.script) - 1)]

    def _handler(scripted):
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                step = scripted.next_step(body, {name.lower(): value for name, value in self.headers.items()})
                try:
                    self.answer(step)
                except OSError:
                    pass  # the client hung up, as it may
                finally:
                    scripted.under_way -= 1

            def answer(self, step):
                time.sleep(step.delay_s)
                if step.drop:
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(step.status)
                for name, value in {"Content-Type": "application/json", **step.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(step.body) + 50 * step.cut))
                self.end_headers()
                if step.drip_s:
                    for byte in step.body:
                        self.wfile.write(bytes([byte]))
                        self.wfile.flush()
                        time.sleep(step.drip_s)
                else:
                    self.wfile.write(step.body)
                self.close_connection = True

            def log_message(self, *args):
                pass

        return Handler


@contextmanager
def no_sockets() -> Iterator[None]:
    """Nothing may open a socket, not even a pair."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "socket", lambda *a, **k: pytest.fail("a replay opened a socket"))
        patch.setattr(socket, "socketpair", lambda *a, **k: pytest.fail("a replay opened a socket pair"))
        yield
