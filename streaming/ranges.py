"""Conditional and partial requests (RFC 9110): pure decisions over headers."""

from __future__ import annotations

import re
from email.utils import formatdate
from typing import NamedTuple

_ONE = re.compile(r"[ \t]*bytes[ \t]*=[ \t]*(?:(\d+)[ \t]*)?-[ \t]*(?:(\d+)[ \t]*)?", re.IGNORECASE)
_TAGS = re.compile(r'(?:W/)?"[^"]*"')
_DIGITS = 18


class OutOfRange(ValueError):  # noqa: N818
    """Nothing of what was asked for exists: 416."""


class Asked(NamedTuple):
    """One range as it was asked for; without `first`, the last so many bytes; without `last`, the rest."""

    first: int | None
    last: int | None


def asked(header: str | None) -> Asked | None:
    """The range that a header asks for.

    Several ranges at once and what is no range at all are answered with the whole, as the RFC
    allows; players that ask so are content.
    """
    match = _ONE.fullmatch(header or "")
    if not match:
        return None
    first, last = (int(text[:_DIGITS]) if text else None for text in match.groups())
    if first is None:
        return None if last is None else Asked(None, last)
    return None if last is not None and last < first else Asked(first, last)


def part(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end of the part asked for; None for the whole."""
    span = asked(header)
    if span is None or not size:
        return None
    first, last = span
    if first is None:
        return _suffix(last or 0, size)
    if first >= size:
        raise OutOfRange
    return first, size if last is None else min(last + 1, size)


def _suffix(length: int, size: int) -> tuple[int, int]:
    if not length:
        raise OutOfRange
    return max(0, size - length), size


def http_date(mtime_ns: int) -> str:
    """The time of a file as headers have it."""
    return formatdate(mtime_ns // 1_000_000_000, usegmt=True)


def same_version(if_range: str | None, etag: str, date: str) -> bool:
    """Whether a part fits what the client already has; only exact equality will do."""
    return if_range is None or if_range.strip() in {etag, date}


def lists_tag(header: str, etag: str) -> bool:
    """Whether `If-None-Match` names this strong tag; a weak one says enough there."""
    tags = (tag.removeprefix("W/") for tag in _TAGS.findall(header))
    return header.strip() == "*" or etag in tags


def insists_on(header: str, etag: str) -> bool:
    """Whether `If-Match` names this strong tag."""
    return header.strip() == "*" or etag in _TAGS.findall(header)
