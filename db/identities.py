"""Who accounts are elsewhere: at an OpenID Connect provider, in a directory.

An account is known by issuer and subject, which never change hands; names and e-mail addresses do.
"""

from __future__ import annotations

from typing import NamedTuple

from asyncpg.exceptions import UniqueViolationError

from db.errors import IdentityTakenError, UnfitError
from db.queries import Executor, Sql
from db.rows import IdentityRow

_SQL = Sql("identities")
_ALL = _SQL.rows("all", IdentityRow)
_OF = _SQL.rows("of", IdentityRow)
_USE = _SQL.value("use", int)
_LINK = _SQL.command("link")
_UNLINK = _SQL.value("unlink", bool)
_SPEND = _SQL.value("spend", bool)

_LONGEST = 1024


class Identity(NamedTuple):
    """Somebody elsewhere."""

    issuer: str
    subject: str


class Identities:
    """The identities of all accounts."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def all(self) -> list[IdentityRow]:
        """Those of everybody."""
        return await _ALL(self._on)

    async def of(self, user: int) -> list[IdentityRow]:
        """Those of one account."""
        return await _OF(self._on, user=user)

    async def use(self, identity: Identity) -> int | None:
        """The id of the account that is signed in with it, or None; notes the time."""
        _check(identity)
        return await _USE(self._on, issuer=identity.issuer, subject=identity.subject)

    async def link(self, identity: Identity, user: int) -> None:
        """Let an account be signed in with it; raises IdentityTakenError, UnfitError."""
        _check(identity)
        try:
            await _LINK(self._on, issuer=identity.issuer, subject=identity.subject, user=user)
        except UniqueViolationError:
            raise IdentityTakenError from None

    async def unlink(self, user: int, issuer: str) -> bool:
        """End it; False where there was none."""
        return bool(await _UNLINK(self._on, user=user, issuer=issuer))

    async def spend(self, state: bytes, seconds: int) -> bool:
        """Whether this state of a sign-in, which ends in so many seconds, comes for the first time."""
        return bool(await _SPEND(self._on, state=state, seconds=seconds))


def _check(identity: Identity) -> None:
    for text in identity:
        if not 0 < len(text) <= _LONGEST or "\0" in text:
            raise UnfitError("The provider's name for this person cannot be used.")
