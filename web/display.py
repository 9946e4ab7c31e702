"""Figures, times and paths as people read them."""

from __future__ import annotations

import math
import os
from datetime import datetime

_SIZES = ("bytes", "kB", "MB", "GB", "TB", "PB")
_SPANS = ((86400, "day", "d"), (3600, "hour", "h"), (60, "minute", "min"))


def number(value: int) -> str:
    """1234567 -> 1,234,567."""
    return f"{value:,}"


def size(value: float) -> str:
    """1234567 -> 1.2 MB."""
    for unit in _SIZES:
        if value < 999.5 or unit == _SIZES[-1]:
            break
        value /= 1000
    digits = 1 if value < 9.95 and unit != "bytes" else 0
    return f"{value:,.{digits}f} {unit}"


def playing_time(seconds: float) -> str:
    """93784 -> 1 d 2 h; the two largest units."""
    left = round(seconds / 60) * 60
    parts: list[str] = []
    for length, _, unit in _SPANS:
        count, left = divmod(left, length)
        if count or parts:
            parts.append(f"{number(count)} {unit}")
    return " ".join(parts[:2]) or "0 min"


def clock(seconds: float) -> str:
    """3723 -> 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(then: datetime, now: datetime) -> str:
    """In one unit: 3 hours ago."""
    seconds = (now - then).total_seconds()
    for length, name, _ in _SPANS:
        if seconds >= length:
            return f"{counted(int(seconds // length), name)} ago"
    return "just now"


def ahead(then: datetime, now: datetime) -> str:
    """In one unit, the last begun one counted: in 3 hours; 3 hours ago."""
    seconds = (then - now).total_seconds()
    if seconds <= 0:
        return ago(then, now)
    for length, name, _ in _SPANS:
        if seconds > length:
            return f"in {counted(math.ceil(seconds / length), name)}"
    return "in a minute"


def counted(count: int, name: str) -> str:
    """1 song, 2 songs."""
    return f"{number(count)} {name}" if count == 1 else f"{number(count)} {name}s"


_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "Firefox": "Firefox",
    "Chrome": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = ("Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux")


def browser(agent: str) -> str:
    """What a browser calls itself, in short: Firefox, Linux."""
    name = next((name for word, name in _BROWSERS.items() if f"{word}/" in agent), "")
    system = next((word for word in _SYSTEMS if word in agent), "")
    return ", ".join(filter(None, (name, system))) or agent[:40] or "unknown"


def path(raw: bytes) -> str:
    """A path as text; bytes that are no text become question marks."""
    return os.fsdecode(raw).encode("utf-8", "replace").decode()
