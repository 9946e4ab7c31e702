"""Formats by the one name they have here, however an app spells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_CONTAINERS = {
    "m4a": "mp4", "m4b": "mp4", "m4p": "mp4", "mov": "mp4", "3gp": "mp4",
    "oga": "ogg", "opus": "ogg", "adts": "aac", "mpeg": "mp3", "mpga": "mp3",
    "mkv": "mka", "matroska": "mka", "weba": "webm", "wma": "asf", "wave": "wav",
    "aif": "aiff", "aifc": "aiff", "snd": "au", "wavpack": "wv",
}  # fmt: skip
_CODECS = {
    "mpeg": "mp3", "mpga": "mp3", "mp3float": "mp3", "mp4a": "aac", "aac-lc": "aac", "aac_lc": "aac",
    "lpcm": "pcm", "wav": "pcm", "wmav1": "wma", "wmav2": "wma", "wv": "wavpack", "mpc": "musepack",
}  # fmt: skip
_FAMILIES = {"mp4a.40": "aac", "pcm_": "pcm", "dsd_": "dsd"}
"""Codecs by the beginning of their names."""
_ANY = "*"


def container(name: str) -> str:
    """A container, or a file's suffix that stands for one."""
    name = name.strip().lower()
    return _CONTAINERS.get(name, name)


def codec(name: str) -> str:
    """A codec by its plain name."""
    name = name.strip().lower()
    family = next((_FAMILIES[one] for one in _FAMILIES if name.startswith(one)), name)
    return _CODECS.get(family, family)


def protocol(name: str) -> str:
    """`http` or `hls`."""
    return name.strip().lower()


def listed(names: Iterable[str] | None, spell: Callable[[str], str]) -> frozenset[str]:
    """What a list names, also by commas inside a name; empty: anything."""
    found = {spell(part) for name in names or () for part in name.split(",")} - {""}
    return frozenset() if _ANY in found else frozenset(found)
