"""From what a file says to what is kept of its song. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import msgspec

from db.cards import (
    AlbumClaim,
    AlbumTags,
    Contributor,
    Date,
    Movement,
    Name,
    ReplayGain,
    TrackCard,
    Work,
)
from db.catalog import song_key
from db.words import artist_key, fold, letter, name_key, sort_key, vector
from db.writes import ArtistWrite, RoleWrite, TrackWrite
from library import paths
from library.identity import UNKNOWN, Album
from library.tags.facts import Day, Facts, Gains, Person
from library.tags.text import clean
from library.walk import Stamp
from library.wording import track_words

_LONGEST_SORT = 250
_SENT_AS = {
    "audio/flac": "flac", "audio/mpeg": "mp3", "audio/aac": "aac", "audio/ogg": "opus",
}  # fmt: skip

SEPARATOR = "\x1f"
"""Between the genre keys of one song."""


@dataclass
class Song:
    """A file that was read, on its way into the database."""

    path: bytes
    stamp: Stamp
    facts: Facts
    claim: AlbumClaim
    id: int = 0
    """Of the row it is written to; 0: not known yet."""
    old_id: int = 0
    """Of the row that stood at its path; 0: none."""
    old_album: int = 0
    """The album of the row it is written to, until now."""
    sheet: int = 0
    """Which state of which cue sheet it was made by; 0: none."""

    @property
    def key(self) -> bytes:
        """Names it within its library."""
        return song_key(self.path, self.facts.cue)

    @property
    def suffix(self) -> str:
        """That of its file; of a track of a cue sheet that of what it is sent as."""
        cut = self.facts.cue and _SENT_AS.get(self.facts.content_type)
        return cut or paths.suffix(self.path)

    @property
    def title(self) -> str:
        return self.facts.title or clean(paths.shown(paths.stem(self.path)))

    @property
    def artists(self) -> list[Person]:
        return self.facts.artists or [Person(UNKNOWN)]


@dataclass(frozen=True)
class Place:
    """Where a song stands in the database."""

    folder_id: int
    album_id: int
    picture_id: int
    created: datetime


def claim(facts: Facts) -> AlbumClaim:
    """To which album a file says it belongs."""
    return AlbumClaim(
        album=facts.album,
        album_artists=tuple(person.name for person in facts.album_artists),
        artist=facts.artists[0].name if facts.artists else "",
        year=facts.date[0],
        release=facts.mb_release,
        compilation=facts.compilation,
        version=facts.version,
    )


def people(song: Song, album: Album) -> Iterator[Person]:
    """Everybody named by a song, with what is known of them."""
    yield from song.artists
    tagged = {fold(person.name): person for person in song.facts.album_artists}
    for name in album.artists:
        yield tagged.get(fold(name)) or Person(name)
    for credit in song.facts.credits:
        yield Person(credit.name)


def artist_row(person: Person, articles: tuple[str, ...]) -> ArtistWrite:
    """An artist to be written."""
    return _artist_row(person.name, person.sort, articles)._replace(mbid=person.mbid)


def merged(one: ArtistWrite, other: ArtistWrite, articles: tuple[str, ...]) -> ArtistWrite:
    """The same artist named twice: what the first does not know, the other may."""
    if other.mbid and not one.mbid:
        one = one._replace(mbid=other.mbid)
    if one.sort_name != other.sort_name and sorted_as_named(one, articles):
        one = one._replace(sort_name=other.sort_name, letter=other.letter)
    return one


def sorted_as_named(row: ArtistWrite, articles: tuple[str, ...]) -> bool:
    """Whether no tag says otherwise."""
    return row.sort_name == _artist_row(row.name, "", articles).sort_name


@lru_cache(maxsize=4096)
def _artist_row(name: str, sort: str, articles: tuple[str, ...]) -> ArtistWrite:
    order = sort_text(sort or name, articles)
    compared = name_key(name, articles)
    return ArtistWrite(artist_key(name), name, order, compared, letter(order), "", vector(name))


def sort_text(name: str, articles: tuple[str, ...]) -> str:
    """What a name is sorted by, short enough for an index."""
    return sort_key(name, articles)[:_LONGEST_SORT]


def track_card(song: Song, album: Album, ids: Mapping[str, int]) -> TrackCard:
    """What lists show of a song."""
    facts = song.facts
    return TrackCard(
        title=song.title,
        album=album.name,
        artist=facts.artist or UNKNOWN,
        album_artist=_shown_album_artist(facts, album),
        path=_shown_path(song),
        sort_title=facts.title_sort,
        artists=_names((person.name for person in song.artists), ids),
        album_artists=_names(album.artists, ids),
        contributors=tuple(
            Contributor(
                role=credit.role,
                artist=Name(id=ids[artist_key(credit.name)], name=credit.name),
                sub_role=credit.sub_role,
            )
            for credit in facts.credits
        ),
        composer=facts.composer,
        genres=tuple(facts.genres),
        moods=tuple(facts.moods),
        isrc=tuple(facts.isrc),
        groupings=tuple(facts.groupings),
        works=tuple(Work(name=name, mbid=mbid) for name, mbid in facts.works),
        movements=_movements(facts),
        disc=_disc(song),
        track=facts.track,
        year=_year(facts),
        bpm=facts.bpm,
        comment=facts.comment,
        mbid=facts.mb_recording,
        explicit=facts.explicit,
        bit_depth=facts.sound.bit_depth,
        sampling_rate=facts.sound.sampling_rate,
        channels=facts.sound.channels,
        codec=facts.sound.codec,
        replay_gain=_gain(facts.gains),
    )


def _shown_path(song: Song) -> str:
    """Apps call files after it: the tracks of one file need names of their own."""
    shown = paths.shown(song.path)
    if not song.facts.cue:
        return shown
    stem = shown.rpartition(".")[0] or shown
    title = song.title.replace("/", "_")[:_LONGEST_SORT]
    return f"{stem} - {song.facts.cue:02} {title}.{song.suffix}"


def _shown_album_artist(facts: Facts, album: Album) -> str:
    """As the tag has it, where the tag decided."""
    named = tuple(person.name for person in facts.album_artists)
    return facts.album_artist if named == album.artists else ", ".join(album.artists)


def _names(names: Iterable[str], ids: Mapping[str, int]) -> tuple[Name, ...]:
    """Names with their ids, each artist once."""
    found = {artist_key(name): name for name in reversed(list(names))}
    return tuple(Name(id=ids[key], name=name) for key, name in reversed(found.items()))


def _movements(facts: Facts) -> tuple[Movement, ...]:
    if not facts.movement:
        return ()
    return (
        Movement(name=facts.movement, number=facts.movement_number, count=facts.movement_count),
    )


def _disc(song: Song) -> int:
    return song.facts.disc or paths.disc_number(paths.folder(song.path))


def _year(facts: Facts) -> int:
    return facts.date[0] or facts.original_date[0]


def _gain(gains: Gains) -> ReplayGain | None:
    if gains == Gains():
        return None
    return ReplayGain(
        track_gain=gains.track_gain,
        track_peak=gains.track_peak,
        album_gain=gains.album_gain,
        album_peak=gains.album_peak,
        base_gain=gains.base_gain,
    )


def album_tags(facts: Facts, album: Album) -> AlbumTags:
    """What a file says of its album."""
    return AlbumTags(
        sort_name=facts.album_sort,
        version=facts.version,
        mbid=facts.mb_release,
        labels=tuple(facts.labels),
        release_types=tuple(facts.release_types),
        release_date=_date(facts.release_date),
        original_date=_date(facts.original_date),
        compilation=facts.compilation,
        disc_title=facts.disc_title,
        artist_sort=_artist_sort(facts, album),
    )


def _artist_sort(facts: Facts, album: Album) -> str:
    """What the album's artists are sorted by, where the file says."""
    known = {fold(each.name): each.sort for each in (*facts.artists, *facts.album_artists)}
    sorts = [known.get(fold(name), "") for name in album.artists]
    return (
        ", ".join(sort or name for sort, name in zip(sorts, album.artists, strict=True))
        if any(sorts)
        else ""
    )


