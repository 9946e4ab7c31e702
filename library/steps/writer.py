"""Writes songs, with the folders, artists, albums and pictures that they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from db.batches import AlbumSong, Batch
from db.cards import AlbumTags, TrackCard
from db.identity import RoleRow
from db.words import fold, letter
from db.writes import AlbumWrite, ArtistWrite, RoleWrite, TrackWrite
from library import albums as summary
from library import cards, covers, heirs, paths
from library.albums import Shown
from library.cards import Place, Song
from library.folders import added_at, ensure
from library.identity import Album
from library.state import Folder, Library, Scan
from library.steps import totals
from library.tags.facts import READER
from library.wording import track_names


class Writer:
    """One unit of songs, in one transaction."""

    def __init__(self, scan: Scan, library: Library, batch: Batch) -> None:
        self._scan = scan
        self._library = library
        self._batch = batch
        self._articles = scan.settings.library.ignored_articles

    async def write(
        self, songs: list[Song], albums: dict[bytes, Album], homeless: Sequence[int]
    ) -> None:
        """Write songs; `homeless` are rows whose files now hold other songs."""
        changed = [song.id for song in songs if song.id]
        self._library.note(await self._batch.involved([*changed, *homeless]))
        await self._batch.bury(homeless)
        artists = await self._artists(songs, albums)
        folders = await ensure(
            self._scan, self._library, self._batch, [song.path for song in songs]
        )
        pictures = await self._pictures(songs)
        before = await self._batch.identity.roles(changed)
        made = [
            (
                song,
                cards.track_card(song, albums[song.key], artists),
                cards.album_tags(song.facts, albums[song.key]),
            )
            for song in songs
        ]
        await self._scan.learn(name for song, card, _ in made for name in _names(song, card))
        await self._give_ids(songs)
        places = await self._albums(made, albums, folders, pictures)
        rows = [
            cards.track_row(song, card, tags, places[song.key], self._articles)
            for song, card, tags in made
        ]
        await self._tracks(rows, changed=set(changed))
        roles = [role for song, card, _ in made for role in cards.roles(song, card)]
        await self._batch.roles(changed, roles)
        heirs.note_roles(self._scan, before, _principal(roles, set(changed)))
        self._count(made, changed)
        for song in songs:
            if song.old_album:
                self._library.note_move(song.old_album, places[song.key].album_id)
        await totals.refresh(self._scan, self._library, self._batch)
        await heirs.artists(self._scan, self._library, self._batch)

    async def _artists(self, songs: Sequence[Song], albums: dict[bytes, Album]) -> dict[str, int]:
        """Ids by key of everybody who is named."""
        rows: dict[str, ArtistWrite] = {}
        for song in songs:
            for person in cards.people(song, albums[song.key]):
                row = cards.artist_row(person, self._articles)
                rows[row.key] = (
                    cards.merged(rows[row.key], row, self._articles) if row.key in rows else row
                )
        known = self._scan.artists
        unknown = [row for key, row in rows.items() if key not in known]
        for state in await self._batch.add_artists(unknown):
            known[state.key] = state
            if state.added:
                self._scan.new_artists.add(state.id)
        await self._batch.change_artists(
            [self._sorted(row) for row in rows.values() if self._renamed(row)]
        )
        self._library.artists |= {known[key].id for key in rows}
        return {key: known[key].id for key in rows}

    def _renamed(self, row: ArtistWrite) -> bool:
        """Whether an artist is written otherwise now; the first song read in a scan decides.

        A song that does not say how to sort its artist changes that only when all are read again.
        """
        if row.key in self._scan.named:
            return False
        self._scan.named.add(row.key)
        state = self._scan.artists[row.key]
        said = self._scan.job.complete or not cards.sorted_as_named(row, self._articles)
        return (
            state.name != row.name
            or (said and state.sort_name != row.sort_name)
            or (bool(row.mbid) and row.mbid != state.mbid)
        )

    def _sorted(self, row: ArtistWrite) -> ArtistWrite:
        """With the order that is known, where only something else has changed."""
        state = self._scan.artists[row.key]
        if self._scan.job.complete or state.name != row.name:
            return row
        if not cards.sorted_as_named(row, self._articles):
            return row
        return row._replace(sort_name=state.sort_name, letter=letter(state.sort_name))

    async def _pictures(self, songs: Sequence[Song]) -> dict[bytes, int]:
        """Ids by hash of the pictures inside of songs."""
        found = [
            (song.facts.picture_hash, True, song.path) for song in songs if song.facts.picture_hash
        ]
        return await self._batch.pictures(found)

    async def _give_ids(self, songs: Sequence[Song]) -> None:
        new = [song for song in songs if not song.id]
        ids = await self._batch.new_ids("tracks", len(new))
        for song, new_id in zip(new, ids, strict=True):
            song.id = new_id

    async def _albums(
        self,
        made: Sequence[tuple[Song, TrackCard, AlbumTags]],
        albums: dict[bytes, Album],
        folders: dict[bytes, Folder],
        pictures: dict[bytes, int],
    ) -> dict[bytes, Place]:
        """Make the albums that are new; where each song is to stand."""
        of_key: dict[str, list[tuple[Song, TrackCard, AlbumTags]]] = defaultdict(list)
        for each in made:
            of_key[albums[each[0].key].key].append(each)
        known = await self._batch.albums(of_key.keys())
        new = [key for key in of_key if key not in known]
        ids = dict(zip(new, await self._batch.new_ids("albums", len(new)), strict=True))
        files = await covers.of_folders(
            self._scan, self._library, self._batch, _cover_folders(song for song, _, _ in made)
        )
        now = datetime.now(UTC)
        places: dict[bytes, Place] = {}
        rows: list[AlbumWrite] = []
        owners: list[tuple[int, int, int]] = []
        for key, members in of_key.items():
            state = known.get(key)
            album_id = state.id if state else ids[key]
            times = {song.key: added_at(self._library, song.stamp, now) for song, _, _ in members}
            songs = _album_songs(album_id, members, times)
            shown = summary.shown(songs, files, pictures)
            if state is not None and state.picture_id:
                # That of a known album is looked at again later, with all its songs.
                shown = Shown(state.picture_id)
            if state is None:
                rows.append(summary.album_row(key, songs, shown, self._articles))
                owners += summary.artists_of(songs)
            for song, card, _ in members:
                places[song.key] = Place(
                    folders[paths.folder(song.path)].id,
                    album_id,
                    pictures.get(song.facts.picture_hash, 0) or shown.of(card.disc),
                    times[song.key],
                )
        await self._batch.add_albums(rows, owners)
        self._library.albums |= {state.id for state in known.values()}
        self._library.new_albums |= set(ids.values())
        return places

    async def _tracks(self, rows: Sequence[TrackWrite], *, changed: set[int]) -> None:
        old = [row for row in rows if row.id in changed]
        await self._batch.change_tracks(old, READER)
        new = [row for row in rows if row.id not in changed]
        await self._batch.add_tracks(new, READER, self._scan.job.id)
        # The pictures that stood in these files before may stand in others too.
        await self._batch.mend_pictures([row.path for row in old])

    def _count(
        self, made: Sequence[tuple[Song, TrackCard, AlbumTags]], changed: Sequence[int]
    ) -> None:
        progress, library = self._scan.progress, self._library
        progress.changed += len(changed)
        progress.added += len(made) - len(changed)
        for _, card, _ in made:
            for genre in card.genres:
                key = fold(genre)
                library.genres[key] = library.genres.get(key) or genre


def _principal(roles: Sequence[RoleWrite], songs: set[int]) -> list[RoleRow]:
    """The artists and album artists of songs that were known."""
    return [
        RoleRow(role.track_id, role.role, role.position, role.artist_id)
        for role in roles
        if role.track_id in songs and role.role in {"artist", "albumartist"}
    ]


def _names(song: Song, card: TrackCard) -> Iterator[str]:
    yield from track_names(card)
    yield paths.shown(song.path.partition(b"/")[0])


def _cover_folders(songs: Iterable[Song]) -> set[bytes]:
    """Where the covers of albums may lie: beside the songs, and above the folders of discs."""
    folders = {paths.folder(song.path) for song in songs}
    return folders | {paths.album_folder(folder) for folder in folders}


def _album_songs(
    album_id: int,
    members: Sequence[tuple[Song, TrackCard, AlbumTags]],
    times: dict[bytes, datetime],
) -> list[AlbumSong]:
    """Songs as an album is made from them, by disc and track."""
    songs = [
        AlbumSong(
            song.id,
            album_id,
            song.path,
            song.facts.sound.duration,
            list(dict.fromkeys(fold(genre) for genre in song.facts.genres)),
            song.facts.picture_hash,
            None,
            times[song.key],
            card,
            tags,
        )
        for song, card, tags in members
    ]
    return sorted(songs, key=lambda song: (song.card.disc, song.card.track, song.path))
