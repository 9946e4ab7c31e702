"""What all pages have in common."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

import pytest
from aiohttp import web

import web as pages
from conf.settings import Settings
from db.database import Database
from tests.support.browser import AiohttpClient, Browser, Services
from tests.web.conftest import PASSWORD


@pytest.mark.attack("X38")
@pytest.mark.parametrize(
    "path", ["/", "/login", "/setup/wrong", "/scan", "/nowhere", "/logout", "/account", "/users"]
)
@pytest.mark.attack("X81")
async def test_every_page_is_guarded_by_its_headers(browser: Browser, path: str) -> None:
    headers = (await browser.open(path)).response.headers
    policy = dict(part.split(None, 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert {policy[kind] for kind in ("style-src", "script-src", "img-src")} == {"'self'"}
    assert policy["form-action"] == policy["connect-src"] == "'self'"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.attack("X38", "X81")
async def test_pages_hold_no_inline_script_or_style_and_nothing_from_elsewhere(
    admin: Browser,
) -> None:
    await admin.fill_in("/", {}, to="/scan")
    for path in ("/", "/nowhere", "/account", "/users", "/users/1"):
        text = (await admin.open(path)).text
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", text)
        assert all(
            url.startswith("/") for url in re.findall(r'(?:src|href|action)="([^"]*)"', text)
        )


async def test_files_are_kept_for_ever_under_their_version(browser: Browser) -> None:
    text = (await browser.open("/nowhere")).text
    urls = re.findall(r'"(/static/[^"]+)"', text)
    assert urls
    for url in urls:
        answer = await browser.client.get(url)
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        other = await browser.client.get(url.partition("?")[0] + "?v=other")
        assert other.headers["Cache-Control"] == "no-cache"


@pytest.mark.attack("X50")
@pytest.mark.parametrize("name", ["..%2fapp.py", "app.py", "%2e%2e/app.py", "dulcian.css%00"])
async def test_only_our_own_files_are_sent(browser: Browser, name: str) -> None:
    assert (await browser.open(f"/static/{name}")).status == 404


async def test_an_address_that_leads_nowhere_gets_a_page(browser: Browser) -> None:
    answer = await browser.open("/nowhere/<b>")
    assert answer.status == 404
    assert answer.response.content_type == "text/html"
    assert "There is nothing at this address." in answer.seen
    assert "<b>" not in answer.text


async def test_a_method_that_is_not_possible_says_which_is(browser: Browser) -> None:
    answer = await browser.open("/logout")
    assert answer.status == 405
    assert answer.response.headers["Allow"] == "POST"


async def test_programs_get_no_page(browser: Browser) -> None:
    answer = await browser.open("/nowhere", Accept="application/json")
    assert answer.status == 404
    assert "<html" not in answer.text


async def test_below_rest_nothing_is_ours(
    aiohttp_client: AiohttpClient, database: Database, settings: Settings
) -> None:
    await database.users.add("maria", PASSWORD)
    app = web.Application()
    pages.setup(app, Services(settings, database))

    async def ping(request: web.Request) -> web.Response:
        return web.Response(text="pong")

    app.router.add_get("/rest/ping", ping)
    browser = Browser(await aiohttp_client(app))
    await browser.sign_in("maria", PASSWORD)
    for path in ("/rest/ping", "/rest/unknown", "/rest"):
        answer = await browser.open(path)
        assert "Content-Security-Policy" not in answer.response.headers
        assert "<html" not in answer.text
        assert "Set-Cookie" not in answer.response.headers


async def test_without_a_database_the_page_says_so(admin: Browser, database: Database) -> None:
    await database.close()
    answer = await admin.open("/")
    assert answer.status == 503
    assert "The database does not answer" in answer.seen
    assert "Traceback" not in answer.text


@pytest.mark.attack("X38")
def test_no_page_takes_a_text_for_markup() -> None:
    """Templates escape whatever they are given; nothing says that something needs none."""
    folder = Path(str(resources.files("web")))
    for path in [*folder.rglob("*.html"), *folder.rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape|Markup\b|\bxmlattr\b", text), path
    scripts = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.js"))
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", scripts
    )
