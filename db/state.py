"""Small things the program remembers under a name."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from db.queries import Executor, Sql

_SQL = Sql("state")
_GET = _SQL.value("get", str)
_PUT = _SQL.command("put")
_DROP = _SQL.command("drop")
_TAKE = _SQL.value("take", bool)

T = TypeVar("T")


class State:
    """Values are kept as JSON."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def get(self, key: str, kind: type[T]) -> T | None:
        """What is kept under a name, or None."""
        text = await _GET(self._on, key=key)
        return None if text is None else msgspec.json.decode(text, type=kind)

    async def put(self, key: str, value: Any) -> None:
        """Keep a value, in place of an earlier one."""
        await _PUT(self._on, key=key, value=_text(value))

    async def drop(self, key: str) -> None:
        """Forget."""
        await _DROP(self._on, key=key)

    async def take(self, key: str, expected: Any) -> bool:
        """Forget the value if it is this one; of several callers exactly one is told True."""
        return bool(await _TAKE(self._on, key=key, expected=_text(expected)))


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
