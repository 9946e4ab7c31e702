"""People who are known elsewhere: which account is theirs, and what it may do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import structlog

from conf.roles import ROLES, RoleMap
from db.audit import By
from db.database import Database
from db.errors import IdentityTakenError, LastAdminError, NameTakenError, RefusedError
from db.identities import Identity
from db.rows import UserRow
from db.users import USER_ROLES, Change

log = structlog.get_logger()


class NotAdmittedError(Exception):
    """Somebody is known elsewhere, and not let in here; the text is for them."""


@dataclass(frozen=True)
class Person:
    """Somebody as their provider or directory describes them."""

    identity: Identity
    name: str
    email: str = ""
    email_verified: bool = False
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Policy:
    """What the operator says about people of one source."""

    roles: RoleMap
    """What a group gives. A role that is named here is given and taken by it alone."""
    allowed_groups: frozenset[str] = frozenset()
    allowed_domains: frozenset[str] = frozenset()
    create: bool = False
    """Whether people get an account when they first come."""
    link_by: Literal["nothing", "name", "email"] = "nothing"
    """What is enough to be given an account that is there already."""


class Guests:
    """Finds the accounts of people from one source."""

    def __init__(self, db: Database, policy: Policy, way: str) -> None:
        self._db, self._policy, self._way = db, policy, way

    async def admit(self, person: Person) -> UserRow:
        """The account of somebody, with the roles of now; raises NotAdmittedError."""
        self._check_allowed(person)
        user = await self._known(person) or await self._linked(person) or await self._made(person)
        if not user.enabled:
            raise NotAdmittedError("This account is switched off.")
        return await self._with_roles(user, person)

    async def link(self, person: Person, user: UserRow) -> None:
        """Let an account be signed in by somebody; raises NotAdmittedError."""
        self._check_allowed(person)
        try:
            await self._db.identities.link(person.identity, user.id)
        except RefusedError as error:
            raise NotAdmittedError(str(error)) from None
        await self._note("sign-in linked", person, user, person.identity.issuer)

    def _check_allowed(self, person: Person) -> None:
        groups, domains = self._policy.allowed_groups, self._policy.allowed_domains
        domain = person.email.rpartition("@")[2].casefold() if person.email_verified else ""
        if (groups and not groups & person.groups) or (domains and domain not in domains):
            log.warning("not among those who may come in", name=person.name[:80])
            raise NotAdmittedError("You are not among those who may use this server.")

    async def _known(self, person: Person) -> UserRow | None:
        try:
            user = await self._db.identities.use(person.identity)
        except RefusedError as error:
            raise NotAdmittedError(str(error)) from None
        return None if user is None else await self._db.users.by_id(user)

    async def _linked(self, person: Person) -> UserRow | None:
        """The account that was there before, where the operator says that this is enough."""
        match self._policy.link_by:
            case "name" if person.name:
                user = await self._db.users.by_name(person.name)
            case "email" if person.email and person.email_verified:
                user = await self._by_email(person.email)
            case _:
                return None
        if user is not None:
            await self.link(person, user)
        return user

    async def _by_email(self, email: str) -> UserRow | None:
        """The only account with that address."""
        wanted = email.casefold()
        found = [user for user in await self._db.users.all() if user.email.casefold() == wanted]
        return found[0] if len(found) == 1 else None

    async def _made(self, person: Person) -> UserRow:
        given = self._given(person)
        if not self._policy.create:
            raise NotAdmittedError(
                "There is no account here for you yet. If you have one, sign in with its password,"
                " and link this sign-in on the page of your account; else ask the one who runs this server."
            )
        if "admin" not in given and not await self._db.users.count():
            raise NotAdmittedError("This server is not set up: its first account runs it.")
        try:
            return await self._add(person, given)
        except (NameTakenError, IdentityTakenError):
            # Perhaps by the same person, a moment ago.
            known = await self._known(person)
            if known is not None:
                return known
            raise NotAdmittedError(
                f"There is an account {person.name[:80]!r} already. If it is yours, sign in with its"
                " password, and link this sign-in on the page of your account."
            ) from None
        except RefusedError as error:
            raise NotAdmittedError(f"No account can be made for you: {error}") from None

    async def _add(self, person: Person, given: frozenset[str]) -> UserRow:
        usual = set(ROLES if "admin" in given else USER_ROLES)
        roles = (usual - self._named()) | given
        user = await self._db.users.add(
            person.name, None, roles=sorted(roles), email=person.email, identity=person.identity
        )
        await self._note("user created", person, user, ", ".join(user.roles))
        return user

    async def _with_roles(self, user: UserRow, person: Person) -> UserRow:
        given = self._given(person)
        roles = {role: role in given for role in self._named()}
        if all((role in user.roles) == has for role, has in roles.items()):
            return user
        change = Change(roles=roles)
        try:
            changed = await self._db.users.change(user.name, change)
        except LastAdminError:
            log.warning("the last administrator stays one, whatever their groups", user=user.name)
            return user
        await self._note("user changed", person, user, ", ".join(change.named()))
        return changed

    async def _note(self, event: str, person: Person, user: UserRow, detail: str) -> None:
        by = By(person.name, "", self._way)
        await self._db.audit.note(event, by, subject=user.name, detail=detail)

    def _given(self, person: Person) -> frozenset[str]:
        """The roles that somebody has by their groups."""
        roles = self._policy.roles
        return frozenset(role for group in person.groups & roles.keys() for role in roles[group])

    def _named(self) -> frozenset[str]:
        return frozenset(role for roles in self._policy.roles.values() for role in roles)
