"""A server with the protocol and nothing else, over the shelf."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

import subsonic
from db.database import Database
from library.lyrics import LyricsReader
from server.proxies import behind
from streaming import Images, Streamer
from subsonic import Services
from subsonic.app import AUTHENTICATOR
from tests.subsonic.people import EVERY_ROLE, PASSWORD, Give, Person
from tests.subsonic.samples import SAMPLES
from tests.support import shelf
from tests.support.api import DATABASE, Api, Client, Params
from tests.support.sandboxes import ThreadSandbox
from tests.support.shelf import Shelf

Samples = dict[str, Params]


@pytest.fixture
async def client(
    aiohttp_client: Callable[[TestServer], Awaitable[Client]],
    stocked: Database,
    library: Shelf,
) -> AsyncIterator[Client]:
    settings = library.settings
    app = web.Application(
        middlewares=[behind(settings.server.trusted_proxies)],
        client_max_size=settings.server.max_request_bytes,
    )
    app[DATABASE] = stocked
    sandbox = ThreadSandbox()
    streamer, images = Streamer(settings), Images(settings, sandbox)
    assert await stocked.jukebox.take("a node that plays")
    lyrics = LyricsReader(sandbox)
    subsonic.setup(app, Services(settings, stocked, streamer, images, lyrics, sandbox))
    server = TestServer(app)
    await server.start_server(max_line_size=settings.server.max_url_bytes)
    yield await aiohttp_client(server)
    await streamer.close(0)


@pytest.fixture
def api(client: Client) -> Api:
    """The administrator's app."""
    return Api(client, *shelf.ADMIN)


@pytest.fixture
def guest(client: Client) -> Api:
    """The app of somebody who may not see everything."""
    return Api(client, *shelf.GUEST)


@pytest.fixture
async def samples(api: Api) -> Samples:
    """Parameters with which each endpoint that needs some succeeds; what they name is made."""
    return {name: await make(api) for name, make in SAMPLES.items()}


@pytest.fixture
def give(client: Client, stocked: Database) -> Give:
    """Sets the roles of an account."""

    async def give(whose: Api, roles: list[str]) -> None:
        await stocked.pool.execute("update users set roles = $2 where name = $1", whose.name, roles)
        client.app[AUTHENTICATOR].forget()

    return give


@pytest.fixture
def person(client: Client, stocked: Database, give: Give) -> Person:
    """Makes an account with every role but that of an administrator."""

    async def make(name: str) -> Api:
        await stocked.users.add(name, PASSWORD)
        made = Api(client, name, PASSWORD)
        await give(made, EVERY_ROLE)
        return made

    return make
