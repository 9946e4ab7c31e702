"""Signing in and out."""

from __future__ import annotations

import msgspec
import pytest

from conf.settings import Settings
from db.database import Database
from tests.support.browser import Browser
from tests.support.waiting import let_pass
from tests.web.conftest import PASSWORD, NewBrowser


@pytest.fixture(autouse=True)
async def maria(database: Database) -> None:
    await database.users.add("maria", PASSWORD)


async def test_without_a_session_the_first_page_leads_to_the_sign_in(browser: Browser) -> None:
    answer = await browser.open("/")
    assert (answer.status, answer.location) == (303, "/login")


async def test_name_and_password_open_the_first_page(browser: Browser) -> None:
    answer = await browser.sign_in("maria", PASSWORD)
    assert (answer.status, answer.location) == (303, "/")
    assert (await browser.open("/")).status == 200


async def test_who_is_signed_in_is_led_past_the_sign_in(browser: Browser) -> None:
    await browser.sign_in("maria", PASSWORD)
    assert (await browser.open("/login")).location == "/"


@pytest.mark.parametrize(
    ("name", "password"),
    [("maria", "wrong"), ("nobody", PASSWORD), ("", ""), ("mar\0ia", PASSWORD), ("maria", "\0")],
)
@pytest.mark.attack("X08")
async def test_wrong_name_and_wrong_password_look_the_same(
    browser: Browser, name: str, password: str
) -> None:
    answer = await browser.sign_in(name, password)
    assert answer.status == 403
    assert "Wrong name or password." in answer.seen
    assert (await browser.open("/")).location == "/login"


async def test_a_refused_form_keeps_the_name_as_text(browser: Browser) -> None:
    answer = await browser.sign_in("<script>alert(1)</script>", "secret words")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "<script>alert" not in answer.text
    assert "secret words" not in answer.text


@pytest.mark.attack("X82")
async def test_signing_out_ends_the_session_also_for_a_copy_of_the_cookie(
    browser: Browser, database: Database
) -> None:
    await browser.sign_in("maria", PASSWORD)
    stolen = browser.cookie
    answer = await browser.fill_in("/", {}, to="/logout")
    assert (answer.status, answer.location) == (303, "/login")
    assert browser.cookie == ""
    assert (await browser.open("/", Cookie=f"dulcian={stolen}")).location == "/login"
    assert await database.pool.fetchval("select count(*) from sessions") == 0


async def test_signing_out_without_a_session_is_no_error(browser: Browser) -> None:
    answer = await browser.fill_in("/login", {}, to="/logout")
    assert (answer.status, answer.location) == (303, "/login")


@pytest.mark.parametrize(
    ("target", "led_to"),
    [
        ("/", "/"),
        ("/some/page?with=query", "/some/page?with=query"),
        ("", "/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example/", "/"),
        ("/\t/evil.example/", "/"),
        ("/x\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
    ],
)
@pytest.mark.attack("X11")
async def test_after_the_sign_in_only_pages_of_this_server_follow(
    browser: Browser, target: str, led_to: str
) -> None:
    fields = {"name": "maria", "password": PASSWORD, "next": target}
    assert (await browser.fill_in("/login", fields)).location == led_to


async def test_the_sign_in_page_hands_on_where_to_go(browser: Browser) -> None:
    answer = await browser.open("/login?next=/some/page")
    assert 'name="next" value="/some/page"' in answer.text


class TestTooManyWrongPasswords:
    """Three are allowed here."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        auth = msgspec.structs.replace(settings.auth, max_failures=3)
        server = msgspec.structs.replace(settings.server, trusted_proxies=("127.0.0.1",))
        return msgspec.structs.replace(settings, auth=auth, server=server)

    @pytest.mark.attack("X09")
    async def test_make_even_the_right_one_wait_and_the_page_says_how_long(
        self, browser: Browser, database: Database
    ) -> None:
        for _ in range(3):
            assert (await browser.sign_in("maria", "wrong")).status == 403
        for expected, said in ((1, "Wait 1 second,"), (2, "Wait 2 seconds,")):
            answer = await browser.sign_in("MARIA", PASSWORD)
            assert answer.status == 429
            assert int(answer.response.headers["Retry-After"]) == expected
            assert said in answer.seen
            await let_pass(database, expected)
            assert (await browser.sign_in("maria", "wrong")).status == 403
        await let_pass(database, 4)
        assert (await browser.sign_in("maria", PASSWORD)).status == 303

    @pytest.mark.attack("X09")
    async def test_hold_back_nobody_elsewhere_no_other_account_and_no_browser_that_is_known(
        self, browser: Browser, new_browser: NewBrowser, database: Database
    ) -> None:
        await database.users.add("paul", PASSWORD)
        near, far = "203.0.113.5", "203.0.113.6"
        known = await new_browser(same_as=browser)
        await known.sign_in("maria", PASSWORD, X_Forwarded_For=near)
        await known.fill_in("/", {}, to="/logout")
        for _ in range(3):
            await browser.sign_in("maria", "wrong", X_Forwarded_For=near)
        assert (await browser.sign_in("maria", "wrong", X_Forwarded_For=near)).status == 429
        for name, address in (("maria", far), ("paul", near)):
            other = await new_browser(same_as=browser)
            assert (await other.sign_in(name, PASSWORD, X_Forwarded_For=address)).status == 303
        assert (await known.sign_in("maria", "wrong", X_Forwarded_For=near)).status == 403
        assert (await known.sign_in("maria", PASSWORD, X_Forwarded_For=near)).status == 303

    @pytest.mark.attack("X08", "X09")
    async def test_begin_at_the_same_moment_for_names_without_an_account(
        self, browser: Browser
    ) -> None:
        for name in ("maria", "nobody", "x" * 5000, "mar\0ia"):
            statuses = [(await browser.sign_in(name, "wrong")).status for _ in range(4)]
            assert statuses == [403, 403, 403, 429]
