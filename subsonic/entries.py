"""Rows of the database as objects of the protocol."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

from msgspec.structs import asdict, replace

from db import cards
from db.rows import AlbumRow, ArtistRow, FolderRow, PlayingRow, TrackRow, VideoRow
from subsonic import ids
from subsonic.models.base import Date
from subsonic.models.browsing import AlbumWithSongs, ArtistWithAlbums
from subsonic.models.lists import NowPlayingEntry
from subsonic.models.media import (
    AlbumID3,
    Artist,
    ArtistID3,
    ArtistRef,
    Child,
    Contributor,
    DiscTitle,
    ItemDate,
    ItemGenre,
    Movement,
    RecordLabel,
    ReplayGain,
    Work,
)

R = TypeVar("R", bound=ArtistID3)


def date(moment: datetime | None) -> Date | None:
    """A moment as the protocol writes it."""
    return None if moment is None else iso(moment)


@lru_cache(maxsize=4096)
def iso(moment: datetime) -> Date:
    """UTC with three decimals and `Z`."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def cover(picture: int | None) -> str | None:
    """The cover id, left out where there is no picture, so that apps do not ask in vain."""
    return None if picture is None else ids.picture(picture)


def song(row: TrackRow) -> Child:
    """A song."""
    return replace(_song(row.stored, row.loudness), **_song_facts(row))


