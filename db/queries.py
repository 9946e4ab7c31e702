"""Named SQL: blocks in `db/sql/NOUN.sql`, called from Python by name, parameter and row type.

A file holds blocks that begin with `-- name: what_it_does`. Parameters are written `:name`. A block
that begins with `-- part: word` is no query: `{word}` in a query stands for its text, so that lists
of columns and joins are written once; `{noun.word}` is a part of another file. A block that begins
with `-- fragment: word` is no query either: `db.smart_rules` puts statements together of such texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar, get_type_hints

import msgspec

Row = TypeVar("Row", bound=msgspec.Struct)
T = TypeVar("T")

_BLOCK = re.compile(r"^-- (name|part|fragment): (\w+)\s*$", re.MULTILINE)
_PART = re.compile(r"\{(?:(\w+)\.)?(\w+)\}")
# A quoted string, a comment or a cast is passed over; what is left with a colon is a parameter.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|--[^\n]*|::\w+|:([a-z]\w*)")


class Executor(Protocol):
    """What a query runs on: a pool, or a connection inside a transaction."""

    async def fetch(self, query: str, *args: Any) -> list[Any]: ...
    async def fetchrow(self, query: str, *args: Any) -> Any: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...


class Query:
    """One statement and the order of its parameters."""

    known: ClassVar[list[Query]] = []
    """Every query of the program: a test prepares each against the migrated schema."""

    def __init__(self, noun: str, name: str) -> None:
        self.noun, self.name = noun, name
        self.sql, self.parameters = compiled(_blocks(noun).names[name])
        Query.known.append(self)

    def values(self, given: dict[str, Any]) -> list[Any]:
        """The parameters in order; a missing or unknown one is the caller's mistake."""
        if given.keys() != set(self.parameters):
            unlike = sorted(given.keys() ^ set(self.parameters))
            raise TypeError(f"{self.noun}.{self.name}: check the parameters {unlike}")
        return [given[name] for name in self.parameters]


class Command(Query):
    """A statement without an answer."""

    async def __call__(self, on: Executor, **given: Any) -> None:
        await on.execute(self.sql, *self.values(given))


class Value(Query, Generic[T]):
    """A statement that answers one value, or None."""

    def __init__(self, noun: str, name: str, kind: type[T]) -> None:
        super().__init__(noun, name)
        self.kind = kind

    async def __call__(self, on: Executor, **given: Any) -> T | None:
        value: T | None = await on.fetchval(self.sql, *self.values(given))
        return value


class Rows(Query, Generic[Row]):
    """A statement that answers rows; their columns are the fields of the row type, in order."""

    def __init__(self, noun: str, name: str, row: type[Row]) -> None:
        super().__init__(noun, name)
        self.row = row
        self._make = _maker(row)

    async def __call__(self, on: Executor, **given: Any) -> list[Row]:
        make = self._make
        return [make(record) for record in await on.fetch(self.sql, *self.values(given))]

    async def first(self, on: Executor, **given: Any) -> Row | None:
        """The first row, or None."""
        record = await on.fetchrow(self.sql, *self.values(given))
        return None if record is None else self._make(record)


class Sql:
    """The statements of one noun: `Sql("albums").rows("page_newest", AlbumRow)`."""

    def __init__(self, noun: str) -> None:
        self.noun = noun

    def rows(self, name: str, row: type[Row]) -> Rows[Row]:
        """A statement that answers rows of this type."""
        return Rows(self.noun, name, row)

    def value(self, name: str, kind: type[T]) -> Value[T]:
        """A statement that answers one value of this type."""
        return Value(self.noun, name, kind)

    def command(self, name: str) -> Command:
        """A statement that answers nothing."""
        return Command(self.noun, name)

    def fragments(self) -> dict[str, str]:
        """The file's fragments by name; `compiled` takes what is made of them."""
        return _blocks(self.noun).fragments


class _Blocks(NamedTuple):
    """The text of a file's blocks, parts filled in."""

    parts: dict[str, str]
    names: dict[str, str]
    fragments: dict[str, str]


@cache
def _blocks(noun: str) -> _Blocks:
    text = (resources.files("db") / "sql" / f"{noun}.sql").read_text(encoding="utf-8")
    _, *pieces = _BLOCK.split(text)
    blocks = _Blocks({}, {}, {})

    def part(match: re.Match[str]) -> str:
        return (_blocks(match[1]) if match[1] else blocks).parts[match[2]]

    for kind, name, body in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        text = body.strip().rstrip(";")
        if kind == "fragment":
            blocks.fragments[name] = text
        else:
            (blocks.parts if kind == "part" else blocks.names)[name] = _PART.sub(part, text)
    return blocks


def compiled(text: str) -> tuple[str, tuple[str, ...]]:
    """Replace `:name` by `$n`; the same name is the same number."""
    order: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        name = match[1]
        return match[0] if name is None else f"${order.setdefault(name, len(order) + 1)}"

    return _PARAMETER.sub(number, text), tuple(order)


def _maker(row: type[Row]) -> Callable[[Any], Row]:
    """What turns a driver record into a row; JSON columns become the struct of their field."""
    hints = get_type_hints(row)
    cards = [
        (index, msgspec.json.Decoder(hints[name]).decode)
        for index, name in enumerate(row.__struct_fields__)
        if isinstance(hints[name], type) and issubclass(hints[name], msgspec.Struct)
    ]
    if not cards:
        return lambda record: row(*record)

    def make(record: Any) -> Row:
        values = list(record)
        for index, decode in cards:
            values[index] = decode(values[index])
        return row(*values)

    return make
