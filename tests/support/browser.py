"""What a person does with a browser: open pages, fill in forms."""

from __future__ import annotations

import html
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from conf.settings import Settings
from db.database import Database
from streaming import Images, Streamer
from tests.support.sandboxes import ThreadSandbox

_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')

Client = TestClient[web.Request, web.Application]
AiohttpClient = Callable[..., Awaitable[Client]]


class Services:
    """What the pages ask of the program."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self.settings, self.db = settings, db
        self.streamer = Streamer(settings)
        self.images = Images(settings, ThreadSandbox())


@dataclass(frozen=True)
class Answer:
    """A response with its body read."""

    status: int
    text: str
    response: ClientResponse

    @property
    def location(self) -> str:
        return self.response.headers.get("Location", "")

    @property
    def seen(self) -> str:
        """The text as a person sees it, near enough."""
        return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", self.text)))


class Browser:
    """A browser with its cookies. Redirects are not followed, so that they can be seen."""

    def __init__(self, client: Client, headers: dict[str, str] | None = None) -> None:
        self.client = client
        self.headers = {"Accept": "text/html"} | (headers or {})

    @property
    def server(self) -> TestServer:
        server = self.client.server
        assert isinstance(server, TestServer)
        return server

    @property
    def cookie(self) -> str:
        """The token that the browser holds, or nothing."""
        cookies = self.client.session.cookie_jar.filter_cookies(self.client.make_url("/"))
        return next((one.value for one in cookies.values() if not one.key.endswith("device")), "")

    async def open(self, path: str, **headers: str) -> Answer:
        return await self._ask("GET", path, headers)

    async def send(self, path: str, fields: dict[str, str], **headers: str) -> Answer:
        """Post a form as it is given."""
        return await self._ask("POST", path, headers, data=fields)

    async def fill_in(
        self, form: str, fields: dict[str, str], to: str | None = None, **headers: str
    ) -> Answer:
        """Open the page with the form, and send it back with these fields."""
        token = await self.token(form)
        return await self.send(to or form, {"form_token": token} | fields, **headers)

    async def token(self, page: str) -> str:
        found = _TOKEN.search((await self.open(page)).text)
        assert found, f"no form at {page}"
        return found[1]

    async def sign_in(self, name: str, password: str, **headers: str) -> Answer:
        return await self.fill_in("/login", {"name": name, "password": password}, **headers)

    async def _ask(self, method: str, path: str, headers: dict[str, str], **more: Any) -> Answer:
        sent = self.headers | {name.replace("_", "-"): text for name, text in headers.items()}
        asked = self.client.request(method, path, headers=sent, allow_redirects=False, **more)
        async with asked as response:
            return Answer(response.status, await response.text(), response)
