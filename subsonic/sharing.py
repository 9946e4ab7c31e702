"""Sharing: addresses that play songs to whoever has them; the pages behind them are another room's."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec import UNSET, UnsetType

from db.rows import ShareRow, TrackRow
from streaming.links import base_url
from subsonic import entries, ids
from subsonic.endpoint import LATEST_MS, Call, Text, endpoint
from subsonic.errors import BadParameterError, GenericError, NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.sharing import Share, Shares

MOST_ITEMS = 1000
"""Things in one share; a playlist is one thing."""

_NAMES = {
    Kind.TRACK: "track",
    Kind.ALBUM: "album",
    Kind.ARTIST: "artist",
    Kind.FOLDER: "folder",
    Kind.PLAYLIST: "playlist",
}
_LONGEST = 5000


@endpoint("getShares", key="shares", scope="read")
async def get_shares(call: Call) -> Shares:
    """List the user's shares, expired ones too; an administrator gets everybody's."""
    return await _answer(call, await call.services.db.shares.of(call.user))


@endpoint("createShare", key="shares", role="share")
async def create_share(
    call: Call, *, id: tuple[str, ...], description: Text = "", expires: int | None = None
) -> Shares:
    """Share songs, albums, artists, folders and playlists; `expires` in ms since 1970, 0: never."""
    items = list(dict.fromkeys((_NAMES[kind], number) for kind, number in _parsed(id)))
    row = await call.services.db.shares.add(
        call.user, items, _clean(description), _moment(expires or 0)
    )
    if row is None:
        raise NotFoundError("One of these does not exist, or holds no song.")
    return await _answer(call, [row])


@endpoint("updateShare")
async def update_share(
    call: Call, *, id: str, description: Text | None = None, expires: int | None = None
) -> None:
    """Change a share of the user's own, or any as an administrator; what is not given stays."""
    number = parse(id, Kind.SHARE).number
    text = None if description is None else _clean(description)
    until: datetime | UnsetType | None = UNSET if expires is None else _moment(expires)
    _expect(await call.services.db.shares.change(number, call.user, text, until))


@endpoint("deleteShare")
async def delete_share(call: Call, *, id: str) -> None:
    """End a share of the user's own, or any as an administrator."""
    _expect(await call.services.db.shares.delete(parse(id, Kind.SHARE).number, call.user))


async def _answer(call: Call, rows: list[ShareRow]) -> Shares:
    songs = await call.services.db.shares.songs([row.id for row in rows], call.user)
    return Shares(share=[_share(call, row, songs.get(row.id, [])) for row in rows])


def _share(call: Call, row: ShareRow, songs: Iterable[TrackRow]) -> Share:
    base = base_url(call.request, call.services.settings.server.public_url)
    return Share(
        id=ids.share(row.id),
        url=f"{base}/share/{call.services.db.shares.token(row)}",
        description=row.description or None,
        username=row.user_name,
        created=entries.iso(row.created),
        expires=entries.date(row.expires),
        last_visited=entries.date(row.last_visited),
        visit_count=row.visit_count,
        entry=[entries.song(song) for song in songs],
    )


def _parsed(given: tuple[str, ...]) -> list[ids.Id]:
    if not given:
        raise BadParameterError("Required parameter 'id' is missing.")
    if len(given) > MOST_ITEMS:
        raise GenericError(
            f"A share holds {MOST_ITEMS} things at most: share a playlist or folder."
        )
    return [parse(one, *_NAMES) for one in given]


def _clean(description: str) -> str:
    """Cut to what somebody may want to read; PostgreSQL has no NUL in text."""
    return description.replace("\0", "")[:_LONGEST]


def _moment(expires: int) -> datetime | None:
    if not 0 <= expires <= LATEST_MS:
        raise BadParameterError("Parameter 'expires' is milliseconds since 1970, or 0 for never.")
    return datetime.fromtimestamp(expires / 1000, UTC) if expires else None


def _expect(known: bool) -> None:
    if not known:
        raise NotFoundError
