"""What this machine made, it knows again: short seals under a secret that only this user has.

A seal says "this user, here, wrote this configuration" or "... recorded that the code with this id is of this
origin". It lies beside what it seals and moves with it; nobody without the secret can make one, and one that is
copied to something else does not fit. The secret is 32 random bytes in `DICODE_CONFIG`, else in `dicode/` below the
user's configuration folder: machines that share a home know each other's runs, others don't.
"""

import hashlib
import hmac
import logging
import os
import secrets
import stat
from contextlib import suppress
from functools import cache
from pathlib import Path

_log = logging.getLogger(__name__)
_BYTES = 32
_MARK = "# made here: "


def seal(kind: str, *parts: str) -> str | None:
    """The seal of `parts` as a `kind` of thing: 64 hex digits. None where this user can keep no secret."""
    secret = _secret(_place())
    if secret is None:
        return None
    # Lengths go in, too, so that no two lists of parts read the same.
    text = "\n".join([kind, *(f"{len(part)} {part}" for part in parts)])
    return hmac.new(secret, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def fits(found: object, kind: str, *parts: str) -> bool:
    """Whether `found` is the seal that this machine would give `parts`."""
    right = seal(kind, *parts)
    return right is not None and isinstance(found, str) and found.isascii() and hmac.compare_digest(found, right)


def seal_text(text: str) -> str:
    """`text`, a configuration, with its seal as a comment in a last line."""
    body = _parted(text)[0]
    made = seal("config", body)
    return f"{body}{_MARK}{made}\n" if made else body


def text_fits(text: str) -> bool:
    """Whether a configuration is, to the letter, one that was written here."""
    return fits(_parted(text)[1], "config", _parted(text)[0])


def _parted(text: str) -> tuple[str, str]:
    """A configuration without the last line that seals it, and the seal."""
    body = text if text.endswith("\n") or not text else f"{text}\n"
    before, mark, found = body.rpartition(_MARK)
    return (before, found.strip()) if mark and found.count("\n") == 1 else (body, "")


def _place() -> Path:
    base = os.environ.get("DICODE_CONFIG") or os.path.join(
        os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config"), "dicode"
    )
    return Path(base, "secret")


@cache
def _secret(path: Path) -> bytes | None:
    """The user's secret, made where there is none yet; None where it can't be kept, which is said once."""
    try:
        return _read(path) or _made(path)
    except (OSError, RuntimeError) as error:
        reason = error.strerror or error if isinstance(error, OSError) else error
        _log.warning("%s: %s; runs made now will not be known as yours later (see DICODE_CONFIG)", path, reason)
        return None


def _read(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise RuntimeError("it must be a file that you alone may read (chmod 600)")
        data = file.read(_BYTES + 1)
    if len(data) != _BYTES:
        raise RuntimeError(f"it must hold {_BYTES} bytes; remove it to have a new one made")
    return data


def _made(path: Path) -> bytes:
    """A new secret; of several processes that make one at once, all get the one that was there first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # Another process may have been faster; its secret is read below.
        with suppress(FileExistsError):
            os.link(partial, path)
    finally:
        os.unlink(partial)
    made = _read(path)
    assert made is not None
    return made
