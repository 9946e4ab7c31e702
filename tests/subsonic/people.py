"""Callers of endpoints under test: who they are, what they sign in with, what they are told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from conf.roles import ROLES
from db.database import Database
from db.rows import UserRow
from db.scopes import Scope
from tests.subsonic.samples import BODIES, SAMPLES
from tests.support.api import Api, Client, Params

Give = Callable[[Api, list[str]], Awaitable[None]]
Person = Callable[[str], Awaitable[Api]]
DONE, UNFIT, WRONG, WRONG_KEY, FORBIDDEN, NOT_FOUND = -1, 10, 40, 44, 50, 70
EVERY_ROLE = sorted(set(ROLES) - {"admin"})
PASSWORD = "pass-of-a-person"


class App(Api):
    """Signs in with what it is given, as it is."""

    def __init__(self, client: Client, given: Params) -> None:
        super().__init__(client, "", "")
        self._given = given

    def signed(self, given: Params, form: str = "json") -> list[tuple[str, str]]:
        own = {"v": "1.16.1", "c": "tests", "f": form} | self._given
        known = [(key, value) for key, value in super().signed({**given, "apiKey": "x"}, form)]
        return [
            *((k, str(v)) for k, v in own.items()),
            *(p for p in known if p[0] not in {*own, "apiKey"}),
        ]


async def row_of(database: Database, name: str) -> UserRow:
    row = await database.users.by_name(name)
    assert row is not None
    return row


async def device_of(api: Api, scope: Scope = "full", expires: datetime | None = None) -> str:
    """An app password of an account."""
    db = api.database
    user = await row_of(db, api.name)
    name = f"{scope} {expires}"
    _, secret = await db.credentials.add(user.id, name, db.secrets, scope, expires)
    return secret


async def sample_of(name: str, api: Api) -> Params:
    return await SAMPLES[name](api) if name in SAMPLES else {}


async def outcome(api: Api, name: str, given: Params) -> tuple[int, str]:
    """The code of the error, or DONE, and the text of the answer; for bytes `bytes`."""
    response = await api.call(name, "json", given, BODIES.get(name))
    if response.content_type != "application/json":
        assert response.status < 300
        return DONE, "bytes"
    root = (await response.json())["subsonic-response"]
    failed = root["status"] == "failed"
    return int(root["error"]["code"]) if failed else DONE, await response.text()


async def code_of(api: Api, name: str, given: Params) -> int:
    code, _ = await outcome(api, name, given)
    return code
