"""One file taken apart: the tracks that a cue sheet finds in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from hashlib import blake2b

from msgspec.structs import replace

from library.tags.facts import Facts, Named, Splitting
from library.tags.fields import understand
from library.tags.raw import Raw
from library.tags.sheet import LARGEST, Sheet, SheetError, Tags, Track, parse
from library.tags.text import clean

_OF_THE_ALBUM = frozenset({
    "album", "albumsort", "artist", "artists", "artistsort", "albumartist", "albumartists",
    "albumartistsort", "musicbrainz_albumid", "musicbrainz_artistid", "musicbrainz_albumartistid",
    "date", "releasedate", "originaldate", "genre", "mood", "label", "releasetype", "version",
    "compilation", "discnumber", "discsubtitle", "composer", "conductor", "explicit",
    "replaygain_album_gain", "replaygain_album_peak",
})  # fmt: skip
"""Tags of the file that are true of each of its tracks, where the sheet says nothing else."""
_LOSSLESS = frozenset({
    "flac", "pcm", "alac", "ape", "wavpack", "tta", "tak", "dsd", "shorten", "optimfrog",
    "wmalossless", "mlp", "truehd",
})  # fmt: skip
_SENT_AS = {"aac": "aac", "vorbis": "opus", "opus": "opus", "speex": "opus"}
_TYPES = {"flac": "audio/flac", "mp3": "audio/mpeg", "aac": "audio/aac", "opus": "audio/ogg"}


def read_sheet(path: bytes) -> Sheet:
    """The sheet in a file; raises SheetError and OSError."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise SheetError("the cue sheet is no plain file")
        return parse(file.read(LARGEST + 1))


def names(path: bytes) -> Named:
    """The files that a sheet names, without a look at any of them."""
    try:
        return Named([clean(name) for name in read_sheet(path).files])
    except SheetError as error:
        return Named([], str(error))
    except OSError as error:
        return Named([], f"reading the cue sheet failed: {error.strerror or error}", again=True)


def take_apart(
    raw: Raw, whole: Facts, beside: tuple[bytes, int] | None, splitting: Splitting
) -> tuple[Facts, list[Facts], str]:
    """A file by the sheet beside it, else by one in its tags: itself, its tracks, a complaint.

    A sheet in the tags that does not fit is passed over: programs that cut files forget it there.
    """
    complaint = ""
    if beside is not None:
        try:
            sheet, number = read_sheet(beside[0]), beside[1]
            mine = [track for track in sheet.tracks if track.file == number]
            if sum(track.sound for track in mine) > 1:
                return whole, _tracks(raw, whole, sheet, mine, splitting), ""
            if mine and "title" not in raw.tags:
                raw.complete(_tags(raw, sheet, mine[0]))
                whole = replace(understand(raw, splitting), picture_hash=whole.picture_hash)
        except SheetError as error:
            complaint = str(error)
        except OSError as error:
            complaint = f"reading the cue sheet failed: {error.strerror or error}"
    return whole, _embedded(raw, whole, splitting), complaint


def _embedded(raw: Raw, whole: Facts, splitting: Splitting) -> list[Facts]:
    for found in (*raw.tags.get("cuesheet", ())[:1], raw.sheet):
        try:
            sheet = parse(found) if isinstance(found, str) else found
            if sheet and sum(track.sound for track in sheet.tracks) > 1:
                return _tracks(raw, whole, sheet, sheet.tracks, splitting)
        except SheetError:
            continue
    return []


def _tracks(
    raw: Raw,
    whole: Facts,
    sheet: Sheet,
    tracks: Sequence[Track],
    splitting: Splitting,
) -> list[Facts]:
    """The tracks in this file, each up to where the next begins: a pause belongs to what was before."""
    ends = [*(track.begin for track in tracks[1:]), 0.0]
    _check(tracks, whole.sound.duration)
    codec = _sent_as(whole.sound.codec)
    found = []
    for track, end in zip(tracks, ends, strict=True):
        if not track.sound:
            continue
        seconds = (end or whole.sound.duration) - track.begin
        sound = replace(whole.sound, duration=seconds, codec=codec)
        part = Raw(_TYPES[codec], sound, _tags(raw, sheet, track))
        facts = understand(part, splitting)
        found.append(
            replace(
                facts,
                picture_hash=whole.picture_hash,
                audio_hash=_hash(whole.audio_hash, track.begin, end),
                title=facts.title or f"Track {track.number:02}",
                cue=track.number,
                begin=track.begin,
                end=end,
            )
        )
    return found


def _check(tracks: Sequence[Track], duration: float) -> None:
    """Whether the tracks are in order and in the file."""
    if duration <= 0:
        raise SheetError("how long the file is that the cue sheet cuts is not known")
    before = -1.0
    for track in tracks:
        if track.begin < 0:
            raise SheetError(f"the cue sheet does not say where track {track.number} begins")
        if track.begin <= before:
            raise SheetError(f"the cue sheet is out of order: track {track.number} comes too early")
        if track.begin >= duration:
            raise SheetError(f"track {track.number} of the cue sheet begins after the file's end")
        before = track.begin


def _tags(raw: Raw, sheet: Sheet, track: Track) -> Tags:
    """What is said of a track: by its part of the sheet, the whole sheet, the file."""
    tags = Raw("", tags={**track.tags, "tracknumber": [str(track.number)]})
    tags.complete(sheet.tags)
    if "artist" not in tags.tags and "albumartist" in sheet.tags:
        tags.add("artist", *sheet.tags["albumartist"])
    # Ids and sort names of the file's artist are not those of another whom the sheet names.
    passed = {
        f"{prefix}{role}{rest}"
        for role in ("artist", "albumartist")
        if tags.tags.get(role, raw.tags.get(role)) != raw.tags.get(role)
        for prefix, rest in (("", "s"), ("", "sort"), ("musicbrainz_", "id"))
    }
    wanted = _OF_THE_ALBUM - passed
    tags.complete({name: values for name, values in raw.tags.items() if name in wanted})
    return tags.tags


def _sent_as(codec: str) -> str:
    """A track is described as what it is sent as: nothing is lost of what had lost nothing before."""
    return "flac" if codec in _LOSSLESS else _SENT_AS.get(codec, "mp3")


def _hash(whole: bytes, begin: float, end: float) -> bytes:
    bounds = f"{begin:.5f} {end:.5f}".encode()
    return blake2b(whole + bounds, digest_size=16).digest() if whole else b""
