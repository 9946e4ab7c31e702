"""The jukebox as a remote control shows it; no player listens here."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from db.database import Database
from tests.support.api import Api

TITLES = ("Alpha", "Beta", "Gamma", "One")


@pytest.fixture
async def songs(api: Api) -> list[str]:
    """The ids of four songs."""
    return [await api.id_of(title) for title in TITLES]


@pytest.fixture
async def filled(api: Api, songs: list[str]) -> list[str]:
    """The same, in the jukebox, which plays the second."""
    await control(api, "set", id=songs)
    await control(api, "skip", index=1)
    return songs


async def control(api: Api, action: str, **given: Any) -> Any:
    return await api.get("jukeboxControl", action=action, **given)


async def titles(api: Api) -> list[str]:
    return [entry["title"] for entry in (await control(api, "get"))["entry"]]


async def test_at_first_it_is_empty_and_silent(api: Api) -> None:
    status = await control(api, "status")
    assert status == {"currentIndex": -1, "playing": False, "gain": 0.75, "position": 0}
    assert (await control(api, "get"))["entry"] == []


async def test_songs_are_added_in_order_and_may_repeat(api: Api, songs: list[str]) -> None:
    await control(api, "add", id=songs[:2])
    status = await control(api, "add", id=[songs[0], songs[0]])
    assert await titles(api) == ["Alpha", "Beta", "Alpha", "Alpha"]
    assert (status["currentIndex"], status["playing"]) == (0, False)


async def test_start_begins_with_the_first_song_and_stop_keeps_the_place(
    api: Api, stocked: Database, songs: list[str]
) -> None:
    await control(api, "add", id=songs)
    assert (await control(api, "start"))["playing"] is True
    await stocked.pool.execute("update jukebox set since = now() - interval '42 seconds'")
    stopped = await control(api, "stop")
    assert (stopped["currentIndex"], stopped["playing"], stopped["position"]) == (0, False, 42)
    await stocked.pool.execute("update jukebox set since = now() - interval '1 hour'")
    assert (await control(api, "start"))["position"] == 42


async def test_skip_goes_to_a_song_and_a_second_of_it(api: Api, songs: list[str]) -> None:
    await control(api, "add", id=songs)
    status = await control(api, "skip", index=2, offset=30)
    assert (status["currentIndex"], status["playing"], status["position"]) == (2, True, 30)


async def test_set_lets_a_song_go_on_that_is_in_the_new_list(
    api: Api, stocked: Database, filled: list[str]
) -> None:
    turn = (await stocked.jukebox.get()).turn
    status = await control(api, "set", id=[filled[3], filled[2], filled[1]])
    assert (status["currentIndex"], status["playing"]) == (2, True)
    assert (await stocked.jukebox.get()).turn == turn


async def test_set_without_the_song_that_plays_ends_it(api: Api, filled: list[str]) -> None:
    status = await control(api, "set", id=filled[2:])
    assert (status["currentIndex"], status["playing"]) == (0, False)
    assert (await control(api, "set"))["currentIndex"] == -1


@pytest.mark.parametrize(
    ("index", "left", "current", "jumps"),
    [
        (0, ["Beta", "Gamma", "One"], 0, False),
        (1, ["Alpha", "Gamma", "One"], 1, True),
        (3, ["Alpha", "Beta", "Gamma"], 1, False),
    ],
)
async def test_removing_a_song_disturbs_only_itself(
    api: Api,
    stocked: Database,
    filled: list[str],
    index: int,
    left: list[str],
    current: int,
    jumps: bool,
) -> None:
    turn = (await stocked.jukebox.get()).turn
    status = await control(api, "remove", index=index)
    assert (status["currentIndex"], status["playing"]) == (current, True)
    assert await titles(api) == left
    assert ((await stocked.jukebox.get()).turn != turn) is jumps


async def test_removing_the_last_song_while_it_plays_ends_the_music(
    api: Api, filled: list[str]
) -> None:
    await control(api, "skip", index=3)
    status = await control(api, "remove", index=3)
    assert (status["currentIndex"], status["playing"]) == (0, False)


async def test_shuffling_keeps_every_song_and_puts_the_playing_one_first(
    api: Api, filled: list[str]
) -> None:
    status = await control(api, "shuffle")
    assert (status["currentIndex"], status["playing"]) == (0, True)
    shuffled = await titles(api)
    assert shuffled[0] == "Beta"
    assert sorted(shuffled) == sorted(TITLES)


async def test_clear_leaves_nothing(api: Api, filled: list[str]) -> None:
    status = await control(api, "clear")
    assert (status["currentIndex"], status["playing"]) == (-1, False)
    assert (await control(api, "start"))["playing"] is False


async def test_the_gain_is_kept(api: Api) -> None:
    assert (await control(api, "setGain", gain="0.3"))["gain"] == 0.3
    assert (await control(api, "status"))["gain"] == 0.3


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"action": "dance"},
        {"action": "skip"},
        {"action": "skip", "index": 4},
        {"action": "skip", "index": -1},
        {"action": "remove"},
        {"action": "remove", "index": 99},
        {"action": "setGain"},
        {"action": "setGain", "gain": 1.1},
        {"action": "setGain", "gain": -0.1},
        {"action": "setGain", "gain": "nan"},
    ],
)
async def test_what_makes_no_sense_is_told(
    api: Api, filled: list[str], given: dict[str, Any]
) -> None:
    assert await api.error("jukeboxControl", **given) == 10


async def test_an_unknown_song_leaves_the_list_as_it_is(api: Api, filled: list[str]) -> None:
    assert await api.error("jukeboxControl", action="add", id=[filled[0], "tr-99999"]) == 70
    assert await api.error("jukeboxControl", action="set", id=["al-1"]) == 70
    assert await titles(api) == list(TITLES)


async def test_songs_that_the_caller_may_not_see_are_not_told_of(
    api: Api, guest: Api, songs: list[str]
) -> None:
    secret = await api.id_of("Secret")
    await control(api, "set", id=[songs[0], secret, songs[1]])
    assert await titles(guest) == ["Alpha", "Beta"]
    assert await guest.error("jukeboxControl", action="add", id=secret) == 70
    assert (await control(guest, "skip", index=1))["currentIndex"] == 1
    assert (await control(api, "status"))["currentIndex"] == 2
    await control(api, "skip", index=1)
    assert (await control(guest, "status"))["currentIndex"] == -1
    await control(guest, "remove", index=1)
    assert await titles(api) == ["Alpha", "Secret"]


async def test_it_needs_its_role(guest: Api, stocked: Database) -> None:
    await stocked.pool.execute("update users set roles = '{stream}' where name = 'guest'")
    assert await guest.error("jukeboxControl", action="status") == 50


async def test_without_a_player_anywhere_there_is_none(api: Api, stocked: Database) -> None:
    await stocked.jukebox.leave("a node that plays")
    assert await api.error("jukeboxControl", action="status") == 0


async def test_people_who_add_songs_at_once_lose_none(api: Api, songs: list[str]) -> None:
    await asyncio.gather(*(control(api, "add", id=songs) for _ in range(4)))
    assert len(await titles(api)) == 16


async def test_the_list_has_an_end(api: Api, stocked: Database, songs: list[str]) -> None:
    await stocked.pool.execute(
        "update jukebox set tracks = array_fill(1::bigint, array[10000]), current = 0"
    )
    assert await api.error("jukeboxControl", action="add", id=songs) == 10
