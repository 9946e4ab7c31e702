"""Links that anybody may open, each for a while or for ever."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from db.queries import Executor, Sql
from db.rows import SharedRow, ShareRow, TrackRow, UserRow
from db.secrets import SecretBox

MOST_SONGS = 1000
"""So many songs of a share are listed; all that are in it can be heard."""

_SQL = Sql("shares")
_OF = _SQL.rows("of", ShareRow)
_OPENED = _SQL.rows("opened", ShareRow)
_SONGS = _SQL.rows("songs", SharedRow)
_HOLDS = _SQL.value("holds", bool)
_ADD = _SQL.rows("add", ShareRow)
_CHANGE = _SQL.value("change", bool)
_DELETE = _SQL.value("delete", bool)
_VISIT = _SQL.command("visit")


class Shares:
    """A share names things and holds what is in them whenever it is looked at.

    Only what its owner may see: libraries that a user lost are gone from the user's shares.
    """

    def __init__(self, on: Executor, box: SecretBox) -> None:
        self._on = on
        self._box = box

    async def of(self, user: UserRow) -> list[ShareRow]:
        """The user's, expired ones too; an administrator gets everybody's."""
        return await _OF(self._on, user=user.id, all_users=_may_all(user))

    def token(self, share: ShareRow) -> str:
        """The secret in a share's address."""
        return self._box.open(share.user_id, share.sealed)

    async def opened(self, token: str) -> ShareRow | None:
        """The share of an address that works now."""
        # 160 random bits are not guessed, so guesses need not be counted; each costs one look.
        return await _OPENED.first(self._on, token_hash=_hash(token))

    async def songs(self, shares: Sequence[int], user: UserRow) -> dict[int, list[TrackRow]]:
        """By share, in order, what both its owner and this user may see."""
        found = defaultdict[int, list[TrackRow]](list)
        for row in await _SONGS(
            self._on, shares=shares, user=user.id, libraries=user.libraries, most=MOST_SONGS
        ):
            found[row.share_id].append(row)
        return found

    async def holds(self, share: int, track: int, user: UserRow) -> bool:
        """Whether a song is in a share, for this user."""
        held = await _HOLDS(self._on, share=share, track=track, libraries=user.libraries)
        return bool(held)

    async def add(
        self,
        user: UserRow,
        items: Sequence[tuple[str, int]],
        description: str,
        expires: datetime | None,
    ) -> ShareRow | None:
        """Share things by kind and id: `track`, `album`, `artist`, `folder`, `playlist`.

        None: one of them holds nothing that the user may hear, and nothing was shared.
        """
        token = secrets.token_urlsafe(20)
        sealed = self._box.seal(user.id, token)
        return await _ADD.first(
            self._on,
            user=user.id,
            libraries=user.libraries,
            kinds=[kind for kind, _ in items],
            items=[item for _, item in items],
            token=sealed.data,
            sealed_by=sealed.key,
            token_hash=_hash(token),
            description=description,
            expires=expires,
        )

    async def change(
        self,
        share: int,
        user: UserRow,
        description: str | None = None,
        expires: datetime | UnsetType | None = UNSET,
    ) -> bool:
        """Change what is given (`expires` None: never); False: no such share of this user's."""
        keep = isinstance(expires, UnsetType)
        changed = await _CHANGE(
            self._on,
            share=share,
            user=user.id,
            all_users=_may_all(user),
            description=description,
            expires=None if keep else expires,
            keep_expires=keep,
        )
        return bool(changed)

    async def delete(self, share: int, user: UserRow) -> bool:
        """End a share for good; False: no such share of this user's."""
        gone = await _DELETE(self._on, share=share, user=user.id, all_users=_may_all(user))
        return bool(gone)

    async def visit(self, share: int) -> None:
        """Count that somebody opened the page."""
        await _VISIT(self._on, share=share)


def _may_all(user: UserRow) -> bool:
    return "admin" in user.roles


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
