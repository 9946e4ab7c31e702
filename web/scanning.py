"""The scan, as the first page tells of it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from aiohttp import web

from db.rows import ScanRow, UserRow
from web.display import ago, counted, number
from web.forms import Form
from web.proxy_header import visitor
from web.rights import may, member
from web.site import SITE
from web.view import see

_STEPS = {
    "words": "Folding names anew",
    "walk": "Looking for music",
    "changed": "Looking for changes",
    "read": "Reading tags",
    "merge": "Filing songs",
    "artwork": "Looking for covers",
    "prune": "Clearing up",
    "totals": "Counting",
}
_HEADLINES = {
    "queued": "Waiting to start",
    "done": "Up to date",
    "refused": "Stopped before anything was removed",
    "failed": "The last scan failed",
}


class ScanView(msgspec.Struct, frozen=True):
    """What the page shows of a scan. `todo` is 0 while nobody knows how much there is."""

    active: bool
    state: str
    headline: str
    detail: str
    message: str
    done: int
    todo: int


async def scan_view(request: web.Request, user: UserRow) -> ScanView | None:
    """The scan that runs, else the one to come, else the last.

    Figures are for those who see every library, messages for administrators.
    """
    row = await request.app[SITE].db.scans.latest()
    if row is None:
        return None
    active = row.state in ("queued", "running")
    tell = _progress if active else _outcome
    return ScanView(
        active=active,
        state=row.state,
        headline=_HEADLINES.get(row.state) or _STEPS.get(row.step, "Scanning"),
        detail=tell(row) if user.all_libraries else "",
        message=row.message if may(user, "admin") else "",
        done=row.read,
        todo=row.todo,
    )


async def show_scan(request: web.Request) -> web.Response:
    """The state of the scan for the script on the first page."""
    user = await visitor(request)
    if user is None:
        return web.json_response({"error": "Sign in."}, status=401)
    view = await scan_view(request, user)
    return web.Response(body=msgspec.json.encode(view), content_type="application/json")


async def start_scan(request: web.Request, form: Form) -> web.Response:
    """Ask for a scan, as an administrator."""
    await member(request, "admin")
    await request.app[SITE].db.scans.request(
        complete="complete" in form, accept_removals="accept_removals" in form
    )
    return see("/")


def _progress(row: ScanRow) -> str:
    if row.todo:
        return f"{number(row.read)} of {counted(row.todo, 'song')} read"
    return f"{counted(row.seen, 'song')} found" if row.seen else ""


def _outcome(row: ScanRow) -> str:
    """When it ended, and what came of it: only what is not nothing."""
    when = f"Scanned {ago(row.finished, datetime.now(UTC))}" if row.finished else ""
    found = (
        (row.added, "new"),
        (row.changed, "changed"),
        (row.moved, "moved"),
        (row.missing, "gone"),
        (row.broken, "not readable"),
    )
    parts = [f"{number(count)} {word}" for count, word in found if count]
    return ": ".join(part for part in (when, ", ".join(parts) or "nothing new") if part)
