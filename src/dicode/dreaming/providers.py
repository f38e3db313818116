"""Where foundation models are reached: endpoints, their peculiarities, and their keys.

An `Endpoint` mirrors the configuration group `fm`. Keys come from the environment or from a `.env`
file and live in a `Key`, which shows nothing of itself; `Key.scrub` takes the key, and what looks like one, out of
any text that is about to be logged, journaled or shown, `Key.hide` the key alone out of a model's answer.
"""

import base64
import codecs
import io
import ipaddress
import os
import re
import shlex
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import quote, urlsplit

from dicode import files
from dicode.dreaming.settings import FmConfig
from dicode.errors import ConfigError, nearest


@dataclass(frozen=True)
class Quirks:
    """How one provider's dialect of the chat-completions protocol differs."""

    token_limit: str = "max_tokens"
    """Name of the field that limits the answer."""
    seed: bool = True
    """Whether a sampling seed may be sent (unknown fields are errors at some providers)."""
    free: bool = False
    """A server of one's own: calls cost nothing."""
    reports_cost: bool = False
    """Usage comes with the money charged."""
    in_table: bool = True
    """Whether the table of list prices holds for it."""
    speaks: str = "http"
    """`http`, or `command` (a program answers), or `person`."""


PROVIDERS: dict[str, Quirks] = {
    "openai": Quirks(token_limit="max_completion_tokens", seed=False),
    "gemini": Quirks(seed=False),
    "openrouter": Quirks(reports_cost=True, in_table=False),
    "anthropic": Quirks(seed=False),
    "vllm": Quirks(free=True),
    "llamacpp": Quirks(free=True),
    "ollama": Quirks(free=True),
    "local": Quirks(free=True),
    "command": Quirks(in_table=False, speaks="command"),
    "person": Quirks(free=True, speaks="person"),
}
"""Every provider that has an entry in `conf/fm`; any other OpenAI-compatible server works as `vllm`."""


KEY_HOSTS = {
    "OPENAI_API_KEY": "api.openai.com",
    "GEMINI_API_KEY": "generativelanguage.googleapis.com",
    "OPENROUTER_API_KEY": "openrouter.ai",
    "ANTHROPIC_API_KEY": "api.anthropic.com",
}
"""The one host that each hosted provider's key is sent to; a test compares them with `conf/fm`."""
KEY_VARIABLES = tuple(KEY_HOSTS)
"""Where the keys of the hosted providers are looked for."""