def playing(row: PlayingRow, now: datetime, player: int) -> NowPlayingEntry:
    """A song that somebody hears; `player` numbers the entries."""
    return NowPlayingEntry(
        **asdict(song(row)),
        username=row.user_name,
        minutes_ago=max(0, int((now - row.started).total_seconds() // 60)),
        player_id=player,
        player_name=row.client,
        state=row.state,
        position_ms=row.position_ms if row.state else None,
        playback_rate=row.playback_rate if row.state else None,
    )


def _song_facts(row: TrackRow) -> dict[str, Any]:
    """What is not on the card."""
    return {
        "id": ids.track(row.id),
        "parent": ids.folder(row.folder_id),
        "album_id": ids.album(row.album_id),
        "cover_art": cover(row.picture_id),
        "size": row.size,
        "content_type": row.content_type,
        "suffix": row.suffix,
        "duration": round(row.duration),
        "bit_rate": row.bit_rate,
        "created": iso(row.created),
        "starred": date(row.starred),
        "played": date(row.played),
        "user_rating": row.rating,
        "average_rating": row.average_rating,
        "play_count": row.play_count or 0,
        "bookmark_position": row.bookmark,
    }


# Cards change seldom and are asked for often: what is made of one is kept, by its text.
@lru_cache(maxsize=2048)
def _song(stored: str, loudness: str | None) -> Child:
    card = cards.track_card(stored)
    measured = cards.loudness(loudness) if loudness else None
    return Child(
        id="",
        is_dir=False,
        title=card.title,
        album=card.album,
        artist=card.artist,
        track=card.track or None,
        year=card.year or None,
        genre=card.genres[0] if card.genres else None,
        path=card.path,
        is_video=False,
        disc_number=card.disc or None,
        artist_id=_first(card.artists),
        type="music",
        media_type="song",
        bpm=card.bpm,
        comment=card.comment,
        sort_name=card.sort_title,
        music_brainz_id=card.mbid,
        bit_depth=card.bit_depth or None,
        sampling_rate=card.sampling_rate or None,
        channel_count=card.channels or None,
        display_artist=card.artist,
        display_album_artist=card.album_artist,
        display_composer=card.composer,
        explicit_status=card.explicit,
        isrc=card.isrc,
        genres=_genres(card.genres),
        artists=_refs(card.artists),
        album_artists=_refs(card.album_artists),
        contributors=[_contributor(one) for one in card.contributors],
        moods=card.moods,
        groupings=card.groupings,
        works=[Work(name=one.name, music_brainz_id=one.mbid or None) for one in card.works],
        movements=[_movement(one) for one in card.movements],
        replay_gain=_gain((card.replay_gain or cards.ReplayGain()).beside(measured)),
    )


def album(row: AlbumRow) -> AlbumID3:
    """An album by its tags."""
    return replace(_album(row.stored), **_album_facts(row))


def album_with_songs(row: AlbumRow, tracks: Iterable[TrackRow]) -> AlbumWithSongs:
    """An album and its songs."""
    return AlbumWithSongs(**asdict(album(row)), song=[song(track) for track in tracks])


def _album_facts(row: AlbumRow) -> dict[str, Any]:
    """What is not on the card."""
    return {
        "id": ids.album(row.id),
        "cover_art": cover(row.picture_id),
        "song_count": row.song_count,
        "duration": round(row.duration),
        "created": iso(row.created),
        "year": row.year,
        "play_count": row.play_count or 0,
        "starred": date(row.starred),
        "played": date(row.played),
        "user_rating": row.rating,
        "average_rating": row.average_rating,
    }


@lru_cache(maxsize=1024)
def _album(stored: str) -> AlbumID3:
    card = cards.album_card(stored)
    return AlbumID3(
        id="",
        name=card.name,
        title=card.name,
        artist=card.artist,
        artist_id=_first(card.artists),
        song_count=0,
        duration=0,
        created="",
        genre=card.genres[0] if card.genres else None,
        version=card.version,
        music_brainz_id=card.mbid,
        display_artist=card.artist,
        sort_name=card.sort_name,
        is_compilation=card.compilation,
        explicit_status=card.explicit,
        record_labels=[RecordLabel(name=one) for one in card.labels],
        genres=_genres(card.genres),
        artists=_refs(card.artists),
        release_types=card.release_types,
        moods=card.moods,
        original_release_date=_item_date(card.original_date),
        release_date=_item_date(card.release_date),
        disc_titles=[_disc_title(one) for one in card.disc_titles],
    )


def album_directory(row: AlbumRow) -> Child:
    """An album as a directory, for apps that browse folders; `getMusicDirectory` takes its id."""
    card = row.card
    artist = _first(card.artists)
    return Child(
        id=ids.album(row.id),
        parent=artist,
        is_dir=True,
        title=card.name,
        name=card.name,
        album=card.name,
        artist=card.artist,
        artist_id=artist,
        year=row.year,
        genre=card.genres[0] if card.genres else None,
        cover_art=cover(row.picture_id),
        duration=round(row.duration),
        created=iso(row.created),
        starred=date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
        play_count=row.play_count or 0,
        song_count=row.song_count,
        played=date(row.played),
        media_type="album",
        genres=_genres(card.genres),
        music_brainz_id=card.mbid,
    )


def folder_directory(row: FolderRow) -> Child:
    """A real folder inside another one."""
    return Child(
        id=ids.folder(row.id),
        parent=None if row.parent_id is None else ids.folder(row.parent_id),
        is_dir=True,
        title=row.name,
        name=row.name,
        cover_art=cover(row.picture_id),
        created=iso(row.created),
        starred=date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
        play_count=row.play_count or 0,
    )


def video(row: VideoRow) -> Child:
    """A video."""
    return Child(
        id=ids.video(row.id),
        parent=ids.folder(row.folder_id),
        is_dir=False,
        title=row.title,
        cover_art=cover(row.picture_id),
        size=row.size,
        content_type=row.content_type,
        suffix=row.suffix,
        duration=round(row.duration),
        bit_rate=row.bit_rate,
        path=row.card.path,
        is_video=True,
        bookmark_position=row.bookmark,
        type="video",
        sort_name=row.sort_name,
        original_width=row.width,
        original_height=row.height,
        created=iso(row.created),
        starred=date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
    )


def folder_artist(row: FolderRow) -> Artist:
    """A folder at the top, which stands where an artist is expected."""
    return Artist(
        id=ids.folder(row.id),
        name=row.name,
        starred=date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
        cover_art=cover(row.picture_id),
    )


def artist(row: ArtistRow) -> ArtistID3:
    """An artist by the tags."""
    return _artist(ArtistID3, row, album_count=row.album_count)


def artist_with_albums(row: ArtistRow, albums: Sequence[AlbumRow]) -> ArtistWithAlbums:
    """An artist and the albums, which may be those of others that the artist is heard on."""
    listed = [album(one) for one in albums]
    return _artist(ArtistWithAlbums, row, album_count=len(listed), album=listed)


def _artist(kind: type[R], row: ArtistRow, **more: Any) -> R:
    return kind(
        id=ids.artist(row.id),
        name=row.name,
        cover_art=cover(row.picture_id),
        starred=date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
        music_brainz_id=row.mbid or "",
        sort_name=row.sort_name,
        roles=row.roles,
        **more,
    )


def artist_directory(row: ArtistRow) -> Artist:
    """An artist for apps that browse folders; `getMusicDirectory` takes its id."""
    return Artist(
        id=ids.artist(row.id),
        name=row.name,
        starred=date(row.starred),
        user_rating=row.rating,
        average_rating=row.average_rating,
        cover_art=cover(row.picture_id),
    )


def _first(names: Sequence[cards.Name]) -> str | None:
    return ids.artist(names[0].id) if names else None


def _refs(names: Iterable[cards.Name]) -> list[ArtistRef]:
    return [ArtistRef(id=ids.artist(one.id), name=one.name) for one in names]


def _genres(names: Iterable[str]) -> list[ItemGenre]:
    return [ItemGenre(name=name) for name in names]


def _contributor(one: cards.Contributor) -> Contributor:
    ref = ArtistRef(id=ids.artist(one.artist.id), name=one.artist.name)
    return Contributor(role=one.role, sub_role=one.sub_role or None, artist=ref)


def _movement(one: cards.Movement) -> Movement:
    return Movement(name=one.name, number=one.number or None, count=one.count or None)


def _gain(gain: cards.ReplayGain) -> ReplayGain:
    return ReplayGain(
        track_gain=gain.track_gain,
        album_gain=gain.album_gain,
        track_peak=gain.track_peak,
        album_peak=gain.album_peak,
        base_gain=gain.base_gain,
    )


def _disc_title(one: cards.DiscTitle) -> DiscTitle:
    return DiscTitle(disc=one.disc, title=one.title, cover_art=cover(one.picture_id or None))


def _item_date(day: cards.Date | None) -> ItemDate:
    """The empty date where none is known: it tells that the server has the field."""
    if day is None:
        return ItemDate()
    return ItemDate(year=day.year, month=day.month or None, day=day.day or None)
