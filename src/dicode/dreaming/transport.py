"""How bytes get to a model's server and back: one POST with JSON, and everything hostile about it.

No body is read beyond `MAX_BODY` decoded bytes, whatever it is compressed as; a redirect is followed
within the same host only; a proxy is taken from the environment where it can work, else refused before
anything else happens; and what the HTTP library says to a log is scrubbed of the key.
"""

import json
import logging
import urllib.request
import zlib
from dataclasses import dataclass
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

from dicode.dreaming.providers import Endpoint, Key
from dicode.errors import ConfigError, RunError

MAX_BODY = 16 << 20
"""Decoded bytes of an answer at most."""
MAX_MEMBERS = 100
"""Parts that a compressed answer may consist of."""
_HEADER = 2
"""Bytes by which a compressed answer's header is known."""
MAX_REDIRECTS = 3
LOGGERS = ("httpx2", *(f"httpcore2.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")))
"""The HTTP library's loggers; a filter holds for one logger, not for those below it."""


class Unreachable(Exception):
    """No usable answer came back; says why, for people."""

    def __init__(self, reason: str, again: bool = True, denied: bool = False, reached: bool = True) -> None:
        """`again`: asking again may help; `denied`: nothing will, for as long as the configuration is the same."""
        super().__init__(reason)
        self.reached = reached
        self.reason, self.again, self.denied = reason, again and not denied, denied


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Any
    """Mapping of lower-case names to text."""
    body: Any
    """The JSON value; None where the body is none."""
    is_json: bool


class Transport:
    """Connections to one endpoint; used with `async with` in one event loop."""

    def __init__(self, endpoint: Endpoint, key: Key) -> None:
        self._endpoint, self._key = endpoint, key

    async def __aenter__(self) -> Self:
        self._scrubber = _Scrubber(self._key)
        for name in LOGGERS:
            logging.getLogger(name).addFilter(self._scrubber)
        self._client = make_client(self._endpoint)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()
        for name in LOGGERS:
            logging.getLogger(name).removeFilter(self._scrubber)

    async def post(self, path: str, body: dict[str, Any]) -> Reply:
        """Send `body` as JSON to `path` below the endpoint's address. Raises Unreachable where nothing came back."""
        import httpx2

        try:
            return await self._post(f"{self._endpoint.base_url.rstrip('/')}{path}", json.dumps(body).encode())
        except httpx2.TimeoutException as error:
            raise Unreachable(f"no answer within {self._endpoint.timeout_s:g} s") from error
        # A server can make the library stumble in other ways than its own errors, such as by its headers' text.
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, ValueError, zlib.error) as error:
            name = type(error.__cause__ or error).__name__
            there = not isinstance(error, httpx2.ConnectError)
            raise Unreachable(f"the connection failed ({name})", reached=there) from error

    async def _post(self, url: str, content: bytes) -> Reply:
        headers = {
            "Authorization": f"Bearer {self._key.reveal()}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "gzip, deflate",
        }
        for _ in range(MAX_REDIRECTS + 1):
            async with self._client.stream("POST", url, content=content, headers=headers) as response:
                if response.status_code in (301, 302, 307, 308) and response.headers.get("location"):
                    url = _redirected(url, response.headers["location"], self._endpoint.place)
                    continue
                data = await _read(response)
            body, is_json = _decoded(data)
            return Reply(response.status_code, response.headers, body, is_json)
        raise Unreachable("the server redirects in circles", again=False)


