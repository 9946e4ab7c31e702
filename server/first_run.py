"""The first account: from the settings, or by a link that works once."""

from __future__ import annotations

import hashlib
import secrets

from conf.settings import Auth
from db.audit import By
from db.database import Database
from db.errors import NameTakenError


async def first_account(db: Database, auth: Auth, address: str) -> str | None:
    """Make the first administrator; without one in the settings, the link where people make it.

    The link is valid until there is an account; each start prints a new one.
    """
    if await db.users.count():
        await db.state.drop("setup")
        return None
    if auth.admin_user and auth.admin_password:
        try:
            user = await db.users.add(auth.admin_user, str.__str__(auth.admin_password), admin=True)
        except NameTakenError:  # by another node, at the same moment
            return None
        await db.audit.note("user created", By("settings", "", "settings"), subject=user.name)
        return None
    token = secrets.token_urlsafe(24)
    await db.state.put("setup", {"hash": hashlib.sha256(token.encode()).hexdigest()})
    return f"{address}/setup/{token}"
