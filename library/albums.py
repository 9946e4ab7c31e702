"""What an album is, made from the songs on it. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import msgspec

from db.batches import AlbumSong
from db.cards import AlbumCard, Date, DiscTitle
from db.words import fold, name_key
from db.writes import AlbumWrite
from library import paths
from library.cards import SEPARATOR, sort_text
from library.wording import album_words

T = TypeVar("T", bound=Hashable)


def album_row(
    key: str, songs: Sequence[AlbumSong], pictures: Shown, articles: tuple[str, ...]
) -> AlbumWrite:
    """An album to be written. `songs` come by disc and track, and are not empty."""
    card = _card(songs, pictures.discs)
    return AlbumWrite(
        id=songs[0].album_id,
        key=key,
        name=card.name,
        sort_name=sort_text(card.sort_name or card.name, articles),
        artist_sort=sort_text(
            _commonest(song.tags.artist_sort for song in songs if song.tags.artist_sort)
            or card.artist,
            articles,
        ),
        name_key=name_key(card.name, articles),
        year=_commonest(song.card.year for song in songs if song.card.year) or 0,
        genre_keys=SEPARATOR.join(dict.fromkeys(key for song in songs for key in song.genre_keys)),
        words=album_words(card),
        song_count=len(songs),
        duration=sum(song.duration for song in songs),
        card=msgspec.json.encode(card).decode(),
        picture_id=pictures.album,
        created=min(song.created for song in songs),
    )


def artists_of(songs: Sequence[AlbumSong]) -> list[tuple[int, int, int]]:
    """Album, artist and position of each album artist."""
    return [
        (songs[0].album_id, artist.id, position)
        for position, artist in enumerate(songs[0].card.album_artists)
    ]


def _card(songs: Sequence[AlbumSong], pictures: Mapping[int, int]) -> AlbumCard:
    tags = [song.tags for song in songs]
    return AlbumCard(
        name=_commonest(song.card.album for song in songs) or "",
        artist=_commonest(song.card.album_artist for song in songs) or "",
        artists=songs[0].card.album_artists,
        genres=_by_count(genre for song in songs for genre in song.card.genres),
        moods=_by_count(mood for song in songs for mood in song.card.moods),
        labels=_by_count(label for each in tags for label in each.labels),
        release_types=_by_count(kind for each in tags for kind in each.release_types),
        disc_titles=_disc_titles(songs, pictures),
        sort_name=_commonest(each.sort_name for each in tags if each.sort_name) or "",
        version=_commonest(each.version for each in tags if each.version) or "",
        mbid=_commonest(each.mbid for each in tags if each.mbid) or "",
        release_date=_date(each.release_date for each in tags),
        original_date=_date(each.original_date for each in tags),
        compilation=any(each.compilation for each in tags),
        explicit=_explicit(songs),
    )


def _commonest(values: Iterable[T]) -> T | None:
    """The value that most have; of several, the first."""
    counts = Counter(values).most_common(1)
    return counts[0][0] if counts else None


def _by_count(values: Iterable[str]) -> tuple[str, ...]:
    """Each value once, the commonest first; what differs in case alone is one."""
    counts: Counter[str] = Counter()
    spelling: dict[str, str] = {}
    for value in values:
        key = fold(value)
        spelling.setdefault(key, value)
        counts[key] += 1
    return tuple(spelling[key] for key, _ in counts.most_common())


def _date(dates: Iterable[Date | None]) -> Date | None:
    """The commonest date, as exactly as it is given."""
    known = [(each.year, each.month, each.day) for each in dates if each]
    best = _commonest(known)
    return Date(year=best[0], month=best[1], day=best[2]) if best else None


def _disc_titles(songs: Sequence[AlbumSong], pictures: Mapping[int, int]) -> tuple[DiscTitle, ...]:
    """Discs that have a title, or a picture of their own; disc 0 is that of songs that name none."""
    titles: dict[int, str] = {}
    for song in songs:
        if song.tags.disc_title:
            titles.setdefault(song.card.disc, song.tags.disc_title)
    return tuple(
        DiscTitle(disc=disc, title=titles.get(disc, ""), picture_id=pictures.get(disc, 0))
        for disc in sorted(titles.keys() | (pictures.keys() - {0}))
    )


def _explicit(songs: Sequence[AlbumSong]) -> str:
    """Explicit when any song is, clean when all songs with a word about it are."""
    said = {song.card.explicit for song in songs} - {""}
    return "explicit" if "explicit" in said else next(iter(said), "")


class Cover(NamedTuple):
    """A cover file of a folder."""

    picture_id: int
    after_embedded: bool = False
    """Whether a picture in the tags comes before it."""


@dataclass(frozen=True)
class Shown:
    """The picture of an album (0: none), and those of its discs that have another one."""

    album: int = 0
    discs: Mapping[int, int] = field(default_factory=dict)

    def of(self, disc: int) -> int:
        """The picture of a disc."""
        return self.discs.get(disc, self.album)


def shown(
    songs: Sequence[AlbumSong], covers: Mapping[bytes, Cover], embedded: Mapping[bytes, int]
) -> Shown:
    """The pictures of an album: cover files of its folders, or the first in its songs.

    `covers` has those of folders, `embedded` the id of each picture in tags, by hash.
    """
    folders = dict.fromkeys(paths.folder(song.path) for song in songs)
    above = dict.fromkeys(paths.album_folder(folder) for folder in folders)
    album = _picture((*above, *folders), songs, covers, embedded)
    of_disc: dict[int, list[AlbumSong]] = {}
    for song in songs:
        of_disc.setdefault(song.card.disc, []).append(song)
    several = len({song.picture_hash for song in songs if song.picture_hash}) > 1
    discs = {}
    for disc, members in of_disc.items():
        inside = {song.picture_hash for song in members if song.picture_hash}
        # What all discs have in their tags says nothing of this one, and neither do pictures of songs.
        telling = members if several and len(of_disc) > 1 and len(inside) == 1 else []
        own = [
            folder
            for folder in dict.fromkeys(paths.folder(song.path) for song in members)
            if folder in covers and not (inside and covers[folder].after_embedded)
        ]
        picture = _picture(own, telling, covers, embedded)
        if picture not in {0, album}:
            discs[disc] = picture
    return Shown(album, discs)


def _picture(
    folders: Iterable[bytes],
    songs: Iterable[AlbumSong],
    covers: Mapping[bytes, Cover],
    embedded: Mapping[bytes, int],
) -> int:
    files = [covers[folder] for folder in folders if folder in covers]
    inside = (embedded.get(song.picture_hash, 0) for song in songs if song.picture_hash)
    before = (cover.picture_id for cover in files if not cover.after_embedded)
    best = [*before, *filter(None, inside), *(cover.picture_id for cover in files)]
    return best[0] if best else 0
