"""Passwords of an LDAP directory: a real slapd."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from conf.settings import Ldap, Secret, Settings
from db.database import Database
from db.identities import Identity
from tests.support import slapd
from tests.support.browser import Browser
from tests.support.slapd import BASE, PASSWORD, PEOPLE, Slapd
from tests.web.conftest import PASSWORD as LOCAL_PASSWORD
from tests.web.conftest import NewBrowser
from web.directory import Directory
from web.ldap import DirectoryError, connected, escaped

needs_slapd = pytest.mark.skipif(
    not slapd.PROGRAM.exists(), reason="needs slapd, a real directory (apt install slapd)"
)


@pytest.fixture(scope="session")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    with slapd.running(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture
def ldap(directory: Slapd) -> Ldap:
    """A search as the service account, over TLS."""
    return Ldap(
        url=directory.secure_url,
        ca_file=directory.certificate,
        base_dn=PEOPLE,
        bind_dn=slapd.SERVICE,
        bind_password=Secret(slapd.SERVICE_PASSWORD),
        roles=("music-admins=admin", f"cn=Family, ou=groups,{BASE}=download"),
        timeout=10.0,
    )


def _with(ldap: Ldap, **what: object) -> Directory:
    return Directory(msgspec.structs.replace(ldap, **what))


@needs_slapd
async def test_somebody_is_found_by_search_or_by_template_over_tls_from_the_start_or_later(
    ldap: Ldap, directory: Slapd
) -> None:
    template = {"bind_template": "uid={name}," + PEOPLE, "base_dn": "", "bind_dn": ""}
    later = {"url": directory.url, "start_tls": True}
    found = [
        await _with(ldap, **settings).person("ANN", PASSWORD)
        for settings in ({}, later, template, template | later)
    ]
    assert None not in found
    assert len(set(found)) == 1
    assert found[0] is not None
    assert (found[0].name, found[0].email) == ("ann", "ann@example.org")
    assert found[0].groups == {"music-admins", f"cn=music-admins,ou=groups,{BASE}"}
    assert found[0].identity.issuer == "ldap"
    assert len(found[0].identity.subject) == 36


@needs_slapd
async def test_groups_that_alone_know_their_members_are_searched(ldap: Ldap) -> None:
    bob = await _with(ldap, group_base_dn=f"ou=groups,{BASE}").person("bob", PASSWORD)
    assert bob is not None
    assert bob.groups == {"family", f"cn=family,ou=groups,{BASE}"}
    bob = await _with(ldap, id_attribute="dn").person("bob", PASSWORD)
    assert bob is not None
    assert (bob.groups, bob.identity.subject) == (frozenset(), f"uid=bob,{PEOPLE}")


@needs_slapd
@pytest.mark.attack("X12")
@pytest.mark.parametrize("template", ["", "uid={name}," + PEOPLE])
async def test_a_name_is_a_name_and_no_filter_or_dn(ldap: Ldap, template: str) -> None:
    people = _with(ldap, bind_template=template)
    for name in (
        "*", "a*", "ann)(uid=*", "*)(uid=ann", "ann)(|(uid=*))", "ann\0", "ann\\2a", "\\61nn", "(", ")",
        f"ann,{PEOPLE}", "ann+cn=ann", "ann,ou=people", "\\", "ann#", "*)(objectClass=*", "x" * 5000,
    ):  # fmt: skip
        assert await people.person(name, PASSWORD) is None, name


@pytest.mark.attack("X12")
def test_nothing_in_a_name_has_a_meaning() -> None:
    assert escaped("aZ9") == "aZ9"
    assert escaped("*()\\\0,+=é ") == r"\2a\28\29\5c\00\2c\2b\3d\c3\a9\20"


@needs_slapd
@pytest.mark.attack("X12")
async def test_without_a_password_nobody_is_asked_for(ldap: Ldap, directory: Slapd) -> None:
    """As many directories do, this one says yes to a name without one."""
    for template in ("", "uid={name}," + PEOPLE):
        people = _with(ldap, bind_template=template)
        assert await people.person("ann", "") is None
        assert await people.person("", PASSWORD) is None
        assert await people.person("ann", "wrong") is None
    async with connected(directory.url, None, start_tls=False) as connection:
        connection._client.bind_simple(f"uid=ann,{PEOPLE}", "")
        said = await connection._one_answer()
        assert getattr(said, "result").result_code == 0  # noqa: B009 - there is no common type
        with pytest.raises(DirectoryError, match="without a password"):
            await connection.bind(f"uid=ann,{PEOPLE}", "")


@needs_slapd
async def test_a_certificate_that_nobody_vouches_for_is_refused(
    ldap: Ldap, directory: Slapd
) -> None:
    for more in ({}, {"url": directory.url, "start_tls": True}):
        with pytest.raises(DirectoryError, match=r"certificate of 127\.0\.0\.1 is not valid"):
            await _with(ldap, ca_file=None, **more).check()


@needs_slapd
async def test_what_is_wrong_is_said(ldap: Ldap) -> None:
    await _with(ldap).check()
    for wrong, words in (
        ({"bind_password": Secret("wrong")}, "ldap.bind_dn is refused: invalid credentials"),
        ({"base_dn": "dc=nowhere"}, "the search in 'dc=nowhere' failed: no such object"),
        ({"id_attribute": "employeeNumber"}, "has no employeeNumber: check ldap.id_attribute"),
        ({"url": "ldap://127.0.0.1:1"}, "127.0.0.1 cannot be reached"),
        ({"ca_file": Path("/nowhere")}, "ldap.ca_file /nowhere cannot be read"),
        ({"ca_file": Path(__file__)}, "cannot be read"),
    ):
        with pytest.raises(DirectoryError, match=words):
            await _with(ldap, **wrong).person("ann", PASSWORD)


class TestOfAnotherKind:
    """What is no directory, or an evil one, is waited for and listened to within bounds."""

    @pytest.fixture
    async def answers(self) -> AsyncIterator[list[bytes]]:
        """What is said to each connection, one after the other, whatever it says."""
        said: list[bytes] = []

        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                while said and await reader.read(1000):
                    writer.write(said.pop(0))
                    await writer.drain()
                await reader.read()
            writer.close()

        self.server = await asyncio.start_server(speak, "127.0.0.1", 0)
        yield said
        self.server.close()

    def _directory(self, **more: object) -> Directory:
        port = self.server.sockets[0].getsockname()[1]
        url = f"ldap://127.0.0.1:{port}"
        return _with(Ldap(url=url, base_dn=PEOPLE, timeout=20.0), **more)

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks no LDAP"),
            (b"\x30\x84\x7f\xff\xff\xff" + b"x" * 1_100_000, "says too much"),
            (b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00", "something else"),
        ],
        ids=["HTTP", "endless", "another answer"],
    )
    async def test_it_is_told(self, answers: list[bytes], said: bytes, words: str) -> None:
        answers.append(said)
        with pytest.raises(DirectoryError, match=words):
            await self._directory().check()

    async def test_one_that_is_silent_is_not_waited_for(self, answers: list[bytes]) -> None:
        answers.append(b"\x30\x84\x00\xff\xff\xff")
        with pytest.raises(DirectoryError, match=r"did not answer within 0\.5 seconds"):
            await self._directory(timeout=0.5).check()

    async def test_more_than_was_asked_for_before_tls_begins_ends_it(
        self, answers: list[bytes]
    ) -> None:
        """Somebody on the way adds a yes to the bind that is to come."""
        started = b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"
        bound = b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00"
        answers.append(started + bound)
        with pytest.raises(DirectoryError):
            await self._directory(start_tls=True, bind_template="uid={name}," + PEOPLE).person(
                "ann", PASSWORD
            )


class TestAtTheDoor:
    """The sign-in of the pages."""

    pytestmark = needs_slapd

    @pytest.fixture
    def settings(self, settings: Settings, ldap: Ldap) -> Settings:
        auth = msgspec.structs.replace(settings.auth, max_failures=3)
        return msgspec.structs.replace(settings, ldap=ldap, auth=auth)

    @pytest.fixture(autouse=True)
    async def maria(self, database: Database) -> None:
        """The administrator; there is somebody of that name in the directory, too."""
        await database.users.add("maria", LOCAL_PASSWORD, admin=True)

    async def test_who_is_in_the_directory_gets_an_account_with_the_roles_of_their_groups(
        self, browser: Browser, database: Database
    ) -> None:
        assert (await browser.sign_in("Ann", PASSWORD)).location == "/"
        ann = await database.users.by_name("ann")
        assert ann is not None
        assert (ann.has_password, "admin" in ann.roles) == (False, True)
        assert "the directory" in (await browser.open("/users")).seen
        await browser.fill_in("/", {}, to="/logout")
        assert (await browser.sign_in("ann", "wrong")).status == 403
        assert (await browser.sign_in("ann", "")).status == 403
        assert [user.name for user in await database.users.all()] == ["ann", "maria"]

    @pytest.mark.attack("X12")
    async def test_an_entry_does_not_open_an_account_of_its_name(
        self, browser: Browser, database: Database
    ) -> None:
        answer = await browser.sign_in("maria", PASSWORD)
        assert (answer.status, "Wrong name or password" in answer.seen) == (403, True)
        assert (await browser.sign_in("maria", LOCAL_PASSWORD)).status == 303
        assert await database.identities.all() == []

    async def test_an_account_that_is_linked_has_both_passwords(
        self, browser: Browser, database: Database, ldap: Ldap
    ) -> None:
        maria = await database.users.by_name("maria")
        person = await Directory(ldap).person("maria", PASSWORD)
        assert maria is not None
        assert person is not None
        await database.identities.link(person.identity, maria.id)
        await database.users.add("ada", LOCAL_PASSWORD, admin=True)
        for password in (PASSWORD, LOCAL_PASSWORD):
            assert (await browser.sign_in("maria", password)).status == 303
            await browser.fill_in("/", {}, to="/logout")

    async def test_the_password_of_the_directory_changes_no_password_of_another_account(
        self, browser: Browser, database: Database, ldap: Ldap
    ) -> None:
        """Somebody's entry may have the name of an account that is not theirs."""
        person = await Directory(ldap).person("bob", PASSWORD)
        assert person is not None
        eve = await database.users.add("eve", LOCAL_PASSWORD)
        bob = await database.users.add("bob", LOCAL_PASSWORD)
        await database.identities.link(person.identity, eve.id)
        await database.identities.link(Identity("ldap", "of somebody else"), bob.id)
        await browser.sign_in("bob", LOCAL_PASSWORD)
        new = {"old": PASSWORD, "password": "long enough", "repeated": "long enough"}
        assert (await browser.fill_in("/account", new, to="/account/password")).status == 400

    @pytest.mark.attack("X09")
    async def test_guesses_wait_before_the_directory_is_asked(
        self, browser: Browser, database: Database
    ) -> None:
        for _ in range(3):
            assert (await browser.sign_in("bob", "wrong")).status == 403
        assert (await browser.sign_in("bob", PASSWORD)).status == 429
        assert await database.users.by_name("bob") is None

    async def test_without_the_directory_the_accounts_of_this_server_still_work(
        self, new_browser: NewBrowser, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nowhere(*_: object, **__: object) -> object:
            raise ConnectionRefusedError(111, "Connection refused")

        browser = await new_browser()
        monkeypatch.setattr("web.ldap.asyncio.open_connection", nowhere)
        answer = await browser.sign_in("ann", PASSWORD)
        assert (answer.status, "directory" in answer.seen) == (503, True)
        assert (await browser.sign_in("maria", LOCAL_PASSWORD)).status == 303
