"""The first page: what the library holds, the scan, and how to connect an app."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from db.rows import LibraryRow, UserRow
from streaming.links import base_url, host_of
from web import display
from web.proxy_header import visitor
from web.rights import may
from web.scanning import scan_view
from web.site import SITE
from web.view import page, see

_PROBLEMS_SHOWN = 100
_THIS_DEVICE = ("localhost", "127.0.0.1", "[::1]")

APPS = (
    ("Android", ("Symfonium", "Tempus", "Ultrasonic", "Substreamer")),
    ("iPhone, iPad", ("Amperfy", "Substreamer", "play:Sub")),
    ("Computer", ("Feishin", "Supersonic", "Strawberry")),
)
"""Apps that speak the protocol, by where they run."""


@dataclass(frozen=True)
class Problem:
    """A file that could not be read."""

    library: str
    path: str
    reason: str


@dataclass(frozen=True)
class Address:
    """The address of this server as the browser knows it; `url` is empty where the browser lies."""

    url: str
    name: str
    this_device_only: bool


async def home(request: web.Request) -> web.Response:
    """The page, for whoever is signed in."""
    user = await visitor(request)
    if user is None:
        return see("/login")
    site = request.app[SITE]
    libraries = [each for each in await site.db.libraries.all() if each.id in user.libraries]
    return await page(
        request,
        "home.html",
        user=user,
        admin=may(user, "admin"),
        totals=await site.db.libraries.totals(user.libraries),
        libraries=libraries,
        scan=await scan_view(request, user),
        problems=await _problems(request, user, libraries),
        most_problems=_PROBLEMS_SHOWN,
        address=_address(request),
        apps=APPS,
        password_in_apps=site.settings.auth.account_password_in_apps and user.has_password,
        has_password=user.has_password,
    )


async def _problems(
    request: web.Request, user: UserRow, libraries: list[LibraryRow]
) -> list[Problem]:
    """Paths are for administrators."""
    if not may(user, "admin"):
        return []
    names = {library.id: library.name for library in libraries}
    rows = await request.app[SITE].db.scans.problems(_PROBLEMS_SHOWN)
    return [
        Problem(names[row.library_id], display.path(row.path), row.reason)
        for row in rows
        if row.library_id in names
    ]


def _address(request: web.Request) -> Address:
    public = request.app[SITE].settings.server.public_url
    url = base_url(request, public)
    if public:
        return Address(url, "", this_device_only=False)
    host = host_of(request)
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    return Address(url, name, name in _THIS_DEVICE)
