"""Who accounts are elsewhere: shown, and ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from aiohttp import web

from db.rows import UserRow
from web.directory import ISSUER
from web.display import ago
from web.forms import Form
from web.rights import by, member
from web.site import SITE
from web.view import Refusal, see


@dataclass(frozen=True)
class Link:
    """One of them, as pages show it."""

    issuer: str
    label: str
    created: str
    used: str


async def links(request: web.Request, user: UserRow) -> list[Link]:
    """Those of one account."""
    now = datetime.now(UTC)
    return [
        Link(
            row.issuer,
            label(request, row.issuer),
            ago(row.created, now),
            ago(row.last_used, now) if row.last_used else "never",
        )
        for row in await request.app[SITE].db.identities.of(user.id)
    ]


async def ways(request: web.Request, users: Sequence[UserRow]) -> dict[int, str]:
    """With what each account is signed in, in words."""
    found = {user.id: ["a password"] if user.has_password else [] for user in users}
    for row in await request.app[SITE].db.identities.all():
        found.get(row.user_id, []).append(label(request, row.issuer))
    proxied = request.app[SITE].settings.auth.proxy_header
    nothing = "the proxy" if proxied else "nothing"
    return {user: " or ".join(names) or nothing for user, names in found.items()}


async def unlink(request: web.Request, form: Form) -> web.Response:
    """End a link of one's own, unless nothing else would be left to sign in with."""
    user = await member(request)
    rows = await request.app[SITE].db.identities.of(user.id)
    if not user.has_password and len(rows) < 2:
        raise Refusal(
            409,
            "Not unlinked",
            "You could not sign in any more. Ask an administrator for a password first.",
            back="/account",
        )
    await _end(request, user, form, user)
    return see("/account?done=unlinked")


async def unlink_user(request: web.Request, form: Form) -> web.Response:
    """End a link of somebody, for administrators."""
    me = await member(request, "admin")
    user = await request.app[SITE].db.users.by_id(int(request.match_info["user"]))
    if user is None:
        raise Refusal(404, "No such user", "Perhaps the account was deleted.", back="/users")
    await _end(request, user, form, me)
    return see(f"/users/{user.id}?done=unlinked")


async def _end(request: web.Request, user: UserRow, form: Form, who: UserRow) -> None:
    issuer = form.get("issuer", "")
    db = request.app[SITE].db
    if "\0" not in issuer and await db.identities.unlink(user.id, issuer):
        await db.audit.note("sign-in unlinked", by(request, who), subject=user.name, detail=issuer)


def label(request: web.Request, issuer: str) -> str:
    """What people call an issuer."""
    provider = request.app[SITE].provider
    if provider is not None and issuer == provider.settings.issuer:
        return provider.settings.label
    return "the directory" if issuer == ISSUER else urlsplit(issuer).hostname or issuer
