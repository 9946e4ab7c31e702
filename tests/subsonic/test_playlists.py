"""Playlists over HTTP: what each user gets, may change, and is told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import lxml.etree as etree
import pytest
from PIL import Image

from db import playlists
from db.database import Database
from db.smart_rules import parse
from tests.support import shelf
from tests.support.api import Api, Client
from tests.support.pictures import picture, see
from tests.support.shelf import Shelf

TITLES = ("Alpha", "Beta", "Gamma", "Loose")


@pytest.fixture
async def songs(guest: Api) -> list[str]:
    return [await guest.id_of(title) for title in TITLES]


@pytest.fixture
async def other(client: Client, stocked: Database) -> Api:
    """An ordinary user who sees everything."""
    await stocked.users.add("other", "other-pass")
    return Api(client, "other", "other-pass")


async def make(api: Api, songs: list[str], name: str = "Mine", **more: Any) -> str:
    made = await api.get("createPlaylist", name=name, songId=songs)
    if more:
        await api.get("updatePlaylist", playlistId=made["id"], **more)
    return str(made["id"])


async def heard(api: Api, playlist: str) -> list[str]:
    return [song["id"] for song in (await api.get("getPlaylist", id=playlist))["entry"]]


async def post(api: Api, endpoint: str, **given: Any) -> Any:
    response = await api.client.post(f"/rest/{endpoint}", data=api.signed(given))
    return json.loads(await response.read())["subsonic-response"]


async def test_a_new_playlist_is_answered_whole_and_listed(guest: Api, songs: list[str]) -> None:
    order = [songs[1], songs[0], songs[1]]
    made = await guest.get("createPlaylist", name="Mine", songId=order)
    assert [song["id"] for song in made["entry"]] == order
    assert made == await guest.get("getPlaylist", id=made["id"])
    del made["entry"]
    assert (await guest.get("getPlaylists"))["playlist"] == [made]
    assert made.pop("created") <= made.pop("changed")
    assert made == {
        "id": made["id"],
        "name": "Mine",
        "owner": "guest",
        "public": False,
        "readonly": False,
        "songCount": 3,
        "duration": 15,
        "coverArt": made["coverArt"],
    }


async def test_a_playlist_may_be_empty_and_names_may_be_the_same(guest: Api) -> None:
    first, second = await make(guest, []), await make(guest, [])
    assert first != second
    for one in (await guest.get("getPlaylists"))["playlist"]:
        assert (one["songCount"], one["duration"]) == (0, 0)
        assert "coverArt" not in one
    assert await heard(guest, first) == []


async def test_songs_put_into_a_playlist_replace_those_that_are_in_it(
    guest: Api, songs: list[str]
) -> None:
    playlist = await make(guest, songs, comment="keep", public="true")
    again = await guest.get("createPlaylist", playlistId=playlist, songId=songs[:1])
    assert [song["id"] for song in again["entry"]] == songs[:1]
    assert (again["name"], again["comment"], again["public"]) == ("Mine", "keep", True)
    again = await guest.get("createPlaylist", playlistId=playlist, name="New")
    assert (again["name"], again["entry"]) == ("New", [])


async def test_an_update_changes_what_is_given_and_nothing_else(
    guest: Api, songs: list[str]
) -> None:
    playlist = await make(guest, songs)
    before = await guest.get("getPlaylist", id=playlist)
    await guest.get("updatePlaylist", playlistId=playlist, comment="hello")
    after = await guest.get("getPlaylist", id=playlist)
    assert after["changed"] > before["changed"]
    assert after == before | {"comment": "hello", "changed": after["changed"]}
    await guest.get("updatePlaylist", playlistId=playlist, name="", public="true")
    after = await guest.get("getPlaylist", id=playlist)
    assert (after["name"], after["comment"], after["public"]) == ("Mine", "hello", True)
    await guest.get("updatePlaylist", playlistId=playlist, comment="", public="false", name="N")
    after = await guest.get("getPlaylist", id=playlist)
    assert "comment" not in after
    assert (after["name"], after["public"]) == ("N", False)
    assert [song["id"] for song in after["entry"]] == songs


async def test_indexes_count_before_the_call_and_additions_go_last(
    guest: Api, songs: list[str]
) -> None:
    playlist = await make(guest, songs)
    edit = {"songIndexToRemove": [2, 0, 99, -1, 10**30], "songIdToAdd": [songs[0], songs[0]]}
    await guest.get("updatePlaylist", playlistId=playlist, **edit)
    assert await heard(guest, playlist) == [songs[1], songs[3], songs[0], songs[0]]


async def test_a_whole_list_is_overwritten_in_one_call(guest: Api, songs: list[str]) -> None:
    """By removing all and adding all, as DSub and Amperfy do."""
    playlist = await make(guest, songs)
    edit = {"songIndexToRemove": range(4), "songIdToAdd": songs[::-1]}
    await guest.get("updatePlaylist", playlistId=playlist, **{k: list(v) for k, v in edit.items()})
    assert await heard(guest, playlist) == songs[::-1]


async def test_an_unknown_song_changes_nothing(guest: Api, api: Api, songs: list[str]) -> None:
    secret = await api.id_of("Secret")
    playlist = await make(guest, songs)
    before = await guest.get("getPlaylist", id=playlist)
    for bad in ("tr-999999", "al-1", "nonsense", "tr-99999999999999999999", secret):
        mixed = [songs[0], bad]
        assert await guest.error("createPlaylist", name="Bad", songId=mixed) == 70
        assert await guest.error("createPlaylist", playlistId=playlist, songId=mixed) == 70
        edit = {"name": "Bad", "songIndexToRemove": 0, "songIdToAdd": mixed}
        assert await guest.error("updatePlaylist", playlistId=playlist, **edit) == 70
    assert await guest.get("getPlaylist", id=playlist) == before
    assert len((await guest.get("getPlaylists"))["playlist"]) == 1


async def test_a_private_playlist_of_another_does_not_exist(
    guest: Api, other: Api, songs: list[str]
) -> None:
    playlist = await make(guest, songs)
    assert (await other.get("getPlaylists"))["playlist"] == []
    for endpoint in ("getPlaylist", "deletePlaylist", "getCoverArt"):
        assert await other.error(endpoint, id=playlist) == 70
    for endpoint in ("updatePlaylist", "createPlaylist"):
        assert await other.error(endpoint, playlistId=playlist, name="X") == 70
    assert await heard(guest, playlist) == songs


async def test_a_public_playlist_of_another_is_read_and_not_changed(
    guest: Api, other: Api, songs: list[str]
) -> None:
    playlist = await make(guest, songs, public="true")
    (listed,) = (await other.get("getPlaylists"))["playlist"]
    assert (listed["owner"], listed["readonly"], listed["public"]) == ("guest", True, True)
    assert (await other.get("getPlaylist", id=playlist))["readonly"]
    assert await heard(other, playlist) == songs
    assert (await other.raw("getCoverArt", id=playlist)).content_type.startswith("image/")
    assert await other.error("deletePlaylist", id=playlist) == 50
    assert await other.error("updatePlaylist", playlistId=playlist, public="false") == 50
    assert await other.error("createPlaylist", playlistId=playlist, songId=songs[0]) == 50
    assert await heard(guest, playlist) == songs


async def test_an_administrator_sees_and_changes_all(
    guest: Api, other: Api, api: Api, songs: list[str]
) -> None:
    playlist = await make(guest, songs)
    own = await make(api, [], "Own")
    rows = (await api.get("getPlaylists"))["playlist"]
    assert [(row["id"], row["readonly"]) for row in rows] == [(playlist, False), (own, False)]
    rows = (await api.get("getPlaylists", username="GUEST"))["playlist"]
    assert [row["id"] for row in rows] == [playlist]
    assert (await api.get("getPlaylists", username="other"))["playlist"] == []
    assert await api.error("getPlaylists", username="nobody") == 70
    assert await guest.error("getPlaylists", username="admin") == 50
    await api.get("updatePlaylist", playlistId=playlist, name="New", songIndexToRemove=0)
    changed = await guest.get("getPlaylist", id=playlist)
    assert (changed["name"], changed["owner"], changed["songCount"]) == ("New", "guest", 3)
    await api.get("deletePlaylist", id=playlist)
    assert await guest.error("getPlaylist", id=playlist) == 70


async def test_songs_of_a_hidden_library_are_unseen_uncounted_and_kept(
    guest: Api, api: Api, songs: list[str]
) -> None:
    secret = await api.id_of("Secret")
    playlist = await make(api, [secret, songs[2], secret, songs[3]], public="true")
    whole = await api.get("getPlaylist", id=playlist)
    seen = await guest.get("getPlaylist", id=playlist)
    (listed,) = (await guest.get("getPlaylists"))["playlist"]
    for answer in (seen, listed):
        assert (answer["songCount"], "coverArt" in answer) == (2, False)
        assert answer["duration"] < whole["duration"]
    assert [song["id"] for song in seen["entry"]] == [songs[2], songs[3]]
    assert "Secret" not in json.dumps(seen)
    assert whole["songCount"] == 4
    assert whole["coverArt"].startswith(f"{playlist}_")


async def test_an_index_of_a_user_who_sees_less_is_that_of_what_they_see(
    guest: Api, api: Api, stocked: Database, songs: list[str]
) -> None:
    """Their own list, of which a part was hidden from them later."""
    secret = await api.id_of("Secret")
    playlist = await make(api, [secret, songs[2], secret, songs[3]])
    await stocked.pool.execute(
        "update playlists set user_id = (select id from users where key = $1)", shelf.GUEST[0]
    )
    await guest.get(
        "updatePlaylist", playlistId=playlist, songIndexToRemove=[1], songIdToAdd=songs[0]
    )
    assert await heard(guest, playlist) == [songs[2], songs[0]]
    assert await heard(api, playlist) == [secret, songs[2], secret, songs[0]]


async def test_a_picture_is_that_of_a_song_or_drawn(guest: Api, api: Api, songs: list[str]) -> None:
    pictured, bare = await make(guest, [songs[2], songs[0]]), await make(guest, [songs[2]])
    answer = await guest.raw("getCoverArt", id=pictured, size=300)
    assert see(await answer.read()).size == (300, 200)
    answer = await guest.raw("getCoverArt", id=bare, size=128)
    assert see(await answer.read()).size == (128, 128)
    hidden = await make(api, [await api.id_of("Secret")], public="true")
    answer = await guest.raw("getCoverArt", id=hidden, size=64)
    drawn = see(await answer.read())
    answer = await api.raw("getCoverArt", id=hidden, size=64)
    assert drawn.tobytes() != see(await answer.read()).tobytes()


async def test_a_cover_is_another_when_the_pictures_are(
    guest: Api, api: Api, songs: list[str]
) -> None:
    secret = await api.id_of("Secret")
    playlist = await make(api, [songs[2]], public="true")
    assert "coverArt" not in await guest.get("getPlaylist", id=playlist)
    await api.get("updatePlaylist", playlistId=playlist, songIdToAdd=songs[0])
    seen = (await guest.get("getPlaylist", id=playlist))["coverArt"]
    assert seen.startswith(f"{playlist}_")
    assert (await guest.get("getPlaylists"))["playlist"][0]["coverArt"] == seen
    await api.get("updatePlaylist", playlistId=playlist, songIdToAdd=[songs[1], secret])
    assert (await guest.get("getPlaylist", id=playlist))["coverArt"] == seen
    assert (await api.get("getPlaylist", id=playlist))["coverArt"] != seen
    for id in (seen, playlist):
        answer = await guest.raw("getCoverArt", id=id, size=300)
        assert see(await answer.read()).size == (300, 200)


@pytest.mark.parametrize("smart", [False, True])
async def test_its_own_picture_stands_before_those_of_its_songs(
    guest: Api, api: Api, stocked: Database, songs: list[str], smart: bool
) -> None:
    playlist = await make(guest, [songs[0]])
    number, owner = int(playlist[3:]), await stocked.users.by_name("guest")
    assert owner is not None
    if smart:
        rules = parse('{"all": [{"field": "title", "operator": "is", "value": "Alpha"}]}')
        number = await stocked.smart.add(owner, "Smart", rules)
        playlist = f"pl-{number}"
    covers = []
    wide, high = picture(500, 250), picture(250, 500)
    for own, size in ((None, (100, 67)), (wide, (100, 50)), (high, (50, 100)), (None, (100, 67))):
        if own:
            await stocked.playlist_pictures.put(number, owner, own)
        else:
            await stocked.playlist_pictures.remove(number, owner)
        cover = (await guest.get("getPlaylist", id=playlist))["coverArt"]
        listed = (await guest.get("getPlaylists"))["playlist"]
        assert [row["coverArt"] for row in listed if row["id"] == playlist] == [cover]
        covers.append(cover)
        for id in (cover, playlist):
            whole = await guest.raw("getCoverArt", id=id)
            assert own in (None, await whole.read())
            small = await guest.raw("getCoverArt", id=id, size=100)
            assert see(await small.read()).size == size
    assert covers[0] == covers[3]
    assert len(set(covers)) == 3
    assert all(cover.startswith(f"{playlist}_") for cover in covers)


async def test_its_own_picture_is_shown_where_no_song_has_one_to_whoever_may_read_it(
    guest: Api, other: Api, stocked: Database
) -> None:
    playlist = await make(guest, [])
    number, owner = int(playlist[3:]), await stocked.users.by_name("guest")
    assert owner is not None
    await stocked.playlist_pictures.put(number, owner, picture(400, 200))
    cover = (await guest.get("getPlaylist", id=playlist))["coverArt"]
    assert (await guest.get("getPlaylists"))["playlist"][0]["coverArt"] == cover
    for id in (cover, playlist):
        assert await other.error("getCoverArt", id=id) == 70
    await guest.get("updatePlaylist", playlistId=playlist, public="true")
    for id in (cover, playlist):
        answer = await other.raw("getCoverArt", id=id, size=200)
        assert see(await answer.read()).size == (200, 100)
    await guest.get("deletePlaylist", id=playlist)
    assert await guest.error("getCoverArt", id=cover) == 70


async def test_four_covers_make_one_of_what_the_asking_user_sees(
    guest: Api, api: Api, library: Shelf, stocked: Database
) -> None:
    """The picture of the hidden song stands in the administrator's alone."""
    music, hidden = (library.music.parent / name for name in ("Music", "Hidden"))
    titles = ("Alpha", "Beta", "Gamma", "Loose", "Secret")
    for number, title in enumerate(titles):
        path = f"{number}-mosaic.png"
        folder = hidden if title == "Secret" else music
        color = "lime" if title == "Secret" else "red"
        Image.new("RGB", (90 + number, 90), color).save(folder / path)
        await stocked.pool.execute(
            "with p as (insert into pictures (library_id, hash, embedded, path) select library_id,"
            " sha256($2), false, $2 from tracks where card->>'title' = $1 returning id)"
            " update tracks set picture_id = (select id from p) where card->>'title' = $1",
            title,
            path.encode(),
        )
    playlist = await make(
        api, [await api.id_of(title) for title in reversed(titles)], public="true"
    )
    own = see(await (await api.raw("getCoverArt", id=playlist, size=100)).read())
    theirs = see(await (await guest.raw("getCoverArt", id=playlist, size=100)).read())
    assert own.size == theirs.size == (100, 100)
    greens = [image.convert("RGB").getpixel((25, 25))[1] for image in (own, theirs)]  # type: ignore[index]
    assert greens[0] > 200
    assert greens[1] < 60


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("🎧 Ünïcødé \u202etxt", "🎧 Ünïcødé \u202etxt"),
        ("<b>&\"'</b>\r\n\t", "<b>&\"'</b>\r\n\t"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("\x01\x1b[31m\ufffe", "\x01\x1b[31m\ufffe"),
        ("a\0b", "ab"),
        ("x" * 1000, "x" * 1000),
    ],
)
async def test_a_name_has_any_letters(guest: Api, name: str, kept: str) -> None:
    playlist = await make(guest, [], name)
    assert (await guest.get("getPlaylist", id=playlist))["name"] == kept
    pairs = guest.signed({}, "xml")
    response = await guest.client.get("/rest/getPlaylists", params=pairs)
    (row,) = etree.fromstring(await response.read())[0]
    assert row.get("id") == playlist


