"""Whoever a reverse proxy has signed in."""

from __future__ import annotations

import msgspec
import pytest

from conf.settings import Settings
from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser

SIGN_OUT = "https://id.example/logout"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    auth = msgspec.structs.replace(
        settings.auth,
        proxy_header="Remote-User",
        proxy_create_users=True,
        proxy_sign_out_url=SIGN_OUT,
    )
    server = msgspec.structs.replace(settings.server, trusted_proxies=("127.0.0.1",))
    return msgspec.structs.replace(settings, auth=auth, server=server)


@pytest.fixture(autouse=True)
async def maria(database: Database) -> None:
    await database.users.add("maria", PASSWORD, admin=True)


async def test_whom_the_proxy_names_is_signed_in_with_all_rights_of_the_account(
    browser: Browser, new_browser: NewBrowser, database: Database
) -> None:
    """On each page anew, without a session; forms work as for others."""
    maria = await new_browser(same_as=browser, Remote_User="MARIA")
    assert (await maria.open("/users")).status == 200
    assert (await maria.open("/login?next=/account")).location == "/account"
    made = await maria.fill_in("/account", {"name": "Phone"}, to="/account/apps")
    assert "shown this once" in made.seen
    assert (await maria.send("/account/apps", {"name": "Tablet"})).status == 403
    assert await database.pool.fetchval("select count(*) from sessions") == 0
    assert (await browser.open("/")).location == "/login"


async def test_whom_the_proxy_names_without_an_account_is_noted_as_refused(
    browser: Browser, database: Database
) -> None:
    await database.pool.execute("update users set enabled = false where name = 'maria'")
    assert (await browser.open("/", Remote_User="maria")).status == 403
    (row,) = await database.audit.page(1)
    assert (row.event, row.outcome, row.way, row.actor) == ("sign-in", "refused", "proxy", "maria")


async def test_a_session_of_somebody_else_does_not_count_beside_it(
    browser: Browser, database: Database
) -> None:
    await browser.sign_in("maria", PASSWORD)
    assert (await browser.open("/users")).status == 200
    assert (await browser.open("/users", Remote_User="ann")).status == 403
    assert "ann" in (await browser.open("/", Remote_User="ann")).seen


async def test_who_is_new_gets_an_account_without_a_password(
    browser: Browser, database: Database
) -> None:
    assert (await browser.open("/account", Remote_User="ann")).status == 200
    ann = await database.users.by_name("ann")
    assert ann is not None
    assert (ann.has_password, "admin" in ann.roles) == (False, False)
    assert "the proxy" in (await browser.open("/users", Remote_User="maria")).seen
    for name in ("x" * 65, "a\u202eb"):
        assert (await browser.open("/", Remote_User=name)).status == 403, name


async def test_signing_out_leads_to_where_the_proxy_signs_out(browser: Browser) -> None:
    browser.headers["Remote-User"] = "maria"
    answer = await browser.fill_in("/", {}, to="/logout")
    assert answer.response.headers["Refresh"] == f"0; url={SIGN_OUT}"


async def test_two_names_at_once_are_nobody(browser: Browser) -> None:
    """The proxy put its own beside what the client had sent."""
    headers = [("Accept", "text/html"), ("Remote-User", "maria"), ("Remote-User", "ann")]
    async with browser.client.get("/", headers=headers, allow_redirects=False) as answer:
        assert answer.status == 400
    assert (await browser.open("/", Remote_User="")).location == "/login"


class TestFromAnybodyElse:
    """The header of who is no trusted proxy."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        server = msgspec.structs.replace(settings.server, trusted_proxies=("10.0.0.9",))
        return msgspec.structs.replace(settings, server=server)

    @pytest.mark.attack("X10")
    async def test_it_is_not_there(self, browser: Browser, database: Database) -> None:
        for header in ("Remote_User", "REMOTE_USER", "remote_user"):
            answer = await browser.open(
                "/", **{header: "maria", "X_Forwarded_For": "10.0.0.9, 10.0.0.9"}
            )
            assert answer.location == "/login"
        assert await database.users.count() == 1


class TestWithoutNewAccounts:
    """Only those who are known come in."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        auth = msgspec.structs.replace(settings.auth, proxy_create_users=False)
        return msgspec.structs.replace(settings, auth=auth)

    async def test_others_are_told_and_so_are_the_disabled(
        self, browser: Browser, database: Database
    ) -> None:
        answer = await browser.open("/", Remote_User="ann")
        assert (answer.status, "'ann'" in answer.seen) == (403, True)
        await database.users.add("ann", PASSWORD)
        await database.pool.execute("update users set enabled = false where name = 'ann'")
        assert (await browser.open("/", Remote_User="ann")).status == 403
        assert await database.users.count() == 2


class TestBeforeTheFirstAccount:
    @pytest.fixture(autouse=True)
    async def maria(self) -> None:
        """There is none."""

    async def test_the_proxy_makes_nobody_who_would_be_in_the_way_of_the_set_up(
        self, browser: Browser, database: Database
    ) -> None:
        assert (await browser.open("/", Remote_User="ann")).status == 403
        assert await database.users.count() == 0
