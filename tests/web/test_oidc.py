"""Signing in with an OpenID Connect provider."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import msgspec
import pytest

from conf.settings import Oidc, Secret, Settings
from db.database import Database
from db.identities import Identity
from tests.support.browser import Answer, Browser
from tests.support.provider import CLIENT, SECRET, Provider, serve
from tests.web.conftest import PASSWORD, NewBrowser

PUBLIC = "http://music.example"
CALLBACK = "/login/oidc/callback"


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    made = Provider()
    server = await serve(made)
    yield made
    await server.close()


@pytest.fixture
def oidc(provider: Provider) -> Oidc:
    return Oidc(
        issuer=provider.url,
        client_id=CLIENT,
        client_secret=Secret(SECRET),
        label="Example ID",
        roles=("admins=admin", "family=download share"),
        create_users=True,
    )


@pytest.fixture
def settings(settings: Settings, oidc: Oidc) -> Settings:
    server = msgspec.structs.replace(settings.server, public_url=PUBLIC)
    return msgspec.structs.replace(settings, server=server, oidc=oidc)


@pytest.fixture(autouse=True)
async def maria(database: Database) -> None:
    """The administrator, with a password."""
    await database.users.add("maria", PASSWORD, admin=True, email="maria@example.org")


@pytest.fixture
async def browser(new_browser: NewBrowser) -> Browser:
    return await new_browser(Host="music.example")


def changed(settings: Settings, **what: object) -> Settings:
    return msgspec.structs.replace(settings, oidc=msgspec.structs.replace(settings.oidc, **what))


async def begin(browser: Browser, target: str = "/") -> str:
    """Where the browser is sent."""
    answer = await browser.open(f"/login/oidc?{urlencode({'next': target})}")
    assert answer.status == 303
    return answer.location


async def sign_in(browser: Browser, provider: Provider, target: str = "/") -> Answer:
    return await browser.open(provider.sign_in(await begin(browser, target)))


async def test_who_is_new_gets_an_account_without_a_password(
    browser: Browser, provider: Provider, database: Database
) -> None:
    assert "Sign in with Example ID" in (await browser.open("/login")).seen
    provider.claims |= {"email": "ann@example.org", "groups": ["family"]}
    answer = await sign_in(browser, provider, "/playlists")
    assert (answer.status, answer.location) == (303, "/playlists")
    ann = await database.users.by_name("ann")
    assert ann is not None
    assert (ann.has_password, ann.email) == (False, "ann@example.org")
    assert {"download", "share", "stream", "settings"} <= set(ann.roles)
    assert "admin" not in ann.roles
    assert await database.identities.use(Identity(provider.url, "ann-1")) == ann.id
    home = await browser.open("/")
    assert "made on the page of your account: you have no other here" in home.seen
    account = await browser.open("/account")
    assert "You have no password here" in account.seen
    assert "Change the password" not in account.seen


async def test_what_the_provider_is_asked_is_new_each_time_and_holds_the_proof_key(
    browser: Browser, provider: Provider
) -> None:
    asked = [parse_qs(urlsplit(await begin(browser)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        assert len({query[name][0] for query in asked}) == 2
        assert all(len(query[name][0]) == 43 for query in asked)
    query = {name: value for name, (value,) in asked[0].items()}
    assert query["redirect_uri"] == PUBLIC + CALLBACK
    assert query["response_type"] == "code"
    assert query["code_challenge_method"] == "S256"
    assert query["scope"] == "openid profile email"


async def test_somebody_stays_the_same_whatever_their_name_becomes(
    browser: Browser, provider: Provider, database: Database
) -> None:
    await sign_in(browser, provider)
    provider.claims |= {"preferred_username": "annabel"}
    await sign_in(browser, provider)
    assert [user.name for user in await database.users.all()] == ["ann", "maria"]


async def test_roles_are_those_of_the_groups_at_each_sign_in(
    browser: Browser, provider: Provider, database: Database
) -> None:
    seen = []
    for groups in (["admins"], ["family"], None, "admins"):
        provider.claims["groups"] = groups
        await sign_in(browser, provider)
        ann = await database.users.by_name("ann")
        assert ann is not None
        seen.append({"admin", "download", "settings"} & set(ann.roles))
    assert seen == [
        {"admin", "settings"},
        {"download", "settings"},
        {"settings"},
        {"admin", "settings"},
    ]


async def test_the_last_administrator_stays_one_whatever_the_groups(
    browser: Browser, provider: Provider, database: Database
) -> None:
    provider.claims["groups"] = ["admins"]
    await sign_in(browser, provider)
    await database.users.delete("maria")
    provider.claims["groups"] = []
    assert (await sign_in(browser, provider)).status == 303
    ann = await database.users.by_name("ann")
    assert ann is not None
    assert "admin" in ann.roles


async def test_what_stands_in_no_token_is_asked_for(
    browser: Browser, provider: Provider, database: Database
) -> None:
    provider.claims = {"sub": "ann-1"}
    provider.told = {"preferred_username": "ann", "email": "a@example.org", "groups": ["admins"]}
    await sign_in(browser, provider)
    ann = await database.users.by_name("ann")
    assert ann is not None
    assert (ann.email, "admin" in ann.roles) == ("a@example.org", True)
    provider.told["sub"] = "maria-1"
    assert (await sign_in(browser, provider)).status == 502


async def test_a_disabled_account_stays_out(
    browser: Browser, provider: Provider, database: Database
) -> None:
    await sign_in(browser, provider)
    await database.pool.execute("update users set enabled = false where name = 'ann'")
    answer = await sign_in(browser, provider)
    assert (answer.status, "switched off" in answer.seen) == (403, True)
    assert (await browser.open("/")).location == "/login"


@pytest.mark.attack("X11")
async def test_nobody_comes_into_an_account_by_its_name_or_address(
    browser: Browser, provider: Provider, database: Database
) -> None:
    provider.claims |= {
        "preferred_username": "MARIA", "email": "maria@example.org", "email_verified": True,
    }  # fmt: skip
    answer = await sign_in(browser, provider)
    assert (answer.status, "There is an account" in answer.seen) == (403, True)
    assert (await browser.open("/")).location == "/login"
    assert await database.identities.all() == []


class TestLinkedByAddress:
    """As the operator may say."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return changed(settings, link_by="email", create_users=False)

    @pytest.mark.attack("X11")
    async def test_only_a_verified_address_counts_and_only_once(
        self, browser: Browser, provider: Provider, database: Database
    ) -> None:
        provider.claims["email"] = "Maria@example.org"
        for verified in (None, False, "true", 1):
            provider.claims["email_verified"] = verified
            assert (await sign_in(browser, provider)).status == 403
        provider.claims["email_verified"] = True
        assert (await sign_in(browser, provider)).status == 303
        assert len(await database.identities.all()) == 1
        provider.claims["sub"] = "eve-1"
        answer = await sign_in(browser, provider)
        assert (answer.status, "belongs to another account" in answer.seen) == (403, True)


