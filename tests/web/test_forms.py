"""What another site may not do with a person's browser."""

from __future__ import annotations

import gzip

import msgspec
import pytest

from conf.settings import Settings
from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser

FORMS = (
    "/login",
    "/logout",
    "/scan",
    "/setup/any",
    "/account/password",
    "/account/apps",
    "/account/apps/revoke",
    "/account/avatar/remove",
    "/users",
    "/users/1",
    "/users/1/password",
    "/users/1/delete",
)


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.attack("X80")
async def test_a_form_without_its_token_is_refused(admin: Browser, path: str) -> None:
    for fields in ({}, {"form_token": ""}, {"form_token": "0" * 64}, {"form_token": "ü"}):
        answer = await admin.send(path, fields)
        assert answer.status == 403
        assert "out of date" in answer.seen


@pytest.mark.attack("X70")
async def test_a_form_that_is_not_what_its_headers_say_is_refused(admin: Browser) -> None:
    """However it was packed."""
    kind = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Content-Encoding": "gzip",
        "Connection": "close",
    }
    for body, status in ((b"no gzip", 400), (gzip.compress(bytes(1_000_000)), 413)):
        async with admin.client.post("/scan", data=body, headers=kind) as response:
            assert response.status == status


@pytest.mark.attack("X80")
async def test_a_refused_form_changes_nothing(admin: Browser, database: Database) -> None:
    await admin.send("/scan", {})
    await admin.send("/logout", {})
    assert await database.scans.latest() is None
    assert (await admin.open("/")).status == 200


@pytest.mark.attack("X80")
async def test_the_token_of_one_browser_is_no_good_in_another(
    admin: Browser, new_browser: NewBrowser, database: Database
) -> None:
    other = await new_browser(same_as=admin)
    await other.sign_in("maria", PASSWORD)
    answer = await admin.send("/scan", {"form_token": await other.token("/")})
    assert answer.status == 403
    assert await database.scans.latest() is None


@pytest.mark.attack("X80", "X82")
async def test_the_token_of_the_sign_in_is_no_good_after_it(
    browser: Browser, database: Database
) -> None:
    await database.users.add("maria", PASSWORD, admin=True)
    token = await browser.token("/login")
    await browser.send("/login", {"name": "maria", "password": PASSWORD, "form_token": token})
    assert (await browser.send("/scan", {"form_token": token})).status == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://[broken"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
@pytest.mark.attack("X80")
async def test_a_form_from_another_site_is_refused_even_with_its_token(
    admin: Browser, database: Database, headers: dict[str, str]
) -> None:
    answer = await admin.fill_in("/", {}, to="/scan", **headers)
    assert answer.status == 403
    assert "Sent from another site" in answer.seen
    assert await database.scans.latest() is None


async def test_a_form_from_this_server_is_taken(admin: Browser) -> None:
    own = f"http://{admin.server.host}:{admin.server.port}"
    for headers in ({"Origin": own}, {"Sec_Fetch_Site": "same-origin"}, {}):
        assert (await admin.fill_in("/", {}, to="/scan", **headers)).status == 303


async def test_the_port_that_goes_without_saying_is_the_same_port(admin: Browser) -> None:
    for host in ("music.example", "music.example:443"):
        headers = {"Host": host, "Origin": "https://music.example"}
        token = await admin.token("/")
        answer = await admin.send("/nowhere", {"form_token": token}, **headers)
        assert answer.status == 404
        assert (await admin.send("/scan", {"form_token": token}, **headers)).status == 303


class TestBehindAProxyThatHidesTheHost:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        server = msgspec.structs.replace(settings.server, public_url="https://music.example/")
        return msgspec.structs.replace(settings, server=server)

    async def test_the_public_address_is_ours_too(self, admin: Browser) -> None:
        origin = "https://music.example"
        assert (await admin.fill_in("/", {}, to="/scan", Origin=origin)).status == 303
        other = "https://music.example:8443"
        assert (await admin.fill_in("/", {}, to="/scan", Origin=other)).status == 403


@pytest.mark.parametrize("path", ["/logout", "/login?name=maria&password=x", "/scan", "/"])
@pytest.mark.attack("X80")
async def test_opening_an_address_changes_nothing(
    admin: Browser, database: Database, path: str
) -> None:
    await admin.open(path)
    assert await database.scans.latest() is None
    assert (await admin.open("/")).status == 200


@pytest.mark.attack("X80")
async def test_only_forms_of_a_browser_are_read(admin: Browser) -> None:
    token = await admin.token("/")
    async with admin.client.post("/scan", json={"form_token": token}) as response:
        assert response.status == 415


async def test_a_form_that_is_too_long_is_refused(admin: Browser) -> None:
    assert (await admin.fill_in("/", {"complete": "x" * 20_000}, to="/scan")).status == 413


async def test_a_form_that_cannot_be_read_is_refused(admin: Browser) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    many = "&".join(f"f{at}=1" for at in range(1000)).encode()
    for body in (b"name=%ff%fe", b"name=\xff", many):
        async with admin.client.post("/scan", data=body, headers=kind) as response:
            assert response.status == 400
