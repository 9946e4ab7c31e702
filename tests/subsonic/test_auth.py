"""Who is calling."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from yarl import URL

from db.database import Database
from db.queries import Command, Rows, Value
from db.rows import CredentialRow
from db.secrets import SecretBox
from subsonic.app import AUTHENTICATOR
from subsonic.auth import Authenticator
from subsonic.errors import WrongCredentialsError
from tests.support import shelf
from tests.support.api import Client
from tests.support.shelf import Shelf
from tests.support.waiting import let_pass

NAME, PASSWORD = shelf.ADMIN
COMMON = {"v": "1.16.1", "c": "tests", "f": "json"}


async def code(client: Client, endpoint: str = "ping", **given: Any) -> int | None:
    """The error code; None for a success."""
    response = await client.get(f"/rest/{endpoint}", params={**COMMON, **given})
    assert response.status == 200
    root = json.loads(await response.read())["subsonic-response"]
    return root["error"]["code"] if root["status"] == "failed" else None


def token(password: str, salt: str) -> dict[str, str]:
    made = hashlib.md5(f"{password}{salt}".encode(), usedforsecurity=False).hexdigest()
    return {"t": made, "s": salt}


@contextmanager
def freeze(moment: datetime) -> Iterator[None]:
    """Let credentials expire at a moment to come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("db.rows.datetime", Mock(now=lambda _zone: moment))
        yield


@pytest.fixture
async def device(client: Client, stocked: Database) -> AsyncIterator[str]:
    """A device password of the administrator."""
    user = await stocked.users.by_name(NAME)
    assert user is not None
    row, secret = await stocked.credentials.add(user.id, "Phone", stocked.secrets)
    assert client.app is not None
    client.app[AUTHENTICATOR].forget()
    yield secret
    await stocked.credentials.revoke(user.id, row.id)


@pytest.mark.parametrize(
    "given",
    [
        {"p": PASSWORD},
        {"p": "enc:" + PASSWORD.encode().hex()},
        {"p": "enc:" + PASSWORD.encode().hex().upper()},
        {"p": "enc:" + PASSWORD.encode("latin-1").hex()},
        token(PASSWORD, "salted"),
        token(PASSWORD, "s"),
        {"t": token(PASSWORD, "x")["t"].upper(), "s": "x"},
    ],
)
@pytest.mark.attack("X01")
async def test_every_form_of_the_password_is_accepted(
    client: Client, given: dict[str, str]
) -> None:
    assert await code(client, u=NAME, **given) is None
    assert await code(client, u=NAME.upper(), **given) is None


@pytest.mark.parametrize(
    "given",
    [
        {"p": "wrong"},
        {"p": PASSWORD + " "},
        {"p": "enc:" + b"wrong".hex()},
        {"p": "enc:abc"},
        {"p": "enc:zz"},
        {"p": "enc:"},
        {"p": "enc:" + "00" * 1000},
        token("wrong", "salted"),
        token("", "salted"),
        {"t": "0" * 32, "s": "x"},
        {"t": "ü", "s": "\x00"},
    ],
)
@pytest.mark.attack("X01", "X02")
async def test_a_wrong_password_is_40_and_so_is_an_unknown_user(
    client: Client, given: dict[str, str]
) -> None:
    assert await code(client, u=NAME, **given) == 40
    for nobody in ("nobody", "a\x00b", "x" * 5000, "ａｄｍｉｎ０"):
        assert await code(client, u=nobody, **given) == 40


async def test_a_device_password_works_in_every_form(client: Client, device: str) -> None:
    assert await code(client, u=NAME, p=device) is None
    assert await code(client, u=NAME, **token(device, "salted")) is None
    assert await code(client, apiKey=device) is None
    assert await code(client, u=NAME, p=PASSWORD) is None


@pytest.mark.attack("X03")
async def test_a_revoked_device_password_ends(
    client: Client, stocked: Database, device: str
) -> None:
    """The very token that was right a moment ago, too."""
    signed = token(device, "salted")
    assert await code(client, apiKey=device) is None
    assert await code(client, u=NAME, **signed) is None
    row = await stocked.credentials.by_key(device)
    assert row is not None
    await stocked.credentials.revoke(row.user_id, row.id)
    assert await code(client, apiKey=device) == 44
    assert await code(client, u=NAME, p=device) == 40
    assert await code(client, u=NAME, **signed) == 40


