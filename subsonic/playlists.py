"""Playlists: made, read, changed by their owners, and read by others where they are public."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from db.errors import TooLongError
from db.playlists import Edit, PlaylistRow
from subsonic import entries, ids, pieces
from subsonic.endpoint import Call, endpoint
from subsonic.errors import BadParameterError, ForbiddenError, GenericError, NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.playlists import Playlist, Playlists, PlaylistWithSongs

Name = Annotated[str, msgspec.Meta(max_length=1000)]
Comment = Annotated[str, msgspec.Meta(max_length=10_000, extra={"blank": True})]
_FURTHEST = 2**31


@endpoint("getPlaylists", key="playlists", scope="stream")
async def get_playlists(call: Call, *, username: str | None = None) -> Playlists:
    """List what the user may read; for an administrator also what somebody else owns."""
    playlists = call.services.db.playlists
    if username is None:
        rows = await playlists.readable(call.user)
    elif not _is_admin(call):
        raise ForbiddenError("Only an administrator may ask for the playlists of a user.")
    else:
        owner = await call.services.db.users.by_name(username)
        if owner is None:
            raise NotFoundError("There is no user of that name.")
        rows = await playlists.by_owner(owner.id, call.user)
    return Playlists(
        playlist=[
            Playlist(
                **_facts(call, row),
                song_count=row.song_count,
                duration=round(row.duration),
                cover_art=ids.playlist_cover(row.id, row.picture_hash, row.pictures),
            )
            for row in rows
        ]
    )


@endpoint("getPlaylist", key="playlist", scope="stream")
async def get_playlist(call: Call, *, id: str) -> PlaylistWithSongs:
    """Return a playlist and its songs."""
    return await _whole(call, parse(id, Kind.PLAYLIST).number)


@endpoint("createPlaylist", key="playlist")
async def create_playlist(
    call: Call,
    *,
    name: Name | None = None,
    playlist_id: str | None = None,
    song_id: tuple[str, ...] = (),
) -> PlaylistWithSongs:
    """Make a playlist; with `playlist_id`, put these songs in place of those the user sees in it."""
    name, songs = _text(name) or None, _tracks(song_id)
    if playlist_id is not None:
        number = parse(playlist_id, Kind.PLAYLIST).number
        await _edit(call, number, Edit(name=name, remove=None, add=songs))
        return await _whole(call, number)
    if name is None:
        raise BadParameterError("One of the parameters 'name', 'playlistId' is missing.")
    try:
        made = await call.services.db.playlists.add(call.user, name, songs)
    except TooLongError as error:
        raise GenericError(str(error)) from None
    if made is None:
        raise NotFoundError("One of the songs does not exist.")
    return await _whole(call, made)


@endpoint("updatePlaylist")
async def update_playlist(
    call: Call,
    *,
    playlist_id: str,
    name: Name | None = None,
    comment: Comment | None = None,
    public: bool | None = None,
    song_id_to_add: tuple[str, ...] = (),
    song_index_to_remove: tuple[int, ...] = (),
) -> None:
    """Change a playlist. Indexes count before the call, of those past the end there is nothing to remove."""
    edit = Edit(
        name=_text(name) or None,
        comment=_text(comment),
        public=public,
        remove=[index for index in song_index_to_remove if 0 <= index < _FURTHEST],
        add=_tracks(song_id_to_add),
    )
    await _edit(call, parse(playlist_id, Kind.PLAYLIST).number, edit)


@endpoint("deletePlaylist")
async def delete_playlist(call: Call, *, id: str) -> None:
    """Delete a playlist."""
    number = parse(id, Kind.PLAYLIST).number
    await _expect_own(call, number)
    if not await call.services.db.playlists.delete(number, call.user):
        raise NotFoundError


async def _whole(call: Call, number: int) -> PlaylistWithSongs:
    row = await call.services.db.playlists.open(number, call.user)
    if row is None:
        raise NotFoundError
    tracks = await call.services.db.tracks.listed(row.songs, call.user)
    pictures = dict.fromkeys(track.picture_id for track in tracks if track.picture_id is not None)
    return PlaylistWithSongs(
        **_facts(call, row),
        song_count=len(tracks),
        duration=round(sum(track.duration for track in tracks)),
        cover_art=ids.playlist_cover(row.id, row.picture_hash, list(pictures)[:4]),
        entry=await pieces.songs(call, tracks),
    )


def _facts(call: Call, row: PlaylistRow) -> dict[str, Any]:
    """What can be said of a playlist without its songs."""
    return {
        "id": ids.playlist(row.id),
        "name": row.name,
        "comment": row.comment or None,
        "owner": row.owner,
        "public": row.public,
        "created": entries.iso(row.created),
        "changed": entries.iso(row.changed),
        "readonly": row.smart or not _may_change(call, row),
    }


async def _edit(call: Call, number: int, edit: Edit) -> None:
    row = await _expect_own(call, number)
    if row.smart and (edit.remove is None or edit.remove or edit.add):
        raise ForbiddenError(
            "Rules choose the songs of this playlist: they can be changed on the web page."
        )
    try:
        done = await call.services.db.playlists.edit(number, call.user, edit)
    except TooLongError as error:
        raise GenericError(str(error)) from None
    if not done:
        raise NotFoundError("One of the songs does not exist; nothing was changed.")


async def _expect_own(call: Call, number: int) -> PlaylistRow:
    """What the user may not even read does not exist; what they may read need not be theirs."""
    row = await call.services.db.playlists.get(number, call.user)
    if row is None:
        raise NotFoundError
    if not _may_change(call, row):
        raise ForbiddenError(f"The playlist belongs to {row.owner}.")
    return row


def _may_change(call: Call, row: PlaylistRow) -> bool:
    return row.user_id == call.user.id or _is_admin(call)


def _is_admin(call: Call) -> bool:
    return "admin" in call.user.roles


def _text(given: str | None) -> str | None:
    """Whatever letters there are; PostgreSQL has no NUL."""
    return given and given.replace("\0", "")


def _tracks(songs: tuple[str, ...]) -> list[int]:
    return [parse(song, Kind.TRACK).number for song in songs]
