"""Shares, as apps make and see them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from db.database import Database
from tests.subsonic.conftest import Samples
from tests.support.api import Api

LATER_MS = 4_102_444_800_000
"""2100-01-01."""


async def made(api: Api, **given: Any) -> Any:
    (share,) = (await api.get("createShare", **given))["share"]
    return share


async def listed(api: Api) -> dict[str, Any]:
    return {share["id"]: share for share in (await api.get("getShares"))["share"]}


def titles(share: Any) -> list[str]:
    return [entry["title"] for entry in share["entry"]]


async def test_a_share_says_all_that_is_known_of_it(guest: Api) -> None:
    song = await guest.id_of("Beta")
    share = await made(guest, id=song, description="For you <3", expires=LATER_MS)
    assert re.fullmatch(r"sh-\d+", share["id"])
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/share/[\w-]{27}", share["url"])
    assert share["description"] == "For you <3"
    assert share["username"] == "guest"
    assert share["expires"] == "2100-01-01T00:00:00.000Z"
    assert share["visitCount"] == 0
    assert "lastVisited" not in share
    assert share["entry"] == [await guest.get("getSong", id=song)]
    assert await listed(guest) == {share["id"]: share}


async def test_whatever_holds_songs_can_be_shared(guest: Api) -> None:
    song, album = await guest.id_of("Beta"), await guest.id_of("Early", "album")
    artist = await guest.id_of("The Bärs", "artist")
    folder = (await guest.get("getSong", id=song))["parent"]
    playlist = (await guest.get("createPlaylist", name="Mine", songId=song))["id"]
    share = await made(guest, id=[song, album, artist, folder, playlist, song])
    assert titles(share) == ["Beta", "Gamma", "Dvořák", "Émigré", "Alpha", "Beta", "Beta"]
    assert titles((await listed(guest))[share["id"]]) == titles(share)


async def test_every_share_has_an_address_of_its_own(guest: Api) -> None:
    song = await guest.id_of("Beta")
    urls = {(await made(guest, id=song))["url"] for _ in range(5)}
    assert len(urls) == 5


async def test_without_an_expiry_or_with_zero_a_share_is_for_ever(guest: Api) -> None:
    song = await guest.id_of("Beta")
    assert "expires" not in await made(guest, id=song)
    assert "expires" not in await made(guest, id=song, expires=0)
    assert "expires" not in await made(guest, id=song, expires="")


async def test_an_update_leaves_what_is_not_given(guest: Api) -> None:
    share = await made(guest, id=await guest.id_of("Beta"), description="old", expires=LATER_MS)
    await guest.get("updateShare", id=share["id"], description="new")
    assert (await listed(guest))[share["id"]] == share | {"description": "new"}
    await guest.get("updateShare", id=share["id"], expires=0)
    now = (await listed(guest))[share["id"]]
    assert "expires" not in now
    assert now["description"] == "new"
    await guest.get("updateShare", id=share["id"], description="")
    assert "description" not in (await listed(guest))[share["id"]]


async def test_an_expired_share_stays_in_the_list(guest: Api) -> None:
    share = await made(guest, id=await guest.id_of("Beta"), expires=1)
    assert (await listed(guest))[share["id"]]["expires"] == "1970-01-01T00:00:00.001Z"


@pytest.mark.attack("X25")
async def test_a_deleted_share_is_gone(guest: Api) -> None:
    share = await made(guest, id=await guest.id_of("Beta"))
    await guest.get("deleteShare", id=share["id"])
    assert await listed(guest) == {}
    assert await guest.error("deleteShare", id=share["id"]) == 70
    assert await guest.error("updateShare", id=share["id"]) == 70


@pytest.mark.attack("X25")
async def test_others_shares_are_nothing_to_a_user_and_an_administrators_to_manage(
    api: Api, guest: Api
) -> None:
    theirs = await made(api, id=await api.id_of("Beta"))
    mine = await made(guest, id=await guest.id_of("Beta"))
    assert set(await listed(guest)) == {mine["id"]}
    assert set(await listed(api)) == {mine["id"], theirs["id"]}
    assert await guest.error("updateShare", id=theirs["id"], description="x") == 70
    assert await guest.error("deleteShare", id=theirs["id"]) == 70
    await api.get("updateShare", id=mine["id"], description="seen")
    assert (await listed(guest))[mine["id"]]["description"] == "seen"
    await api.get("deleteShare", id=mine["id"])
    assert await listed(guest) == {}


@pytest.mark.attack("X25")
async def test_what_is_hidden_cannot_be_shared(api: Api, guest: Api) -> None:
    song = await api.get("getSong", id=await api.id_of("Secret"))
    for id in (song["id"], song["albumId"], song["artistId"], song["parent"], song["coverArt"]):
        assert await guest.error("createShare", id=[await guest.id_of("Beta"), id]) == 70
    assert await listed(guest) == {}


@pytest.mark.parametrize(
    "id", ["tr-99999", "al-99999", "tr-0", "sh-1", "nonsense", "tr-9999999999999999999999"]
)
async def test_what_does_not_exist_cannot_be_shared(guest: Api, id: str) -> None:
    assert await guest.error("createShare", id=[await guest.id_of("Beta"), id]) == 70
    assert await listed(guest) == {}


@pytest.mark.parametrize("id", ["sh-99999", "tr-1", "nonsense", "sh--1"])
async def test_only_shares_can_be_changed(guest: Api, id: str) -> None:
    assert await guest.error("updateShare", id=id) == 70
    assert await guest.error("deleteShare", id=id) == 70


async def test_a_share_needs_something_and_not_too_much(guest: Api) -> None:
    assert await guest.error("createShare") == 10
    assert await guest.error("createShare", id="") == 10
    assert await guest.error("updateShare") == await guest.error("deleteShare") == 10
    song = await guest.id_of("Beta")
    pairs = guest.signed({"id": [song] * 1001})
    answer = await guest.client.post("/rest/createShare", data=pairs)
    assert (await answer.json())["subsonic-response"]["error"]["code"] == 0


@pytest.mark.parametrize("expires", ["-1", "253402300800000", "99999999999999999999", "soon"])
async def test_an_expiry_that_is_no_time_is_refused(guest: Api, expires: str) -> None:
    assert await guest.error("createShare", id=await guest.id_of("Beta"), expires=expires) == 10


async def test_a_description_may_hold_anything_and_is_cut(guest: Api) -> None:
    song = await guest.id_of("Beta")
    share = await made(guest, id=song, description="a\0b</share>&\"'" + "x" * 6000)
    assert share["description"].startswith("ab</share>&\"'x")
    assert len(share["description"]) == 5000


async def test_sharing_needs_its_role(guest: Api, stocked: Database) -> None:
    song = await guest.id_of("Beta")
    share = await made(guest, id=song)
    await stocked.pool.execute("update users set roles = '{settings,stream}' where name = 'guest'")
    from subsonic.app import AUTHENTICATOR

    assert guest.client.app is not None
    guest.client.app[AUTHENTICATOR].forget()
    assert await guest.error("createShare", id=song) == 50
    # What was shared before can be taken back.
    assert set(await listed(guest)) == {share["id"]}
    await guest.get("deleteShare", id=share["id"])


@pytest.mark.attack("X83")
async def test_a_host_that_was_made_up_does_not_get_into_the_address(guest: Api) -> None:
    pairs = guest.signed({"id": await guest.id_of("Beta")})
    for host in ("evil.example/x", 'a"b', "user@evil.example"):
        answer = await guest.client.get("/rest/createShare", params=pairs, headers={"Host": host})
        assert answer.status == 400
        assert "evil" not in await answer.text()
    assert await listed(guest) == {}
    # Nor do those that others than trusted proxies say.
    said = {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example", "X-Host": "evil"}
    said |= {"X-Forwarded-Proto": "https", "X-Forwarded-Prefix": "/evil"}
    answer = await guest.client.get("/rest/createShare", params=pairs, headers=said)
    (share,) = (await answer.json())["subsonic-response"]["shares"]["share"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/share/[\w-]+", share["url"])


async def test_many_shares_are_listed_with_all_their_songs(guest: Api, samples: Samples) -> None:
    before = len(await listed(guest))
    album = await guest.id_of("First", "album")
    for _ in range(20):
        await made(guest, id=album)
    shares = await listed(guest)
    assert len(shares) == before + 20
    assert {tuple(titles(share)) for share in shares.values()} == {("Alpha", "Beta")}
    created = [share["created"] for share in shares.values()]
    assert created == sorted(created)
    assert created[0][:4] == str(datetime.now(UTC).year)