class TestAllowed:
    """Those who are named."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return changed(settings, allowed_groups=("music",), allowed_domains=("example.org",))

    async def test_others_stay_out_also_with_an_account(
        self, browser: Browser, provider: Provider
    ) -> None:
        right = {"groups": ["music", "other"], "email": "ann@EXAMPLE.org", "email_verified": True}
        wrong = (
            {"groups": ["other"]}, {"groups": None}, {"email": "ann@evil-example.org"},
            {"email": "example.org@evil"}, {"email_verified": False},
        )  # fmt: skip
        usual = provider.claims
        provider.claims = usual | right
        assert (await sign_in(browser, provider)).status == 303
        for each in wrong:
            provider.claims = usual | right | each
            assert (await sign_in(browser, provider)).status == 403, each


@pytest.mark.attack("X11")
async def test_a_return_counts_in_its_own_browser_in_time_and_once(
    browser: Browser, new_browser: NewBrowser, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has the address of somebody's return is not signed in by it, nor signs them in as another."""
    back = provider.sign_in(await begin(browser))
    stranger = await new_browser(same_as=browser, Host="music.example")
    assert (await stranger.open(back)).status == 400
    await begin(stranger)
    assert (await stranger.open(back)).status == 400
    cookie = _cookie(browser)
    assert (await browser.open(back)).status == 303
    assert _cookie(browser) == ""
    assert (await browser.open(back)).status == 400
    assert (await stranger.open(back, Cookie=f"dulcian-oidc={cookie}")).status == 400
    assert provider.asked.count("token") == 1
    back = provider.sign_in(await begin(browser))
    later = time.time() + 601
    late = {"Host": "music.example", "Cookie": f"dulcian-oidc={_cookie(browser)}"}
    monkeypatch.setattr("web.oidc.time.time", lambda: later)
    assert (await (await new_browser(same_as=browser, **late)).open(back)).status == 400
    assert provider.asked.count("token") == 1


