"""Stars, ratings and plays."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from math import isfinite

from db.annotations import Items
from db.plays import Report, State
from subsonic.endpoint import LATEST_MS, Call, clamp, endpoint
from subsonic.errors import BadParameterError, GenericError, NotFoundError
from subsonic.ids import Kind, Media, parse, parse_media

_NAMES = {
    Kind.TRACK: "track",
    Kind.ALBUM: "album",
    Kind.ARTIST: "artist",
    Kind.FOLDER: "folder",
    Kind.VIDEO: "video",
}
_SLOWEST, _FASTEST = 0.1, 10.0
_LONGEST_MS = 7 * 24 * 3600 * 1000


@endpoint("star")
async def star(
    call: Call,
    *,
    id: tuple[str, ...] = (),
    album_id: tuple[str, ...] = (),
    artist_id: tuple[str, ...] = (),
) -> None:
    """Star songs, albums, artists, folders and videos; a bare `id` may be any of them."""
    _expect(await call.services.db.annotations.star(call.user, _items(id, album_id, artist_id)))


@endpoint("unstar")
async def unstar(
    call: Call,
    *,
    id: tuple[str, ...] = (),
    album_id: tuple[str, ...] = (),
    artist_id: tuple[str, ...] = (),
) -> None:
    """Remove stars."""
    _expect(await call.services.db.annotations.unstar(call.user, _items(id, album_id, artist_id)))


@endpoint("setRating")
async def set_rating(call: Call, *, id: str, rating: int) -> None:
    """Rate a song, album, artist, folder or video; 0 removes the rating."""
    if not 0 <= rating <= 5:
        raise BadParameterError("A rating is 1 to 5, or 0 to remove it.")
    kind, number = parse(id, *_NAMES)
    _expect(await call.services.db.annotations.rate(call.user, _NAMES[kind], number, rating))


@endpoint("scrobble")
async def scrobble(
    call: Call, *, id: tuple[str, ...], time: tuple[int, ...] = (), submission: bool = True
) -> None:
    """Count plays, each at its `time` (ms); with `submission=false` only tell what plays now.

    Songs that do not exist are passed over as long as one does: apps send backlogs of weeks.
    Episodes of podcasts are not counted.
    """
    heard = [parse(one, Kind.TRACK, Kind.EPISODE) for one in id]
    if not heard:
        raise BadParameterError("Required parameter 'id' is missing.")
    if time and len(time) != len(heard):
        raise GenericError("There must be as many parameters 'time' as 'id'.")
    moments = _moments(time) or [datetime.now(UTC)] * len(heard)
    songs = [
        (one.number, moment)
        for one, moment in zip(heard, moments, strict=True)
        if one.kind is Kind.TRACK
    ]
    if not songs:
        return
    tracks, times = zip(*songs, strict=True)
    plays = call.services.db.plays
    if submission:
        _expect(await plays.add(call.user, tracks, times, call.client))
    else:
        _expect(await plays.hear(call.user, tracks[-1], call.client))


@endpoint("reportPlayback")
async def report_playback(
    call: Call,
    *,
    media_id: str,
    media_type: Media,
    position_ms: int,
    state: State,
    playback_rate: float = 1.0,
    ignore_scrobble: bool = False,
) -> None:
    """Note how playing gets on; what was listened to for long enough counts as a play.

    Episodes have neither plays nor a place among what plays now.
    """
    if position_ms < 0 or not isfinite(playback_rate):
        raise BadParameterError("Parameters 'positionMs' and 'playbackRate' must be possible.")
    kind, number = parse_media(media_id, media_type)
    rate = max(_SLOWEST, min(playback_rate, _FASTEST))
    if kind is Kind.EPISODE:
        return _expect(await call.services.db.podcasts.episode(number))
    report = Report(number, state, clamp(position_ms, _LONGEST_MS), rate, ignore_scrobble)
    return _expect(await call.services.db.plays.report(call.user, call.client, report))


def _items(*groups: Iterable[str]) -> Items:
    named: dict[str, set[int]] = {name: set() for name in _NAMES.values()}
    for group in groups:
        for text in group:
            kind, number = parse(text, *_NAMES)
            named[_NAMES[kind]].add(number)
    items = Items(**{f"{name}s": frozenset(ids) for name, ids in named.items()})
    if not items.count():
        raise BadParameterError("One of the parameters 'id', 'albumId', 'artistId' is missing.")
    return items


def _moments(times: Iterable[int]) -> list[datetime]:
    for time in times:
        if not 0 <= time <= LATEST_MS:
            raise BadParameterError("Parameter 'time' is milliseconds since 1970.")
    return [datetime.fromtimestamp(time / 1000, UTC) for time in times]


def _expect(known: object) -> None:
    if not known:
        raise NotFoundError
