"""Playlist files: M3U, PLS, XSPF and smart playlists, read and written.

Nothing that a line names is opened: lines are only compared with the paths of songs.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterable
from urllib.parse import unquote
from xml.parsers import expat

import msgspec
from msgspec import Struct

from db.errors import UnfitError
from db.smart_rules import dump
from library import nsp, paths
from library.tags.facts import Request
from library.tags.text import clean, clean_lines

MOST_BYTES = 2 * 1024 * 1024
MOST_LINES = 100_000
_LONGEST_LINE = 4000
_LONGEST_NAME = 250
_LONGEST_COMMENT = 2000
_PLS_FILE = re.compile(r"file(\d{1,9})\s*=\s*(.*)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f"*/:<>?\\|]')


class UnfitFileError(Exception):
    """A file that is no playlist; the text says why."""


class List(Struct, array_like=True):
    """What a file says. `rules` is that of a smart playlist; `failed` says why there is nothing."""

    hash: bytes = b""
    name: str = ""
    comment: str = ""
    lines: list[str] = []
    rules: str = ""
    complaint: str = ""
    """What of it was not understood."""
    failed: str = ""
    again: bool = False
    """The failure may pass by itself."""


def read_files(payload: bytes) -> bytes:
    """Target of the sandbox: a `Request` in, a list of `List` in the same order out."""
    request = msgspec.msgpack.decode(payload, type=Request)
    return msgspec.msgpack.encode(
        [read_file(os.path.join(request.root, path)) for path in request.paths]
    )


def read_file(path: bytes) -> List:
    """What one file says, or why it says nothing; nothing it holds can raise."""
    try:
        data = _read(path)
        found = parse(paths.suffix(path), data)
    except (UnfitFileError, UnfitError) as error:
        return List(failed=str(error)[:500])
    except PermissionError:
        return List(failed=f"user {paths.user()} may not read this file", again=True)
    except OSError as error:
        return List(failed=f"reading failed: {error.strerror or error}", again=True)
    found.hash = hashlib.sha256(data).digest()
    return found


def parse(suffix: str, data: bytes) -> List:
    """What the bytes of a file say. Raises UnfitFileError and UnfitError."""
    found = PARSERS[suffix](data)
    if len(found.lines) > MOST_LINES:
        raise UnfitFileError(f"the playlist has more than {MOST_LINES:,} lines")
    found.name = clean(found.name)[:_LONGEST_NAME]
    found.comment = clean_lines(found.comment)[:_LONGEST_COMMENT]
    found.lines = [line for each in found.lines if (line := _line(each))]
    return found


def _line(text: str) -> str:
    """A line without what neither the database nor a path can hold."""
    return text.replace("\0", "").strip()[:_LONGEST_LINE]


def _read(path: bytes) -> bytes:
    """Only a plain file: opening anything else could wait for ever."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise UnfitFileError("not a plain file")
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise UnfitFileError(f"a playlist may have {MOST_BYTES // 1024 // 1024} MB at most")
    return data


def _decode(data: bytes) -> str:
    """UTF-8, with or without its mark, and what is none as Windows wrote it."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")


def _lines(data: bytes) -> list[str]:
    """Split where files are split, not where Unicode could be."""
    lines = _decode(data).replace("\r\n", "\n").replace("\r", "\n").split("\n", MOST_LINES * 3)
    return [line.strip() for line in lines]


def m3u(data: bytes) -> List:
    """Lines are paths; what begins with `#` is not, but may name the playlist."""
    found = List(lines=[])
    for line in _lines(data):
        if not line.startswith("#"):
            if line:
                found.lines.append(line)
        elif line[:10].upper() == "#PLAYLIST:":
            found.name = found.name or line[10:]
        elif line[:7].upper() == "#EXT-X-":
            raise UnfitFileError("this is a stream in segments (HLS), not a list of songs")
    return found


def pls(data: bytes) -> List:
    """`File1=…`, in the order of the numbers."""
    files: dict[int, str] = {}
    name = ""
    for line in _lines(data):
        if match := _PLS_FILE.match(line):
            files.setdefault(int(match[1]), match[2])
        elif line[:13].lower() == "playlistname=":
            name = line[13:]
    return List(name=name, lines=[files[number] for number in sorted(files)])


def xspf(data: bytes) -> List:
    """XML; a document type, which alone could make it do harm, is refused."""
    reader = _Xspf()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, LookupError, ValueError) as error:
        # The last two: an encoding that nobody knows, or that is none of texts.
        raise UnfitFileError(f"this is no XML: {error}") from None
    if not reader.is_playlist:
        raise UnfitFileError("this is XML, but no playlist (XSPF)")
    return reader.found


def _refuse(*_: object) -> None:
    raise UnfitFileError("a playlist may have no document type (DTD)")


class _Xspf:
    """Takes the first location of each track, and the title of the playlist."""

    def __init__(self) -> None:
        self.found = List(lines=[])
        self.is_playlist = False
        self._path: list[str] = []
        self._text: list[str] = []
        self._located = False

    def start(self, name: str, _: object) -> None:
        local = name.rpartition(" ")[2]
        self.is_playlist |= not self._path and local == "playlist"
        self._path.append(local)
        if len(self._path) > 50:
            raise UnfitFileError("elements stand too deep in each other")
        self._text.clear()
        if local == "track":
            self._located = False
            if len(self.found.lines) >= MOST_LINES:
                raise UnfitFileError(f"the playlist has more than {MOST_LINES:,} lines")

    def text(self, data: str) -> None:
        self._text.append(data)

    def end(self, _: str) -> None:
        text = "".join(self._text).strip()
        where = self._path[1:]
        if where == ["title"]:
            self.found.name = text
        elif where == ["annotation"]:
            self.found.comment = text
        elif where == ["trackList", "track", "location"] and text and not self._located:
            self._located = True
            # What is relative is a URI too.
            self.found.lines.append(text if ":" in text else unquote(text))
        self._path.pop()
        self._text.clear()


def smart(data: bytes) -> List:
    """Rules, as Navidrome writes them."""
    found = nsp.read(_decode(data))
    complaint = "; ".join(found.skipped)
    return List(
        name=found.name,
        comment=found.comment,
        rules=dump(found.rules),
        complaint=f"smart playlist without some of its rules: {complaint}" if complaint else "",
    )


PARSERS: dict[str, Callable[[bytes], List]] = {
    "m3u": m3u,
    "m3u8": m3u,
    "pls": pls,
    "xspf": xspf,
    "nsp": smart,
}
"""Readers by suffix."""


def write_m3u8(name: str, songs: Iterable[tuple[float, str, str, str]]) -> str:
    """A playlist of songs, given as seconds, artist, title and path; no text can begin a line."""
    lines = ["#EXTM3U", f"#PLAYLIST:{_one_line(name)}"]
    for seconds, artist, title, path in songs:
        lines.append(f"#EXTINF:{round(seconds)},{_one_line(artist)} - {_one_line(title)}")
        # A path that begins with `#` would be a comment.
        lines.append(f"./{path}" if path.startswith(("#", " ")) else path)
    return "\n".join(lines) + "\n"


def _one_line(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def file_name(name: str) -> str:
    """A name under which every system keeps a playlist."""
    plain = _UNFIT.sub("_", _one_line(name)).strip(". ")[:100].strip(". ")
    return f"{plain or 'playlist'}.m3u8"
