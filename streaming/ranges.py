"""Conditional and partial requests (RFC 9110): pure decisions over headers."""

from __future__ import annotations

import re
from email.utils import formatdate

_ONE = re.compile(r"^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$", re.IGNORECASE)
_TAGS = re.compile(r'(?:W/)?"[^"]*"')
_DIGITS = 18


class OutOfRange(ValueError):  # noqa: N818
    """Nothing of what was asked for exists: 416."""


def part(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and end of the part asked for; None for the whole.

    Several ranges at once and what is no range at all are answered with the whole, as the RFC
    allows; players that ask so are content.
    """
    match = _ONE.match(header or "")
    if not match or not size:
        return None
    first, last = (text[:_DIGITS] for text in match.groups())
    if first:
        return _from(int(first), int(last) if last else None, size)
    return _suffix(int(last), size) if last else None


def _from(first: int, last: int | None, size: int) -> tuple[int, int] | None:
    if last is not None and last < first:
        return None
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
    """Whether `If-Match` or `If-None-Match` names this strong tag."""
    tags = (tag.removeprefix("W/") for tag in _TAGS.findall(header))
    return header.strip() == "*" or etag in tags