async def test_the_account_password_is_no_api_key(client: Client) -> None:
    assert await code(client, apiKey=PASSWORD) == 44


async def made(client: Client, stocked: Database, *given: Any) -> str:
    """An app password of the administrator, with a scope and an end."""
    user = await stocked.users.by_name(NAME)
    assert user is not None
    _, secret = await stocked.credentials.add(user.id, "Made", stocked.secrets, *given)
    client.app[AUTHENTICATOR].forget()
    return secret


async def test_an_expired_device_password_is_a_wrong_one(client: Client, stocked: Database) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    secret = await made(client, stocked, "full", soon)
    assert await code(client, apiKey=secret) is None
    assert await code(client, u=NAME, p=secret) is None
    # Accounts are kept in memory meanwhile.
    with freeze(soon):
        assert await code(client, apiKey=secret) == 44
        assert await code(client, u=NAME, p=secret) == 40
        assert await code(client, u=NAME, **token(secret, "salted")) == 40
        assert await code(client, u=NAME, p=PASSWORD) is None


async def test_the_last_use_is_noted_with_the_app(
    client: Client, stocked: Database, device: str
) -> None:
    assert await code(client, apiKey=device, c="Amperfy") is None
    row = await stocked.credentials.by_key(device)
    assert row is not None
    assert row.client == "Amperfy"
    assert row.last_used is not None


@pytest.mark.attack("X20")
@pytest.mark.parametrize("form", ["p", "t", "apiKey"])
async def test_a_scope_counts_however_the_password_is_used(
    client: Client, stocked: Database, form: str
) -> None:
    secret = await made(client, stocked, "stream")
    forms = {"p": {"u": NAME, "p": secret}, "t": {"u": NAME, **token(secret, "salted")}}
    given = forms.get(form, {"apiKey": secret})
    assert await code(client, "getArtists", **given) is None
    assert await code(client, "getUsers", **given) == 50
    assert await code(client, "star", id="tr-1", **given) == 50


async def test_a_password_for_listening_makes_nobody_an_administrator(
    client: Client, stocked: Database
) -> None:
    given = {"apiKey": await made(client, stocked, "stream")}
    response = await client.get("/rest/getUser", params={**COMMON, **given, "username": NAME})
    user = json.loads(await response.read())["subsonic-response"]["user"]
    assert [role for role, held in user.items() if role.endswith("Role") and held] == ["streamRole"]
    assert await code(client, "getUser", username="guest", **given) == 50
    assert await code(client, "getPlaylists", username="guest", **given) == 50


@pytest.mark.attack("X08")
async def test_nobody_learns_which_accounts_there_are(client: Client, stocked: Database) -> None:
    """A real one without anything to sign in with, a disabled one and an unknown one answer alike."""
    await stocked.pool.execute(
        "delete from credentials where user_id in (select id from users where name = 'guest')"
    )
    await stocked.users.add("off", "password")
    await stocked.pool.execute("update users set enabled = false where name = 'off'")
    client.app[AUTHENTICATOR].forget()
    given = ({"p": "password"}, token("password", "salted"), token("", "salted"))
    answers = set()
    for name in ("guest", "off", "nobody"):
        for one in given:
            response = await client.get("/rest/ping", params={**COMMON, "u": name, **one})
            answers.add((response.status, await response.text()))
    assert len(answers) == 1


async def test_who_is_unknown_is_found_as_soon_as_there_is_such_an_account(
    client: Client, stocked: Database
) -> None:
    assert await code(client, u="paul", p="password") == 40
    await stocked.users.add("paul", "password")
    assert await code(client, u="paul", p="password") is None


async def test_where_only_app_passwords_count_everybody_is_told_so(
    client: Client, stocked: Database, library: Shelf
) -> None:
    auth = msgspec.structs.replace(library.settings.auth, account_password_in_apps=False)
    settings = msgspec.structs.replace(library.settings, auth=auth)
    strict = Authenticator(stocked, settings)
    for name in ("guest", "nobody"):
        given = {key: [value] for key, value in {**COMMON, "u": name, "p": "x"}.items()}
        with pytest.raises(WrongCredentialsError, match="page of your account"):
            await strict.login(given, "127.0.0.1")


