"""An app that speaks the protocol to a server under test."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient
from aiohttp.web import AppKey, Application, Request

from db.database import Database

Client = TestClient[Request, Application]
Params = dict[str, Any]

DATABASE = AppKey("database", Database)
"""What an application under test works on, for what no endpoint can make."""


class Api:
    """Signs in by token, or by a given `apiKey`; a parameter with a list of values is sent repeatedly."""

    def __init__(self, client: Client, name: str, password: str) -> None:
        self.client = client
        self.name, self.password = name, password

    @property
    def database(self) -> Database:
        """The database behind the server."""
        assert self.client.app is not None
        return self.client.app[DATABASE]

    def signed(self, given: Params, form: str = "json") -> list[tuple[str, str]]:
        """The parameters with what every request has."""
        salt = "s4lt-of-this-test"
        token = hashlib.md5(f"{self.password}{salt}".encode(), usedforsecurity=False).hexdigest()
        own = {"v": "1.16.1", "c": "tests", "f": form}
        if "apiKey" not in given:
            own |= {"u": self.name, "t": token, "s": salt}
        pairs = [*own.items(), *given.items()]
        return [
            (key, str(value))
            for key, values in pairs
            for value in (values if isinstance(values, (list, tuple)) else [values])
        ]

    async def raw(
        self, endpoint: str, headers: Params | None = None, **given: Any
    ) -> ClientResponse:
        """The HTTP answer."""
        url = f"/rest/{endpoint}"
        return await self.client.get(url, params=self.signed(given), headers=headers)

    async def call(
        self, endpoint: str, form: str, given: Params, body: Any = None
    ) -> ClientResponse:
        """The HTTP answer in a format, as `samples` has parameters and body."""
        method, url = "GET" if body is None else "POST", f"/rest/{endpoint}"
        return await self.client.request(method, url, params=self.signed(given, form), json=body)

    async def answer(self, endpoint: str, **given: Any) -> Any:
        """The whole envelope, which always comes with HTTP 200."""
        return await _envelope(await self.raw(endpoint, **given))

    async def posted(self, endpoint: str, body: Any, **given: Any) -> Any:
        """The whole envelope of what takes JSON beside the parameters."""
        url, pairs = f"/rest/{endpoint}", self.signed(given)
        return await _envelope(await self.client.post(url, params=pairs, json=body))

    async def get(self, endpoint: str, **given: Any) -> Any:
        """What a successful answer holds; None for the bare envelope."""
        return _held(await self.answer(endpoint, **given))

    async def post(self, endpoint: str, body: Any, **given: Any) -> Any:
        """What a successful answer to JSON holds."""
        return _held(await self.posted(endpoint, body, **given))

    async def error(self, endpoint: str, **given: Any) -> int:
        """The code of a failed answer."""
        root = await self.answer(endpoint, **given)
        assert root["status"] == "failed", root
        assert root["error"]["message"]
        return int(root["error"]["code"])

    async def id_of(self, title: str, kind: str = "song") -> str:
        """The id of the one song, album or artist that is found by a name."""
        found = (await self.get("search3", query=title))[kind]
        (match,) = [one for one in found if title in (one.get("title"), one.get("name"))]
        return str(match["id"])


async def _envelope(response: ClientResponse) -> Any:
    assert response.status == 200
    assert response.content_type == "application/json"
    return json.loads(await response.read())["subsonic-response"]


def _held(root: Any) -> Any:
    assert root["status"] == "ok", root
    known = {"status", "version", "type", "serverVersion", "openSubsonic"}
    payload = [value for key, value in root.items() if key not in known]
    return payload[0] if payload else None
