"""What a feed says of a podcast and its episodes, in plain words and bounded numbers.

`read_feed` runs in a child of the sandbox: a feed is whatever a stranger wrote.
"""

from __future__ import annotations

import calendar
import re
import time
from collections.abc import Iterable, Iterator
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Struct

from db.feeds import Feed, Item
from library.paths import CONTENT_TYPES, suffix

MOST = 2000
"""Episodes of one podcast; the oldest ones beyond are passed over."""

_LINE, _TEXT, _SOURCE = 300, 2000, 20_000
_LONGEST_URL = 2000
_LONGEST_GUID = 500
_WEEK = 7 * 24 * 3600.0
_DAY = 24 * 3600
_LARGEST = 2**53
_FILMS = {"mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska"}  # fmt: skip
_SUFFIXES = {
    "audio/mpeg": "mp3", "audio/mp3": "mp3", "audio/mp4": "m4a", "audio/x-m4a": "m4a",
    "audio/m4a": "m4a", "audio/aac": "aac", "audio/aacp": "aac", "audio/ogg": "ogg", "audio/opus": "opus",
    "audio/flac": "flac", "audio/x-flac": "flac", "audio/wav": "wav", "audio/x-wav": "wav",
    "video/mp4": "mp4", "video/x-m4v": "mp4", "video/webm": "webm",
}  # fmt: skip
_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"[ \t\xa0]+")
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2}(?:\.\d+)?)", re.ASCII)
_PLAIN = re.compile(r"\d{1,9}(?:\.\d+)?", re.ASCII)
_UNITS = re.compile(
    r"(?:pt?)?\s*(?:(\d{1,3})\s*h[a-z]*)?[\s,]*(?:(\d{1,4})\s*m[a-z]*)?[\s,]*(?:(\d{1,6}(?:\.\d+)?)\s*s[a-z]*)?",
    re.ASCII | re.IGNORECASE,
)
_BLOCKS = frozenset({"p", "br", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "hr"})
_HIDDEN = frozenset({"script", "style"})


class Document(Struct, frozen=True, array_like=True):
    """What was fetched, and where: relative addresses count from there."""

    url: str
    data: bytes


def read_feed(payload: bytes) -> bytes:
    """Target of the sandbox: a `Document` in, a `Feed` out; ValueError for what is none."""
    document = msgspec.msgpack.decode(payload, type=Document)
    return msgspec.msgpack.encode(understand(document))


def understand(document: Document) -> Feed:
    """Read a feed."""
    from feedparser.api import parse  # here, as the serving process has no use for it

    # A stream, as anything else might be taken for a file's name or an address to fetch.
    found = parse(BytesIO(document.data), sanitize_html=False, resolve_relative_uris=False)
    if not found.get("version") and not found.entries:
        raise ValueError("this is no feed")
    channel = found.feed
    return Feed(
        title=line(channel.get("title")),
        description=text(channel.get("subtitle") or channel.get("summary"), 2 * _TEXT),
        image=_link(document.url, (channel.get("image") or {}).get("href")),
        items=_newest(_items(document.url, found.entries)),
    )


def _items(base: str, entries: Iterable[Any]) -> Iterator[Item]:
    """Entries with something to hear or see."""
    for entry in entries:
        medium = _medium(base, entry)
        if medium is None:
            continue
        url, content_type, ending, size, video = medium
        yield Item(
            guid=_guid(entry.get("id") or url),
            title=line(entry.get("title")) or line(urlsplit(url).path.rpartition("/")[2]),
            description=text(entry.get("summary") or _content(entry), _TEXT),
            published=_published(entry),
            url=url,
            content_type=content_type,
            suffix=ending,
            size=size,
            duration=duration(entry.get("itunes_duration")),
            video=video,
        )


def _newest(items: Iterable[Item]) -> list[Item]:
    """Each once; without dates in the order of the feed."""
    single: dict[str, Item] = {}
    for item in items:
        single.setdefault(item.guid, item)
    dated = all(item.published is not None for item in single.values())
    found = list(single.values())
    if dated:
        found.sort(key=lambda item: item.published or 0.0, reverse=True)
    return found[:MOST]


