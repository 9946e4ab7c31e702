"""App passwords as pages list them; what they are is seen nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from aiohttp import web

from db.rows import CredentialRow
from db.scopes import Scope
from web.display import ago, ahead
from web.site import SITE

MEANINGS: Mapping[Scope, str] = {
    "full": "everything",
    "read": "reading: change nothing",
    "stream": "listening",
}
"""What an app password is good for, the usual one first."""

TERMS: Mapping[str, str] = {
    "1": "for a day",
    "7": "for a week",
    "30": "for 30 days",
    "90": "for 90 days",
    "365": "for a year",
}
"""For how long one may be valid, by days."""


@dataclass(frozen=True)
class Device:
    """A line of the list."""

    id: int
    name: str
    good_for: str
    created: str
    expires: str
    expired: bool
    used: str
    client: str


async def devices_of(request: web.Request, user: int) -> list[Device]:
    """A user's app passwords, those too that expired not long ago."""
    rows = await request.app[SITE].db.credentials.of(user)
    now = datetime.now(UTC)
    return [_device(row, now) for row in rows if row.kind == "device"]


def _device(row: CredentialRow, now: datetime) -> Device:
    return Device(
        id=row.id,
        name=row.name,
        good_for=MEANINGS[row.scope],
        created=ago(row.created, now),
        expires=ahead(row.expires, now) if row.expires else "never",
        expired=row.expired,
        used=ago(row.last_used, now) if row.last_used else "never",
        client=row.client,
    )
