"""Where the keys are that are never in the database: in the settings, or in a file beside it.

Both may hold two keys while one takes the place of the other. The database names the one that counts,
so that no moment at which a rotation might end loses anything.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from conf import Settings
from db.errors import RotationError, WrongKeyError
from db.secrets import Key

_FILE = "secret.key"
_HOW_TO = (
    "The key stands in auth.secret_key, which is yours to change:\n"
    "  1. Make a new one: openssl rand -hex 32\n"
    "  2. On every node, write it behind the old one (a space or a new line between them), and "
    "restart the node.\n"
    "  3. Run `dulcian secrets rotate` once more.\n"
    "  4. On every node, take the old one away."
)


class KeyStore:
    """The keys of one node."""

    def __init__(self, settings: Settings) -> None:
        self._given = str.__str__(settings.auth.secret_key)
        self._path = settings.data.dir / _FILE

    def load(self) -> list[Key]:
        """All keys; raises WrongKeyError for a file without, or one that cannot be read."""
        if self._given:
            return _parse(self._given, "auth.secret_key")
        try:
            return _parse(self._path.read_text(), str(self._path))
        except FileNotFoundError:
            return []
        except (OSError, ValueError) as error:
            raise WrongKeyError(f"{self._path} cannot be read: {error}") from error

    def load_or_make(self) -> list[Key]:
        """All keys, for a database that nothing is sealed in: the first start makes one."""
        return self.load() or self._make()

    @contextmanager
    def successor(self, current: str) -> Iterator[Key]:
        """The key to come, kept beside the current one while inside; afterwards alone.

        After an error both stay. Raises RotationError where that has to be prepared by hand.
        """
        keys = {key.name: key for key in self.load()}
        if self._given:
            yield _other(keys, current)
            return
        with _alone(self._path.parent):
            new = _new()
            self._write([keys[current], new])
            yield new
            self._write([new])

    def _make(self) -> list[Key]:
        """Write a new key so that it is complete or not there, and readable by its owner alone."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._draft([_new()])
        try:
            os.link(draft, self._path)
        except FileExistsError:  # another process was first: its key counts
            pass
        finally:
            draft.unlink()
        return self.load()

    def _write(self, keys: Sequence[Key]) -> None:
        """Put other keys in the place of those that are there, all at once and for good."""
        self._draft(keys).replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _draft(self, keys: Sequence[Key]) -> Path:
        draft = self._path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.writelines(f"{key.raw.hex()}\n" for key in keys)
            file.flush()
            os.fsync(file.fileno())
        return draft


def _new() -> Key:
    return Key(secrets.token_bytes(32))


def _other(keys: dict[str, Key], current: str) -> Key:
    others = [key for name, key in keys.items() if name != current]
    if len(others) != 1:
        many = f"auth.secret_key holds {len(keys)} keys. Leave two, the old and the new one."
        raise RotationError(many if others else _HOW_TO)
    return others[0]


def _parse(text: str, source: str) -> list[Key]:
    try:
        keys = [bytes.fromhex(word) for word in text.split()]
    except ValueError:
        keys = []
    if not keys or any(len(key) != 32 for key in keys):
        raise WrongKeyError(f"{source} must hold 64 hexadecimal digits")
    return [Key(key) for key in keys]


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Of two who change the keys in a folder, the second is refused."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise RotationError("The key is being changed already.") from None
    finally:
        os.close(descriptor)