def _medium(base: str, entry: Any) -> tuple[str, str, str, int, bool] | None:
    """The first sound, else the first film: address, type, suffix, bytes, and whether it is a film."""
    film = None
    for given in [*entry.get("enclosures", ()), *entry.get("media_content", ())]:
        url = _link(base, given.get("href") or given.get("url"))
        kind = str(given.get("type") or "").split(";")[0].strip().lower()
        ending = suffix(urlsplit(url).path.encode("utf-8", "replace")) if url else ""
        size = _size(given.get("length") or given.get("filesize"))
        if url and _is_sound(kind, ending):
            ending = ending if ending in CONTENT_TYPES else _SUFFIXES.get(kind, "mp3")
            return url, CONTENT_TYPES[ending], ending, size, False
        if url and film is None and (kind.startswith("video/") or ending in _FILMS):
            ending = ending if ending in _FILMS else _SUFFIXES.get(kind, "mp4")
            film = (url, _FILMS[ending], ending, size, True)
    return film


def _is_sound(kind: str, ending: str) -> bool:
    if kind.startswith(("video/", "image/", "text/")):
        return False
    return kind.startswith("audio/") or (ending in CONTENT_TYPES and ending not in _FILMS)


def _link(base: str, href: Any) -> str:
    """An absolute address of the web, or nothing."""
    try:
        url = urljoin(base, storable(str(href or "")).strip()) if href else ""
        scheme = urlsplit(url).scheme
    except ValueError:
        return ""
    return url if scheme in ("http", "https") and len(url) <= _LONGEST_URL else ""


def _guid(given: Any) -> str:
    name = storable(str(given)).strip()
    return name if len(name) <= _LONGEST_GUID else sha256(name.encode()).hexdigest()


def _content(entry: Any) -> Any:
    return next((one.get("value") for one in entry.get("content", ())), "")


def _published(entry: Any) -> float | None:
    """When, unless that is before there were feeds or in the days to come."""
    for name in ("published_parsed", "updated_parsed"):
        moment = dict.get(entry, name)  # not its own `get`, which takes one for the other
        if moment:
            seconds = float(calendar.timegm(moment))
            return seconds if 0 < seconds < time.time() + _DAY else None
    return None


def _size(given: Any) -> int:
    digits = str(given or "").strip()
    return min(int(digits), _LARGEST) if digits.isascii() and digits.isdigit() and len(digits) < 20 else 0  # fmt: skip


def duration(given: Any) -> float:
    """Seconds of `3723`, `62:03`, `1:02:03`, `1h 2m 3s` or `PT1H2M3S`; 0 for anything else."""
    words = str(given or "").strip()[:40]
    if _PLAIN.fullmatch(words):
        seconds = float(words)
    elif match := _CLOCK.fullmatch(words) or (words and _UNITS.fullmatch(words)):
        hours, minutes, rest = (float(part or 0) for part in match.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    else:
        return 0.0
    return seconds if seconds <= _WEEK else 0.0


def storable(given: str) -> str:
    """Without what no database keeps and no XML holds."""
    return _UNSTORABLE.sub("", given)


def line(given: Any) -> str:
    """One line of plain text."""
    return " ".join(text(given, _LINE).split())


def text(given: Any, most: int) -> str:
    """Plain text of what may be HTML, shortened."""
    reader = _Plain()
    reader.feed(str(given or "")[:_SOURCE])
    reader.close()
    lines = _SPACES.sub(" ", storable("".join(reader.parts))).split("\n")
    plain = "\n".join(stripped for one in lines if (stripped := one.strip()))
    return plain if len(plain) <= most else plain[: most - 1].rstrip() + "…"


class _Plain(HTMLParser):
    """Collects what a reader of HTML would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in _HIDDEN
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _HIDDEN))
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
