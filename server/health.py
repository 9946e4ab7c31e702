"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import msgspec
from aiohttp import web

from db.database import Database
from db.errors import DatabaseError, WrongKeyError
from db.folder import check_writable

_PATIENCE = 2.0
_LEAST_FREE = 16 * 1024 * 1024
_HEADERS = {"Cache-Control": "no-store"}


class Health:
    """Readiness: set `started` when the server is up, and unset it first of all when it stops."""

    def __init__(self, db: Database, data_dir: Path) -> None:
        self.started = False
        self.stopping = False
        self._db = db
        self._data_dir = data_dir

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/health/live", self.live),
            web.get("/health/ready", self.ready),
            web.get("/health", self.ready),
        ]

    async def live(self, _request: web.Request) -> web.Response:
        """The process answers: a reason not to restart it."""
        return _answer(200, {"status": "ok"})

    async def ready(self, _request: web.Request) -> web.Response:
        """Every check, and 503 when one of them fails: a reason to send nobody here."""
        checks = await self.checks()
        well = all(state == "ok" for state in checks.values())
        status = "ok" if well else "unavailable"
        return _answer(200 if well else 503, {"status": status, "checks": checks})

    async def checks(self) -> dict[str, str]:
        """`ok` or what is wrong, by name; nothing in it is secret."""
        database, disk = await asyncio.gather(self._database(), asyncio.to_thread(self._disk))
        return {"server": self._state(), "database": database, "disk": disk}

    def _state(self) -> str:
        if self.stopping:
            return "stopping"
        return "ok" if self.started else "starting"

    async def _database(self) -> str:
        """A round trip that also shows that the tables are there, and that we have their key."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._db.sealing.check()
        except TimeoutError:
            return f"no answer within {_PATIENCE:g} seconds"
        except WrongKeyError:
            return "sealed with a secret key that this node does not have; the log says more"
        except DatabaseError as error:
            return type(error).__name__.removesuffix("Error").lower()
        return "ok"

    def _disk(self) -> str:
        try:
            free = shutil.disk_usage(self._data_dir).free
            check_writable(self._data_dir)
        except OSError as error:
            return f"data folder: {error.strerror}"
        return "ok" if free >= _LEAST_FREE else f"only {free // 1024} kB left for the data folder"


def _answer(status: int, body: dict[str, object]) -> web.Response:
    encoded = msgspec.json.encode(body)
    return web.Response(
        status=status, body=encoded, content_type="application/json", headers=_HEADERS
    )