@pytest.mark.parametrize(
    ("endpoint", "given", "code"),
    [
        ("createPlaylist", {}, 10),
        ("createPlaylist", {"name": ""}, 10),
        ("createPlaylist", {"name": "\0"}, 10),
        ("createPlaylist", {"name": "x" * 1001}, 10),
        ("createPlaylist", {"playlistId": "pl-9999"}, 70),
        ("createPlaylist", {"playlistId": "tr-1"}, 70),
        ("updatePlaylist", {}, 10),
        ("updatePlaylist", {"playlistId": "pl-9999", "name": "x"}, 70),
        ("updatePlaylist", {"playlistId": "pl-1", "public": "maybe"}, 10),
        ("updatePlaylist", {"playlistId": "pl-1", "comment": "x" * 10_001}, 10),
        ("updatePlaylist", {"playlistId": "pl-1", "songIndexToRemove": "one"}, 10),
        ("getPlaylist", {}, 10),
        ("getPlaylist", {"id": "1"}, 70),
        ("deletePlaylist", {}, 10),
        ("deletePlaylist", {"id": "pl-9999"}, 70),
    ],
)
async def test_what_cannot_be_done_is_told(
    guest: Api, endpoint: str, given: dict[str, Any], code: int
) -> None:
    assert await guest.error(endpoint, **given) == code