@pytest.mark.attack("X11")
async def test_without_the_state_or_a_code_nobody_is_signed_in(
    browser: Browser, provider: Provider
) -> None:
    for without in ("state", "code"):
        query = dict(parse_qsl(urlsplit(provider.sign_in(await begin(browser))).query))
        del query[without]
        assert (await browser.open(f"{CALLBACK}?{urlencode(query)}")).status == 400
    assert (await browser.open(CALLBACK)).status == 400
    assert "token" not in provider.asked
    assert (await browser.open("/")).location == "/login"


@pytest.mark.attack("X11")
async def test_a_code_of_another_browser_is_worth_nothing(
    browser: Browser, new_browser: NewBrowser, provider: Provider
) -> None:
    """The verifier that belongs to it stayed in the other one, and so did the nonce."""
    stolen = parse_qs(urlsplit(provider.sign_in(await begin(browser))).query)["code"][0]
    thief = await new_browser(same_as=browser, Host="music.example")
    own = dict(parse_qsl(urlsplit(provider.sign_in(await begin(thief))).query))
    answer = await thief.open(f"{CALLBACK}?{urlencode(own | {'code': stolen})}")
    assert answer.status == 502
    assert (await thief.open("/")).location == "/login"


@pytest.mark.attack("X05", "X11")
async def test_a_token_of_another_sign_in_issuer_or_app_is_not_believed(
    browser: Browser, provider: Provider
) -> None:
    usual = provider.claims
    for wrong in (
        {"nonce": "another"}, {"nonce": None}, {"iss": "https://evil.example"}, {"aud": "another"},
        {"exp": 1}, {"nbf": 2**40},
    ):  # fmt: skip
        provider.claims = usual | wrong
        answer = await sign_in(browser, provider)
        assert (answer.status, "log says why" in answer.seen) == (502, True), wrong
    provider.claims, provider.number = usual, 1
    assert (await sign_in(browser, provider)).status == 502
    assert (await browser.open("/")).location == "/login"


@pytest.mark.attack("X11")
async def test_an_answer_of_another_provider_is_not_taken_for_ours(
    browser: Browser, provider: Provider
) -> None:
    """RFC 9207: an honest provider names itself; one that was mixed in names itself, or nobody."""
    back = provider.sign_in(await begin(browser))
    assert (await browser.open(f"{back}&iss=https%3A%2F%2Fevil.example")).status == 502
    provider.names_itself = True
    assert (await sign_in(browser, provider)).status == 303
    assert provider.asked.count("token") == 1


class TestNamesItself:
    """A provider that says that it does so."""

    async def test_without_its_name_an_answer_is_not_taken(
        self, browser: Browser, provider: Provider
    ) -> None:
        provider.metadata = {"authorization_response_iss_parameter_supported": True}
        assert (await sign_in(browser, provider)).status == 502
        provider.names_itself = True
        assert (await sign_in(browser, provider)).status == 303


