"""Rules of smart playlists: data, checked, and made into one statement of fixed fragments.

No text of a rule ever becomes SQL: fields and operators choose fragments of `sql/smart.sql`, values
are parameters. What no fragment names cannot be asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from db.errors import UnfitError
from db.queries import Sql, compiled
from db.words import fold

Kind = Literal["text", "key", "number", "bool", "date", "playlist"]
Value = str | bool | int | float | tuple[str | int | float, ...] | None

DEFAULT_LIMIT = 1000
MOST_SONGS = 10_000
MOST_RULES = 100
DEEPEST = 8
LONGEST_TEXT = 64 * 1024
"""Of rules as they are written."""
_LONGEST_VALUE = 1000
_MOST_SORTS = 8
_LARGEST = 1e15
_MOST_DAYS = 36_500

FIELDS: dict[str, Kind] = {
    **dict.fromkeys(
        ("title", "album", "comment", "composer", "path", "suffix", "library"), "text"
    ),
    **dict.fromkeys(("artist", "albumArtist", "genre"), "key"),
    **dict.fromkeys(
        (
            "year", "track", "disc", "duration", "size", "bitRate", "bpm", "channels", "sampleRate",
            "bitDepth", "playCount", "rating", "averageRating", "albumRating", "albumPlayCount",
        ),
        "number",
    ),
    **dict.fromkeys(("loved", "albumLoved", "artistLoved", "compilation", "hasCoverArt"), "bool"),
    **dict.fromkeys(
        ("dateAdded", "dateModified", "lastPlayed", "dateLoved", "albumLastPlayed"), "date"
    ),
    "playlist": "playlist",
}  # fmt: skip
"""What rules may speak of. Marks are those of the playlist's owner."""

_TEXT = ("is", "isNot", "contains", "notContains", "startsWith", "endsWith")
OPERATORS: dict[Kind, tuple[str, ...]] = {
    "text": _TEXT,
    "key": _TEXT,
    "number": ("is", "isNot", "gt", "lt", "inTheRange"),
    "bool": ("is", "isNot"),
    "date": ("is", "isNot", "before", "after", "inTheRange", "inTheLast", "notInTheLast"),
    "playlist": ("inPlaylist", "notInPlaylist"),
}
_OPPOSITES = {
    "isNot": "is",
    "notContains": "contains",
    "notInTheLast": "inTheLast",
    "notInPlaylist": "inPlaylist",
}
_FRAGMENTS = Sql("smart").fragments()
RANDOM = "random"
SORTS = (
    *(name for name, kind in FIELDS.items() if f"sort_{name}" in _FRAGMENTS or kind not in {"key", "playlist"}),
    RANDOM,
)  # fmt: skip
_KEY = re.compile(r"\{([ag]\.key)\}")
_CARD = re.compile(r"\bc\.")
_PLAYLIST_ID = re.compile(r"(?:pl-)?([0-9]{1,18})")