async def test_fifty_thousand_songs_come_in_one_form(guest: Api, songs: list[str]) -> None:
    order = [songs[number % 3] for number in range(50_000)]
    made = (await post(guest, "createPlaylist", name="Long", songId=order))["playlist"]
    assert made["songCount"] == 50_000
    assert [song["id"] for song in made["entry"]] == order
    (listed,) = (await guest.get("getPlaylists"))["playlist"]
    assert (listed["songCount"], listed["duration"]) == (50_000, made["duration"])


@pytest.mark.attack("X73")
async def test_a_playlist_that_gets_too_long_is_refused(
    guest: Api, songs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist = await make(guest, songs)
    monkeypatch.setattr(playlists, "LONGEST", 5)
    assert await guest.error("createPlaylist", name="Long", songId=songs + songs) == 0
    assert await guest.error("createPlaylist", playlistId=playlist, songId=songs + songs) == 0
    assert await guest.error("updatePlaylist", playlistId=playlist, songIdToAdd=songs[:2]) == 0
    await guest.get("updatePlaylist", playlistId=playlist, songIdToAdd=songs[0])
    assert await heard(guest, playlist) == [*songs, songs[0]]


async def test_edits_at_once_all_take_place(guest: Api, songs: list[str]) -> None:
    playlist = await make(guest, songs[:1] * 10)
    adds = [
        guest.get("updatePlaylist", playlistId=playlist, songIdToAdd=songs[1]) for _ in range(10)
    ]
    removes = [
        guest.get("updatePlaylist", playlistId=playlist, songIndexToRemove=0) for _ in range(5)
    ]
    await asyncio.gather(*adds, *removes)
    found = await heard(guest, playlist)
    assert len(found) == 15
    assert found[:5] == songs[:1] * 5


async def smart(db: Database, name: str, genre: str, owner: str = "guest", **more: bool) -> str:
    user = await db.users.by_name(owner)
    assert user is not None
    rules = parse(json.dumps({"all": [{"field": "genre", "value": genre}]}))
    return f"pl-{await db.smart.add(user, name, rules, **more)}"


async def test_a_smart_playlist_is_like_any_other_and_nobody_changes_its_songs(
    guest: Api, stocked: Database
) -> None:
    playlist = await smart(stocked, "Rock", "Rock")
    (listed,) = (await guest.get("getPlaylists"))["playlist"]
    opened = await guest.get("getPlaylist", id=playlist)
    assert [song["title"] for song in opened.pop("entry")] == ["Alpha", "Beta"]
    assert opened == listed
    assert (listed["songCount"], listed["readonly"]) == (2, True)
    beta = await guest.id_of("Beta")
    for endpoint, given in (
        ("updatePlaylist", {"playlistId": playlist, "songIdToAdd": beta}),
        ("updatePlaylist", {"playlistId": playlist, "songIndexToRemove": 0}),
        ("updatePlaylist", {"playlistId": playlist, "songIndexToRemove": 9, "name": "X"}),
        ("createPlaylist", {"playlistId": playlist, "songId": beta}),
        ("createPlaylist", {"playlistId": playlist}),
    ):
        error = (await guest.answer(endpoint, **given))["error"]
        assert (error["code"], "Rules choose the songs" in error["message"]) == (50, True)
    assert await guest.get("getPlaylist", id=playlist) == opened | {
        "entry": [await song(guest, title) for title in ("Alpha", "Beta")]
    }


async def song(api: Api, title: str) -> Any:
    return await api.get("getSong", id=await api.id_of(title))


async def test_name_comment_and_visibility_of_a_smart_playlist_are_its_owners(
    guest: Api, other: Api, stocked: Database
) -> None:
    playlist = await smart(stocked, "Rock", "Rock", public=True)
    assert await other.error("updatePlaylist", playlistId=playlist, name="X") == 50
    await guest.get("updatePlaylist", playlistId=playlist, name="Stones", comment="!", public=False)
    found = await guest.get("getPlaylist", id=playlist)
    assert (found["name"], found["comment"], found["public"]) == ("Stones", "!", False)
    assert await other.error("getPlaylist", id=playlist) == 70
    await guest.get("deletePlaylist", id=playlist)
    assert (await guest.get("getPlaylists"))["playlist"] == []


async def test_a_smart_playlist_shows_others_only_what_they_may_see(
    guest: Api, api: Api, stocked: Database
) -> None:
    playlist = await smart(stocked, "Secret", "Secret Genre", owner="admin", public=True)
    assert [song["title"] for song in (await api.get("getPlaylist", id=playlist))["entry"]] == [
        "Secret"
    ]
    found = await guest.get("getPlaylist", id=playlist)
    assert (found["entry"], found["songCount"]) == ([], 0)
    (listed,) = (await guest.get("getPlaylists"))["playlist"]
    assert (listed["songCount"], "coverArt" in listed) == (0, False)


async def test_what_is_starred_is_in_the_list_of_what_is_loved(
    guest: Api, stocked: Database
) -> None:
    user = await stocked.users.by_name("guest")
    assert user is not None
    rules = parse('{"all": [{"field": "loved", "value": true}]}')
    playlist = f"pl-{await stocked.smart.add(user, 'Loved', rules)}"
    await guest.get("star", id=await guest.id_of("Beta"))
    await stocked.pool.execute("update playlists set evaluated = now() - interval '1 minute'")
    assert await heard(guest, playlist) == [await guest.id_of("Beta")]


async def test_many_at_once_get_a_smart_playlist_whole(guest: Api, stocked: Database) -> None:
    playlist = await smart(stocked, "Rock", "Rock")
    await stocked.pool.execute("update playlists set evaluated = null")
    answers = await asyncio.gather(*(heard(guest, playlist) for _ in range(8)))
    assert [len(songs) for songs in answers] == [2] * 8
