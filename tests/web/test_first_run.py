"""The set-up link."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import NewBrowser

TOKEN = "a-token-from-the-terminal"
LINK = f"/setup/{TOKEN}"
GOOD = {"name": "maria", "password": "correct horse", "repeated": "correct horse"}


@pytest.fixture(autouse=True)
async def printed_link(database: Database) -> None:
    await database.state.put("setup", {"hash": hashlib.sha256(TOKEN.encode()).hexdigest()})


async def test_before_the_set_up_every_page_says_where_the_link_is(browser: Browser) -> None:
    assert (await browser.open("/")).location == "/login"
    answer = await browser.open("/login")
    assert "set-up link that the server printed" in answer.seen
    assert "<form" not in answer.text


async def test_the_link_makes_an_administrator_and_signs_them_in(
    browser: Browser, database: Database
) -> None:
    answer = await browser.fill_in(LINK, GOOD)
    assert (answer.status, answer.location) == (303, "/")
    assert "maria" in (await browser.open("/")).seen
    user = await database.users.check_password("maria", "correct horse")
    assert user is not None
    assert "admin" in user.roles


@pytest.mark.attack("X13")
async def test_the_link_works_once(browser: Browser, new_browser: NewBrowser) -> None:
    late = await new_browser(same_as=browser)
    token = await late.token(LINK)
    await browser.fill_in(LINK, GOOD)
    assert (await late.open(LINK)).status == 410
    answer = await late.send(LINK, GOOD | {"name": "eve", "form_token": token})
    assert answer.status == 410
    assert late.cookie != browser.cookie


@pytest.mark.attack("X13")
async def test_of_two_who_use_the_link_at_once_one_becomes_administrator(
    browser: Browser, new_browser: NewBrowser, database: Database
) -> None:
    browsers = [browser, *[await new_browser(same_as=browser) for _ in range(3)]]
    tokens = [await each.token(LINK) for each in browsers]
    answers = await asyncio.gather(
        *(
            each.send(LINK, GOOD | {"name": f"maria{at}", "form_token": token})
            for at, (each, token) in enumerate(zip(browsers, tokens, strict=True))
        )
    )
    statuses = [answer.status for answer in answers]
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 404, 410}
    assert await database.users.count() == 1


@pytest.mark.attack("X13")
async def test_a_wrong_token_makes_nobody(browser: Browser, database: Database) -> None:
    assert (await browser.open("/setup/guessed")).status == 404
    form_token = await browser.token(LINK)
    answer = await browser.send("/setup/guessed", GOOD | {"form_token": form_token})
    assert answer.status == 404
    assert await database.users.count() == 0


@pytest.mark.attack("X09", "X13")
async def test_guessing_the_link_has_to_wait(browser: Browser) -> None:
    statuses = [(await browser.open(f"/setup/guess-{number}")).status for number in range(11)]
    assert statuses == [404] * 10 + [429]
    assert (await browser.open(LINK)).status == 429


async def test_without_a_printed_link_no_token_is_right(
    browser: Browser, database: Database
) -> None:
    await database.state.drop("setup")
    assert (await browser.open(LINK)).status == 404


@pytest.mark.attack("X13")
async def test_the_link_is_of_no_use_once_an_account_exists(
    browser: Browser, database: Database
) -> None:
    await database.users.add("made elsewhere", "some password", admin=True)
    assert (await browser.open(LINK)).status == 410


async def test_opening_the_link_does_not_use_it_up(browser: Browser, database: Database) -> None:
    await browser.open(LINK)
    await browser.open(LINK)
    assert await database.users.count() == 0
    assert (await browser.fill_in(LINK, GOOD)).status == 303


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"name": " "}, "Choose a name."),
        ({"name": "x" * 65}, "64 characters at most"),
        ({"name": "ma\u0000ria"}, "only characters that can be seen"),
        ({"password": "short", "repeated": "short"}, "at least 8 characters"),
        ({"password": "x" * 1025, "repeated": "x" * 1025}, "1024 characters at most"),
        ({"password": "two\nlines", "repeated": "two\nlines"}, "control characters"),
        ({"name": "MariaMaria", "password": "mariamaria"}, "must differ from the name"),
        ({"repeated": "correct house"}, "The two passwords differ."),
    ],
)
async def test_bad_input_is_explained_and_the_link_stays_good(
    browser: Browser, database: Database, change: dict[str, str], complaint: str
) -> None:
    answer = await browser.fill_in(LINK, GOOD | change)
    assert answer.status == 400
    assert complaint in answer.seen
    assert await database.users.count() == 0
    assert (await browser.fill_in(LINK, GOOD)).status == 303


async def test_a_form_with_a_mistake_keeps_the_name_and_not_the_password(browser: Browser) -> None:
    wrong = {"name": '"><b>maria', "password": "correct horse", "repeated": "other words"}
    answer = await browser.fill_in(LINK, wrong)
    assert 'value="&#34;&gt;&lt;b&gt;maria"' in answer.text
    assert "correct horse" not in answer.text