@pytest.mark.attack("X01")
async def test_conflicting_credentials_are_43(client: Client, device: str) -> None:
    assert await code(client, apiKey=device, u=NAME) == 43
    assert await code(client, apiKey=device, p="x") == 43
    assert await code(client, u=NAME, p=PASSWORD, **token(PASSWORD, "x")) == 43


@pytest.mark.parametrize("missing", ["u", "p", "v", "c"])
async def test_a_missing_or_empty_parameter_is_10(client: Client, missing: str) -> None:
    given = {"u": NAME, "p": PASSWORD, **COMMON}
    for change in ({missing: ""}, {}):
        sent = {**{k: v for k, v in given.items() if k != missing}, **change}
        response = await client.get("/rest/ping", params=sent)
        assert json.loads(await response.read())["subsonic-response"]["error"]["code"] == 10
    assert await code(client, u=NAME, t="0" * 32) == 10


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.1.0", None),
        ("1.8.0", None),
        ("1.16", None),
        ("1.16.9", None),
        ("0.9.0", 20),
        ("1.17.0", 30),
        ("2.0.0", 30),
        ("abc", 10),
        ("1", 10),
        ("1.16.1\n", 10),
    ],
)
async def test_versions_are_judged_by_their_first_two_numbers(
    client: Client, version: str, expected: int | None
) -> None:
    assert await code(client, u=NAME, p=PASSWORD, v=version) == expected


async def test_the_password_comes_before_everything_else(client: Client) -> None:
    assert await code(client, "getAlbum", u=NAME, p="wrong") == 40
    assert await code(client, "noSuchEndpoint", u=NAME, p="wrong") == 40
    assert await code(client, "startScan", u="guest", p="wrong") == 40


async def test_a_changed_password_counts_at_once(client: Client, stocked: Database) -> None:
    assert await code(client, u="guest", p=shelf.GUEST[1]) is None
    await stocked.bus.start()
    await stocked.users.set_password("guest", "another")
    await stocked.bus.notify("dulcian_users", "")
    for _ in range(100):
        if await code(client, u="guest", p="another") is None:
            break
    assert await code(client, u="guest", p=shelf.GUEST[1]) == 40


@pytest.mark.attack("X03")
async def test_a_password_changed_on_another_node_counts_here(
    client: Client, stocked: Database, stocked_url: str, library: Shelf
) -> None:
    await stocked.bus.start()
    other = await Database.open(stocked_url, library.settings)
    try:
        assert await code(client, u="guest", p=shelf.GUEST[1]) is None
        await other.users.set_password("guest", "another")
    finally:
        await other.close()
    for _ in range(200):
        if await code(client, u="guest", p=shelf.GUEST[1]) == 40:
            break
        await asyncio.sleep(0.02)
    assert await code(client, u="guest", **token("another", "salted")) is None


