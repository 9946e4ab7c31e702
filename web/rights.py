"""Who may see and do what on the pages."""

from __future__ import annotations

from aiohttp import web

from db.audit import By
from db.rows import UserRow
from web.proxy_header import visitor
from web.view import Elsewhere, Refusal


def by(request: web.Request, user: UserRow) -> By:
    """Who does it, for the audit log."""
    return By(user.name, request.remote or "", "page")


def may(user: UserRow, role: str) -> bool:
    """Whether a user has a role; an administrator has all."""
    return bool({role, "admin"} & set(user.roles))


async def member(request: web.Request, role: str = "") -> UserRow:
    """Whoever is signed in, and has the role; others are led to the sign-in, or refused."""
    user = await visitor(request)
    if user is None:
        back = f"?next={request.path}" if request.method == "GET" else ""
        raise Elsewhere(f"/login{back}")
    if role == "admin" and not may(user, role):
        raise Refusal(403, "Only for administrators", "Ask the one who runs this server.")
    if role and not may(user, role):
        raise Refusal(403, "Not allowed", "Ask the one who runs this server for this right.")
    return user
