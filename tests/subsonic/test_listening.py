"""Sound ends with the right to hear it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import ClientResponse, web

from db.database import Database
from db.errors import UnavailableError
from db.rows import UserRow
from db.users import Change
from streaming.direct import Content
from subsonic import listening
from tests.subsonic.people import PASSWORD, Person, device_of, row_of
from tests.support.api import Api, Params

End = Callable[[Database, UserRow, int], Awaitable[object]]


async def _endless(request: web.Request, content: Content) -> web.StreamResponse:
    """Stands for a song that takes long: sent as long as somebody is there."""
    assert not isinstance(content.body, bytes)
    content.body.close()
    response = web.StreamResponse()
    await response.prepare(request)
    while request.transport is not None and not request.transport.is_closing():
        await response.write(b"sound")
        await asyncio.sleep(0.02)
    return response


@pytest.fixture(autouse=True)
def _long_songs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "_LOOK_EVERY", 0.1)
    monkeypatch.setattr("streaming.streamer.send", _endless)


async def _ends(heard: ClientResponse) -> bool:
    """Whether no more sound comes; within the time of the test."""
    try:
        while await heard.content.read(1000):
            pass
    except aiohttp.ClientError:
        pass
    return True


async def _goes_on(heard: ClientResponse) -> bool:
    return all([await heard.content.readexactly(5) == b"sound" for _ in range(20)])


def _by(**change: object) -> End:
    async def do(db: Database, user: UserRow, _: int) -> object:
        return await db.users.change(user.name, Change(**change))  # type: ignore[arg-type]

    return do


ENDS: dict[str, End] = {
    "revoked": lambda db, user, device: db.credentials.revoke(user.id, device),
    "disabled": _by(enabled=False),
    "no longer allowed": _by(roles={"stream": False, "download": False}),
    "deleted": lambda db, user, _: db.users.delete(user.name),
    # Nobody says a word.
    "expired": lambda db, _, device: db.pool.execute(
        "update credentials set expires = now() where id = $1", device
    ),
}


@pytest.mark.attack("X03", "X04", "X24")
async def test_a_song_breaks_off_when_the_right_to_hear_it_ends(
    api: Api, guest: Api, person: Person, stocked: Database
) -> None:
    """The account's or the device's; others hear on."""
    song: Params = {"id": await guest.id_of("Beta")}
    beside = await guest.raw("stream", **song)
    for number, end in enumerate(ENDS.values()):
        listener = await person(f"listener{number}")
        key = await device_of(listener, "stream", datetime.now(UTC) + timedelta(days=1))
        device = await stocked.credentials.by_key(key)
        assert device is not None
        heard = await listener.raw("stream", apiKey=key, **song)
        assert await _goes_on(heard)
        await end(stocked, await row_of(stocked, listener.name), device.id)
        assert await _ends(heard)
        assert await _goes_on(beside)


@pytest.mark.attack("X03", "X04")
async def test_a_new_password_ends_what_the_old_one_opened_and_nothing_else(
    person: Person, stocked: Database
) -> None:
    listener = await person("listener")
    song: Params = {"id": await listener.id_of("Beta")}
    by_password = await listener.raw("stream", **song)
    by_device = await listener.raw("stream", apiKey=await device_of(listener, "stream"), **song)
    await stocked.users.set_password("listener", PASSWORD + "!")
    assert await _ends(by_password)
    assert await _goes_on(by_device)


async def test_without_the_database_everybody_hears_on(
    guest: Api, stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until it is back and says otherwise."""
    asked = 0

    async def away(_: object) -> object:
        nonlocal asked
        asked += 1
        raise UnavailableError("away")

    heard = await guest.raw("stream", id=await guest.id_of("Beta"))
    with monkeypatch.context() as patch:
        patch.setattr(stocked.credentials, "listening", away)
        while asked < 2:
            assert await _goes_on(heard)
    await stocked.users.change("guest", Change(enabled=False))
    assert await _ends(heard)
