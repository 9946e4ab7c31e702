"""Answers that are too long to be made as a whole, and are the same all the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import aiohttp
import lxml.etree as etree
import pytest
from aiohttp import web

from db.database import Database
from db.errors import UnavailableError
from db.tracks import Tracks
from tests.support.api import Api

TITLES = ("Alpha", "Beta", "Gamma", "One", "Two")
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("getPlaylist", {"id": "pl-1"}),
    ("getPlayQueue", {}),
    ("getPlayQueueByIndex", {}),
    ("getStarred", {}),
    ("getStarred2", {}),
]


@pytest.fixture
async def songs(guest: Api) -> list[str]:
    """A list that the guest has as a playlist, as a queue, and starred."""
    songs = [await guest.id_of(title) for title in TITLES]
    made = await guest.get("createPlaylist", name="Long", songId=songs)
    assert made["id"] == "pl-1"
    await guest.get("savePlayQueue", id=songs, current=songs[3], position=5)
    await guest.get("star", id=songs)
    return songs


def in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if two songs were many."""
    monkeypatch.setattr("db.tracks.MANY", 2)
    monkeypatch.setattr("subsonic.pieces._PIECE", 2)


async def told(guest: Api, form: str) -> list[bytes]:
    """All answers."""
    return [await (await guest.call(name, form, given)).read() for name, given in ASKED]


@pytest.mark.attack("X73")
async def test_an_answer_in_pieces_is_the_same(
    guest: Api, songs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In each format, and to the letter."""
    whole = [await told(guest, form) for form in ("json", "xml")]
    in_pieces(monkeypatch)
    assert [await told(guest, form) for form in ("json", "xml")] == whole


async def test_a_long_playlist_is_valid_in_every_format(
    guest: Api, songs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_pieces(monkeypatch)
    given = {"id": "pl-1", "callback": "hear"}
    text = (await (await guest.call("getPlaylist", "jsonp", given)).text()).removeprefix("hear(")
    found = json.loads(text.removesuffix(");"))["subsonic-response"]["playlist"]
    root = etree.fromstring(await (await guest.call("getPlaylist", "xml", given)).read())
    assert [song["id"] for song in found["entry"]] == songs
    assert [song.get("id") for song in root[0]] == songs
    assert (found["songCount"], root[0].get("songCount")) == (len(songs), str(len(songs)))
    response = await guest.client.head("/rest/getPlaylist", params=guest.signed(given))
    assert (response.status, await response.read()) == (200, b"")


@pytest.mark.attack("X73")
async def test_a_list_of_ten_thousand_songs_is_never_in_memory_as_a_whole(
    guest: Api, stocked: Database, songs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No piece of the answer is larger than a few hundred songs."""
    await stocked.pool.execute(
        "update playlists set songs = array(select songs[1 + n % 5] from generate_series(1, 10000) n)"
    )
    written: list[int] = []
    write = web.StreamResponse.write

    async def noted(self: web.StreamResponse, data: bytes) -> None:
        written.append(len(data))
        await write(self, data)

    monkeypatch.setattr(web.StreamResponse, "write", noted)
    response = await guest.call("getPlaylist", "json", {"id": "pl-1"})
    assert "Content-Length" not in response.headers
    size = len(await response.read())
    assert size > 6_000_000
    assert sum(written) > 0.9 * size
    assert max(written) < 600_000


@pytest.mark.attack("X75")
async def test_an_answer_that_cannot_go_on_is_cut_off(
    guest: Api, songs: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a list must not look like a whole one. What fails before the first byte is told."""
    in_pieces(monkeypatch)
    asked = 0
    by_ids = Tracks.by_ids

    async def failing(self: Tracks, ids: Sequence[int], user: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked >= 2:
            raise UnavailableError("it went away")
        return await by_ids(self, ids, user)

    monkeypatch.setattr(Tracks, "by_ids", failing)
    response = await guest.call("getPlaylist", "json", {"id": "pl-1"})
    with pytest.raises(aiohttp.ClientPayloadError):
        await response.read()
    assert await guest.error("getPlaylist", id="pl-1") == 0
