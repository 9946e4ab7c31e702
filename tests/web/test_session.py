"""Sessions and their cookie."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from conf.settings import Settings
from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser


async def _sessions(database: Database) -> int:
    return int(await database.pool.fetchval("select count(*) from sessions"))


@pytest.mark.attack("X82")
async def test_the_token_changes_at_the_sign_in(browser: Browser, database: Database) -> None:
    await database.users.add("maria", PASSWORD)
    await browser.open("/login")
    before = browser.cookie
    await browser.sign_in("maria", PASSWORD)
    assert before
    assert browser.cookie not in ("", before)


@pytest.mark.attack("X82")
async def test_a_token_given_to_a_browser_before_does_not_become_a_session(
    browser: Browser, new_browser: NewBrowser, database: Database
) -> None:
    await database.users.add("maria", PASSWORD)
    await browser.open("/login")
    planted = browser.cookie
    await browser.sign_in("maria", PASSWORD)
    thief = await new_browser(same_as=browser, Cookie=f"dulcian={planted}")
    assert (await thief.open("/")).location == "/login"


@pytest.mark.attack("X82")
async def test_signing_in_again_ends_the_session_before(admin: Browser, database: Database) -> None:
    old = admin.cookie
    token = await admin.token("/")
    fields = {"name": "maria", "password": PASSWORD, "form_token": token}
    assert (await admin.send("/login", fields)).status == 303
    assert admin.cookie != old
    assert await _sessions(database) == 1


@pytest.mark.attack("X07", "X82")
async def test_the_database_does_not_know_the_token(admin: Browser, database: Database) -> None:
    row = await database.pool.fetchrow("select token_hash, s::text as text from sessions s")
    assert row["token_hash"] == hashlib.sha256(admin.cookie.encode()).digest()
    assert admin.cookie not in row["text"]


async def test_looking_at_pages_makes_no_session(browser: Browser, database: Database) -> None:
    await database.users.add("maria", PASSWORD)
    await browser.open("/login")
    await browser.sign_in("maria", "wrong")
    assert await _sessions(database) == 0


@pytest.mark.parametrize("end", ["disabled", "deleted", "new password", "other password hash"])
@pytest.mark.attack("X04", "X82")
async def test_a_session_ends_with_its_account_or_password_at_once(
    admin: Browser, database: Database, end: str
) -> None:
    await database.users.add("another", PASSWORD, admin=True)
    assert (await admin.open("/")).status == 200
    match end:
        case "disabled":
            await database.pool.execute("update users set enabled = false where name = 'maria'")
        case "deleted":
            await database.users.delete("maria")
        case "new password":
            await database.users.set_password("maria", "another password")
        case _:
            await database.pool.execute("update users set password_hash = 'x' where name = 'maria'")
    assert (await admin.open("/")).location == "/login"
    assert (await admin.open("/scan")).status == 401


@pytest.mark.attack("X82")
async def test_a_session_ends_with_its_time_and_is_removed_at_the_next_sign_in(
    admin: Browser, new_browser: NewBrowser, database: Database
) -> None:
    await database.pool.execute("update sessions set expires = now() - interval '1 second'")
    assert (await admin.open("/")).location == "/login"
    other = await new_browser(same_as=admin)
    await other.sign_in("maria", PASSWORD)
    assert await _sessions(database) == 1


@pytest.mark.parametrize("token", ["", "short", "x" * 43, "x" * 5000, "%00", '"quoted"'])
@pytest.mark.attack("X05")
async def test_a_made_up_token_is_nobody(browser: Browser, database: Database, token: str) -> None:
    await database.users.add("maria", PASSWORD)
    assert (await browser.open("/", Cookie=f"dulcian={token}")).location == "/login"


class TestCookie:
    """What the browser is told about the cookie."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        auth = msgspec.structs.replace(settings.auth, session_days=7)
        server = msgspec.structs.replace(settings.server, trusted_proxies=("127.0.0.1",))
        return msgspec.structs.replace(settings, auth=auth, server=server)

    @pytest.fixture(autouse=True)
    async def maria(self, database: Database) -> None:
        await database.users.add("maria", PASSWORD)

    @pytest.mark.attack("X82")
    async def test_over_http_is_kept_from_scripts_and_other_sites(self, browser: Browser) -> None:
        answer = await browser.sign_in("maria", PASSWORD)
        name, _, flags = answer.response.headers["Set-Cookie"].partition("=")
        assert name == "dulcian"
        assert {"HttpOnly", "SameSite=Lax", "Path=/", f"Max-Age={7 * 86400}"} <= _flags(flags)
        assert not {"Secure", "Domain"} & _flags(flags)

    @pytest.mark.attack("X82")
    async def test_over_https_is_for_this_host_and_https_alone(self, browser: Browser) -> None:
        browser.headers["X-Forwarded-Proto"] = "https"
        token = await browser.open("/login")
        cookie = token.response.headers["Set-Cookie"]
        assert cookie.startswith("__Host-dulcian=")
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= _flags(cookie)

    @pytest.mark.attack("X82")
    async def test_over_https_the_plain_cookie_counts_for_nothing(self, browser: Browser) -> None:
        await browser.sign_in("maria", PASSWORD)
        assert (await browser.open("/")).status == 200
        assert (await browser.open("/", X_Forwarded_Proto="https")).location == "/login"


@pytest.mark.attack("X10", "X82")
async def test_only_a_trusted_proxy_can_say_that_it_is_https(
    browser: Browser, database: Database
) -> None:
    await database.users.add("maria", PASSWORD)
    answer = await browser.open("/login", X_Forwarded_Proto="https")
    assert "Secure" not in _flags(answer.response.headers["Set-Cookie"])


def _flags(cookie: str) -> set[str]:
    return {flag.strip() for flag in cookie.split(";")}
