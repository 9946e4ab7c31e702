"""What tags mean: from names and texts to the facts that the library keeps."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from msgspec.structs import replace

from library.tags import text
from library.tags.facts import Credit, Day, Facts, Gains, Person, Splitting
from library.tags.raw import Raw

Tags = dict[str, list[str]]

_ROLES = (
    "composer",
    "lyricist",
    "conductor",
    "arranger",
    "remixer",
    "producer",
    "engineer",
    "mixer",
    "djmixer",
    "writer",
    "director",
)
_MOST_PERFORMERS = 100
_LONGEST_GENRE = 200
_INSTRUMENT = re.compile(r"^(.*\S)\s*\(([^()]+)\)$")
# How several names are written into one value; tried only where as many MusicBrainz ids stand beside.
_JOINTS = ("; ", ";", " / ", "/", ", ", " & ", " feat. ", " ft. ", " x ")
_R128_TO_REPLAYGAIN = 5.0
_EXPLICIT = {
    "1": "explicit",
    "4": "explicit",
    "2": "clean",
    "explicit": "explicit",
    "clean": "clean",
}


def understand(raw: Raw, splitting: Splitting) -> Facts:
    """The facts of one file."""
    tags = raw.tags
    people = _people(tags, splitting)
    return Facts(
        content_type=raw.content_type,
        sound=raw.sound,
        audio_hash=raw.audio_hash,
        picture_hash=sha256(raw.picture).digest() if raw.pictures else b"",
        title=_first(tags, "title"),
        title_sort=_first(tags, "titlesort"),
        album=_first(tags, "album"),
        album_sort=_first(tags, "albumsort"),
        genres=_genres(tags, splitting),
        moods=text.clean_all(tags.get("mood", ())),
        groupings=text.clean_all(tags.get("grouping", ())),
        isrc=text.clean_all(tags.get("isrc", ())),
        labels=text.clean_all(tags.get("label", ())),
        release_types=_release_types(tags),
        comment=text.clean_lines(tags["comment"][0]) if "comment" in tags else "",
        version=_first(tags, "version"),
        explicit=_EXPLICIT.get(_first(tags, "explicit").lower(), ""),
        compilation=text.truth(_first(tags, "compilation")),
        mb_recording="".join(text.uuids(tags.get("musicbrainz_trackid", ()))[:1]),
        mb_release="".join(text.uuids(tags.get("musicbrainz_albumid", ()))[:1]),
        **people,
        **_numbers(tags),
        gains=replace(_gains(tags), base_gain=raw.base_gain or None),
        **_music(tags),
    )


def _first(tags: Tags, name: str) -> str:
    """The first value that holds anything."""
    for value in tags.get(name, ()):
        if found := text.clean(value):
            return found
    return ""


def _numbers(tags: Tags) -> dict[str, Any]:
    """Positions, dates and beats."""
    return {
        "track": text.number(_first(tags, "tracknumber")),
        "disc": text.number(_first(tags, "discnumber")),
        "disc_title": _first(tags, "discsubtitle"),
        "date": _day(tags, "date", "releasedate"),
        "release_date": _day(tags, "releasedate", "date"),
        "original_date": _day(tags, "originaldate"),
        "bpm": text.rounded(_first(tags, "bpm")),
    }


def _day(tags: Tags, *names: str) -> Day:
    for name in names:
        for value in tags.get(name, ()):
            if (found := text.day(value)) != (0, 0, 0):
                return found
    return (0, 0, 0)


def _music(tags: Tags) -> dict[str, Any]:
    """Works and movements."""
    names = text.clean_all(tags.get("work", ()))
    ids = text.uuids(tags.get("musicbrainz_workid", ()))
    if len(ids) != len(names):
        ids = [""] * len(names)
    number = _first(tags, "movementnumber")
    count = text.number(_first(tags, "movementtotal")) or text.total(number)
    return {
        "works": list(zip(names, ids, strict=True)),
        "movement": _first(tags, "movementname"),
        "movement_number": text.number(number),
        "movement_count": count,
    }


def _release_types(tags: Tags) -> list[str]:
    """`album; live` and `album/live` are two types."""
    values = tags.get("releasetype", ())
    return text.clean_all(part for value in values for part in re.split("[;,/]", value))


def _gains(tags: Tags) -> Gains:
    """ReplayGain, else what Opus (R128) or iTunes (sound check) have instead."""
    found = Gains(
        text.gain(_first(tags, "replaygain_track_gain")),
        text.peak(_first(tags, "replaygain_track_peak")),
        text.gain(_first(tags, "replaygain_album_gain")),
        text.peak(_first(tags, "replaygain_album_peak")),
    )
    if found.track_gain is None and found.album_gain is None:
        track, album = _r128(tags, "r128_track_gain"), _r128(tags, "r128_album_gain")
        track = _sound_check(_first(tags, "itunnorm")) if track is None else track
        return Gains(track, found.track_peak, album, found.album_peak)
    return found


def _r128(tags: Tags, name: str) -> float | None:
    """A gain in 1/256 dB towards -23 LUFS; ReplayGain aims at -18."""
    found = text.decimal(_first(tags, name))
    if found is None or abs(found) > 32768:
        return None
    return round(found / 256 + _R128_TO_REPLAYGAIN, 4)


def _sound_check(value: str) -> float | None:
    """The louder of two channels, against a level of 1000."""
    words = value.split()[:2]
    try:
        loudest = max(int(word, 16) for word in words)
    except ValueError:
        return None
    return round(-10 * math.log10(loudest / 1000), 2) if 0 < loudest < 65536 * 1000 else None


def _people(tags: Tags, splitting: Splitting) -> dict[str, Any]:
    """Artists, album artists and everybody else who took part."""
    artist, artists = _artists(tags, "artist", "artists", splitting)
    album_artist, album_artists = _artists(tags, "albumartist", "albumartists", splitting)
    credits = [
        Credit(role, name)
        for role in _ROLES
        if role in tags
        for name in _names(text.clean_all(tags[role]), splitting)
    ]
    credits += [_performer(value) for value in text.clean_all(tags.get("performer", ()))]
    return {
        "artist": artist or album_artist,
        "artists": artists or album_artists,
        "album_artist": album_artist,
        "album_artists": album_artists,
        "credits": credits[:_MOST_PERFORMERS],
        "composer": ", ".join(text.clean_all(tags.get("composer", ()))),
    }


def _performer(value: str) -> Credit:
    """`Name (instrument)`."""
    match = _INSTRUMENT.match(value)
    return Credit("performer", match[1], match[2].lower()) if match else Credit("performer", value)


def _artists(tags: Tags, one: str, many: str, splitting: Splitting) -> tuple[str, list[Person]]:
    """How the artists are displayed, and who they are."""
    shown = text.clean_all(tags.get(one, ()))
    listed = text.clean_all(tags.get(many, ()))
    if not shown and not listed:
        return "", []
    ids = text.uuids(tags.get(f"musicbrainz_{one}id", ()))
    names = listed or shown
    if len(names) == 1:
        names = _by_count(names[0], len(ids)) or _names(names, splitting)
    sorts = text.clean_all(tags.get(f"{one}sort", ()))
    if len(sorts) == 1 and len(names) > 1:
        sorts = _names(sorts, splitting)
    return ", ".join(shown) or ", ".join(listed), _persons(names, sorts, ids)


def _persons(names: list[str], sorts: list[str], ids: list[str]) -> list[Person]:
    """Sort names and ids belong to names only where there are as many."""
    if len(sorts) != len(names):
        sorts = [""] * len(names)
    if len(ids) != len(names):
        ids = [""] * len(names)
    return [Person(*each) for each in zip(names, sorts, ids, strict=True)]


def _by_count(value: str, count: int) -> list[str]:
    """Names joined in one value, where the number of ids tells how many there are."""
    if count < 2:
        return []
    for joint in _JOINTS:
        names = text.clean_all(value.split(joint))
        if len(names) == count:
            return names
    return []


def _names(values: list[str], splitting: Splitting) -> list[str]:
    """Several values are taken as they are; a single one is split, whole names excepted."""
    if len(values) != 1 or not splitting.artists:
        return values
    value = values[0]
    parts, start = [], 0
    for match in _splitter(splitting.artists, splitting.whole).finditer(value):
        if match[1] is None:
            parts.append(value[start : match.start()])
            start = match.end()
    return text.clean_all([*parts, value[start:]]) or values


@lru_cache(maxsize=8)
def _splitter(separators: tuple[str, ...], whole: tuple[str, ...]) -> re.Pattern[str]:
    """Finds names that stay whole (group 1), and separators."""
    kept = "|".join(re.escape(name) for name in _longest_first(whole)) or "(?!)"
    cuts = "|".join(re.escape(separator) for separator in _longest_first(separators))
    return re.compile(f"({kept})|(?:{cuts})", re.IGNORECASE)


def _genres(tags: Tags, splitting: Splitting) -> list[str]:
    """Genres, of a length that fits into an index."""
    found = _split_single(text.clean_all(tags.get("genre", ())), splitting.genres)
    return [genre[:_LONGEST_GENRE] for genre in found]


def _split_single(values: list[str], separators: Sequence[str]) -> list[str]:
    """Genres: several values are taken as they are."""
    if len(values) != 1 or not any(separator in values[0] for separator in separators):
        return values
    pattern = "|".join(re.escape(separator) for separator in _longest_first(separators))
    return text.clean_all(re.split(pattern, values[0]))


def _longest_first(words: Iterable[str]) -> list[str]:
    return sorted((word for word in words if word), key=len, reverse=True)
