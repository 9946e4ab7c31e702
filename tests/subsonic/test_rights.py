"""Who may do what: every endpoint, with each role, for those who own a thing and those who do not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from conf.roles import ROLES
from db.database import Database
from subsonic.app import AUTHENTICATOR
from subsonic.endpoint import ENDPOINTS
from tests.subsonic.samples import BODIES, SAMPLES
from tests.support.api import Api, Client, Params

Give = Callable[[Api, list[str]], Awaitable[None]]
Person = Callable[[str], Awaitable[Api]]
DONE, UNFIT, WRONG_CREDENTIALS, FORBIDDEN, NOT_FOUND = -1, 10, 40, 50, 70
EVERY_ROLE = sorted(set(ROLES) - {"admin"})

SIGNED_IN = sorted(name for name, endpoint in ENDPOINTS.items() if not endpoint.public)
WITH_ROLE = [name for name in SIGNED_IN if ENDPOINTS[name].role]
FOR_USERS = [name for name in SIGNED_IN if ENDPOINTS[name].role != "admin"]
OWNED = {
    "getPlaylist": NOT_FOUND,
    "createPlaylist": NOT_FOUND,  # the sample replaces one
    "updatePlaylist": NOT_FOUND,
    "deletePlaylist": NOT_FOUND,
    "updateShare": NOT_FOUND,
    "deleteShare": NOT_FOUND,
    "changePassword": FORBIDDEN,
    "getUser": FORBIDDEN,
}
"""Endpoints whose sample names something private, and what others are told."""
NAMING = {"id", "albumId", "artistId"}
"""Parameters that name things of libraries."""
NAMED = [
    (name, field.encode_name)
    for name in FOR_USERS
    for field in ENDPOINTS[name].fields()
    if field.encode_name in NAMING
]
HIDDEN_WORDS = ("Secret", "Vault", "Eve")


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
        await stocked.users.add(name, "pass-of-a-person")
        made = Api(client, name, "pass-of-a-person")
        await give(made, EVERY_ROLE)
        return made

    return make


@pytest.fixture
async def hidden(api: Api) -> list[str]:
    """Ids of everything in the library that the guest may not see."""
    song = await api.get("getSong", id=await api.id_of("Secret"))
    return [song[key] for key in ("id", "albumId", "artistId", "parent", "coverArt")]


async def _sample(name: str, api: Api) -> Params:
    return await SAMPLES[name](api) if name in SAMPLES else {}


async def _outcome(api: Api, name: str, given: Params) -> tuple[int, str]:
    """The code of the error, or DONE, and the text of the answer."""
    response = await api.call(name, "json", given, BODIES.get(name))
    if response.content_type != "application/json":
        assert response.status < 300
        return DONE, ""
    root = (await response.json())["subsonic-response"]
    failed = root["status"] == "failed"
    return int(root["error"]["code"]) if failed else DONE, await response.text()


async def _code(api: Api, name: str, given: Params) -> int:
    code, _ = await _outcome(api, name, given)
    return code


@pytest.mark.parametrize("name", WITH_ROLE)
async def test_without_the_role_nothing_is_done(
    api: Api, person: Person, give: Give, name: str
) -> None:
    given = await _sample(name, api)
    other = await person("other")
    await give(other, [one for one in EVERY_ROLE if one != ENDPOINTS[name].role])
    assert await _code(other, name, given) == FORBIDDEN


@pytest.mark.parametrize("name", FOR_USERS)
async def test_the_role_that_is_declared_is_enough(person: Person, give: Give, name: str) -> None:
    owner = await person("owner")
    given = await _sample(name, owner)
    role = ENDPOINTS[name].role
    await give(owner, [role] if role else [])
    assert await _code(owner, name, given) == DONE


@pytest.mark.parametrize("name", OWNED)
async def test_what_is_private_stays_with_its_owner(person: Person, name: str) -> None:
    given = await _sample(name, await person("owner"))
    assert await _code(await person("other"), name, given) == OWNED[name]


@pytest.mark.parametrize(("name", "field"), NAMED)
async def test_what_is_in_a_hidden_library_is_not_there(
    guest: Api, give: Give, hidden: list[str], name: str, field: str
) -> None:
    """Whatever kind of thing an id names."""
    await give(guest, EVERY_ROLE)
    given = await _sample(name, guest)
    for one in hidden:
        code, text = await _outcome(guest, name, given | {field: one})
        assert code in (UNFIT, NOT_FOUND) or (
            code == DONE and not any(map(text.count, HIDDEN_WORDS))
        ), text


async def test_a_disabled_account_may_do_nothing(
    person: Person, client: Client, stocked: Database
) -> None:
    other = await person("other")
    await stocked.pool.execute("update users set enabled = false where name = 'other'")
    client.app[AUTHENTICATOR].forget()
    for name in SIGNED_IN:
        assert await _code(other, name, {}) == WRONG_CREDENTIALS, name


async def test_nobody_may_do_anything_without_signing_in(client: Client) -> None:
    stranger = Api(client, "nobody", "nothing")
    for name in SIGNED_IN:
        assert await _code(stranger, name, {}) == WRONG_CREDENTIALS, name
