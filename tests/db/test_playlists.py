"""Playlists: order, what each user sees of them, and edits that meet."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from msgspec.structs import replace

from db import playlists
from db.database import Database
from db.errors import TooLongError
from db.playlists import Edit
from db.rows import UserRow
from tests.support.rows import Hand, hand, ids, person

MANY = 50_000


@pytest.fixture
async def songs(music: Hand) -> list[int]:
    album = await music.album("First")
    return [await music.track(name, album) for name in "abcdef"]


@pytest.fixture
async def bob(database: Database, music: Hand) -> UserRow:
    return await person(database, "bob")


async def make(database: Database, user: UserRow, songs: list[int], name: str = "Mine") -> int:
    made = await database.playlists.add(user, name, songs)
    assert made is not None
    return made


async def heard(database: Database, playlist: int, user: UserRow) -> list[int]:
    row = await database.playlists.get(playlist, user)
    assert row is not None
    return ids(await database.tracks.in_order(row.songs, user))


async def edit(database: Database, playlist: int, user: UserRow, **given: Any) -> bool:
    return await database.playlists.edit(playlist, user, Edit(**given))


async def hide(database: Database, song: int, *, missing: bool = True) -> None:
    moment = "now()" if missing else "null"
    await database.pool.execute(
        f"update tracks set missing_since = {moment} where id = $1",  # noqa: S608
        song,
    )


async def test_order_and_repeats_are_kept(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    order = [songs[2], songs[0], songs[2], songs[2], songs[1]]
    assert await heard(database, await make(database, ann, order), ann) == order


async def test_an_unknown_song_among_them_makes_nothing_and_changes_nothing(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    assert await database.playlists.add(ann, "Bad", [songs[0], 2**62]) is None
    assert await database.playlists.readable(ann) == []
    kept = await make(database, ann, songs)
    before = await database.playlists.get(kept, ann)
    assert not await edit(database, kept, ann, name="X", remove=[0], add=[songs[0], 2**62])
    assert await database.playlists.get(kept, ann) == before
    assert await heard(database, kept, ann) == songs


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ({"remove": [0, 2]}, "bdef"),
        ({"remove": [2, 0, 2]}, "bdef"),
        ({"remove": [5], "add": "ab"}, "abcdeab"),
        ({"remove": [0, 1, 2, 3, 4, 5], "add": "fa"}, "fa"),
        ({"remove": [6, -1, 2**31]}, "abcdef"),
        ({"add": "aa"}, "abcdefaa"),
        ({"remove": None, "add": "cc"}, "cc"),
        ({"remove": None}, ""),
        ({"name": "Other"}, "abcdef"),
    ],
)
async def test_removals_count_in_the_list_before_and_additions_go_last(
    database: Database, ann: UserRow, songs: list[int], given: dict[str, Any], left: str
) -> None:
    by_name = dict(zip("abcdef", songs, strict=True))
    playlist = await make(database, ann, songs)
    given = given | {"add": [by_name[one] for one in given.get("add", "")]}
    assert await edit(database, playlist, ann, **given)
    assert await heard(database, playlist, ann) == [by_name[one] for one in left]


async def test_a_tombstone_is_passed_over_kept_in_its_place_and_comes_back(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    playlist = await make(database, ann, songs)
    await hide(database, songs[1])
    assert await heard(database, playlist, ann) == [songs[0], *songs[2:]]
    assert await edit(database, playlist, ann, remove=[1], add=[songs[0]])
    await hide(database, songs[1], missing=False)
    assert await heard(database, playlist, ann) == [songs[0], songs[1], *songs[3:], songs[0]]


async def test_songs_of_a_library_that_is_not_seen_are_not_counted_and_not_removed(
    database: Database, music: Hand, ann: UserRow, songs: list[int]
) -> None:
    other = await hand(database, "Other")
    hidden = await other.picture()
    secret = await other.track("Secret", await other.album("Vault"), picture_id=hidden)
    everything = replace(ann, libraries=[music.library, other.library])
    playlist = await make(database, everything, [songs[0], secret, songs[1]])
    assert await heard(database, playlist, ann) == songs[:2]
    (mine,) = await database.playlists.readable(ann)
    (whole,) = await database.playlists.readable(everything)
    assert (mine.song_count, mine.duration, mine.pictures) == (2, 200.0, [])
    assert (whole.song_count, whole.duration, whole.pictures) == (3, 300.0, [hidden])
    assert await edit(database, playlist, ann, remove=[1])
    assert await heard(database, playlist, everything) == [songs[0], secret]
    assert await edit(database, playlist, ann, remove=None, add=[songs[2]])
    assert await heard(database, playlist, everything) == [secret, songs[2]]
    assert not await edit(database, playlist, ann, add=[secret])
    assert await database.playlists.add(ann, "Stolen", [secret]) is None


async def test_others_read_what_is_public_and_change_nothing(
    database: Database, ann: UserRow, bob: UserRow, songs: list[int]
) -> None:
    private, public = [await make(database, ann, songs, name) for name in ("A", "B")]
    await edit(database, public, ann, public=True)
    assert ids(await database.playlists.readable(bob)) == [public]
    assert await database.playlists.get(private, bob) is None
    assert await database.playlists.get(public, bob) is not None
    for playlist in (private, public):
        assert not await edit(database, playlist, bob, remove=None)
        assert not await database.playlists.delete(playlist, bob)
        assert await heard(database, playlist, ann) == songs


async def test_an_administrator_reads_and_changes_all(
    database: Database, ann: UserRow, bob: UserRow, songs: list[int]
) -> None:
    admin = replace(bob, roles=["admin"])
    playlist = await make(database, ann, songs)
    own = await make(database, bob, [], "Own")
    assert ids(await database.playlists.readable(admin)) == [playlist, own]
    assert ids(await database.playlists.by_owner(ann.id, admin)) == [playlist]
    assert await edit(database, playlist, admin, name="New", remove=[0])
    changed = await database.playlists.get(playlist, ann)
    assert changed is not None
    assert (changed.name, changed.owner) == ("New", "ann")
    assert await database.playlists.delete(playlist, admin)
    assert await database.playlists.get(playlist, ann) is None


async def test_playlists_go_by_name_and_then_by_id(database: Database, ann: UserRow) -> None:
    made = [await make(database, ann, [], name) for name in ("b", "Ä", "a", "B", "\x01", "a")]
    expected = [made[index] for index in (4, 1, 2, 5, 0, 3)]
    assert ids(await database.playlists.readable(ann)) == expected


async def test_each_edit_moves_the_date_by_a_millisecond_at_least(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    playlist = await make(database, ann, songs)
    await database.pool.execute("update playlists set changed = now() + interval '1 hour'")
    seen = []
    for _ in range(3):
        await edit(database, playlist, ann, comment="same")
        row = await database.playlists.get(playlist, ann)
        assert row is not None
        seen.append(int(row.changed.timestamp() * 1000))
    assert len(set(seen)) == 3
    assert seen == sorted(seen)


async def test_edits_at_once_lose_nothing(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    playlist = await make(database, ann, [songs[0]] * 20)
    edits = [edit(database, playlist, ann, add=[songs[1]]) for _ in range(20)]
    edits += [edit(database, playlist, ann, remove=[0]) for _ in range(20)]
    random.shuffle(edits)
    assert all(await asyncio.gather(*edits))
    found = await heard(database, playlist, ann)
    assert len(found) == 20
    assert set(found) <= set(songs[:2])


async def test_an_edit_that_meets_a_deletion_finds_nothing(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    playlist = await make(database, ann, songs)
    edits = [edit(database, playlist, ann, add=songs) for _ in range(5)]
    await asyncio.gather(*edits, database.playlists.delete(playlist, ann))
    assert not await edit(database, playlist, ann, add=songs)
    assert await database.pool.fetchval("select count(*) from playlists") == 0


async def test_fifty_thousand_songs_are_made_replaced_and_removed(
    database: Database, ann: UserRow, songs: list[int]
) -> None:
    order = random.choices(songs, k=MANY)
    playlist = await make(database, ann, order)
    assert await edit(database, playlist, ann, remove=range(0, MANY, 2), add=order[:10])
    assert await heard(database, playlist, ann) == order[1::2] + order[:10]
    assert await edit(database, playlist, ann, remove=None, add=order[::-1])
    (row,) = await database.playlists.readable(ann)
    assert (row.song_count, row.duration) == (MANY, MANY * 100.0)
    assert await edit(database, playlist, ann, remove=list(range(MANY)))
    assert await heard(database, playlist, ann) == []


async def test_a_playlist_has_an_end(
    database: Database, ann: UserRow, songs: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playlists, "LONGEST", 7)
    with pytest.raises(TooLongError):
        await database.playlists.add(ann, "Long", [songs[0]] * 8)
    playlist = await make(database, ann, songs)
    assert await edit(database, playlist, ann, add=songs[:1])
    with pytest.raises(TooLongError):
        await edit(database, playlist, ann, name="Long", remove=[0, 0], add=songs[:2])
    assert await edit(database, playlist, ann, remove=[0, 1], add=songs[:2])
    assert await edit(database, playlist, ann, remove=None, add=[songs[0]] * 7)
    row = await database.playlists.get(playlist, ann)
    assert row is not None
    assert row.name == "Mine"


async def test_playlists_go_with_their_owner(
    database: Database, ann: UserRow, bob: UserRow, songs: list[int]
) -> None:
    await make(database, bob, songs)
    kept = await make(database, ann, songs)
    await database.pool.execute("delete from users where id = $1", bob.id)
    assert await database.pool.fetch("select id from playlists") == [(kept,)]


async def test_a_song_that_was_found_again_elsewhere_is_in_its_playlists(
    database: Database, music: Hand, ann: UserRow, songs: list[int]
) -> None:
    old, new, other = songs[:3]
    playlist = await make(database, ann, [old, new, other, new])
    async with database.catalog.batch(music.library) as batch:
        await batch.identity.fold([(old, new)])
    assert await heard(database, playlist, ann) == [old, old, other, old]


async def test_the_pictures_are_those_of_songs_that_are_there(
    database: Database, music: Hand, ann: UserRow, bob: UserRow, songs: list[int]
) -> None:
    pictures = [await music.picture(), await music.picture()]
    for song, picture in zip(songs[1:3], pictures, strict=True):
        await database.pool.execute(
            "update tracks set picture_id = $1 where id = $2", picture, song
        )
    playlist = await make(database, ann, [songs[0], songs[2], songs[1]])
    found = await database.pictures.of_playlist(playlist, ann)
    assert [picture.id for picture in found] == pictures[::-1]
    assert await database.pictures.of_playlist(playlist, bob) == []
    await hide(database, songs[2])
    (left,) = await database.pictures.of_playlist(playlist, ann)
    assert left.id == pictures[0]


async def test_the_pictures_of_a_playlist_are_the_first_four_different_ones_that_are_seen(
    database: Database, music: Hand, ann: UserRow, bob: UserRow
) -> None:
    other = await hand(database, "Other")
    everything = replace(ann, libraries=[music.library, other.library])
    album = await music.album("Covers")
    pictures = [await music.picture() for _ in range(5)]
    hidden = await other.picture()
    secret = await other.track("Secret", await other.album("Vault"), picture_id=hidden)
    shown = (None, pictures[2], pictures[0], pictures[2], *pictures)
    tracks = [await music.track("Song", album, picture_id=picture) for picture in shown]
    tracks.insert(1, secret)
    playlist = await make(database, everything, tracks)
    seen = [pictures[2], pictures[0], pictures[1], pictures[3]]
    for user, expected in ((ann, seen), (everything, [hidden, *seen[:3]])):
        (row,) = await database.playlists.readable(user)
        assert (row.song_count, row.pictures) == (10 - (user is ann), expected)
        found = await database.pictures.of_playlist(playlist, user)
        assert [picture.id for picture in found] == expected
    assert await database.pictures.of_playlist(playlist, bob) == []
    assert await database.pictures.of_playlist(2**62, ann) == []
