"""Accounts."""

from __future__ import annotations

from db.rows import UserRow
from subsonic.endpoint import Call, endpoint
from subsonic.errors import ForbiddenError, NotFoundError
from subsonic.models.users import User

ROLES = (
    "admin",
    "settings",
    "download",
    "upload",
    "playlist",
    "cover_art",
    "comment",
    "podcast",
    "stream",
    "jukebox",
    "share",
    "video_conversion",
)


@endpoint("getUser", key="user")
async def get_user(call: Call, *, username: str) -> User:
    """Return an account: one's own, or any for an administrator."""
    users = call.services.db.users
    row = await users.by_name(username)
    if (row is None or row.id != call.user.id) and "admin" not in call.user.roles:
        raise ForbiddenError("Only an administrator may see other users.")
    if row is None:
        raise NotFoundError(f"There is no user {username[:80]!r}.")
    return account(row)


def account(row: UserRow) -> User:
    """An account as the protocol shows it; an administrator has every role."""
    admin = "admin" in row.roles
    return User(
        username=row.name,
        email=row.email or None,
        max_bit_rate=row.max_bit_rate or None,
        scrobbling_enabled=row.scrobbling,
        folder=list(row.libraries),
        **{f"{role}_role": admin or role in row.roles for role in ROLES},
    )
