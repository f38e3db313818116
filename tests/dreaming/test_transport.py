"""What a server can do with bytes, addresses and headers."""

import asyncio
import gzip
import json
import logging
import socket
import threading
import zlib

import pytest
from scripted import Scripted

from dicode.dreaming import transport
from dicode.dreaming.calls import Kind, Message, Request
from dicode.dreaming.client import OpenAIClient, Patience, _retry_after
from dicode.dreaming.prices import Price, quote
from dicode.dreaming.providers import Endpoint, Key, find_key
from dicode.dreaming.transport import check_reach, proxy_of
from dicode.errors import ConfigError

pytestmark = pytest.mark.fast

SECRET = "Zx9'no+usual/shape=0123456789"
QUICK = Patience(first_s=0.01, longest_s=0.02, longest_retry_after_s=5.0)


def endpoint(url="https://api.example.org/v1", **changes):
    values = {
        "provider": "vllm",
        "model": "m",
        "base_url": url,
        "key_env": "FM_KEY",
        "timeout_s": 20.0,
        "retries": 0,
        "concurrency": 8,
    }
    return Endpoint(**(values | changes))


def request(index=0):
    return Request(1, index, "code", 0, "vllm", "m", (Message("user", "Write."),), 50)


def ask(where, count=1, patience=QUICK):
    async def go():
        async with OpenAIClient(where, Key("FM_KEY", SECRET), patience) as client:
            return await asyncio.gather(*(client.complete(request(i)) for i in range(count)))

    answers = asyncio.run(go())
    return answers[0] if count == 1 else answers


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "x-gzip"])
def test_a_compressed_answer_is_read(fm_server, encoding):
    packed = (zlib.compress if encoding == "deflate" else gzip.compress)(fm_server.said("ok").body)
    fm_server.script = [fm_server.Step(body=packed, headers={"Content-Encoding": encoding})]
    assert ask(endpoint(fm_server.url)).text == "ok"


def raw_deflate(data: bytes) -> bytes:
    pack = zlib.compressobj(wbits=-15)
    return pack.compress(data) + pack.flush()


@pytest.mark.parametrize("drip_s", [0.0, 0.0001])
@pytest.mark.parametrize("form", ["deflate without a header", "gzip in two members", "gzip with padding"])
def test_forms_of_compression_that_other_programs_read_are_read(fm_server, form, drip_s):
    body = fm_server.said("ok").body
    packed = {
        "deflate without a header": raw_deflate(body),
        "gzip in two members": gzip.compress(body[:20]) + gzip.compress(body[20:]),
        "gzip with padding": gzip.compress(body) + b"\0" * 64,
    }[form]
    headers = {"Content-Encoding": form.split()[0]}
    fm_server.script = [fm_server.Step(body=packed, headers=headers, drip_s=drip_s)]
    assert ask(endpoint(fm_server.url)).text == "ok"


