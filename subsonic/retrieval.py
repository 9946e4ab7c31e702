"""Media retrieval: songs and pictures as bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from db.rows import FileRow, VideoFileRow
from streaming import Wanted
from subsonic.endpoint import Call, clamp, endpoint
from subsonic.errors import NotFoundError
from subsonic.ids import Id, Kind, parse

_MOST_RATE = 10_000
_LONGEST = 7 * 24 * 3600


@endpoint("stream", role="stream", raw=True)
async def stream(
    call: Call,
    *,
    id: str,
    max_bit_rate: int = 0,
    format: str | None = None,
    time_offset: float = 0.0,
    estimate_content_length: bool = False,
) -> web.StreamResponse:
    """Send a song, transcoded where format or rate ask for it; a video as it is. Never a play."""
    wanted = Wanted(
        format=format,
        max_bit_rate=clamp(max_bit_rate, _MOST_RATE),
        time_offset=max(0.0, min(time_offset, _LONGEST)),
        estimate=estimate_content_length,
    )
    file = await _file(call, id)
    if isinstance(file, VideoFileRow):
        # Smaller versions of a video, and other beginnings, are what `hls` is for.
        wanted = Wanted(format="raw")
    user = call.user
    return await call.services.streamer.respond(
        call.request, file, wanted, user.id, user.max_bit_rate
    )


@endpoint("download", role="download", raw=True)
async def download(call: Call, *, id: str) -> web.StreamResponse:
    """Send the original file of a song or video."""
    return await call.services.streamer.download(call.request, await _file(call, id))


@endpoint("getCoverArt", raw=True)
async def get_cover_art(call: Call, *, id: str, size: int | None = None) -> web.StreamResponse:
    """Send a picture by its own id or by that of a song, album, artist, folder or video.

    What exists without a picture gets a drawn one: apps ask with plain ids too.
    """
    wanted = parse(id, Kind.PICTURE, *_TITLES)
    picture = await call.services.db.pictures.of(wanted.kind.name.lower(), wanted.number, call.user)
    title = "" if picture else await _title(call, wanted)
    return await call.services.images.respond(call.request, picture, size, title)


async def _file(call: Call, id: str) -> FileRow:
    kind, number = parse(id, Kind.TRACK, Kind.VIDEO)
    db = call.services.db
    source = db.videos if kind is Kind.VIDEO else db.tracks
    file = await source.file(number, call.user)
    if file is None:
        raise NotFoundError
    return file


async def _title(call: Call, wanted: Id) -> str:
    """What to write on a drawn picture; raises NotFoundError for what does not exist."""
    titled = _TITLES.get(wanted.kind)
    title = await titled(call, wanted.number) if titled else None
    if title is None:
        raise NotFoundError
    return title


async def _track(call: Call, number: int) -> str | None:
    row = await call.services.db.tracks.get(number, call.user)
    return row.card.album if row else None


async def _album(call: Call, number: int) -> str | None:
    row = await call.services.db.albums.get(number, call.user)
    return row.card.name if row else None


async def _artist(call: Call, number: int) -> str | None:
    row = await call.services.db.artists.get(number, call.user)
    return row.name if row else None


async def _folder(call: Call, number: int) -> str | None:
    row = await call.services.db.folders.get(number, call.user)
    return row.name if row else None


async def _video(call: Call, number: int) -> str | None:
    row = await call.services.db.videos.get(number, call.user)
    return row.title if row else None


_TITLES: dict[Kind, Callable[[Call, int], Awaitable[str | None]]] = {
    Kind.TRACK: _track,
    Kind.ALBUM: _album,
    Kind.ARTIST: _artist,
    Kind.FOLDER: _folder,
    Kind.VIDEO: _video,
}
