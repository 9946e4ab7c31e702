"""Whatever is asked, an answer comes that can be read: of the whole application, over real HTTP.

Requests are drawn from the list of endpoints and from the router of the pages, the same ones each
time. `DULCIAN_FUZZ=N` draws N others for each of them instead.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
import re
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import lxml.etree as etree
import msgspec
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

import web as pages
from conf.settings import Data
from db.database import Database
from db.sessions import Seen, fingerprint
from server.app import HEALTH, SERVICES, build, runner
from server.sandbox import Sandbox
from subsonic.endpoint import ENDPOINTS
from tests.support import drawn, podcasts, postgres, shelf
from tests.support.shelf import Shelf

T = TypeVar("T")
MANY = int(os.environ.get("DULCIAN_FUZZ", "0"))
PATIENCE = 30
FORM = "application/x-www-form-urlencoded"


def many(examples: int) -> settings:
    """So many requests, always the same; or many others."""
    return settings(
        max_examples=MANY or examples,
        derandomize=not MANY,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@dataclass
class Server:
    """The application on a port, asked from outside; one for all tests of this file."""

    loop: asyncio.Runner
    database: Database
    app: web.Application
    port: int
    session: aiohttp.ClientSession
    accounts: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {"admin": shelf.ADMIN, "user": shelf.GUEST}
    )

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)

    def ask(self, asked: drawn.Asked, who: str) -> tuple[int, str, bytes]:
        """Status, kind and body of an answer, which must come in time."""
        name, password = self.accounts[who]
        token = hashlib.md5(f"{password}salt".encode(), usedforsecurity=False).hexdigest()
        own = {"u": name, "t": token, "s": "salt", "v": "1.16.1", "c": "tests", "f": asked.form}
        own["callback"] = "callback"
        signed = [(key.encode(), value.encode()) for key, value in own.items()]
        query, data = drawn.quoted([*signed, *asked.pairs]), asked.body
        headers = {"Content-Type": "application/json"} if asked.body is not None else {}
        if asked.posted and asked.method == "POST":
            query, data, headers = "", query.encode(), {"Content-Type": FORM}
        path = f"/rest/{asked.name}?{query}"
        return self.run(self.send(asked.method, path, data=data, headers=headers))

    async def send(self, method: str, path: str, **more: Any) -> tuple[int, str, bytes]:
        url = URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)
        async with asyncio.timeout(PATIENCE):
            asked = self.session.request(method, url, allow_redirects=False, **more)
            async with asked as response:
                return response.status, response.content_type, await response.read()


@pytest.fixture(scope="module")
def server(
    postgres_url: str, library: Shelf, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    with postgres.clone(postgres_url, shelf.TEMPLATE) as url, asyncio.Runner() as loop:
        place = tmp_path_factory.mktemp("cache")
        own = Data(dir=library.settings.data.dir, cache_dir=place)
        serving = _serving(loop, url, msgspec.structs.replace(library.settings, data=own))
        started = loop.run(anext(serving))
        _stock(started)
        yield started
        with pytest.raises(StopAsyncIteration):
            loop.run(anext(serving))


async def _serving(loop: asyncio.Runner, url: str, settings: Any) -> Any:
    database = await Database.open(url, settings)
    await database.users.add(drawn.SOMEBODY, "x")
    sandbox = Sandbox(1)
    app = build(settings, database, sandbox)
    served = runner(app, settings)
    await served.setup()
    app[HEALTH].started = True
    await web.TCPSite(served, "127.0.0.1", 0).start()
    session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), max_line_size=2**20)
    yield Server(loop, database, app, served.addresses[0][1], session)
    await session.close()
    await app[SERVICES].streamer.close(0)
    await served.cleanup()
    await sandbox.close()
    await database.close()


def _stock(server: Server) -> None:
    """Some of what requests name; what they delete, others make anew."""
    server.run(podcasts.listed(server.database, podcasts.item("One"), podcasts.item("Two")))
    station = {"name": "One", "streamUrl": "http://radio.example/"}
    for who in ("admin", "user", "admin", "user"):
        for name, words in (
            ("createPlaylist", {"name": "One", "songId": "tr-1"}),
            ("createShare", {"id": "al-1"}),
            ("createInternetRadioStation", station),
        ):
            pairs = [(key.encode(), value.encode()) for key, value in words.items()]
            server.ask(drawn.Asked(name, pairs, "json", "GET", posted=False, body=None), who)


@pytest.mark.attack("X30", "X70")
@pytest.mark.parametrize("name", ENDPOINTS)
def test_whatever_an_endpoint_is_asked_its_answer_can_be_read(server: Server, name: str) -> None:
    """By a user and by an administrator, by address and by form, as JSON, JSONP and XML."""
    endpoint = ENDPOINTS[name]

    @many(10)
    @given(drawn.requests(endpoint), st.sampled_from(["admin", "admin", "user"]))
    def play(asked: drawn.Asked, who: str) -> None:
        drawn.check(asked, endpoint, *server.ask(asked, who))

    play()


def _paths(app: web.Application) -> Iterator[tuple[str, str]]:
    """Method and pattern of each page; a `{name}` in it stands for what may vary."""
    for route in app.router.routes():
        resource = route.resource
        assert resource is not None
        if route.method in {"GET", "POST"} and not resource.canonical.startswith("/rest"):
            yield route.method, resource.canonical


FIELDS = sorted(
    {
        name
        for page in (Path(pages.__file__).parent / "templates").glob("*.html")
        for name in re.findall(r'name="([a-z_]+)"', page.read_text())
    }
    | {"user", "libraries", "library-1", "admin", "enabled", "public", "roles", "songs"}
)


def _cookie(server: Server, who: str) -> tuple[dict[str, str], str]:
    """What a signed-in browser sends, and the token of its forms; the session is opened anew."""
    if who == "nobody":
        return {}, ""
    token = f"{who:x<43}"
    user = server.run(server.database.users.by_name(server.accounts[who][0]))
    assert user is not None
    data = {"user": user.id, "password": fingerprint(user.password_hash)}
    server.run(server.database.sessions.put(token, user.id, data, Seen("127.0.0.1", "tests")))
    return {"Cookie": f"dulcian={token}"}, hmac.digest(token.encode(), b"form", "sha256").hex()


@pytest.mark.attack("X70")
@pytest.mark.parametrize("who", ["admin", "user", "nobody"])
def test_whatever_a_page_is_sent_it_answers(server: Server, who: str) -> None:
    """With the right token for its forms, as fields and as files, under addresses that are none, too."""
    headers, token = _cookie(server, who)
    expected = 303 if who == "nobody" else 200
    assert server.run(server.send("GET", "/account", headers=headers))[0] == expected

    @many(80)
    @given(drawn.visits(sorted(set(_paths(server.app))), FIELDS))
    def play(visit: drawn.Visit) -> None:
        if visit.path == "/logout":
            _cookie(server, who)
        kind, data = visit.sent(token)
        more = headers | ({"Content-Type": kind} if kind else {})
        status, answer, body = server.run(
            server.send(
                visit.method, visit.path, data=data, headers={**more, "Accept": "text/html"}
            )
        )
        assert status < 500 or (visit.path.startswith("/health") and status == 503), (status, body)
        if answer == "text/html":
            etree.fromstring(body, etree.HTMLParser(recover=False, huge_tree=True))

    play()
    assert server.run(server.send("GET", "/health/live"))[0] == 200
