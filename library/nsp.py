"""Smart playlists as Navidrome keeps them (`.nsp`), turned into rules of ours.

What has no counterpart is left out, and named.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from db.errors import UnfitError
from db.smart_rules import (
    DEEPEST,
    FIELDS,
    LONGEST_TEXT,
    MOST_RULES,
    MOST_SONGS,
    OPERATORS,
    RANDOM,
    SORTS,
    Rule,
    Rules,
    parse,
    statement,
)

_NAMES = {
    "albumartist": "albumArtist",
    "artists": "artist",
    "albumartists": "albumArtist",
    "filepath": "path",
    "filetype": "suffix",
    "tracknumber": "track",
    "discnumber": "disc",
    "lastplayed": "lastPlayed",
    "dateplayed": "lastPlayed",
    "library_id": "",
}
_FIELDS = {name.lower(): name for name in FIELDS} | _NAMES
_ORDERS = {name.lower(): name for name in SORTS} | _NAMES
_OPERATORS = {name.lower(): name for names in OPERATORS.values() for name in names}
_FLAGS = {"true": True, "false": False}


@dataclass
class Found:
    """What a file says, and what of it was left out."""

    name: str
    comment: str
    rules: Rules
    skipped: list[str] = field(default_factory=list)


class _Reader:
    def __init__(self) -> None:
        self.skipped: list[str] = []
        self._seen = 0

    def group(self, given: Any, depth: int = 1) -> dict[str, Any] | None:
        """A group; None where nothing of it is left."""
        if depth > DEEPEST:
            raise UnfitError(f"Groups may stand {DEEPEST} deep at most.")
        for kind in ("all", "any"):
            rules = given.get(kind)
            if isinstance(rules, list):
                found = [self._rule(rule, depth) for rule in rules]
                left = [rule for rule in found if rule is not None]
                # Without one of its rules a group of `any` is smaller, one of `all` is wider.
                return {kind: left} if left else None
        return None

    def _rule(self, given: Any, depth: int) -> dict[str, Any] | None:
        self._seen += 1
        if self._seen > MOST_RULES:
            raise UnfitError(f"There may be {MOST_RULES} rules at most.")
        if not isinstance(given, dict) or len(given) != 1:
            return self._skip("a rule that is none")
        ((word, what),) = given.items()
        if word in {"all", "any"}:
            return self.group(given, depth + 1)
        operator = _OPERATORS.get(word.lower())
        if operator is None or not isinstance(what, dict) or len(what) != 1:
            return self._skip(f"the operator {word[:50]!r} is not known")
        ((name, value),) = what.items()
        return self._leaf(operator, name, value)

    def _leaf(self, operator: str, name: str, value: Any) -> dict[str, Any] | None:
        if operator in OPERATORS["playlist"]:
            return self._skip("playlists of another server are not known here")
        known = _FIELDS.get(name.lower())
        if not known or known == "playlist":
            return self._skip(f"the field {name[:50]!r} is not known")
        rule = {"field": known, "operator": operator, "value": _value(FIELDS[known], value)}
        try:
            statement(Rules(all=(msgspec.convert(rule, Rule),)))
        except (UnfitError, msgspec.ValidationError) as error:
            return self._skip(str(error))
        return rule

    def orders(self, sort: Any, order: Any) -> list[dict[str, Any]]:
        """`"-year,title"`, and a direction for all."""
        found = []
        for word in str(sort or "").split(","):
            name = word.strip().lstrip("+-")
            known = _ORDERS.get(name.lower())
            if known:
                backwards = word.strip().startswith("-") != (str(order).lower() == "desc")
                found.append({"by": known, "descending": backwards and known != RANDOM})
            elif name:
                self._skip(f"nothing is sorted by {name[:50]!r}")
        return found[:8]

    def _skip(self, reason: str) -> dict[str, Any] | None:
        """Note why something is left out; instead of it there is nothing."""
        if reason not in self.skipped and len(self.skipped) < 10:
            self.skipped.append(reason)
        return None


def _value(kind: str, value: Any) -> Any:
    """Numbers and flags may be written as texts."""
    if isinstance(value, list):
        return [_value(kind, each) for each in value[:3]]
    if kind == "bool" and isinstance(value, str):
        return _FLAGS.get(value.lower(), value)
    if isinstance(value, str) and kind in {"number", "date"}:
        try:
            return float(value)
        except ValueError:
            return value
    return value


def read(text: str) -> Found:
    """Read a file. Raises UnfitError where nothing is left of its rules."""
    if len(text) > LONGEST_TEXT:
        raise UnfitError(f"Rules may have {LONGEST_TEXT:,} characters at most.")
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError) as error:
        raise UnfitError(f"this is no JSON: {error}") from None
    if not isinstance(given, dict):
        raise UnfitError("this is no smart playlist: an object with `all` or `any` is missing")
    reader = _Reader()
    group = reader.group(given)
    if group is None:
        raise UnfitError("no rule was understood" + "".join(f"; {why}" for why in reader.skipped))
    limit = given.get("limit")
    # Without a limit everything is meant.
    most = min(limit, MOST_SONGS) if isinstance(limit, int) and limit > 0 else MOST_SONGS
    orders = reader.orders(given.get("sort"), given.get("order"))
    rules = parse(msgspec.json.encode(group | {"sort": orders, "limit": most}))
    name, comment = (str(given.get(word) or "") for word in ("name", "comment"))
    return Found(name, comment, rules, reader.skipped)
