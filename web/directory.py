"""People of an LDAP directory: found by name, believed by their password."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cached_property

import structlog

from conf.roles import role_map
from conf.settings import Ldap
from db.database import Database
from db.identities import Identity
from db.rows import UserRow
from web.guests import Guests, Person, Policy
from web.ldap import Connection, DirectoryError, Entry, connected, escaped, parse_filter

log = structlog.get_logger()

ISSUER = "ldap"
"""What stands for the directory among identities: there is one."""

_ANYTHING = "(objectClass=*)"
_FIRST = re.compile(r"[^=]+=((?:[^,\\]|\\.)+)")


class Directory:
    """Asked anew at each sign-in; nothing of it is kept."""

    def __init__(self, settings: Ldap) -> None:
        self._settings = settings

    async def person(self, name: str, password: str) -> Person | None:
        """Whoever has that name and password, or None; raises DirectoryError when it cannot be asked."""
        if not name or not password:
            return None
        async with self._connected() as connection:
            entry = await self._believed(connection, name, password)
            return (
                None
                if entry is None
                else self._person(entry, await self._groups(connection, entry))
            )

    async def check(self) -> None:
        """Raise DirectoryError when it cannot be asked, or knows no service account of ours."""
        async with self._connected() as connection:
            if not self._settings.bind_template:
                await self._serve(connection)

    async def _believed(self, connection: Connection, name: str, password: str) -> Entry | None:
        """The entry of somebody whose password is right."""
        template = self._settings.bind_template
        if template:
            dn = template.replace("{name}", escaped(name))
            if not await self._admits(connection, dn, password):
                return None
            found = await self._search(connection, dn, _ANYTHING, below=False)
            return found[0] if found else None
        entry = await self._found(connection, name)
        if entry is None or not await self._admits(connection, entry.dn, password):
            return None
        return entry

    async def _found(self, connection: Connection, name: str) -> Entry | None:
        """The one entry of that name; nobody where there are several."""
        await self._serve(connection)
        wanted = self._settings.filter.replace("{name}", escaped(name))
        found = await self._search(connection, self._settings.base_dn, wanted, below=True)
        if len(found) > 1:
            log.warning("several people of one name in the directory", account=name[:80])
        return found[0] if len(found) == 1 and found[0].dn else None

    async def _serve(self, connection: Connection) -> None:
        """Bind as the one who may search; without an account for that, as nobody."""
        settings = self._settings
        reason = await connection.bind(settings.bind_dn, str.__str__(settings.bind_password))
        if reason:
            raise DirectoryError(f"ldap.bind_dn is refused: {reason}")

    async def _admits(self, connection: Connection, dn: str, password: str) -> bool:
        reason = await connection.bind(dn, password)
        if reason:
            log.info("the directory refuses", dn=dn[:200], reason=reason)
        return not reason

    async def _search(
        self, connection: Connection, base: str, wanted: str, *, below: bool
    ) -> list[Entry]:
        settings = self._settings
        attributes = [
            settings.name_attribute,
            settings.mail_attribute,
            settings.groups_attribute,
            settings.id_attribute,
        ]
        named = [attribute for attribute in attributes if attribute not in ("", "dn")]
        return await connection.search(base, parse_filter(wanted), named, below=below)

    async def _groups(self, connection: Connection, entry: Entry) -> Sequence[str]:
        """The DNs of the groups, from the entry and by a search for those that name it."""
        settings = self._settings
        groups = entry.texts(settings.groups_attribute)
        if not settings.group_base_dn:
            return groups
        if not settings.bind_template:
            await self._serve(connection)
        wanted = settings.group_filter.replace("{dn}", escaped(entry.dn))
        base, nothing = settings.group_base_dn, ["1.1"]
        found = await connection.search(base, parse_filter(wanted), nothing, below=True)
        return groups + [group.dn for group in found]

    def _person(self, entry: Entry, groups: Sequence[str]) -> Person:
        settings = self._settings
        return Person(
            Identity(ISSUER, _subject(entry, settings.id_attribute)),
            name=entry.text(settings.name_attribute),
            email=entry.text(settings.mail_attribute),
            email_verified=False,
            groups=frozenset(name for dn in groups for name in (_key(dn), _first(dn))),
        )

    @cached_property
    def _context(self) -> ssl.SSLContext:
        file = self._settings.ca_file
        try:
            return ssl.create_default_context(cafile=file)
        except OSError as error:
            raise DirectoryError(f"ldap.ca_file {file} cannot be read: {error.strerror}") from None

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Connection]:
        settings, seconds = self._settings, self._settings.timeout
        secure = settings.start_tls or settings.url.startswith("ldaps:")
        try:
            context = self._context if secure else None
            async with (
                asyncio.timeout(seconds),
                connected(settings.url, context, start_tls=settings.start_tls) as connection,
            ):
                yield connection
        except TimeoutError:
            raise DirectoryError(f"it did not answer within {seconds:g} seconds") from None


def members(settings: Ldap, db: Database) -> Members | None:
    """Who lets in people of the directory, if there is one."""
    return Members(db, Directory(settings), policy(settings)) if settings.url else None


class Members:
    """Lets in whom the directory believes, for names that have no password here."""

    def __init__(self, db: Database, directory: Directory, policy: Policy) -> None:
        self._db, self._directory = db, directory
        self._guests = Guests(db, policy, "directory")

    async def check_password(self, name: str, password: str) -> UserRow | None:
        """The account; raises DirectoryError, and NotAdmittedError for people who have none.

        A name with a password of its own is not asked for elsewhere, unless it is linked: nobody
        comes into an account by making an entry of its name.
        """
        known = await self._db.users.by_name(name)
        if known and known.has_password and not await self._is_linked(known):
            return None
        try:
            person = await self._directory.person(name, password)
        except DirectoryError as error:
            log.error("the directory cannot be asked", reason=str(error))
            raise
        return None if person is None else await self._guests.admit(person)

    async def _is_linked(self, user: UserRow) -> bool:
        return any(row.issuer == ISSUER for row in await self._db.identities.of(user.id))


def policy(settings: Ldap) -> Policy:
    """What the settings say about people of the directory."""
    roles = role_map(settings.roles)
    return Policy(
        roles={_key(group): given for group, given in roles.items()},
        allowed_groups=frozenset(map(_key, settings.allowed_groups)),
        create=settings.create_users,
        link_by="name" if settings.link_by_name else "nothing",
    )


def _subject(entry: Entry, attribute: str) -> str:
    """What stays the same about somebody: a text, or the hex digits of what is none (Active Directory)."""
    if attribute == "dn":
        return _key(entry.dn)
    value = next(iter(entry.values.get(attribute.lower(), ())), b"")
    if not value:
        raise DirectoryError(f"'{entry.dn}' has no {attribute}: check ldap.id_attribute")
    if attribute.lower() == "objectguid":
        return bytes(value).hex()
    return bytes(value).decode(errors="replace").lower()


def _key(name: str) -> str:
    """What makes two DNs, or two short names of groups, the same."""
    return ",".join(part.strip() for part in name.split(",")).casefold()


def _first(dn: str) -> str:
    """The short name of a group: `admins` of `cn=admins,ou=groups,dc=example`."""
    found = _FIRST.match(dn)
    return _key(found[1]) if found else ""
