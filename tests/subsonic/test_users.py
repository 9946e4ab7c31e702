"""Accounts as apps see and manage them."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from db.database import Database
from db.rows import UserRow
from db.sessions import Seen
from subsonic.users import Roles
from tests.support.api import Api, Client

ROLES = list(msgspec.structs.asdict(Roles()))
NEW = {"username": "zoë", "password": "secret words", "email": "zoe@example.org"}


@pytest.fixture
async def zoe(api: Api) -> Api:
    """The app of somebody with a new account."""
    await api.get("createUser", **NEW)
    return Api(api.client, "zoë", NEW["password"])


async def row(database: Database, name: str) -> UserRow:
    found = await database.users.by_name(name)
    assert found is not None
    return found


def roles_of(user: dict[str, Any]) -> set[str]:
    """The roles that an account has."""
    return {key for key, value in user.items() if key.endswith("Role") and value}


async def test_everybody_sees_the_own_account(guest: Api) -> None:
    user = await guest.get("getUser", username="GUEST")
    assert user["username"] == "guest"
    assert user["adminRole"] is False
    assert user["streamRole"] is True
    assert len([key for key in user if key.endswith("Role")]) == 12
    assert all(isinstance(one, int) for one in user["folder"])
    assert "avatarLastChanged" not in user


async def test_an_administrator_sees_all_and_has_every_role(api: Api) -> None:
    assert (await api.get("getUser", username="guest"))["username"] == "guest"
    own = await api.get("getUser", username="admin")
    assert all(value for key, value in own.items() if key.endswith("Role"))
    assert await api.error("getUser", username="nobody") == 70
    assert [one["username"] for one in (await api.get("getUsers"))["user"]] == ["admin", "guest"]


async def test_others_do_not_tell_an_unknown_user_from_a_hidden_one(guest: Api) -> None:
    for endpoint in ("getUser", "changePassword"):
        assert await guest.error(endpoint, username="admin", password="x") == 50
        assert await guest.error(endpoint, username="nobody", password="x") == 50
    assert await guest.error("getUser") == 10


async def test_a_new_account_may_hear_music_and_change_its_settings(api: Api, zoe: Api) -> None:
    user = await zoe.get("getUser", username="Zoë")
    assert roles_of(user) == {"settingsRole", "streamRole"}
    assert user["email"] == "zoe@example.org"
    everything = [one["id"] for one in (await api.get("getMusicFolders"))["musicFolder"]]
    assert sorted(user["folder"]) == sorted(everything)


async def test_roles_are_those_that_were_said(api: Api) -> None:
    given = NEW | {"streamRole": "false", "shareRole": "true", "playlistRole": "true"}
    await api.get("createUser", **given)
    user = await api.get("getUser", username="zoë")
    assert roles_of(user) == {"settingsRole", "shareRole", "playlistRole"}


async def test_ldap_has_no_effect(api: Api) -> None:
    await api.get("createUser", **NEW, ldapAuthenticated="true")
    await api.get("updateUser", username="zoë", ldapAuthenticated="true")
    assert await Api(api.client, "zoë", NEW["password"]).get("ping") is None


@pytest.mark.parametrize(
    ("password", "meant"),
    [
        ("enc:" + "sécret".encode().hex(), "sécret"),
        ("enc:" + "sécret".encode("latin-1").hex().upper(), "sécret"),
        ("plain", "plain"),
        ("ENC:00", "ENC:00"),
    ],
)
async def test_a_password_is_understood_as_at_the_sign_in(
    api: Api, password: str, meant: str
) -> None:
    await api.get("createUser", **NEW | {"password": password})
    zoe = Api(api.client, "zoë", meant)
    assert await zoe.get("ping") is None
    response = await api.client.get(
        "/rest/ping", params={"u": "zoë", "p": password, "v": "1.16.1", "c": "tests"}
    )
    assert 'status="ok"' in await response.text()


@pytest.mark.parametrize("endpoint", ["createUser", "updateUser", "changePassword"])
@pytest.mark.parametrize(
    "password", ["enc:", "enc:xyz", "enc:0", "enc:00", "a\nb", "x" * 1025, "enc:" + "61" * 2000]
)
async def test_what_cannot_be_a_password_is_10_and_changes_nothing(
    api: Api, guest: Api, endpoint: str, password: str
) -> None:
    name = "zoë" if endpoint == "createUser" else "guest"
    given = {"username": name, "password": password, "email": "a@b.example"}
    assert await api.error(endpoint, **given) == 10
    assert await guest.get("ping") is None
    assert await api.error("getUser", username="zoë") == 70


@pytest.mark.parametrize(
    "name", [" ", " ann", "a\x00b", "a\nb", "a\x1b[31m", "x" * 65, "a\u202eb", "a\u2028b"]
)
async def test_what_cannot_be_a_name_is_10(api: Api, name: str) -> None:
    assert await api.error("createUser", **NEW | {"username": name}) == 10
    assert await api.error("getUser", username=name or "x") in (10, 70)


@pytest.mark.parametrize("name", ["GUEST", "ｇｕｅｓｔ", "guest"])
async def test_a_name_that_reads_the_same_is_taken(api: Api, guest: Api, name: str) -> None:
    assert await api.error("createUser", **NEW | {"username": name}) == 0
    assert await guest.get("ping") is None


@pytest.mark.parametrize("missing", ["username", "password", "email"])
async def test_a_new_account_needs_name_password_and_address(api: Api, missing: str) -> None:
    given = {key: value for key, value in NEW.items() if key != missing}
    assert await api.error("createUser", **given) == 10
    assert await api.error("createUser", **given, **{missing: ""}) == 10


async def test_libraries_can_be_picked_and_unknown_ones_are_70(api: Api) -> None:
    folders = {one["name"]: one["id"] for one in (await api.get("getMusicFolders"))["musicFolder"]}
    both = list(folders.values())
    await api.get("createUser", **NEW, musicFolderId=[folders["Hidden"]] * 2)
    zoe = Api(api.client, "zoë", NEW["password"])
    seen = (await zoe.get("getMusicFolders"))["musicFolder"]
    assert [one["name"] for one in seen] == ["Hidden"]
    await api.get("updateUser", username="zoë", musicFolderId=both, email="")
    assert len((await zoe.get("getMusicFolders"))["musicFolder"]) == 2
    await api.get("updateUser", username="zoë", musicFolderId=folders["Music"])
    for wrong in ([999], [folders["Hidden"], 0], [-1], [2**40], [2**80]):
        given = {"username": "zoë", "musicFolderId": wrong, "adminRole": "true"}
        assert await api.error("updateUser", **given) == 70
        assert await api.error("createUser", **NEW | {"username": "u"}, musicFolderId=wrong) == 70
    user = await api.get("getUser", username="zoë")
    assert user["folder"] == [folders["Music"]]
    assert not user["adminRole"]
    assert await api.error("getUser", username="u") == 70
    assert await api.error("updateUser", username="zoë", musicFolderId="Music") == 10


async def test_what_is_not_given_stays(api: Api, zoe: Api) -> None:
    before = await zoe.get("getUser", username="zoë")
    await api.get("updateUser", username="ZOË")
    assert await zoe.get("getUser", username="zoë") == before
    await api.get("updateUser", username="zoë", jukeboxRole="true", maxBitRate=96)
    await api.get("updateUser", username="zoë", email="new@example.org", streamRole="false")
    after = await zoe.get("getUser", username="zoë")
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    assert changed == {
        "jukeboxRole": True,
        "maxBitRate": 96,
        "email": "new@example.org",
        "streamRole": False,
    }
    await api.get("updateUser", username="zoë", email="", maxBitRate=0)
    cleared = await zoe.get("getUser", username="zoë")
    assert "email" not in cleared
    assert "maxBitRate" not in cleared


async def test_every_role_can_be_given_and_taken(api: Api, zoe: Api) -> None:
    for role in (name.removesuffix("_role") for name in ROLES if name != "admin_role"):
        key = msgspec.structs.fields(Roles)[ROLES.index(f"{role}_role")].encode_name
        for value in (True, False):
            await api.get("updateUser", username="zoë", **{key: str(value).lower()})
            assert (await zoe.get("getUser", username="zoë"))[key] is value


@pytest.mark.attack("X23")
async def test_only_what_the_protocol_names_can_be_changed(
    api: Api, zoe: Api, stocked: Database
) -> None:
    before = await row(stocked, "zoë")
    more = {
        "playlistRole": "true", "id": "1", "name": "eve", "key": "eve", "enabled": "false",
        "password_hash": "x", "all_libraries": "false", "allLibraries": "false", "roles": "admin",
        "admin": "true", "admin_role": "true", "scrobbling": "false", "created": "0",
    }  # fmt: skip
    await api.get("updateUser", username="zoë", **more)
    assert await row(stocked, "zoë") == before
    await api.get("createUser", **NEW | more | {"username": "two"})
    assert set((await row(stocked, "two")).roles) == {"playlist", "settings", "stream"}


@pytest.mark.parametrize("rate", ["1", "33", "-32", "321", "1e2", "many", str(2**70)])
async def test_only_certain_bit_rates_can_be_the_most(api: Api, rate: str) -> None:
    assert await api.error("updateUser", username="guest", maxBitRate=rate) == 10


async def test_the_most_that_a_user_may_hear_is_what_is_sent(api: Api, guest: Api) -> None:
    song = await guest.id_of("Beta")
    whole = await (await guest.raw("stream", id=song)).read()
    await api.get("updateUser", username="guest", maxBitRate=32)
    answer = await guest.raw("stream", id=song)
    assert (answer.status, answer.content_type) == (200, "audio/mpeg")
    assert len(await answer.read()) < 6 * 32_000 / 8 * 1.2 < len(whole)
    await api.get("updateUser", username="guest", maxBitRate=0)
    assert await (await guest.raw("stream", id=song)).read() == whole


@pytest.mark.attack("X26")
async def test_an_ordinary_user_manages_nobody_not_even_themselves(guest: Api) -> None:
    for endpoint in ("getUsers", "createUser", "updateUser", "deleteUser"):
        given = NEW | {"username": "guest", "adminRole": "true"}
        assert await guest.error(endpoint, **given) == 50
        assert await guest.error(endpoint) == 50
    assert not (await guest.get("getUser", username="guest"))["adminRole"]


async def test_a_password_of_ones_own_needs_the_role(api: Api, guest: Api) -> None:
    await guest.get("changePassword", username="GUEST", password="another")
    assert await guest.error("ping") == 40
    guest.password = "another"
    await api.get("updateUser", username="guest", settingsRole="false")
    assert await guest.error("changePassword", username="guest", password="third") == 50
    assert await guest.get("ping") is None
    await api.get("changePassword", username="guest", password="third")
    assert await guest.error("ping") == 40
    assert await api.error("changePassword", username="nobody", password="x") == 70


async def test_a_change_counts_for_the_next_request_of_an_app_that_was_known(
    api: Api, guest: Api
) -> None:
    for turn in range(5):
        assert await guest.get("ping") is None
        await api.get("updateUser", username="guest", password=f"turn {turn}")
        assert await guest.error("ping") == 40
        guest.password = f"turn {turn}"
        assert await guest.get("ping") is None
        await api.get("updateUser", username="guest", downloadRole=str(turn % 2 == 0).lower())
        user = await guest.get("getUser", username="guest")
        assert user["downloadRole"] is (turn % 2 == 0)


async def test_all_that_was_a_deleted_users_is_gone(api: Api, zoe: Api, stocked: Database) -> None:
    song = await zoe.id_of("Beta")
    await zoe.get("star", id=song)
    await zoe.get("setRating", id=song, rating=5)
    await zoe.get("scrobble", id=song)
    await zoe.get("scrobble", id=song, submission="false")
    user = await row(stocked, "zoë")
    await stocked.sessions.put("token", user.id, {"password": "x"}, Seen("", ""))
    await stocked.credentials.add(user.id, "Phone", stocked.secrets)
    await stocked.avatars.put(user.id, b"picture")
    await api.get("deleteUser", username="Zoë")
    assert await zoe.error("ping") == 40
    assert await api.error("deleteUser", username="zoë") == 70
    tables = await stocked.pool.fetch(
        "select table_name from information_schema.columns"
        " where column_name = 'user_id' and table_schema = 'public'"
    )
    assert len(tables) >= 7
    for table in tables:
        left = f"select count(*) from {table[0]} where user_id = $1"  # noqa: S608
        assert await stocked.pool.fetchval(left, user.id) == 0, table[0]
    assert "averageRating" not in await api.get("getSong", id=song)


async def test_the_last_administrator_stays_one(api: Api, stocked: Database) -> None:
    assert await api.error("deleteUser", username="admin") == 50
    assert await api.error("updateUser", username="admin", adminRole="false", email="x@y") == 50
    assert (await api.get("getUser", username="admin")).get("email") is None
    await api.get("createUser", **NEW, adminRole="true")
    await stocked.pool.execute("update users set enabled = false where name = 'zoë'")
    assert await api.error("deleteUser", username="admin") == 50
    await stocked.pool.execute("update users set enabled = true where name = 'zoë'")
    await api.get("updateUser", username="admin", adminRole="false")
    assert await api.error("getUsers") == 50


@pytest.mark.attack("X77")
async def test_one_account_changing_its_password_without_pause_fills_no_queue(
    guest: Api, zoe: Api
) -> None:
    given = {"username": "guest", "password": guest.password}
    answers = await asyncio.gather(*(guest.answer("changePassword", **given) for _ in range(12)))
    codes = [one.get("error", {}).get("code") for one in answers]
    assert None in codes
    assert set(codes) <= {None, 0}
    await zoe.get("changePassword", username="zoë", password="another")


async def test_the_log_says_who_did_what_and_no_secret(api: Api) -> None:
    with capture_logs() as lines:
        await api.get("createUser", **NEW)
        given = {"username": "zoë", "password": "new words", "shareRole": "true"}
        await api.get("updateUser", **given, adminRole="false", email="a@b.example")
        await api.get("changePassword", username="zoë", password="third words")
        await api.get("deleteUser", username="zoë")
    told = [line for line in lines if line.get("subject") == "zoë"]
    assert [line["event"] for line in told] == [
        "user created", "user changed", "password changed", "user deleted",
    ]  # fmt: skip
    assert {(line["actor"], line["address"], line["way"], line["outcome"]) for line in told} == {
        ("admin", "127.0.0.1", "app", "done")
    }
    assert told[1]["detail"] == "password, email, -admin, +share"
    rows = [row for row in await api.database.audit.page(9) if row.subject == "zoë"]
    assert [row.event for row in reversed(rows)] == [line["event"] for line in told]
    assert "words" not in str(lines)


async def test_an_api_key_tells_whose_it_is_and_a_password_is_none(
    api: Api, client: Client, stocked: Database
) -> None:
    user = await row(stocked, "guest")
    device, secret = await stocked.credentials.add(user.id, "Phone", stocked.secrets)
    common = {"v": "1.16.1", "c": "tests", "f": "json"}

    async def told(**given: str) -> Any:
        response = await client.get("/rest/tokenInfo", params=common | given)
        return (await response.json())["subsonic-response"]

    assert (await told(apiKey=secret))["tokenInfo"] == {"username": "guest"}
    assert (await told(apiKey="made-up"))["error"]["code"] == 44
    assert (await told(apiKey=secret, u="guest"))["error"]["code"] == 43
    assert await api.error("tokenInfo") == 44
    await stocked.credentials.revoke(user.id, device.id)
    assert (await told(apiKey=secret))["error"]["code"] == 44


@pytest.mark.attack("X01")
async def test_who_is_signed_in_elsewhere_has_app_passwords_and_no_other(
    api: Api, stocked: Database
) -> None:
    """An app of theirs makes no password, with which it would stay in after it was revoked."""
    ann = await stocked.users.add("ann", None)
    app = Api(api.client, "ann", "")
    assert await app.error("ping") == await Api(api.client, "nobody", "").error("ping") == 40
    _, app.password = await stocked.credentials.add(ann.id, "Phone", stocked.secrets)
    await app.get("ping")
    assert await app.error("changePassword", username="ann", password="another") == 50
    await api.get("changePassword", username="ann", password="given by the administrator")
    assert (await row(stocked, "ann")).has_password