@pytest.mark.parametrize(
    "bomb",
    [
        gzip.compress(b" " * (1 << 20), 9, mtime=0) * 40,
        raw_deflate(b" " * (40 << 20)),
        gzip.compress(b"", mtime=0) * 500,
    ],
    ids=["members", "no header", "empty members"],
)
def test_a_bomb_in_several_members_or_without_a_header_is_read_up_to_the_cap_only(fm_server, bomb):
    encoding = "gzip" if bomb.startswith(b"\x1f\x8b") else "deflate"
    fm_server.script = [fm_server.Step(body=bomb, headers={"Content-Encoding": encoding})]
    answer = ask(endpoint(fm_server.url, retries=2))
    assert "longer than 16 MB" in answer.reason or "too many parts" in answer.reason
    assert len(fm_server.requests) == 1


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_small_body_that_unpacks_to_a_large_one_is_read_up_to_the_cap_only(fm_server, encoding, monkeypatch):
    taken = []
    genuine = zlib.decompressobj

    class Counting:
        def __init__(self, **options):
            self.inner = genuine(**options)

        def decompress(self, *arguments):
            taken.append(len(part := self.inner.decompress(*arguments)))
            return part

        def __getattr__(self, name):
            return getattr(self.inner, name)

    monkeypatch.setattr(transport.zlib, "decompressobj", Counting)
    pack = zlib.compressobj(9, wbits=31 if encoding == "gzip" else 15)
    bomb = b"".join(pack.compress(b" " * (1 << 20)) for _ in range(400)) + pack.flush()
    assert len(bomb) < 1_200_000
    fm_server.script = [fm_server.Step(body=bomb, headers={"Content-Encoding": encoding})]
    answer = ask(endpoint(fm_server.url, retries=2))
    assert answer.kind is Kind.FAILED
    assert "longer than 16 MB" in answer.reason
    assert sum(taken) <= transport.MAX_BODY + 1
    assert len(fm_server.requests) == 1


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "compress"])
def test_an_encoding_that_was_not_asked_for_is_not_decoded(fm_server, encoding):
    fm_server.script = [fm_server.Step(body=b"\x1f\x8b" * 50, headers={"Content-Encoding": encoding})]
    answer = ask(endpoint(fm_server.url))
    assert answer.kind is Kind.FAILED
    assert "not asked for" in answer.reason
    assert fm_server.headers[0]["accept-encoding"] == "gzip, deflate"