@dataclass(frozen=True)
class Endpoint(FmConfig):
    """One model at one server: the section `fm` of a configuration, checked. Raises ConfigError for one that can't be."""

    place: str = field(default="fm", compare=False)
    """The section that its settings stand in: `fm`, or `models.NAME`."""

    def __post_init__(self) -> None:
        if self.provider not in PROVIDERS:
            raise ConfigError(
                f"{self.place}.provider={self.provider!r} is not known{nearest(self.provider, PROVIDERS)} "
                f"(choices: {', '.join(PROVIDERS)})"
            )
        if self.quirks.speaks == "http":
            self._check_address()
        if (self.quirks.speaks == "command") != bool(self.command.strip()):
            raise ConfigError(
                f'{self.place}.command and fm=command go together: fm=command fm.command="PROGRAM ARGUMENTS" asks a program'
            )
        try:
            shlex.split(self.command)
        except ValueError as error:
            raise ConfigError(f"{self.place}.command has a quotation mark without its partner") from error
        if (self.price_input < 0) != (self.price_output < 0):
            raise ConfigError(
                f"{self.place}.price_input and {self.place}.price_output are given together, or neither of them"
            )
        if not self.model:
            raise ConfigError(
                f"{self.place}.model is empty; name a model of {self.provider}, for example {self.place}.model=NAME"
            )
        check_name(self.key_env, self.place)

    def _check_address(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            parts.port  # noqa: B018 - reading it checks it
        except ValueError:
            parts = urlsplit("")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(
                f"{self.place}.base_url={self.base_url!r} is not an http(s) address, such as http://127.0.0.1:8000/v1"
            )
        if parts.username or parts.password:
            raise ConfigError(
                f"{self.place}.base_url holds a user name or password; put the key into {self.place}.key_env's variable instead"
            )
        if parts.query or parts.fragment:
            raise ConfigError(
                f"{self.place}.base_url holds more than an address and a path; put a key into {self.place}.key_env's "
                "variable instead"
            )

    @property
    def quirks(self) -> Quirks:
        """The provider's peculiarities."""
        return PROVIDERS[self.provider]

    @property
    def loopback(self) -> bool:
        """Whether the model is reached on this machine (then no proxy is asked)."""
        if self.quirks.speaks != "http":
            return True
        host = urlsplit(self.base_url).hostname or ""
        try:
            address = ipaddress.ip_address(host)
            # Servers print 0.0.0.0 as their address; asked by it, this machine answers.
            return address.is_loopback or address.is_unspecified
        except ValueError:
            return host == "localhost"

    @classmethod
    def from_config(cls, config: FmConfig, place: str = "fm") -> "Endpoint":
        """The endpoint of a section, which stands at `place`."""
        return cls(**{f.name: getattr(config, f.name) for f in fields(FmConfig)}, place=place)


class Key:
    """An API key that cannot be printed by accident."""

    __slots__ = ("_shapes", "_value", "variable")

    def __init__(self, variable: str, value: str) -> None:
        self.variable = variable
        self._value = value.strip()
        coded = base64.b64encode(self._value.encode("utf-8", "replace")).decode()
        shapes = {self._value, quote(self._value, safe=""), repr(self._value)[1:-1], coded}
        self._shapes = sorted(shapes, key=len, reverse=True)

    def reveal(self) -> str:
        """The key itself, for the one place that sends it; a server without keys gets `none`."""
        return self._value or "none"

    def hide(self, text: str) -> str:
        """`text` without this key: for a model's answer, where what looks like a key is a word of a level."""
        for shape in self._shapes if len(self._value) >= 6 else ():
            text = text.replace(shape, "[key]")
        return text

    def scrub(self, text: str) -> str:
        """`text` without this key and without anything that looks like one: for errors and logs."""
        return _KEY_LIKE.sub("[key]", self.hide(text))

    def __repr__(self) -> str:
        return f"Key({self.variable or 'none'})"


_KEY_LIKE = re.compile(
    r"\b(?:sk-[A-Za-z0-9_*-]{6,}|AIza[A-Za-z0-9_-]{20,}|(?:hf|gsk)_[A-Za-z0-9]{20,})|(?i:\bbearer\s+[A-Za-z0-9._~+/*-]{8,})"
)
_PATH = re.compile(r"(?<![\w:/.])(?:[A-Za-z]:)?(?:[/\\][\w.@+~-]+){2,}[/\\]?")


def scrub_paths(text: str) -> str:
    """`text` with absolute paths replaced by `[path]/last-part`; addresses (`http://...`) stay."""
    return _PATH.sub(lambda match: "[path]/" + re.split(r"[/\\]", match.group().rstrip("/\\"))[-1], text)


def find_key(endpoint: Endpoint, start: Path | None = None) -> Key:
    """The endpoint's key from the environment, else from the nearest `.env` at or above `start`.

    `.env` is read without changing the environment, so that no child process inherits it. Raises
    ConfigError where a key is needed and there is none, or where a provider's key would go to another host.
    """
    if not endpoint.key_env:
        return Key("", "")
    check_host(endpoint)
    value = os.environ.get(endpoint.key_env) or _dotenv(start or Path.cwd()).get(endpoint.key_env) or ""
    if not value.strip():
        raise ConfigError(
            f"{endpoint.provider} needs a key: set {endpoint.key_env} in the environment or in a file named .env "
            "(see .env.example), or use dreamer=grammar, which needs none"
        )
    _check_sendable(endpoint.key_env, value.strip())
    return Key(endpoint.key_env, value)


def check_name(key_env: str, place: str) -> None:
    """Raise ConfigError where what should name the variable of a key is no name, or may be a key; never shows it."""
    coded = len(key_env) >= 20 and re.search("[a-z]", key_env) and re.search("[0-9]", key_env)
    if key_env and (coded or _KEY_LIKE.search(key_env) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,39}", key_env)):
        raise ConfigError(f"{place}.key_env must be the *name* of an environment variable, such as OPENAI_API_KEY")


def places(models: Iterable[str]) -> list[str]:
    """Where the settings of each model of a run stand: of the first, and of further ones by name."""
    return ["fm", *(f"models.{name}" for name in models)]


def check_host(endpoint: Endpoint) -> None:
    """Raise ConfigError for a hosted provider's key at another host than that provider's, or without encryption."""
    host, parts = KEY_HOSTS.get(endpoint.key_env), urlsplit(endpoint.base_url)
    if host is not None and (parts.hostname != host or parts.scheme != "https"):
        raise ConfigError(
            f"the key in {endpoint.key_env} is sent to https://{host} only, and {endpoint.place}.base_url is "
            f"{endpoint.base_url!r}; name the variable of that server's own key in {endpoint.place}.key_env, or "
            f"{endpoint.place}.key_env= for none"
        )


def _check_sendable(variable: str, value: str) -> None:
    """Raise ConfigError for a key that no HTTP header takes; names the character, never the key."""
    for place, character in enumerate(value, 1):
        if not "!" <= character <= "~":
            name = unicodedata.name(character, "control character")
            raise ConfigError(
                f"the key in {variable} cannot be sent: character {place} is U+{ord(character):04X} ({name.lower()}); "
                "keys are letters, digits and signs of ASCII without blanks"
            )
    if value[0] in "'\"" or value[-1] in "'\"":
        raise ConfigError(
            f"the key in {variable} has quotation marks around it, which would be sent, too; leave them out"
        )


def keys_present() -> dict[str, bool]:
    """Whether each provider's usual key can be found, by the name of its variable; for `dicode doctor`."""
    found = _dotenv(Path.cwd())
    return {name: bool((os.environ.get(name) or found.get(name) or "").strip()) for name in KEY_VARIABLES}


def known_keys() -> tuple[Key, ...]:
    """The keys of the hosted providers that a program, which runs with the person's surroundings, could repeat."""
    found = _dotenv(Path.cwd())
    values = {name: (os.environ.get(name), found.get(name)) for name in KEY_VARIABLES}
    return tuple(Key(name, value) for name, each in values.items() for value in each if value)


def _dotenv(start: Path) -> dict[str, str | None]:
    """What the nearest `.env` sets, in UTF-8 or, as some shells write it, UTF-16; a comment in neither does no harm."""
    from dotenv import dotenv_values

    path = next((path for folder in (start, *start.parents) if (path := folder / ".env").is_file()), None)
    if path is None:
        return {}
    with files.refusals("read", path):
        data = path.read_bytes()
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return dotenv_values(stream=io.StringIO(data.decode("utf-16" if wide else "utf-8-sig", "replace")))
