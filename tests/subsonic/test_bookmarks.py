"""Bookmarks, and the queue in both of its views."""

from __future__ import annotations

import json
from typing import Any

import pytest

from db.database import Database
from tests.support import shelf
from tests.support.api import Api


@pytest.fixture
async def songs(guest: Api) -> list[str]:
    return [await guest.id_of(title) for title in ("Alpha", "Beta", "Gamma")]


async def bury(stocked: Database, *songs: str) -> None:
    await stocked.pool.execute(
        "update tracks set missing_since = now() where id = any($1::bigint[])",
        [int(song.removeprefix("tr-")) for song in songs],
    )


async def test_a_bookmark_is_listed_and_comes_with_its_song(
    guest: Api, api: Api, songs: list[str]
) -> None:
    await guest.get("createBookmark", id=songs[0], position=12_345, comment="so far")
    (mark,) = (await guest.get("getBookmarks"))["bookmark"]
    assert (mark["position"], mark["comment"], mark["username"]) == (12_345, "so far", "guest")
    assert mark["created"] == mark["changed"]
    assert mark["entry"] == await guest.get("getSong", id=songs[0])
    assert mark["entry"]["bookmarkPosition"] == 12_345
    (found,) = (await guest.get("search3", query="Alpha"))["song"]
    assert found["bookmarkPosition"] == 12_345
    assert "bookmarkPosition" not in await api.get("getSong", id=songs[0])
    assert (await api.get("getBookmarks"))["bookmark"] == []


async def test_there_is_one_bookmark_for_a_song(guest: Api, songs: list[str]) -> None:
    await guest.get("createBookmark", id=songs[0], position=5, comment="one")
    await guest.get("createBookmark", id=songs[1], position=6)
    await guest.get("createBookmark", id=songs[0], position=0)
    first, second = (await guest.get("getBookmarks"))["bookmark"]
    assert (first["entry"]["id"], first["position"], first.get("comment")) == (songs[0], 0, None)
    assert first["changed"] > first["created"]
    assert second["entry"]["id"] == songs[1]
    await guest.get("deleteBookmark", id=songs[0])
    await guest.get("deleteBookmark", id=songs[0])
    assert len((await guest.get("getBookmarks"))["bookmark"]) == 1


async def test_a_bookmark_hides_with_its_song_and_comes_back_with_it(
    guest: Api, stocked: Database, songs: list[str]
) -> None:
    await guest.get("createBookmark", id=songs[0], position=1)
    await bury(stocked, songs[0])
    assert (await guest.get("getBookmarks"))["bookmark"] == []
    await stocked.pool.execute("update tracks set missing_since = null")
    assert len((await guest.get("getBookmarks"))["bookmark"]) == 1


async def test_a_video_and_an_episode_have_bookmarks_too(
    guest: Api, stocked: Database, songs: list[str]
) -> None:
    (video,) = (await guest.get("getVideos"))["video"]
    await stocked.pool.execute(
        "insert into channels (url, title) values ('http://a.example/', 'A')"
    )
    number = await stocked.pool.fetchval(
        "insert into episodes (channel_id, guid, title, description, published, url, content_type,"
        " suffix, size, duration, video) select id, '1', 'One', '', now(), '', 'audio/mpeg', 'mp3',"
        " 1, 1, false from channels returning id"
    )
    things = [songs[0], video["id"], f"ep-{number}"]
    for position, id in enumerate(things):
        await guest.get("createBookmark", id=id, position=position)
    marks = (await guest.get("getBookmarks"))["bookmark"]
    assert [mark["entry"]["id"] for mark in marks] == things[::-1]
    assert [mark["entry"]["bookmarkPosition"] for mark in marks] == [2, 1, 0]
    assert [mark["entry"]["type"] for mark in marks] == ["podcast", "video", "music"]
    await guest.get("deleteBookmark", id=video["id"])
    assert len((await guest.get("getBookmarks"))["bookmark"]) == 2


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, 10),
        ({"id": "tr-1"}, 10),
        ({"position": 1}, 10),
        ({"id": "tr-1", "position": "abc"}, 10),
        ({"id": "tr-1", "position": -1}, 10),
        ({"id": "tr-1", "position": 10**30}, 10),
        ({"id": "tr-1", "position": 1, "comment": "x" * 10_001}, 10),
        ({"id": "tr-9999", "position": 1}, 70),
        ({"id": "al-1", "position": 1}, 70),
        ({"id": "nonsense", "position": 1}, 70),
    ],
)
async def test_what_is_no_bookmark_is_told(guest: Api, given: dict[str, Any], code: int) -> None:
    assert await guest.error("createBookmark", **given) == code
    assert (await guest.get("getBookmarks"))["bookmark"] == []


