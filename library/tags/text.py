"""Text of tags made safe: no control characters, no absurd lengths, numbers that are numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache

from library.tags.facts import Day

_LONGEST = 1000
_LONGEST_COMMENT = 8000
_MOST_VALUES = 64
# C0 and C1 controls, lone surrogates, byte order marks: nothing that PostgreSQL or XML could hold.
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_UNWANTED_IN_LINES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_NUMBER = re.compile(r"\s*(\d{1,9})(?!\d)")
_TOTAL = re.compile(r"\s*(?:\d+\s*)?/\s*(\d{1,9})(?!\d)")
_DATE = re.compile(r"\s*(\d{4})(?:[-/.](\d{1,2})(?:[-/.](\d{1,2}))?|(\d{2})(\d{2}))?(?!\d)")
_DATE_BACKWARDS = re.compile(r"\s*(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})(?!\d)")
_DECIMAL = re.compile(r"\s*([-+]?\d*[.,]?\d+(?:[eE][-+]?\d{1,4})?)")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_YEARS = range(1000, 2200)
_LARGEST_NUMBER = 100_000
_LARGEST_GAIN = 100.0


@lru_cache(maxsize=2048)
def clean(value: str) -> str:
    """One line of text."""
    if value.isascii() and value.isprintable():
        return value.strip()[:_LONGEST]
    return _UNWANTED.sub(" ", value.replace("\x00", "")).strip()[:_LONGEST]


def clean_lines(value: str) -> str:
    """Text of several lines, such as a comment."""
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    return _UNWANTED_IN_LINES.sub("", text).strip()[:_LONGEST_COMMENT]


def clean_all(values: Iterable[str]) -> list[str]:
    """Each value once, in order, without empty ones."""
    found = dict.fromkeys(clean(value) for value in values)
    found.pop("", None)
    return list(found)[:_MOST_VALUES]


def number(value: str) -> int:
    """The number a text begins with (`3/12` is 3); 0: none."""
    match = _NUMBER.match(value)
    found = int(match[1]) if match else 0
    return found if found <= _LARGEST_NUMBER else 0


def total(value: str) -> int:
    """What stands behind the slash (`3/12` is 12); 0: nothing."""
    match = _TOTAL.match(value)
    return min(int(match[1]), _LARGEST_NUMBER) if match else 0


def rounded(value: str) -> int:
    """A number that may have a fraction, such as beats per minute."""
    found = decimal(value)
    return round(found) if found is not None and 0 < found <= _LARGEST_NUMBER else 0


def decimal(value: str) -> float | None:
    """The decimal number a text begins with; no NaN, no infinity."""
    match = _DECIMAL.match(value)
    if match is None:
        return None
    found = float(match[1].replace(",", "."))
    return found if math.isfinite(found) else None


def gain(value: str) -> float | None:
    """A gain in dB within reason."""
    found = decimal(value)
    return found if found is not None and abs(found) <= _LARGEST_GAIN else None


def peak(value: str) -> float | None:
    """A peak as a fraction of full scale."""
    found = decimal(value)
    return found if found is not None and 0 <= found <= _LARGEST_GAIN else None


@lru_cache(maxsize=512)
def day(value: str) -> Day:
    """A date of which only the year may be given; an impossible one is none."""
    match = _DATE.match(value)
    if match:
        year, month, of_month = match[1], match[2] or match[4], match[3] or match[5]
    elif match := _DATE_BACKWARDS.match(value):
        of_month, month, year = match.groups()
    else:
        return (0, 0, 0)
    if int(year) not in _YEARS:
        return (0, 0, 0)
    if not 1 <= int(month or 0) <= 12:
        return (int(year), 0, 0)
    return (int(year), int(month), int(of_month or 0) if int(of_month or 0) <= 31 else 0)


def uuids(values: Iterable[str]) -> list[str]:
    """The MusicBrainz ids in these values, however they are joined."""
    return [found.lower() for value in values for found in _UUID.findall(value)]


def truth(value: str) -> bool:
    """Whether a flag is set."""
    return value.strip().lower() in {"1", "true", "yes"}
