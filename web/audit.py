"""Who came in, and who changed which account, for administrators."""

from __future__ import annotations

import re
from dataclasses import dataclass

from aiohttp import web

from db.rows import AuditRow
from web.rights import member
from web.site import SITE
from web.view import page

_COUNT = 100
_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Line:
    """A line of the page."""

    when: str
    what: str
    refused: bool
    who: str
    whom: str
    where: str


async def show_audit(request: web.Request) -> web.Response:
    """The newest lines, or those before one of them."""
    me = await member(request, "admin")
    audit = request.app[SITE].db.audit
    asked = request.query.get("before", "")
    rows = await audit.page(_COUNT + 1, int(asked) if _ID.fullmatch(asked) else None)
    return await page(
        request,
        "audit.html",
        user=me,
        admin=True,
        days=audit.days,
        lines=[_line(row) for row in rows[:_COUNT]],
        before=rows[_COUNT - 1].id if len(rows) > _COUNT else None,
    )


def _line(row: AuditRow) -> Line:
    whom = "" if row.subject == row.actor else row.subject
    where = ", ".join(filter(None, (row.way, row.address)))
    return Line(
        row.at.astimezone().strftime("%Y-%m-%d %H:%M:%S"),
        row.event,
        row.outcome == "refused",
        row.actor,
        ": ".join(filter(None, (whom, row.detail))),
        where,
    )