def endless(header: bytes, body: bytes):
    """A server that never stops sending `body` after `header`; (address, thread)."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        connection.recv(1 << 16)
        try:
            connection.sendall(header)
            while True:
                connection.sendall(body)
        except OSError:
            connection.close()
            listener.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return f"http://127.0.0.1:{listener.getsockname()[1]}/v1", thread


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", b" " * 65536),
        (b"HTTP/1.1 500 No\r\nConnection: close\r\n\r\n", b" " * 65536),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}", mtime=0), b"\0" * 65536),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 60 + b"\r\n"),
    ],
)
def test_a_body_without_end_ends(header, body):
    url, thread = endless(header, body)
    answer = ask(endpoint(url))
    assert answer.kind is Kind.FAILED
    thread.join(10)
    assert not thread.is_alive()


def test_a_redirect_to_another_host_is_refused_and_the_key_stays(fm_server):
    other = Scripted()
    other.script = [fm_server.said("stolen")]
    fm_server.script = [fm_server.Step(307, headers={"Location": f"{other.url}/chat/completions"})]
    answer = ask(endpoint(fm_server.url, retries=2, place="models.b"))
    assert answer.kind is Kind.DENIED
    assert "sends requests on to http://127.0.0.1" in answer.reason
    assert "set models.b.base_url to it" in answer.reason
    assert other.requests == []
    assert len(fm_server.requests) == 1
    other.close()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_host_is_followed(fm_server, status):
    fm_server.script = [
        fm_server.Step(status, headers={"Location": "/v1/else/chat/completions"}),
        fm_server.said("ok"),
    ]
    assert ask(endpoint(fm_server.url)).text == "ok"
    assert fm_server.requests[0] == fm_server.requests[1]


def test_redirects_in_circles_end(fm_server):
    fm_server.script = [fm_server.Step(308, headers={"Location": "/v1/chat/completions"})]
    answer = ask(endpoint(fm_server.url, retries=3))
    assert answer.kind is Kind.FAILED
    assert "circles" in answer.reason
    assert len(fm_server.requests) == 4


@pytest.mark.parametrize("target", ["http://evil.example/v1", "https://api.example.org:8443/v1", "http://api.example.org/v1", "//evil.example/", "ftp://api.example.org/"])  # fmt: skip
def test_what_counts_as_another_address(target):
    with pytest.raises(transport.Unreachable) as caught:
        transport._redirected("https://api.example.org/v1/chat/completions", target, "fm")
    assert caught.value.denied
    assert (
        transport._redirected("http://api.example.org/v1", "https://api.example.org/v1", "fm")
        == "https://api.example.org/v1"
    )


@pytest.fixture
def surroundings(monkeypatch):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    return monkeypatch


@pytest.mark.parametrize("name", ["ALL_PROXY", "HTTPS_PROXY", "all_proxy"])
@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1080", "socks5h://me:pw@host:1", "socks4://host:1", "SOCKS5://host:1"]
)
def test_a_socks_proxy_without_its_package_is_one_sentence(surroundings, name, proxy):
    surroundings.setattr(transport, "find_spec", lambda package: None)
    surroundings.setenv(name, proxy)
    with pytest.raises(ConfigError, match=rf"{name.upper()} names a socks\S+ proxy.*NO_PROXY") as caught:
        check_reach(endpoint())
    assert "pw" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "proxy", ["ftp://host:1", "http://", "http://host:99999", "http://[::1", "::::", "http://ä..b:1"]
)
def test_a_proxy_that_is_no_address_is_one_sentence(surroundings, proxy):
    surroundings.setenv("ALL_PROXY", proxy)
    with pytest.raises(ConfigError, match="ALL_PROXY"):
        check_reach(endpoint())


def test_a_proxy_of_blanks_is_none(surroundings):
    surroundings.setenv("ALL_PROXY", "  ")
    assert transport.proxy_of("https://api.example.org") is None


def test_a_proxy_is_left_out_where_no_proxy_says_so_and_for_this_machine(surroundings):
    surroundings.setenv("ALL_PROXY", "socks5://host:1")
    check_reach(endpoint("http://127.0.0.1:1/v1"))
    surroundings.setenv("NO_PROXY", "example.org")
    check_reach(endpoint())
    surroundings.setenv("HTTPS_PROXY", "10.0.0.1:3128")
    assert proxy_of("https://elsewhere.net/v1") == "http://10.0.0.1:3128"


@pytest.mark.parametrize("spared", ["gpu1:8000", "gpu1", "[fd00::1]:8000"])
def test_a_proxy_is_left_out_for_a_server_that_is_named_with_its_port(surroundings, spared):
    surroundings.setenv("HTTP_PROXY", "http://10.0.0.1:3128")
    surroundings.setenv("NO_PROXY", spared)
    host = spared if spared.endswith(":8000") else f"{spared}:8000"
    assert proxy_of(f"http://{host}/v1") is None
    assert proxy_of("http://gpu2:8000/v1") == "http://10.0.0.1:3128"


@pytest.mark.parametrize("host", ["0.0.0.0", "[::]", "127.0.0.1", "[::1]", "localhost"])
def test_an_address_of_this_machine_asks_no_proxy_and_costs_nothing(host):
    where = endpoint(f"http://{host}:8000/v1")
    assert where.loopback
    assert quote(where).price == Price(0.0, 0.0)
    assert not endpoint("http://10.0.0.1:8000/v1").loopback


def test_certificates_that_are_not_there_are_one_sentence(surroundings, tmp_path):
    surroundings.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    with pytest.raises(ConfigError, match="SSL_CERT_FILE"):
        check_reach(endpoint())


@pytest.mark.slow
def test_calls_that_were_told_to_wait_come_back_and_none_too_early(fm_server):
    slow = fm_server.problem(429, "slow down", headers={"Retry-After": "0.4"})
    fm_server.script = lambda body, number: slow if number < 8 else fm_server.said("ok")
    answers = ask(endpoint(fm_server.url, retries=8), 8, Patience(first_s=1.0))
    assert all(answer.text == "ok" for answer in answers)
    assert min(fm_server.times[8:]) - min(fm_server.times[:8]) > 0.4


def test_calls_that_were_told_to_wait_come_back_apart():
    """By the waits that are decided, because a busy machine spreads calls by itself."""
    waits = [Patience(first_s=1.0).after(2.0, attempt=0, key=f"call {number}") for number in range(200)]
    assert min(waits) >= 2.0
    assert max(waits) <= 3.0
    assert max(waits) - min(waits) > 0.8
    assert len(set(waits)) > 100


@pytest.mark.parametrize(
    "header",
    ["Fri, 31 Dec 99999 23:59:59 GMT", "Fri, 31 Dec 0000 23:59:59 GMT", "soon", "", "inf", "-3", "1e9", "2, 5", "٣", "0x10",
     "nan", "Mon, 99 Foo 2026", "\x00", "9" * 400, "Wed, 21 Oct 2015 07:28:00 GMT", "1_000"],
)  # fmt: skip
def test_garbage_in_retry_after_counts_as_nothing(header):
    assert _retry_after({"retry-after": header}) is None


def test_garbage_in_retry_after_is_waited_for_as_if_it_were_not_there(fm_server):
    fm_server.script = [
        fm_server.problem(429, headers={"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"}),
        fm_server.said("ok"),
    ]
    assert ask(endpoint(fm_server.url, retries=1)).text == "ok"


def test_the_http_library_at_debug_tells_no_key(fm_server, caplog):
    caplog.set_level(logging.DEBUG)
    for name in transport.LOGGERS:
        caplog.set_level(logging.DEBUG, logger=name)
    echo = {"Set-Cookie": f"token={SECRET}", "X-Key": f"Bearer {SECRET}"}
    fm_server.script = [fm_server.Step(body=fm_server.said("ok").body, headers=echo)]
    assert ask(endpoint(fm_server.url)).text == "ok"
    assert any(record.name.startswith("httpcore2") for record in caplog.records)
    for shape in (SECRET, repr(SECRET)[1:-1], "usual"):
        assert shape not in caplog.text


def test_what_a_server_says_reaches_nobody_as_control_characters(fm_server):
    fm_server.script = [fm_server.Step(400, json.dumps({"error": "\x1b[31mred\ud800\nline\x07"}).encode())]
    reason = ask(endpoint(fm_server.url)).reason
    assert "red" in reason
    assert reason.isprintable()
    reason.encode()


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("sk-abc\u2019def123", "character 7 is U+2019 (right single quotation mark)"),
        ("sk-abc def123456", "character 7 is U+0020 (space)"),
        ("sk-abc\x07def12345", "character 7 is U+0007 (control character)"),
        ("\u201csk-abcdef12345\u201d", "character 1 is U+201C"),
        ("sk-abc\ndef1234567", "U+000A"),
        ('"sk-abcdef1234567"', "quotation marks"),
        ("schl\u00fcssel12345", "U+00FC"),
    ],
)
def test_a_key_that_cannot_be_sent_is_named_when_it_is_found_and_never_shown(monkeypatch, key, says):
    monkeypatch.setenv("FM_KEY", key)
    with pytest.raises(ConfigError) as caught:
        find_key(endpoint())
    assert says in str(caught.value)
    assert "FM_KEY" in str(caught.value)
    assert "abc" not in str(caught.value)
    assert "12345" not in str(caught.value)


def test_a_key_is_scrubbed_in_the_shapes_in_which_it_may_be_echoed():
    import base64
    from urllib.parse import quote

    key = Key("FM_KEY", SECRET)
    for shape in (SECRET, quote(SECRET, safe=""), repr(SECRET.encode()), base64.b64encode(SECRET.encode()).decode()):
        assert "0123456789" not in key.scrub(f"x {shape} y")
        assert "[key]" in key.scrub(f"x {shape} y")


@pytest.mark.parametrize(
    "url", ["https://host/v1?key=abcdef", "https://host/v1#abcdef", "https://host:99999/v1", "https://[::1/v1"]
)
def test_an_address_that_holds_more_than_an_address_is_refused(url):
    with pytest.raises(ConfigError):
        endpoint(url)


def test_more_calls_than_the_library_s_own_limit_are_under_way_at_once(fm_server):
    count = 120
    everybody = threading.Barrier(count)

    def script(body, number):
        everybody.wait(timeout=15)
        return fm_server.said("ok")

    fm_server.script = script
    answers = ask(endpoint(fm_server.url, concurrency=count), count)
    assert {answer.text for answer in answers} == {"ok"}
    assert fm_server.most_under_way == count
