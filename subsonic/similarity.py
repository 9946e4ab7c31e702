"""Songs like others, and the songs of an artist to hear first."""

from __future__ import annotations

from db.rows import ArtistRow
from db.words import artist_key
from subsonic import entries
from subsonic.endpoint import Call, clamp, endpoint
from subsonic.errors import BadParameterError, NotFoundError
from subsonic.ids import Id, Kind, parse
from subsonic.lists import MOST
from subsonic.models.lists import Songs


@endpoint("getSimilarSongs", key="similarSongs", scope="stream")
async def get_similar_songs(call: Call, *, id: str, count: int = 50) -> Songs:
    """Return a random mix of an artist and of similar ones; of an album, song or folder those who made it."""
    return await _mix(call, id, count)


@endpoint("getSimilarSongs2", key="similarSongs2", scope="stream")
async def get_similar_songs2(call: Call, *, id: str, count: int = 50) -> Songs:
    """Return the same; apps send ids of all kinds to either."""
    return await _mix(call, id, count)


@endpoint("getTopSongs", key="topSongs", scope="stream")
async def get_top_songs(
    call: Call,
    *,
    artist: str | None = None,
    id: str | None = None,
    count: int | None = None,
    size: int | None = None,
) -> Songs:
    """Return an artist's songs, the most played first; some apps call the count `size`."""
    if artist is None and id is None:
        raise BadParameterError("The artist is missing: give the parameter 'artist' or 'id'.")
    asked = next((one for one in (count, size) if one is not None), 50)
    rows = await call.services.db.similarity.top(
        call.user,
        clamp(asked, MOST),
        artist=None if id is None else parse(id, Kind.ARTIST).number,
        key=artist_key(artist) if artist is not None and id is None else None,
    )
    return Songs(song=[entries.song(row) for row in rows])


async def artists_of(call: Call, wanted: Id) -> list[ArtistRow]:
    """Whose something is; raises NotFoundError for what does not exist. A folder may be nobody's."""
    db = call.services.db
    rows = await db.artists.of(wanted.kind.name.lower(), wanted.number, call.user)
    if rows or (
        wanted.kind is Kind.FOLDER and await db.folders.get(wanted.number, call.user) is not None
    ):
        return rows
    raise NotFoundError


async def _mix(call: Call, id: str, count: int) -> Songs:
    wanted = parse(id, Kind.ARTIST, Kind.ALBUM, Kind.TRACK, Kind.FOLDER)
    seeds = [row.id for row in await artists_of(call, wanted)]
    # Who asks for more like a song has just heard it.
    heard = [wanted.number] if wanted.kind is Kind.TRACK else []
    rows = await call.services.db.similarity.songs(seeds, call.user, clamp(count, MOST), heard)
    return Songs(song=[entries.song(row) for row in rows])