@pytest.mark.attack("X11")
async def test_after_the_sign_in_nobody_is_sent_elsewhere(
    browser: Browser, provider: Provider
) -> None:
    for target in ("//evil.example", "https://evil.example", "/\\evil", "/\tx", ""):
        assert (await sign_in(browser, provider, target)).location == "/", target


@pytest.mark.attack("X11")
async def test_the_cookie_of_a_sign_in_can_be_made_here_alone(
    browser: Browser, provider: Provider, database: Database
) -> None:
    for made in ("", "x", "x.y", database.secrets.sign("picture", '{"state": "x"}')):
        answer = await browser.open(f"{CALLBACK}?state=x&code=y", Cookie=f"dulcian-oidc={made}")
        assert answer.status == 400
    assert provider.asked == []


async def test_a_provider_that_declines_is_told_without_its_own_words(
    browser: Browser, provider: Provider
) -> None:
    for error, words in (("access_denied", "cancelled"), ("<b>call me</b>", "Try again")):
        state = parse_qs(urlsplit(await begin(browser)).query)["state"][0]
        query = urlencode({"error": error, "error_description": "Call 0900", "state": state})
        answer = await browser.open(f"{CALLBACK}?{query}")
        assert (answer.status, words in answer.seen) == (403, True)
        assert "call me" not in answer.seen
        assert "0900" not in answer.seen


async def test_a_provider_that_is_another_or_away_is_told_on_a_page(
    browser: Browser, provider: Provider
) -> None:
    wrong: tuple[dict[str, object], ...] = (
        {"issuer": "https://evil.example"}, {"token_endpoint": "file:///etc/passwd"}, {"jwks_uri": 7},
    )  # fmt: skip
    for metadata in wrong:
        provider.metadata = metadata
        answer = await browser.open("/login/oidc")
        assert (answer.status, "Example ID" in answer.seen) == (502, True)
        assert provider.url not in answer.seen
    provider.metadata = {}
    assert (await sign_in(browser, provider)).status == 303


@pytest.mark.attack("X09")
async def test_returns_that_fail_are_slowed_down(
    browser: Browser, provider: Provider, settings: Settings
) -> None:
    statuses = [(await browser.open(f"{CALLBACK}?state=x")).status for _ in range(40)]
    assert statuses[0] == 400
    assert statuses[-1] == 429


async def test_another_host_of_ours_leads_to_the_one_that_the_provider_knows(
    new_browser: NewBrowser, provider: Provider
) -> None:
    browser = await new_browser(Host="192.168.1.5:5000")
    answer = await browser.open("/login/oidc?next=/account")
    assert answer.location == f"{PUBLIC}/login/oidc?next=%2Faccount&here="
    there = await browser.open("/login/oidc?next=/account&here=")
    assert there.location.startswith(f"{provider.url}/authorize?")


async def test_signing_in_ends_the_session_before_and_opens_another(
    browser: Browser, new_browser: NewBrowser, provider: Provider, database: Database
) -> None:
    await browser.sign_in("maria", PASSWORD)
    before = _cookie(browser, "dulcian")
    await sign_in(browser, provider)
    assert _cookie(browser, "dulcian") not in ("", before)
    thief = await new_browser(same_as=browser, Cookie=f"dulcian={before}")
    assert (await thief.open("/")).location == "/login"
    assert await database.pool.fetchval("select count(*) from sessions") == 1


async def test_signing_out_offers_to_sign_out_of_the_provider(
    browser: Browser, provider: Provider
) -> None:
    await sign_in(browser, provider)
    answer = await browser.fill_in("/", {}, to="/logout")
    assert "Sign out of Example ID" in answer.seen
    assert f"{provider.url}/logout?client_id={CLIENT}" in answer.text
    assert (await browser.open("/")).location == "/login"
    await browser.sign_in("maria", PASSWORD)
    assert (await browser.fill_in("/", {}, to="/logout")).location == "/login"