async def test_songs_that_are_hidden_or_unknown_have_no_bookmark(guest: Api, api: Api) -> None:
    secret = await api.id_of("Secret")
    await api.get("createBookmark", id=secret, position=1)
    assert await guest.error("createBookmark", id=secret, position=1) == 70
    for id in (secret, "tr-9999", "pl-1", ""):
        assert await guest.error("deleteBookmark", id=id) == (70 if id else 10)
    assert len((await api.get("getBookmarks"))["bookmark"]) == 1


async def test_a_comment_has_any_letters(guest: Api, songs: list[str]) -> None:
    await guest.get("createBookmark", id=songs[0], position=1, comment="<a>\0\x01 \u202eé")
    (mark,) = (await guest.get("getBookmarks"))["bookmark"]
    assert mark["comment"] == "<a>\x01 \u202eé"


async def test_a_queue_that_was_never_saved_is_empty_and_complete(guest: Api) -> None:
    empty = {
        "username": "guest",
        "changed": "1970-01-01T00:00:00.000Z",
        "changedBy": "",
        "entry": [],
    }
    assert await guest.get("getPlayQueue") == empty
    assert await guest.get("getPlayQueueByIndex") == empty


async def test_both_views_show_the_same_queue(guest: Api, api: Api, songs: list[str]) -> None:
    await guest.get("savePlayQueue", id=songs, current=songs[1], position=4321)
    queue = await guest.get("getPlayQueue")
    assert [song["id"] for song in queue["entry"]] == songs
    assert (queue["current"], queue["position"]) == (songs[1], 4321)
    assert (queue["username"], queue["changedBy"]) == ("guest", "tests")
    by_index = await guest.get("getPlayQueueByIndex")
    assert by_index.pop("currentIndex") == 1
    del queue["current"]
    assert by_index == queue
    assert (await api.get("getPlayQueue"))["entry"] == []


async def test_repeats_are_told_apart_by_index(guest: Api, songs: list[str]) -> None:
    order = [songs[0], songs[1], songs[0]]
    await guest.get("savePlayQueueByIndex", id=order, currentIndex=2, position=99)
    queue = await guest.get("getPlayQueueByIndex")
    assert [song["id"] for song in queue["entry"]] == order
    assert (queue["currentIndex"], queue["position"]) == (2, 99)
    assert (await guest.get("getPlayQueue"))["current"] == songs[0]


@pytest.mark.parametrize("endpoint", ["savePlayQueue", "savePlayQueueByIndex"])
async def test_without_songs_the_queue_is_cleared(
    guest: Api, songs: list[str], endpoint: str
) -> None:
    await guest.get("savePlayQueue", id=songs, current=songs[1], position=4321)
    before = await guest.get("getPlayQueue")
    await guest.get(endpoint, id="", position=5)
    after = await guest.get("getPlayQueue")
    assert after["entry"] == []
    assert after.keys() == {"username", "changed", "changedBy", "entry"}
    assert after["changed"] > before["changed"]