def _date(day: Day) -> Date | None:
    return Date(year=day[0], month=day[1], day=day[2]) if day[0] else None


def tag_key(facts: Facts) -> str:
    """What the tags say a song is; empty where they say too little."""
    if not facts.title:
        return ""
    return "|".join((fold(facts.artist), fold(facts.album), fold(facts.title)))[:1000]


def track_row(
    song: Song, card: TrackCard, tags: AlbumTags, place: Place, articles: tuple[str, ...]
) -> TrackWrite:
    """A song to be written."""
    facts = song.facts
    return TrackWrite(
        id=song.id,
        folder_id=place.folder_id,
        album_id=place.album_id,
        path=song.path,
        size=song.stamp.size,
        mtime_ns=song.stamp.mtime_ns,
        suffix=song.suffix,
        content_type=facts.content_type,
        duration=facts.sound.duration,
        bit_rate=min(facts.sound.bit_rate, 1_000_000),
        title_sort=sort_text(facts.title_sort or card.title, articles),
        disc=card.disc,
        track=card.track,
        year=card.year,
        genre_keys=SEPARATOR.join(dict.fromkeys(fold(genre) for genre in facts.genres)),
        words=track_words(card),
        audio_hash=facts.audio_hash,
        mb_recording=facts.mb_recording,
        mb_release=facts.mb_release,
        tag_key=tag_key(facts),
        name_key=name_key(card.title, articles),
        card=msgspec.json.encode(card).decode(),
        album_tags=msgspec.json.encode(tags).decode(),
        album_claim=msgspec.json.encode(song.claim).decode(),
        picture_hash=facts.picture_hash,
        picture_id=place.picture_id,
        created=place.created,
        cue=facts.cue,
        cue_begin=facts.begin,
        cue_end=facts.end,
        sheet=song.sheet,
    )


def roles(song: Song, card: TrackCard) -> Iterator[RoleWrite]:
    """Who took part in a song, in which role, in which order."""
    for position, artist in enumerate(card.artists):
        yield RoleWrite(song.id, artist.id, "artist", position)
    for position, artist in enumerate(card.album_artists):
        yield RoleWrite(song.id, artist.id, "albumartist", position)
    counts: dict[str, int] = {}
    for credit in card.contributors:
        position = counts[credit.role] = counts.get(credit.role, -1) + 1
        yield RoleWrite(song.id, credit.artist.id, credit.role, position)