class _Scrubber(logging.Filter):
    """Takes the key out of a record before any handler sees it."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self._key = key

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._key.scrub(record.getMessage()), ()
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def make_client(endpoint: Endpoint) -> Any:
    """The HTTP library's client. Raises ConfigError for a proxy or certificates that cannot work."""
    import httpx2

    # Without TLS no certificates need to be read.
    verify: Any = False
    if endpoint.base_url.lower().startswith("https:"):
        try:
            verify = httpx2.create_ssl_context()
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read ({type(error).__name__})"
            ) from error
    return httpx2.AsyncClient(
        trust_env=False,
        verify=verify,
        proxy=None if endpoint.loopback else proxy_of(endpoint.base_url),
        follow_redirects=False,
        timeout=endpoint.timeout_s,
        # The client takes turns; a limit of the library's would be waited for at the cost of a call's time.
        limits=httpx2.Limits(max_connections=None, max_keepalive_connections=endpoint.concurrency),
    )


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for an address, None for none.

    Raises ConfigError for one that can't be used; its address may hold a password and is not shown.
    """
    parts = urlsplit(url)
    found = urllib.request.getproxies()
    kind = parts.scheme if parts.scheme in found else "all"
    proxy = found.get(kind, "").strip()
    # NO_PROXY may name a server with its port or without.
    if not proxy or any(map(urllib.request.proxy_bypass, (parts.hostname or "", parts.netloc))):
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    where = f"{kind.upper()}_PROXY"
    scheme = proxy.partition("://")[0].lower()
    if scheme.startswith("socks") and not (scheme in ("socks5", "socks5h") and find_spec("socksio")):
        raise ConfigError(
            f"{where} names a {scheme} proxy, which cannot be used for {parts.hostname}: name an http:// proxy there, "
            f"put {parts.hostname} into NO_PROXY, or `pip install socksio` for socks5"
        )
    import httpx2

    try:
        httpx2.URL(proxy)
        usable = scheme in ("http", "https", "socks5", "socks5h") and bool(urlsplit(proxy).hostname)
        usable = usable and urlsplit(proxy).port != 0
    except (ValueError, httpx2.InvalidURL):
        usable = False
    if not usable:
        raise ConfigError(f"{where} is not the address of a proxy, such as http://127.0.0.1:3128")
    return proxy


def _redirected(url: str, location: str, place: str) -> str:
    """Where a redirect leads; raises Unreachable where that is another host, port or an unencrypted address."""
    target = urljoin(url, location)
    here, there = urlsplit(url), urlsplit(target)
    same = here.hostname == there.hostname and _port(here) == _port(there) and here.scheme == there.scheme
    upgraded = here.hostname == there.hostname and (here.scheme, there.scheme) == ("http", "https")
    standard = _port(here) == 80 and _port(there) == 443
    if same or (upgraded and standard):
        return target
    raise Unreachable(
        f"the server sends requests on to {there.scheme}://{there.hostname}, and no key goes to another address than "
        f"{place}.base_url; if that is the right one, set {place}.base_url to it",
        denied=True,
    )


def _port(parts: Any) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


async def _read(response: Any) -> bytes:
    """The decoded body. Decoding stops at the cap, so that a small body cannot become a large one."""
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise Unreachable(f"the server's answer is compressed as {encoding[:20]!r}, which was not asked for")
    inflate = _Inflate() if encoding not in ("", "identity") else None
    parts, size, raw = [], 0, 0
    async for chunk in response.aiter_raw():
        raw += len(chunk)
        part = inflate.decompress(chunk, MAX_BODY + 1 - size) if inflate else chunk
        parts.append(part)
        size += len(part)
        if max(size, raw) > MAX_BODY:
            raise Unreachable(f"the server's answer is longer than {MAX_BODY >> 20} MB", again=False)
    return b"".join(parts)


class _Inflate:
    """Decompresses gzip in one member or several, and deflate with a header or, as some servers send it, without."""

    def __init__(self) -> None:
        self._members = 0
        self._next()

    def _next(self) -> None:
        self._stream = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        self._begun = b""
        self._members += 1
        if self._members > MAX_MEMBERS:
            raise Unreachable("the server's answer is compressed in too many parts", again=False)

    def decompress(self, chunk: bytes, most: int) -> bytes:
        """The next bytes, `most` at most. Raises zlib.error for what is not compressed so."""
        data, parts = chunk, []
        while data and most > 0:
            if self._stream.eof:
                self._next()
            part = self._begin(data, most) if len(self._begun) < _HEADER else self._stream.decompress(data, most)
            parts.append(part)
            most -= len(part)
            data = self._stream.unused_data
        return b"".join(parts)

    def _begin(self, data: bytes, most: int) -> bytes:
        """The first bytes of a member: whether it has a header shows when that is read."""
        begun, self._begun = self._begun, self._begun + data
        try:
            return self._stream.decompress(data, most)
        except zlib.error:
            if self._members > 1:
                # What follows the last member is padding.
                self._begun = b""
                return b""
            self._stream = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
            return self._stream.decompress(begun + data, most)


def _decoded(data: bytes) -> tuple[Any, bool]:
    try:
        return json.loads(data), True
    except (ValueError, RecursionError):
        return None, False


def check_reach(endpoint: Endpoint) -> None:
    """Raise ConfigError where the surroundings (proxy, certificates, HTTP library) make every call fail."""
    try:
        make_client(endpoint)
    except ImportError as error:
        raise RunError(f"a package for asking models is missing: {error}") from error