class TestLinking:
    """An account that is there gets another way in, by its owner."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return changed(settings, create_users=False, roles=())

    async def test_its_owner_links_it_and_ends_it(
        self, browser: Browser, provider: Provider, database: Database
    ) -> None:
        assert (await sign_in(browser, provider)).status == 403
        await browser.sign_in("maria", PASSWORD)
        page = await browser.fill_in("/account", {"old": PASSWORD}, to="/account/link")
        answer = await browser.open(provider.sign_in(_onward(page)))
        assert answer.location == "/account?done=linked"
        assert "Example ID" in (await browser.open("/account")).seen
        assert "a password or Example ID" in (await browser.open("/users")).seen
        await browser.fill_in("/", {}, to="/logout")
        assert (await sign_in(browser, provider)).location == "/"
        assert "Sign out" in (await browser.open("/")).seen
        maria = await database.users.by_name("maria")
        assert maria is not None
        assert "admin" in maria.roles
        done = await browser.fill_in("/account", {"issuer": provider.url}, to="/account/unlink")
        assert done.location == "/account?done=unlinked"
        assert (await sign_in(browser, provider)).status == 403

    @pytest.mark.attack("X11")
    async def test_nobody_else_does(
        self, browser: Browser, new_browser: NewBrowser, provider: Provider, database: Database
    ) -> None:
        """Neither another site, nor who finds the browser open, nor who sends a return of their own."""
        await browser.sign_in("maria", PASSWORD)
        assert (await browser.open("/account/link")).status == 405
        assert (await browser.send("/account/link", {"old": PASSWORD})).status == 403
        wrong = await browser.fill_in("/account", {"old": "a guess"}, to="/account/link")
        assert (wrong.status, "not your password" in wrong.seen) == (403, True)
        page = await browser.fill_in("/account", {"old": PASSWORD}, to="/account/link")
        back = provider.sign_in(_onward(page))
        cookie = _cookie(browser)
        await database.users.add("eve", PASSWORD)
        eve = await new_browser(same_as=browser, Host="music.example")
        await eve.sign_in("eve", PASSWORD)
        session = _cookie(eve, "dulcian")
        answer = await eve.open(back, Cookie=f"dulcian={session}; dulcian-oidc={cookie}")
        assert answer.status == 403
        assert await database.identities.all() == []

    async def test_who_has_no_password_keeps_the_only_way_in(
        self, browser: Browser, provider: Provider, database: Database
    ) -> None:
        await database.users.add("ann", None, identity=Identity(provider.url, "ann-1"))
        await sign_in(browser, provider)
        answer = await browser.fill_in("/account", {"issuer": provider.url}, to="/account/unlink")
        assert (answer.status, "could not sign in any more" in answer.seen) == (409, True)
        changed = {"old": "x", "password": "long enough", "repeated": "long enough"}
        refused = await browser.fill_in("/account", changed, to="/account/password")
        assert (refused.status, "You have no password here" in refused.seen) == (400, True)


class TestBeforeTheFirstAccount:
    """Nobody is made who could not run the server."""

    @pytest.fixture(autouse=True)
    async def maria(self) -> None:
        """There is none."""

    async def test_only_an_administrator_comes_first(
        self, browser: Browser, provider: Provider, database: Database
    ) -> None:
        answer = await sign_in(browser, provider)
        assert (answer.status, "not set up" in answer.seen) == (403, True)
        assert await database.users.count() == 0
        provider.claims["groups"] = ["admins"]
        assert (await sign_in(browser, provider)).status == 303


def _cookie(browser: Browser, name: str = "dulcian-oidc") -> str:
    jar = browser.client.session.cookie_jar.filter_cookies(browser.client.make_url("/"))
    return jar[name].value if name in jar else ""


def _onward(page: Answer) -> str:
    """Where a page leads at once; its link says the same."""
    found = re.fullmatch(r"0; url=(.+)", page.response.headers["Refresh"])
    assert found
    return found[1]