@pytest.mark.parametrize(
    ("endpoint", "given", "code"),
    [
        ("savePlayQueue", {"current": "tr-9999"}, 10),
        ("savePlayQueue", {"current": "nonsense"}, 10),
        ("savePlayQueue", {"position": -1}, 10),
        ("savePlayQueue", {"position": "abc"}, 10),
        ("savePlayQueueByIndex", {}, 10),
        ("savePlayQueueByIndex", {"currentIndex": 3}, 10),
        ("savePlayQueueByIndex", {"currentIndex": -1}, 10),
        ("savePlayQueueByIndex", {"currentIndex": 10**30}, 10),
        ("savePlayQueueByIndex", {"currentIndex": 0, "id": "tr-9999"}, 70),
        ("savePlayQueue", {"id": ["tr-9999"]}, 70),
        ("savePlayQueue", {"id": ["al-1"]}, 70),
    ],
)
async def test_what_is_no_queue_is_told_and_leaves_the_old_one(
    guest: Api, songs: list[str], endpoint: str, given: dict[str, Any], code: int
) -> None:
    await guest.get("savePlayQueue", id=songs, current=songs[1], position=4321)
    before = await guest.get("getPlayQueue")
    assert await guest.error(endpoint, **({"id": songs} | given)) == code
    assert await guest.get("getPlayQueue") == before


async def test_a_hidden_song_is_not_queued(guest: Api, api: Api, songs: list[str]) -> None:
    mixed = [songs[0], await api.id_of("Secret")]
    assert await guest.error("savePlayQueue", id=mixed, current=songs[0]) == 70
    await api.get("savePlayQueue", id=mixed, current=mixed[1])


async def test_an_app_that_names_no_current_song_means_the_first(
    guest: Api, songs: list[str]
) -> None:
    await guest.get("savePlayQueue", id=songs)
    queue = await guest.get("getPlayQueue")
    assert (queue["current"], queue["position"]) == (songs[0], 0)


async def test_the_current_song_is_among_the_entries_whatever_went(
    guest: Api, stocked: Database, songs: list[str]
) -> None:
    await guest.get("savePlayQueue", id=songs, current=songs[1], position=4321)
    await bury(stocked, songs[0])
    queue = await guest.get("getPlayQueue")
    assert (queue["current"], queue["position"]) == (songs[1], 4321)
    await bury(stocked, songs[1])
    queue = await guest.get("getPlayQueue")
    assert [song["id"] for song in queue["entry"]] == songs[2:]
    assert (queue["current"], queue["position"]) == (songs[2], 0)
    assert (await guest.get("getPlayQueueByIndex"))["currentIndex"] == 0
    await bury(stocked, songs[2])
    assert "current" not in await guest.get("getPlayQueue")


async def test_the_queue_of_somebody_who_sees_less_now_holds_what_they_see(
    guest: Api, api: Api, stocked: Database, songs: list[str]
) -> None:
    secret = await api.id_of("Secret")
    await api.get("savePlayQueue", id=[songs[0], secret], current=secret, position=7)
    await stocked.pool.execute(
        "update queues set user_id = (select id from users where key = $1)", shelf.GUEST[0]
    )
    queue = await guest.get("getPlayQueue")
    assert [song["id"] for song in queue["entry"]] == songs[:1]
    assert (queue["current"], queue["position"]) == (songs[0], 0)


@pytest.mark.parametrize("way", ["get", "post"])
async def test_fifteen_hundred_songs_are_saved_either_way(
    guest: Api, songs: list[str], way: str
) -> None:
    order = [songs[number % 3] for number in range(1500)]
    given = guest.signed({"id": order, "currentIndex": 1234, "position": 5})
    if way == "get":
        response = await guest.client.get("/rest/savePlayQueueByIndex", params=given)
    else:
        response = await guest.client.post("/rest/savePlayQueueByIndex", data=given)
    assert json.loads(await response.read())["subsonic-response"]["status"] == "ok"
    queue = await guest.get("getPlayQueueByIndex")
    assert [song["id"] for song in queue["entry"]] == order
    assert queue["currentIndex"] == 1234


async def test_the_name_of_an_app_is_cut_and_holds_no_nul(guest: Api, songs: list[str]) -> None:
    pairs = [pair for pair in guest.signed({"id": songs}) if pair[0] != "c"]
    answer = await guest.client.get("/rest/savePlayQueue", params=[*pairs, ("c", "a\0" * 500)])
    assert answer.status == 200
    assert (await guest.get("getPlayQueue"))["changedBy"] == "a" * 200
