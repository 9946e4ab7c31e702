"""Browsers before a server with the pages and nothing else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

import web as pages
from conf.settings import Settings
from db.database import Database
from server.proxies import behind
from tests.support.browser import AiohttpClient, Browser, Services

PASSWORD = "correct horse"

NewBrowser = Callable[..., Awaitable[Browser]]


@pytest.fixture
async def new_browser(
    aiohttp_client: AiohttpClient, database: Database, settings: Settings
) -> NewBrowser:
    """Makes a browser: of a new server, or of the one another browser uses."""

    async def make(same_as: Browser | None = None, **headers: str) -> Browser:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if same_as is not None:
            return Browser(await aiohttp_client(same_as.server), sent)
        app = web.Application(
            middlewares=[behind(settings.server.trusted_proxies, settings.auth.proxy_header)]
        )
        pages.setup(app, Services(settings, database))
        return Browser(await aiohttp_client(app), sent)

    return make


@pytest.fixture
async def browser(new_browser: NewBrowser) -> Browser:
    return await new_browser()


@pytest.fixture
async def admin(browser: Browser, database: Database) -> Browser:
    """The browser, with the administrator `maria` signed in."""
    await database.users.add("maria", PASSWORD, admin=True)
    assert (await browser.sign_in("maria", PASSWORD)).status == 303
    return browser
