"""Ids as apps see them: a kind and a number that never changes, `al-12`.

The kind lets one parameter name anything (`star?id=`, `getCoverArt?id=`). Apps must take them as
opaque; they hold no `;` (DSub joins ids with it) and survive Substreamer's cutting of `_…`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple
from zlib import crc32

from subsonic.errors import NotFoundError

_LARGEST = 2**63 - 1


class Kind(Enum):
    """What an id names; the value is its prefix."""

    TRACK = "tr"
    ALBUM = "al"
    ARTIST = "ar"
    FOLDER = "fo"
    PICTURE = "co"
    PLAYLIST = "pl"
    SHARE = "sh"
    CHANNEL = "ch"
    EPISODE = "ep"
    STATION = "ra"
    VIDEO = "vi"


class Media(Enum):
    """What OpenSubsonic says beside an id of something that can be played."""

    SONG = "song"
    PODCAST = "podcast"


class Id(NamedTuple):
    """An id taken apart."""

    kind: Kind
    number: int


_KINDS = {kind.value: kind for kind in Kind}
_MEDIA = {Media.SONG: Kind.TRACK, Media.PODCAST: Kind.EPISODE}


def track(number: int) -> str:
    """The id of a song."""
    return f"tr-{number}"


def album(number: int) -> str:
    """The id of an album."""
    return f"al-{number}"


def artist(number: int) -> str:
    """The id of an artist."""
    return f"ar-{number}"


def folder(number: int) -> str:
    """The id of a real folder."""
    return f"fo-{number}"


def picture(number: int) -> str:
    """The id of a cover."""
    return f"co-{number}"


def playlist(number: int) -> str:
    """The id of a playlist."""
    return f"pl-{number}"


def playlist_cover(number: int, own: bytes | None, pictures: Sequence[int]) -> str | None:
    """What `getCoverArt` takes for a playlist: another id for other pictures, for apps keep them.

    `own` is the hash of its own picture, which stands before those of its songs.
    """
    if own:
        return f"{playlist(number)}_{own[:8].hex()}"
    if not pictures:
        return None
    return f"{playlist(number)}_{crc32(repr(list(pictures)).encode()):08x}"


def share(number: int) -> str:
    """The id of a share; the secret in its address is another thing."""
    return f"sh-{number}"


def channel(number: int) -> str:
    """The id of a podcast."""
    return f"ch-{number}"


def episode(number: int) -> str:
    """The id of an episode of a podcast, to be streamed with too."""
    return f"ep-{number}"


def station(number: int) -> str:
    """The id of a radio station."""
    return f"ra-{number}"


def video(number: int) -> str:
    """The id of a film."""
    return f"vi-{number}"


def parse(text: str, *kinds: Kind) -> Id:
    """Take an id apart; what is no id, or none of these kinds, names nothing: NotFoundError."""
    prefix, _, digits = text.partition("-")
    kind = _KINDS.get(prefix)
    if kind is None or (kinds and kind not in kinds) or not (digits.isascii() and digits.isdigit()):
        raise NotFoundError(f"There is nothing with the id {text[:80]!r}.")
    number = int(digits[:20])
    if number > _LARGEST:
        raise NotFoundError
    return Id(kind, number)


def parse_media(text: str, media: Media) -> Id:
    """Take the id of something that can be played apart; NotFoundError: it is not that."""
    return parse(text, _MEDIA[media])
