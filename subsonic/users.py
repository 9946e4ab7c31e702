"""Accounts: who there is, what they may do, and their pictures."""

from __future__ import annotations

from aiohttp import web

from conf.roles import ROLES
from db.rows import UserRow
from db.users import BIT_RATES, Change
from subsonic.endpoint import Call, Query, Text, endpoint
from subsonic.entries import date
from subsonic.errors import (
    BadParameterError,
    ForbiddenError,
    InvalidApiKeyError,
    NotFoundError,
)
from subsonic.models.users import TokenInfo, User, Users
from subsonic.passwords import new_password

_NEW = {"settings": True, "stream": True}
"""The roles of an account that is made without saying which."""


class Roles(Query, frozen=True, kw_only=True):
    """What an account may do; what is not said stays, or is as for all new accounts."""

    admin_role: bool | None = None
    settings_role: bool | None = None
    stream_role: bool | None = None
    jukebox_role: bool | None = None
    download_role: bool | None = None
    upload_role: bool | None = None
    cover_art_role: bool | None = None
    comment_role: bool | None = None
    podcast_role: bool | None = None
    share_role: bool | None = None
    video_conversion_role: bool | None = None

    def said(self) -> dict[str, bool]:
        """The roles that are named, each with whether it is given."""
        named = {name: getattr(self, name) for name in self.__struct_fields__}
        return {
            name.removesuffix("_role"): given for name, given in named.items() if given is not None
        }


@endpoint("getUser", key="user", scope="stream")
async def get_user(call: Call, *, username: str) -> User:
    """Return an account: one's own, or any for an administrator."""
    users = call.services.db.users
    row = await users.by_name(username)
    if (row is None or row.id != call.user.id) and "admin" not in call.user.roles:
        raise ForbiddenError("Only an administrator may see other users.")
    if row is None:
        raise _nobody(username)
    return account(call.user if row.id == call.user.id else row)


@endpoint("getUsers", key="users", role="admin", scope="read")
async def get_users(call: Call) -> Users:
    """Return all accounts, by name."""
    return Users(user=[account(row) for row in await call.services.db.users.all()])


@endpoint("createUser", role="admin")
async def create_user(
    call: Call,
    *,
    username: str,
    password: str,
    email: str,
    roles: Roles,
    playlist_role: bool = False,
    music_folder_id: tuple[int, ...] = (),
) -> None:
    """Make an account, which sees all libraries unless told.

    `ldapAuthenticated` has no effect: every account that is made here has a password of its own.
    """
    wanted = _NEW | roles.said() | {"playlist": playlist_role}
    row = await call.services.db.users.add(
        username,
        new_password(password),
        roles=[role for role, given in wanted.items() if given],
        email=email,
        libraries=music_folder_id or "all",
    )
    await _note(call, "user created", row.name, ", ".join(row.roles))


@endpoint("updateUser", role="admin")
async def update_user(
    call: Call,
    *,
    username: str,
    roles: Roles,
    password: str | None = None,
    email: Text | None = None,
    music_folder_id: tuple[int, ...] = (),
    max_bit_rate: int | None = None,
) -> None:
    """Change an account; what is not given stays, `ldapAuthenticated` has no effect.

    Of the role for playlists the protocol says that it cannot be changed.
    """
    if max_bit_rate is not None and max_bit_rate not in BIT_RATES:
        rates = " ".join(map(str, BIT_RATES))
        raise BadParameterError(f"Parameter 'maxBitRate' is one of {rates}.")
    change = Change(
        password=None if password is None else new_password(password),
        email=email,
        roles=roles.said(),
        libraries=music_folder_id or None,
        max_bit_rate=max_bit_rate,
    )
    row = await call.services.db.users.change(username, change)
    await _note(call, "user changed", row.name, ", ".join(change.named()))


@endpoint("deleteUser", role="admin")
async def delete_user(call: Call, *, username: str) -> None:
    """Delete an account and everything that is its; the last administrator stays."""
    await call.services.db.users.delete(username)
    await _note(call, "user deleted", username)


@endpoint("changePassword", role="settings")
async def change_password(call: Call, *, username: str, password: str) -> None:
    """Change a password: one's own, or any for an administrator.

    Who has none, because they are signed in elsewhere, is given one by an administrator alone.
    """
    users = call.services.db.users
    row = await users.by_name(username)
    if (row is None or row.id != call.user.id) and "admin" not in call.user.roles:
        raise ForbiddenError("Only an administrator may change the passwords of others.")
    if row is None:
        raise _nobody(username)
    if row.id == call.user.id and not row.has_password:
        raise ForbiddenError("You have no password here: you are signed in elsewhere.")
    await users.set_password(row.name, new_password(password))
    await _note(call, "password changed", row.name)


@endpoint("getAvatar", scope="stream", raw=True)
async def get_avatar(call: Call, *, username: str) -> web.StreamResponse:
    """Send the picture of a user; everybody may see it."""
    row = await call.services.db.avatars.of(username)
    if row is None:
        raise NotFoundError("There is no such user, or they have no picture.")
    return await call.services.images.send(call.request, row.picture)


@endpoint("tokenInfo", key="tokenInfo", scope="stream")
async def token_info(call: Call, *, api_key: str | None = None) -> TokenInfo:
    """Tell whose API key it is; who signs in with a password has none."""
    if api_key is None:
        raise InvalidApiKeyError("This tells of API keys: sign in with one.")
    return TokenInfo(username=call.user.name)


def account(row: UserRow) -> User:
    """An account as the protocol shows it; an administrator has every role."""
    admin = "admin" in row.roles
    return User(
        username=row.name,
        email=row.email or None,
        max_bit_rate=row.max_bit_rate or None,
        avatar_last_changed=date(row.avatar_changed),
        scrobbling_enabled=row.scrobbling,
        folder=list(row.libraries),
        **{f"{role}_role": admin or role in row.roles for role in ROLES},
    )


async def _note(call: Call, event: str, subject: str, detail: str = "") -> None:
    await call.services.db.audit.note(event, call.by, subject=subject, detail=detail)


def _nobody(username: str) -> NotFoundError:
    return NotFoundError(f"There is no user {username[:80]!r}.")
