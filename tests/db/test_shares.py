"""Shares: what they hold, for whom, and how long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from db.database import Database
from db.rows import ShareRow, UserRow
from tests.support.rows import Hand, hand, ids, insert, person

SOON = datetime.now(UTC) + timedelta(days=1)
PAST = datetime.now(UTC) - timedelta(seconds=1)


@pytest.fixture
async def owner(database: Database, ann: UserRow) -> UserRow:
    """Ann, who may share."""
    await database.pool.execute("update users set roles = '{share,stream}'")
    return await again(database, ann)


async def again(database: Database, user: UserRow) -> UserRow:
    found = await database.users.by_id(user.id)
    assert found is not None
    return found


async def share(
    database: Database, owner: UserRow, *items: tuple[str, int], expires: datetime | None = None
) -> ShareRow:
    made = await database.shares.add(owner, items, "", expires)
    assert made is not None
    return made


async def songs(database: Database, share: ShareRow, user: UserRow) -> list[int]:
    return ids((await database.shares.songs([share.id], user)).get(share.id, []))


async def opens(database: Database, share: ShareRow) -> bool:
    return await database.shares.opened(database.shares.token(share)) is not None


async def credit(database: Database, track: int, artist: int, role: str) -> None:
    await database.pool.execute(
        "insert into track_artists values ($1, $2, $3, 0)", track, artist, role
    )


async def test_songs_come_in_the_order_given_and_albums_by_disc_and_track(
    database: Database, music: Hand, owner: UserRow
) -> None:
    album = await music.album("Album")
    second = await music.track("B", album, disc=1, track=2)
    last = await music.track("C", album, disc=2, track=1)
    first = await music.track("A", album, disc=1, track=1)
    single = await music.track("Single", await music.album("Other"))
    made = await share(database, owner, ("track", single), ("album", album), ("track", last))
    assert await songs(database, made, owner) == [single, first, second, last, last]


async def test_a_folder_is_shared_with_all_that_lies_below_it(
    database: Database, music: Hand, owner: UserRow
) -> None:
    album = await music.album("Album")
    top = await music.folder("Top", path=b"Top")
    two = await music.folder("CD 2", top, path=b"Top/CD 2")
    one = await music.folder("CD 1", top, path=b"Top/CD 1")
    for beside in (b"To", b"Top - Live", b"Top.", b"Top0", b"Topp/CD 1"):
        await music.track("Beside", album, folder_id=await music.folder("Beside", path=beside))
    late = await music.track("Late", album, folder_id=two)
    early = await music.track("Early", album, folder_id=one)
    loose = await music.track("Loose", album, folder_id=top)
    made = await share(database, owner, ("folder", top))
    assert await songs(database, made, owner) == [loose, early, late]
    held = [one for one in range(loose + 1) if await database.shares.holds(made.id, one, owner)]
    assert held == [late, early, loose]


async def test_a_playlist_is_shared_in_its_order_for_as_long_as_its_owner_may_hear_it(
    database: Database, music: Hand, owner: UserRow
) -> None:
    album = await music.album("Album")
    one, two = await music.track("One", album, track=1), await music.track("Two", album, track=2)
    other = await person(database, "other")
    own = {"name": "", "sort_name": "", "public": True, "songs": [two, one, two]}
    mine = await insert(database.pool, "playlists", own | {"user_id": owner.id, "public": False})
    theirs = await insert(database.pool, "playlists", own | {"user_id": other.id})
    made = await share(database, owner, ("playlist", mine))
    borrowed = await share(database, owner, ("playlist", theirs))
    assert await songs(database, made, owner) == [two, one, two]
    assert await songs(database, borrowed, owner) == [two, one, two]
    await database.pool.execute("update playlists set public = false, songs = $1", [one])
    assert await songs(database, made, owner) == [one]
    assert await songs(database, borrowed, owner) == []
    assert not await database.shares.holds(borrowed.id, one, owner)
    assert await database.shares.add(owner, [("playlist", theirs)], "", None) is None
    await database.pool.execute("delete from playlists")
    assert await songs(database, made, owner) == []


async def test_an_artist_is_shared_with_own_songs_album_by_album(
    database: Database, music: Hand, owner: UserRow
) -> None:
    ada, eve = await music.artist("Ada"), await music.artist("Eve")
    new, old = await music.album("New"), await music.album("Old")
    late = await music.track("Late", new, year=2020)
    early = await music.track("Early", old, year=1999)
    written = await music.track("Written", old, year=1999)
    for track, artist, role in (
        (late, ada, "artist"), (late, ada, "albumartist"), (early, ada, "albumartist"),
        (written, ada, "composer"), (written, eve, "artist"),
    ):  # fmt: skip
        await credit(database, track, artist, role)
    made = await share(database, owner, ("artist", ada))
    assert await songs(database, made, owner) == [early, late]


async def test_a_share_holds_what_is_in_the_album_when_it_is_looked_at(
    database: Database, music: Hand, owner: UserRow
) -> None:
    album = await music.album("Album")
    stays = await music.track("Stays", album, track=1)
    goes = await music.track("Goes", album, track=2)
    made = await share(database, owner, ("album", album))
    await database.pool.execute("update tracks set missing_since = now() where id = $1", goes)
    comes = await music.track("Comes", album, track=3)
    assert await songs(database, made, owner) == [stays, comes]
    assert await database.shares.holds(made.id, comes, owner)
    assert not await database.shares.holds(made.id, goes, owner)


async def test_a_share_shows_nothing_of_a_library_that_its_owner_lost(
    database: Database, music: Hand, owner: UserRow
) -> None:
    other = await hand(database, "Other")
    theirs = await other.track("Theirs", await other.album("Theirs"))
    mine = await music.track("Mine", await music.album("Mine"))
    owner = await again(database, owner)
    made = await share(database, owner, ("track", theirs), ("track", mine))
    await database.pool.execute("update users set all_libraries = false")
    await database.pool.execute(
        "insert into user_libraries values ($1, $2)", owner.id, music.library
    )
    admin = await person(database, "root")
    assert await songs(database, made, await again(database, owner)) == [mine]
    # Nor to an administrator who sees that library.
    assert set(admin.libraries) == {music.library, other.library}
    assert await songs(database, made, admin) == [mine]
    assert not await database.shares.holds(made.id, theirs, admin)


async def test_nobody_sees_in_a_share_what_they_may_not_see_themselves(
    database: Database, music: Hand, owner: UserRow
) -> None:
    mine = await music.track("Mine", await music.album("Mine"))
    made = await share(database, owner, ("track", mine))
    assert await songs(database, made, msgspec.structs.replace(owner, libraries=[])) == []


async def test_what_holds_nothing_to_hear_cannot_be_shared(
    database: Database, music: Hand, owner: UserRow
) -> None:
    hidden = await hand(database, "Hidden")
    album = await hidden.album("Hidden")
    secret = await hidden.track("Secret", album)
    empty = await music.album("Empty")
    mine = await music.track("Mine", await music.album("Mine"))
    for item in (
        ("track", secret), ("album", album), ("folder", hidden.root), ("album", empty),
        ("track", 2**62), ("artist", 2**62), ("folder", music.root), ("station", mine),
    ):  # fmt: skip
        assert await database.shares.add(owner, [("track", mine), item], "", None) is None, item
    assert await database.pool.fetchval("select count(*) from shares") == 0
    assert await database.pool.fetchval("select count(*) from share_items") == 0


async def test_the_table_does_not_hold_what_opens_a_share(
    database: Database, music: Hand, owner: UserRow
) -> None:
    made = await share(database, owner, ("track", await music.track("A", await music.album("A"))))
    token = database.shares.token(made)
    assert len(token) >= 27
    (row,) = await database.pool.fetch("select * from shares")
    stored = [bytes(value) for value in row.values() if isinstance(value, bytes)]
    assert stored
    assert not any(token.encode() in value for value in stored)
    assert await opens(database, made)
    for wrong in (
        "",
        token[:-1],
        token.swapcase(),
        token + "=",
        "\udcff",
        "x\0y",
        made.token.hex(),
    ):
        assert await database.shares.opened(wrong) is None


@pytest.mark.parametrize(
    "closing",
    [
        "update shares set expires = now()",
        "update users set enabled = false",
        "update users set roles = '{stream}'",
        "update users set roles = '{share}'",
        "delete from users",
    ],
)
async def test_a_share_closes_when_its_time_or_its_owners_right_is_over(
    database: Database, music: Hand, owner: UserRow, closing: str
) -> None:
    track = await music.track("A", await music.album("A"))
    made = await share(database, owner, ("track", track), expires=SOON)
    assert await opens(database, made)
    await database.pool.execute(closing)
    assert not await opens(database, made)


async def test_an_administrator_needs_no_other_role(
    database: Database, music: Hand, owner: UserRow
) -> None:
    made = await share(database, owner, ("track", await music.track("A", await music.album("A"))))
    await database.pool.execute("update users set roles = '{admin}'")
    assert await opens(database, made)


async def test_an_expired_share_is_listed_and_can_be_opened_again(
    database: Database, music: Hand, owner: UserRow
) -> None:
    track = await music.track("A", await music.album("A"))
    made = await share(database, owner, ("track", track), expires=PAST)
    assert not await opens(database, made)
    assert ids(await database.shares.of(owner)) == [made.id]
    assert await database.shares.change(made.id, owner, expires=None)
    assert await opens(database, made)


async def test_a_change_leaves_what_is_not_given(
    database: Database, music: Hand, owner: UserRow
) -> None:
    track = await music.track("A", await music.album("A"))
    made = await database.shares.add(owner, [("track", track)], "first", SOON)
    assert made is not None
    assert await database.shares.change(made.id, owner, description="second")
    (row,) = await database.shares.of(owner)
    assert (row.description, row.expires) == ("second", SOON)
    assert await database.shares.change(made.id, owner, expires=None)
    assert await database.shares.change(made.id, owner)
    (row,) = await database.shares.of(owner)
    assert (row.description, row.expires) == ("second", None)


async def test_only_owner_and_administrators_see_and_change_a_share(
    database: Database, music: Hand, owner: UserRow
) -> None:
    track = await music.track("A", await music.album("A"))
    made = await share(database, owner, ("track", track))
    other = await person(database, "other")
    assert await database.shares.of(other) == []
    assert not await database.shares.change(made.id, other, description="mine")
    assert not await database.shares.delete(made.id, other)
    admin = msgspec.structs.replace(other, roles=["admin"])
    assert ids(await database.shares.of(admin)) == [made.id]
    assert await database.shares.change(made.id, admin, description="theirs")
    assert await database.shares.delete(made.id, admin)
    assert not await database.shares.delete(made.id, admin)
    assert not await opens(database, made)


async def test_visits_are_counted(database: Database, music: Hand, owner: UserRow) -> None:
    made = await share(database, owner, ("track", await music.track("A", await music.album("A"))))
    assert (made.visit_count, made.last_visited) == (0, None)
    for _ in range(3):
        await database.shares.visit(made.id)
    (row,) = await database.shares.of(owner)
    assert row.visit_count == 3
    assert row.last_visited is not None


async def test_of_a_large_share_the_first_songs_are_listed_and_all_are_held(
    database: Database, music: Hand, owner: UserRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("db.shares.MOST_SONGS", 2)
    album = await music.album("Long")
    tracks = [await music.track("A", album, track=number) for number in range(4)]
    made = await share(database, owner, ("album", album))
    again = await share(database, owner, ("album", album))
    found = await database.shares.songs([made.id, again.id], owner)
    assert {key: ids(rows) for key, rows in found.items()} == {
        made.id: tracks[:2],
        again.id: tracks[:2],
    }
    assert await database.shares.holds(made.id, tracks[3], owner)