async def test_an_account_that_changed_while_it_was_read_is_not_kept(
    client: Client, stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = stocked.credentials.of

    async def overtaken(user: int) -> list[CredentialRow]:
        rows = await read(user)
        monkeypatch.undo()
        await stocked.users.set_password("guest", "another")
        return rows

    monkeypatch.setattr(stocked.credentials, "of", overtaken)
    assert await code(client, u="guest", p=shelf.GUEST[1]) is None
    assert await code(client, u="guest", p=shelf.GUEST[1]) == 40
    assert await code(client, u="guest", p="another") is None


@pytest.mark.attack("X04")
async def test_a_disabled_account_is_40(client: Client, stocked: Database) -> None:
    await stocked.pool.execute("update users set enabled = false where name = 'guest'")
    assert await code(client, u="guest", p=shelf.GUEST[1]) == 40


@pytest.mark.attack("X09")
async def test_guessing_has_to_wait_and_nobody_else_does(
    client: Client, stocked: Database, device: str
) -> None:
    right = {"u": "guest", "p": shelf.GUEST[1]}
    assert await code(client, **right, c="the app of the guest") is None
    for number in range(10):
        assert await code(client, u="guest", p="guess", c=f"tests {number}") == 40
    response = await client.get("/rest/ping", params={**COMMON, **right})
    error = json.loads(await response.read())["subsonic-response"]["error"]
    assert (response.status, error["code"], response.headers["Retry-After"]) == (200, 40, "1")
    assert error["message"] == "Too many wrong passwords. Try again in 1 second."
    # An app that came in before goes on, as does another account.
    assert await code(client, **right, c="the app of the guest") is None
    assert await code(client, u=NAME, p=PASSWORD) is None
    await let_pass(stocked, 1)
    assert await code(client, **right) is None


@pytest.mark.attack("X08", "X09")
async def test_the_wait_begins_at_the_same_moment_for_names_without_an_account(
    client: Client,
) -> None:
    async def message(**given: str) -> str:
        response = await client.get("/rest/ping", params=COMMON | given)
        answer = json.loads(await response.read())["subsonic-response"]
        return str(answer["error"]["message"])

    for name in ("guest", "nobody", "a\x00b", "x" * 5000):
        said = [await message(u=name, p="guess") for _ in range(11)]
        assert said[:10] == ["Wrong user name or password."] * 10
        assert said[10].startswith("Too many")


@pytest.mark.attack("X09")
async def test_guessing_keys_has_to_wait_and_a_right_one_does_not(
    client: Client, device: str
) -> None:
    assert await code(client, apiKey=device) is None
    for number in range(10):
        assert await code(client, apiKey=f"guess {number}") == 44
    assert await code(client, apiKey="another guess") == 40
    assert await code(client, apiKey=device) is None


@pytest.mark.attack("X08")
@pytest.mark.parametrize(
    "given", [{"p": "wrong"}, {"p": "enc:77726f6e67"}, {"t": "0" * 32, "s": "salt"}]
)
async def test_an_unknown_name_is_as_much_work_as_a_wrong_password(
    client: Client, monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    work: Counter[str] = Counter()

    def count(kind: type, method: str) -> None:
        run = getattr(kind, method)

        def counted(*args: Any, **more: Any) -> Any:
            work[f"{kind.__name__}.{method}"] += 1
            return run(*args, **more)

        monkeypatch.setattr(kind, method, counted)

    for kind, method in ((SecretBox, "open"), (Rows, "__call__"), (Rows, "first"),
                         (Value, "__call__"), (Command, "__call__")):  # fmt: skip
        count(kind, method)
    assert await code(client, u="guest", p=shelf.GUEST[1], c="known") is None
    done = []
    for name in ("guest", "nobody", "guest", "nobody", "x" * 200):
        work.clear()
        assert await code(client, u=name, **given) == 40
        done.append(dict(work))
    assert done[0]["SecretBox.open"] == 1
    assert done[0]["Rows.first"] == 2
    assert all(one == done[0] for one in done)


async def test_a_device_that_is_known_costs_no_statement(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await code(client, u=NAME, p=PASSWORD) is None
    assert await code(client, u="nobody", p="wrong") == 40

    async def asked(*_: Any, **__: Any) -> None:
        raise AssertionError

    for kind, method in ((Rows, "first"), (Rows, "__call__"), (Value, "__call__")):
        monkeypatch.setattr(kind, method, asked)
    assert await code(client, u=NAME, p=PASSWORD) is None
    assert await code(client, u=NAME, **token(PASSWORD, "other salt")) is None


async def test_many_first_requests_of_a_device_are_all_answered(client: Client) -> None:
    asked = (code(client, u=NAME, p=PASSWORD, c="a player") for _ in range(40))
    assert set(await asyncio.gather(*asked)) == {None}


@pytest.mark.attack("X09")
async def test_a_burst_of_guesses_as_a_known_device_is_no_more_than_guesses_one_by_one(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await code(client, u="guest", p=shelf.GUEST[1]) is None
    assert client.app is not None
    client.app[AUTHENTICATOR].forget()
    looked: list[str] = []
    match = Authenticator._match

    def counted(self: Authenticator, account: Any, given: Any) -> Any:
        looked.append(given["p"][0])
        return match(self, account, given)

    monkeypatch.setattr(Authenticator, "_match", counted)
    codes = await asyncio.gather(*(code(client, u="guest", p=f"guess {at}") for at in range(60)))
    assert set(codes) == {40}
    assert len(set(looked)) <= 11


@pytest.mark.attack("X80")
async def test_cookies_and_basic_authorization_count_for_nothing(client: Client) -> None:
    headers = {"Authorization": "Basic YWRtaW46YWRtaW4=", "Cookie": "dulcian=x"}
    response = await client.get("/rest/ping", params=COMMON, headers=headers)
    assert json.loads(await response.read())["subsonic-response"]["error"]["code"] == 10
    given = {**COMMON, "u": NAME, "p": PASSWORD}
    response = await client.get("/rest/ping", params=given, headers=headers)
    assert json.loads(await response.read())["subsonic-response"]["status"] == "ok"


@pytest.mark.attack("X01")
async def test_odd_credentials_are_answered_as_wrong_ones(client: Client) -> None:
    for given in (
        {"u": "", "p": PASSWORD},
        {"u": NAME, "p": ""},
        {"u": NAME, "t": token(PASSWORD, "")["t"], "s": ""},
        {"u": NAME, "s": "salt"},
        {"p": PASSWORD},
    ):
        assert await code(client, **given) == 10
    for given in (
        {"u": "аdmin", "p": PASSWORD},  # a Cyrillic letter
        {"u": f"{NAME}\x00", "p": PASSWORD},
        {"u": f" {NAME}", "p": PASSWORD},
        {"u": f"{NAME}%00", "p": PASSWORD},
        {"u": "x" * 100_000, "p": PASSWORD},
        {"u": NAME, "p": f"{PASSWORD}\x00"},
        {"u": NAME, "t": token(PASSWORD, "a")["t"], "s": "b"},
        {"u": NAME, "t": token(PASSWORD, "a")["t"][:31], "s": "a"},
        {"u": NAME, "t": "0" * 100_000, "s": "a" * 100_000},
        {"u": NAME, "t": token("", "a")["t"], "s": "a"},
    ):
        assert await code(client, **given, c="odd") == 40
    # Of a repeated parameter the first counts, in every order.
    for names, expected in ((("guest", NAME), 40), ((NAME, "guest"), None)):
        pairs = [*COMMON.items(), *(("u", name) for name in names), ("p", PASSWORD)]
        response = await client.get("/rest/ping", params=pairs)
        root = json.loads(await response.read())["subsonic-response"]
        assert root.get("error", {}).get("code") == expected


@pytest.mark.attack("X02")
async def test_odd_passwords_are_wrong_ones(client: Client) -> None:
    odd = (
        "enc:f",
        "enc:gg",
        "enc:ff",
        "enc: 41",
        "enc:0x41",
        "enc:" + "41" * 500_000,
        "x" * 1_000_000,
    )
    for password in odd:
        form = COMMON | {"u": "guest", "p": password, "c": f"odd {len(password)}"}
        response = await client.post("/rest/ping", data=form)
        assert json.loads(await response.read())["subsonic-response"]["error"]["code"] == 40
    for raw in ("%ff%fe", "%00", "%ed%a0%80", "enc:%ff"):
        response = await client.get(
            URL(f"/rest/ping?v=1.16.1&c=raw&f=json&u={NAME}&p={raw}", encoded=True)
        )
        assert json.loads(await response.read())["subsonic-response"]["error"]["code"] == 40


@pytest.mark.attack("X09", "X10")
async def test_headers_of_whoever_likes_to_send_them_count_for_nothing(client: Client) -> None:
    async def answer(number: int, **given: str) -> tuple[int, str]:
        said = dict.fromkeys(
            ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "CF-Connecting-IP"),
            f"203.0.113.{number}",
        )
        said |= {"Forwarded": f"for=203.0.113.{number}", "X-Forwarded-Prefix": "/evil"}
        said |= dict.fromkeys(("Remote-User", "X-Remote-User", "X-Forwarded-User"), NAME)
        response = await client.get("/rest/ping", params=COMMON | given, headers=said)
        error = json.loads(await response.read())["subsonic-response"]["error"]
        return error["code"], error["message"]

    assert (await answer(0))[0] == 10
    for number in range(10):
        assert await answer(number, u="guest", p="guess") == (40, "Wrong user name or password.")
    assert (await answer(11, u="guest", p="guess"))[1].startswith("Too many")
