"""What is known of artists and albums beside the music."""

from __future__ import annotations

from db.rows import ArtistRow
from streaming import links
from subsonic import entries
from subsonic.endpoint import Call, clamp, endpoint
from subsonic.errors import NotFoundError
from subsonic.ids import Kind, parse
from subsonic.lists import MOST
from subsonic.models.similarity import AlbumInfo, ArtistInfo, ArtistInfo2
from subsonic.similarity import artists_of


@endpoint("getArtistInfo", key="artistInfo", scope="stream")
async def get_artist_info(call: Call, *, id: str, count: int = 20) -> ArtistInfo:
    """Return what is known of an artist, or of the artist of an album, song or folder."""
    artists = await _artist(call, id)
    near = await _near(call, artists, count)
    return ArtistInfo(
        music_brainz_id=_mbid(artists),
        similar_artist=[entries.artist_directory(row) for row in near],
        **await _artist_images(call, artists),
    )


@endpoint("getArtistInfo2", key="artistInfo2", scope="stream")
async def get_artist_info2(call: Call, *, id: str, count: int = 20) -> ArtistInfo2:
    """Return the same, with similar artists by the tags."""
    artists = await _artist(call, id)
    near = await _near(call, artists, count)
    return ArtistInfo2(
        music_brainz_id=_mbid(artists),
        similar_artist=[entries.artist(row) for row in near],
        **await _artist_images(call, artists),
    )


@endpoint("getAlbumInfo", key="albumInfo", scope="stream")
async def get_album_info(call: Call, *, id: str) -> AlbumInfo:
    """Return what is known of an album, or of the album of a song or folder."""
    return await _album(call, id)


@endpoint("getAlbumInfo2", key="albumInfo", scope="stream")
async def get_album_info2(call: Call, *, id: str) -> AlbumInfo:
    """Return the same."""
    return await _album(call, id)


async def _artist(call: Call, id: str) -> list[ArtistRow]:
    """The foremost artist, or none, of a folder."""
    wanted = parse(id, Kind.ARTIST, Kind.ALBUM, Kind.TRACK, Kind.FOLDER)
    return (await artists_of(call, wanted))[:1]


async def _near(call: Call, artists: list[ArtistRow], count: int) -> list[ArtistRow]:
    size = clamp(count, MOST)
    if not artists or not size:
        return []
    return await call.services.db.similarity.artists([artists[0].id], call.user, size)


def _mbid(artists: list[ArtistRow]) -> str | None:
    return artists[0].mbid or None if artists else None


async def _artist_images(call: Call, artists: list[ArtistRow]) -> dict[str, str]:
    return await _images(call, "artist", artists[0].id) if artists else {}


async def _album(call: Call, id: str) -> AlbumInfo:
    kind, number = parse(id, Kind.ALBUM, Kind.TRACK, Kind.FOLDER)
    db = call.services.db
    row = await db.albums.of(kind.name.lower(), number, call.user)
    if row is not None:
        images = await _images(call, "album", row.id)
        return AlbumInfo(music_brainz_id=row.card.mbid or None, **images)
    if kind is Kind.FOLDER and await db.folders.get(number, call.user) is not None:
        return AlbumInfo()
    raise NotFoundError


async def _images(call: Call, kind: str, number: int) -> dict[str, str]:
    """Addresses of a picture in three sizes, for programs that do not sign in.

    None for a picture out of a library that the user does not see.
    """
    base = links.base_url(call.request, call.services.settings.server.public_url)
    db = call.services.db
    picture = await db.pictures.of(kind, number, call.user) if base else None
    if picture is None:
        return {}
    return {
        f"{name}_image_url": base + links.picture_path(db.secrets, picture.id, size)
        for name, size in links.SIZES.items()
    }
