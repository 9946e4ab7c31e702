"""Everybody's accounts, as administrators manage them."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from conf.settings import MusicFolder
from db.database import Database
from db.rows import UserRow
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser

NEW = {"name": "paul", "password": "some long words", "repeated": "some long words"}
KEPT = {"enabled": "on", "all_libraries": "on", "max_bit_rate": "0"}


@pytest.fixture
async def paul(database: Database) -> UserRow:
    return await database.users.add("paul", PASSWORD)


async def again(database: Database, user: UserRow) -> UserRow:
    found = await database.users.by_id(user.id)
    assert found is not None
    return found


@pytest.mark.attack("X26")
async def test_only_administrators_may_come_here(
    browser: Browser, database: Database, paul: UserRow
) -> None:
    await database.users.add("maria", PASSWORD, admin=True)
    pages = ("/users", f"/users/{paul.id}")
    assert (await browser.open("/users")).location == "/login?next=/users"
    await browser.sign_in("paul", PASSWORD)
    for page in pages:
        answer = await browser.open(page)
        assert answer.status == 403
        assert "maria" not in answer.text
    assert 'href="/users"' not in (await browser.open("/")).text
    for to, fields in (
        ("/users", NEW | {"name": "eve", "admin": "on"}),
        (f"/users/{paul.id}", KEPT | {"role-admin": "on"}),
        (f"/users/{paul.id}/password", NEW),
        (f"/users/{paul.id}/apps/revoke", {"device": "1"}),
        (f"/users/{paul.id}/delete", {"sure": "on"}),
    ):
        assert (await browser.fill_in("/account", fields, to=to)).status == 403
    assert await again(database, paul) == paul
    assert await database.users.count() == 2


async def test_app_passwords_of_others_are_listed_without_what_they_are_and_revoked(
    admin: Browser, database: Database, paul: UserRow
) -> None:
    maria = await database.users.by_name("maria")
    assert maria is not None
    own, _ = await database.credentials.add(maria.id, "Hers", database.secrets)
    lost, secret = await database.credentials.add(paul.id, "<Phone>", database.secrets, "read")
    await database.credentials.used(lost.id, "Amperfy")
    shown = await admin.open(f"/users/{paul.id}")
    assert "<Phone> reading: change nothing never just now, Amperfy" in shown.seen
    assert "<Phone>" not in shown.text
    assert secret not in shown.text
    for device in (own.id, lost.id):
        answer = await admin.fill_in(
            f"/users/{paul.id}", {"device": str(device)}, to=f"/users/{paul.id}/apps/revoke"
        )
        assert answer.location == f"/users/{paul.id}?done=revoked"
    assert await database.credentials.by_key(secret) is None
    assert len(await database.credentials.of(maria.id)) == 2
    assert "no longer accepted" in (await admin.open(answer.location)).seen


async def test_all_are_listed_and_lead_to_their_pages(
    admin: Browser, database: Database, paul: UserRow
) -> None:
    await database.pool.execute("update users set enabled = false where name = 'paul'")
    answer = await admin.open("/users")
    assert "maria Administrator a password all" in answer.seen
    assert "paul User, switched off a password all" in answer.seen
    assert f'href="/users/{paul.id}"' in answer.text
    assert 'href="/users"' in (await admin.open("/")).text


async def test_a_user_is_added_and_can_sign_in(
    admin: Browser, new_browser: NewBrowser, database: Database
) -> None:
    answer = await admin.fill_in("/users", NEW | {"email": "p@example.org"})
    user = await database.users.by_name("paul")
    assert user is not None
    assert (answer.status, answer.location) == (303, f"/users/{user.id}?done=added")
    assert "The account is there." in (await admin.open(answer.location)).seen
    assert (user.email, "admin" in user.roles, user.all_libraries) == ("p@example.org", False, True)
    browser = await new_browser(same_as=admin)
    assert (await browser.sign_in("paul", NEW["password"])).status == 303


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": "MARIA"}, "is taken"),
        ({"name": ""}, "Choose a name."),
        ({"name": "x" * 65}, "64 characters at most"),
        ({"name": "a\nb"}, "characters that can be seen"),
        ({"repeated": "other"}, "The two passwords differ."),
        ({"password": "short", "repeated": "short"}, "at least 8 characters"),
        ({"name": "longname", "password": "longname", "repeated": "longname"}, "must differ"),
        ({"email": "x" * 255}, "at most"),
        ({"email": "a\nb"}, "can be seen"),
    ],
)
async def test_what_will_not_do_is_explained(
    admin: Browser, database: Database, change: dict[str, str], complaint: str
) -> None:
    answer = await admin.fill_in("/users", NEW | change)
    assert answer.status == 400
    assert complaint in answer.seen
    assert NEW["password"] not in answer.text
    assert await database.users.count() == 1


async def test_what_is_ticked_is_given_and_the_rest_taken(
    admin: Browser, database: Database, paul: UserRow
) -> None:
    ours, _ = await database.libraries.sync(
        [MusicFolder(path=Path("/srv/a"), name="Ours"), MusicFolder(path=Path("/srv/b"))]
    )
    fields = {
        "enabled": "on", "email": "new@example.org", "max_bit_rate": "128",
        "role-stream": "on", "role-upload": "on", f"library-{ours.id}": "on",
        "max_streams": "2", "max_rate": "", "max_transcodes": "0",
    }  # fmt: skip
    answer = await admin.fill_in(f"/users/{paul.id}", fields)
    assert answer.location == f"/users/{paul.id}?done=changed"
    user = await again(database, paul)
    assert user.roles == ["stream", "upload"]
    assert (user.email, user.max_bit_rate) == ("new@example.org", 128)
    assert (user.libraries, user.all_libraries) == ([ours.id], False)
    assert (user.max_streams, user.max_rate, user.max_transcodes) == (2, None, 0)
    text = (await admin.open(f"/users/{paul.id}")).text
    assert 'name="role-stream" checked' in text
    assert 'name="role-download">' in text
    assert f'name="library-{ours.id}" checked' in text
    assert 'name="all_libraries">' in text
    assert '<option value="128" selected>' in text
    assert 'max="10000000" value="2"' in text
    assert 'max="10000000" value="0"' in text
    too_many = KEPT | {"max_streams": "10000001", "max_rate": "", "max_transcodes": ""}
    refused = await admin.fill_in(f"/users/{paul.id}", too_many)
    assert (refused.status, "A limit is" in refused.seen) == (400, True)
    nonsense = await admin.fill_in(f"/users/{paul.id}", too_many | {"max_streams": "-1"})
    assert nonsense.status == 400
    await admin.fill_in(f"/users/{paul.id}", KEPT)
    user = await again(database, paul)
    assert (len(user.libraries), user.max_streams) == (2, 2)


@pytest.mark.attack("X23")
async def test_what_the_form_does_not_have_cannot_be_changed(
    admin: Browser, database: Database, paul: UserRow
) -> None:
    more = {"name": "eve", "id": "1", "password_hash": "x", "role-root": "on", "library-99": "on"}
    await admin.fill_in(f"/users/{paul.id}", KEPT | more | {"max_bit_rate": "33"})
    user = await again(database, paul)
    assert (user.name, user.password_hash, user.max_bit_rate) == ("paul", paul.password_hash, 0)
    assert user.roles == []


@pytest.mark.attack("X04")
async def test_who_is_switched_off_is_out_at_once(
    admin: Browser, new_browser: NewBrowser, paul: UserRow
) -> None:
    browser = await new_browser(same_as=admin)
    await browser.sign_in("paul", PASSWORD)
    await admin.fill_in(f"/users/{paul.id}", {"all_libraries": "on", "max_bit_rate": "0"})
    assert (await browser.open("/")).location == "/login"
    assert (await browser.sign_in("paul", PASSWORD)).status == 403


async def test_a_password_is_reset_and_ends_what_the_old_one_opened(
    admin: Browser, new_browser: NewBrowser, database: Database, paul: UserRow
) -> None:
    browser = await new_browser(same_as=admin)
    await browser.sign_in("paul", PASSWORD)
    answer = await admin.fill_in(f"/users/{paul.id}", NEW, to=f"/users/{paul.id}/password")
    assert answer.location == f"/users/{paul.id}?done=password"
    assert (await browser.open("/")).location == "/login"
    assert await database.users.check_password("paul", NEW["password"])
    wrong = NEW | {"repeated": "x"}
    answer = await admin.fill_in(f"/users/{paul.id}", wrong, to=f"/users/{paul.id}/password")
    assert answer.status == 400


async def test_ones_own_password_needs_the_old_one(admin: Browser, database: Database) -> None:
    maria = await database.users.by_name("maria")
    assert maria is not None
    answer = await admin.fill_in("/users", NEW, to=f"/users/{maria.id}/password")
    assert answer.location == "/account"
    assert await database.users.check_password("maria", PASSWORD)
    assert f"/users/{maria.id}/password" not in (await admin.open(f"/users/{maria.id}")).text


async def test_a_deletion_has_to_be_confirmed(
    admin: Browser, database: Database, paul: UserRow
) -> None:
    to = f"/users/{paul.id}/delete"
    answer = await admin.fill_in("/users", {}, to=to)
    assert answer.status == 400
    assert await database.users.by_id(paul.id)
    answer = await admin.fill_in("/users", {"sure": "on"}, to=to)
    assert answer.location == "/users?done=deleted"
    assert await database.users.by_id(paul.id) is None
    assert (await admin.fill_in("/users", {"sure": "on"}, to=to)).status == 404


async def test_the_last_administrator_stays(admin: Browser, database: Database) -> None:
    maria = await database.users.by_name("maria")
    assert maria is not None
    for to, fields in (
        (f"/users/{maria.id}", KEPT),
        (f"/users/{maria.id}", {"role-admin": "on", "max_bit_rate": "0"}),
        (f"/users/{maria.id}/delete", {"sure": "on"}),
    ):
        answer = await admin.fill_in("/users", fields, to=to)
        assert answer.status == 400
        assert "last administrator" in answer.seen
    assert await again(database, maria) == maria
    await database.users.add("second", PASSWORD, admin=True)
    answer = await admin.fill_in(f"/users/{maria.id}", KEPT)
    assert answer.location == "/"
    assert (await admin.open("/")).status == 200
    assert (await admin.open("/users")).status == 403


@pytest.mark.parametrize("user", ["0", "999999999", "x", "1x", "-1", "9999999999"])
async def test_an_address_of_nobody_is_404(admin: Browser, user: str) -> None:
    assert (await admin.open(f"/users/{user}")).status == 404


async def test_names_from_outside_are_text(admin: Browser, database: Database) -> None:
    evil = "<img src=x onerror=alert(1)>\"'&"
    user = await database.users.add(evil, PASSWORD, email='"><script>')
    await database.libraries.sync([MusicFolder(path=Path("/srv/a"), name=evil)])
    for page in ("/users", f"/users/{user.id}"):
        text = (await admin.open(page)).text
        assert "<img src=x" not in text
        assert '"><script>' not in text
        assert "&lt;img src=x" in text


async def test_the_log_says_who_did_what_and_no_secret(admin: Browser, database: Database) -> None:
    with capture_logs() as lines:
        user = (await admin.fill_in("/users", NEW)).location.partition("?")[0]
        await admin.fill_in(user, KEPT | {"role-share": "on"})
        await admin.fill_in(user, NEW, to=f"{user}/password")
        await admin.fill_in(user, {"sure": "on"}, to=f"{user}/delete")
    told = [line for line in lines if line.get("subject") == "paul"]
    assert [line["event"] for line in told] == [
        "user created", "user changed", "password changed", "user deleted",
    ]  # fmt: skip
    assert {(line["actor"], line["address"], line["way"], line["outcome"]) for line in told} == {
        ("maria", "127.0.0.1", "page", "done")
    }
    assert "+share" in told[1]["detail"]
    page = (await admin.open("/audit")).seen
    assert all(f"{line['event']} maria paul" in page for line in told)
    assert NEW["password"] not in str(lines)