class Rule(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A rule, or a group of rules of which all, or any, must hold."""

    all: tuple[Rule, ...] | None = None
    any: tuple[Rule, ...] | None = None
    field: str | None = None
    operator: str = "is"
    value: Value = None


class Order(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A key to sort by, or `random`."""

    by: str
    descending: bool = False


class Rules(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """What is in a smart playlist, in which order, and how much of it."""

    all: tuple[Rule, ...] | None = None
    any: tuple[Rule, ...] | None = None
    sort: Annotated[tuple[Order, ...], Meta(max_length=_MOST_SORTS)] = ()
    limit: Annotated[int, Meta(ge=1, le=MOST_SONGS)] = DEFAULT_LIMIT

    @property
    def random(self) -> bool:
        """Whether the order is another one each time."""
        return any(order.by == RANDOM for order in self.sort)

    def leaves(self) -> Iterator[Rule]:
        """The rules without the groups."""
        waiting = [*(self.all or ()), *(self.any or ())]
        while waiting:
            rule = waiting.pop()
            if rule.field is not None:
                yield rule
            waiting += [*(rule.all or ()), *(rule.any or ())]

    def playlists(self) -> set[int]:
        """The playlists that the rules name."""
        return {_playlist(rule.value) for rule in self.leaves() if rule.field == "playlist"}


@dataclass(frozen=True)
class Statement:
    """What the rules became. Beside `values` it wants some of the parameters that `fill` is given."""

    sql: str
    parameters: tuple[str, ...]
    values: dict[str, Any]

    def fill(self, **given: Any) -> list[Any]:
        """The parameters in order."""
        known = given | self.values
        return [known[name] for name in self.parameters]


def parse(text: str | bytes) -> Rules:
    """Read rules as people write them; UnfitError says what is wrong with them."""
    if len(text) > LONGEST_TEXT:
        raise UnfitError(f"Rules may have {LONGEST_TEXT:,} characters at most.")
    try:
        rules = msgspec.json.decode(text, type=Rules)
    except RecursionError:
        raise UnfitError(f"Groups may stand {DEEPEST} deep at most.") from None
    except (msgspec.DecodeError, UnicodeError) as error:
        raise UnfitError(f"The rules cannot be read: {error}.") from None
    statement(rules)
    return rules


def dump(rules: Rules) -> str:
    """Rules as they are stored."""
    return msgspec.json.encode(rules).decode()


def statement(rules: Rules) -> Statement:
    """Make a statement that answers the ids of the songs, in order. Raises UnfitError."""
    made = _Maker()
    where = f"{_FRAGMENTS['seen']} and {made.group(rules, 1)}"
    order = ", ".join([*(_order(each) for each in rules.sort), "t.id"])
    source = _FRAGMENTS["from"]
    if _CARD.search(where + order):
        # Taken apart once for each song, whatever number of rules look at it; not in vain.
        source += "\n" + _FRAGMENTS["card"]
    parts = {"from": source, "where": where, "order": order}
    text = re.sub(r"\{(\w+)\}", lambda match: parts[match[1]], _FRAGMENTS["evaluate"])
    sql, parameters = compiled(text)
    return Statement(sql, parameters, made.values | {"limit": rules.limit})


class _Maker:
    """Puts conditions together and keeps their values."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._rules = 0

    def group(self, group: Rule | Rules, depth: int) -> str:
        if (group.all is None) == (group.any is None):
            raise UnfitError("A group needs either `all` or `any`, a list of rules.")
        if depth > DEEPEST:
            raise UnfitError(f"Groups may stand {DEEPEST} deep at most.")
        rules, word = (group.all, " and ") if group.any is None else (group.any, " or ")
        if not rules:
            raise UnfitError("A group needs one rule at least.")
        return f"({word.join(self._either(rule, depth + 1) for rule in rules)})"

    def _either(self, rule: Rule, depth: int) -> str:
        self._rules += 1
        if self._rules > MOST_RULES:
            raise UnfitError(f"There may be {MOST_RULES} rules at most.")
        if rule.field is None:
            return self.group(rule, depth)
        if rule.all is not None or rule.any is not None:
            raise UnfitError(
                "A rule with a `field` is no group: give `all` or `any` one of its own."
            )
        return self._leaf(rule, rule.field)

    def _leaf(self, rule: Rule, field: str) -> str:
        kind = FIELDS.get(field)
        if kind is None:
            raise UnfitError(f"There is no field {field[:50]!r}. There are: {', '.join(FIELDS)}.")
        if rule.operator not in OPERATORS[kind]:
            known = ", ".join(OPERATORS[kind])
            raise UnfitError(
                f"The field {field!r} knows no {rule.operator[:50]!r}. It knows: {known}."
            )
        operator = _OPPOSITES.get(rule.operator, rule.operator)
        condition = self._bind(_condition(field, kind, operator), field, kind, operator, rule.value)
        # What is not known of a song is not what is asked for, so the opposite holds.
        return f"({condition})" if operator == rule.operator else f"(({condition}) is not true)"

    def _bind(self, text: str, field: str, kind: Kind, operator: str, value: Value) -> str:
        """Keep the values under names of their own, and put the names into the condition."""
        for name, each in zip(
            ("value", "second"), _values(field, kind, operator, value), strict=False
        ):
            own = f"v{len(self.values)}"
            self.values[own] = each
            text = re.sub(rf"(?<!:):{name}\b", f":{own}", text)
        return text


def _condition(field: str, kind: Kind, operator: str) -> str:
    expression = _FRAGMENTS[field]
    if kind == "playlist":
        return expression
    if kind == "key":
        exact = _FRAGMENTS.get(f"{field}_{operator}")
        tested = _FRAGMENTS[f"key_{operator}"]
        return exact or _KEY.sub(lambda match: tested.replace("{field}", match[1]), expression)
    return _FRAGMENTS[f"{kind}_{operator}"].replace("{field}", expression)


def _order(order: Order) -> str:
    if order.by not in SORTS:
        raise UnfitError(f"Nothing is sorted by {order.by[:50]!r}. There are: {', '.join(SORTS)}.")
    key = _FRAGMENTS.get(f"sort_{order.by}") or _FRAGMENTS[order.by]
    direction = _FRAGMENTS["descending" if order.descending else "ascending"]
    return direction.replace("{field}", key)


def _values(field: str, kind: Kind, operator: str, value: Value) -> tuple[Any, ...]:
    """The values of a rule as their parameters are. Raises UnfitError."""
    if operator == "inTheRange":
        if not isinstance(value, tuple) or len(value) != 2:
            raise UnfitError(f"{field!r}: `inTheRange` needs a list of two values, [from, to].")
        return tuple(_value(field, kind, each) for each in value)
    if operator == "inTheLast":
        days = _number(field, value)
        if not 0 <= days <= _MOST_DAYS:
            raise UnfitError(
                f"{field!r}: `inTheLast` needs a number of days, {_MOST_DAYS:,} at most."
            )
        return (days,)
    return (_value(field, kind, value),)


def _value(field: str, kind: Kind, value: Value) -> Any:
    if kind == "number":
        return _number(field, value)
    if kind == "date":
        return _date(field, value)
    if kind == "playlist":
        return _playlist(value)
    if kind == "bool":
        if not isinstance(value, bool):
            raise UnfitError(f"{field!r} is compared with true or false.")
        return value
    if not isinstance(value, str) or not value or len(value) > _LONGEST_VALUE or "\0" in value:
        raise UnfitError(f"{field!r} is compared with a text of 1 to {_LONGEST_VALUE} characters.")
    return fold(value) if kind == "key" else value


def _number(field: str, value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
        raise UnfitError(f"{field!r} is compared with a number.")
    return float(value)


def _date(field: str, value: Value) -> datetime:
    try:
        day = date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise UnfitError(f'{field!r} is compared with a date, such as "2024-12-31".') from None
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _playlist(value: Value) -> int:
    match = _PLAYLIST_ID.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UnfitError("'playlist' is compared with the id of a playlist, such as \"pl-7\".")
    return int(match[1])
