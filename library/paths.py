"""What file names say: which files are music or videos, of what kind, and which folders belong together."""

from __future__ import annotations

import fnmatch
import os
import pwd
import re
from collections.abc import Iterable
from functools import lru_cache

CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "mp2": "audio/mpeg",
    "mp1": "audio/mpeg",
    "mpga": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "oga": "audio/ogg",
    "opus": "audio/ogg",
    "spx": "audio/ogg",
    "m4a": "audio/mp4",
    "m4b": "audio/mp4",
    "m4p": "audio/mp4",
    "m4r": "audio/mp4",
    "mp4": "audio/mp4",
    "3gp": "audio/3gpp",
    "aac": "audio/aac",
    "ac3": "audio/ac3",
    "eac3": "audio/eac3",
    "dts": "audio/vnd.dts",
    "wma": "audio/x-ms-wma",
    "asf": "audio/x-ms-wma",
    "wav": "audio/wav",
    "wave": "audio/wav",
    "w64": "audio/x-w64",
    "aif": "audio/aiff",
    "aiff": "audio/aiff",
    "aifc": "audio/aiff",
    "au": "audio/basic",
    "snd": "audio/basic",
    "caf": "audio/x-caf",
    "mka": "audio/x-matroska",
    "webm": "audio/webm",
    "weba": "audio/webm",
    "dsf": "audio/x-dsf",
    "dff": "audio/x-dff",
    "ape": "audio/x-ape",
    "wv": "audio/x-wavpack",
    "mpc": "audio/x-musepack",
    "mp+": "audio/x-musepack",
    "mpp": "audio/x-musepack",
    "tak": "audio/x-tak",
    "ofr": "audio/x-optimfrog",
    "ofs": "audio/x-optimfrog",
    "tta": "audio/x-tta",
    "shn": "audio/x-shorten",
}
"""Content types by suffix; what is not here is no music."""

VIDEOS = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "avi": "video/x-msvideo",
    "divx": "video/x-msvideo",
    "mov": "video/quicktime",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "vob": "video/mpeg",
    "ts": "video/mp2t",
    "mts": "video/mp2t",
    "m2ts": "video/mp2t",
    "ogv": "video/ogg",
    "wmv": "video/x-ms-wmv",
    "asf": "video/x-ms-wmv",
    "flv": "video/x-flv",
    "3gp": "video/3gpp",
}
"""Content types of files that may hold moving pictures; without any, some of them are music."""

PICTURES = ("jpg", "jpeg", "png", "webp", "gif", "avif")
"""Suffixes of pictures, best first."""

PORTRAIT = "artist"
"""Name, without suffix, of the picture of an artist in the artist's folder."""

_FOR_PICTURES = frozenset({b"artwork", b"art", b"covers", b"cover", b"scans", b"scan"})
PLAYLISTS = frozenset({b"m3u", b"m3u8", b"pls", b"xspf", b"nsp"})
"""Suffixes of playlists."""

_MEDIA = frozenset(name.encode() for name in (*CONTENT_TYPES, *VIDEOS))
_DISC = re.compile(
    rb"(?:cd|dis[ck]|disque|disco|lp|vinyl)[\s_.#-]*(\d{1,2})(?![^\s_.:,()\[\]-])[^/]*",
    re.IGNORECASE,
)


def suffix(path: bytes) -> str:
    """The suffix in small letters, without the dot."""
    _, dot, last = path.rpartition(b"/")[2].rpartition(b".")
    return last.lower().decode("ascii", "replace") if dot else ""


def is_media(name: bytes) -> bool:
    """Whether a file of this name is taken for music or a video."""
    return name.rpartition(b".")[2].lower() in _MEDIA and b"." in name


def is_picture(name: bytes) -> bool:
    """Whether a file of this name is taken for a picture."""
    return suffix(name) in PICTURES


def is_for_pictures(folder: bytes) -> bool:
    """Whether a folder is named as those that hold the pictures of the album around it."""
    return folder.rpartition(b"/")[2].lower() in _FOR_PICTURES


def is_playlist(name: bytes) -> bool:
    """Whether a file of this name is taken for a playlist."""
    return name.rpartition(b".")[2].lower() in PLAYLISTS and b"." in name


def stem(path: bytes) -> bytes:
    """The file name without its suffix."""
    name = path.rpartition(b"/")[2]
    return name.rpartition(b".")[0] or name


def folder(path: bytes) -> bytes:
    """The folder of a file, or the parent of a folder; of what stands at the top: empty."""
    return path.rpartition(b"/")[0]


def lies_in(path: bytes, folder: bytes) -> bool:
    """Whether a path is a folder, or somewhere below it."""
    return not folder or path == folder or path.startswith(folder + b"/")


def shown(path: bytes) -> str:
    """A path as text that every encoding can hold."""
    return os.fsdecode(path).encode("utf-8", "replace").decode()


@lru_cache(maxsize=64)
def album_folder(path: bytes) -> bytes:
    """The folder that an album's folder stands for: of `Album/CD2` it is `Album`."""
    parent, _, name = path.rpartition(b"/")
    return parent if parent and _DISC.fullmatch(name) else path


def disc_number(path: bytes) -> int:
    """The number in a folder's name such as `CD2`; 0: none."""
    match = _DISC.fullmatch(path.rpartition(b"/")[2])
    return int(match[1]) if match else 0


def ignorer(patterns: Iterable[str]) -> re.Pattern[str]:
    """Matches the names that a scan passes over."""
    return re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns) or r"(?!)")


def user() -> str:
    """Who this process is, for messages about rights."""
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = "?"
    return f"{name} ({os.geteuid()})"
