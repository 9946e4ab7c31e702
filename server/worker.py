"""The scans of this node: asked for, due, or left behind; each runs in a child process.

The child takes its memory with it, keeps the serving loop free, and may be killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from datetime import UTC, datetime

import structlog

from conf.settings import Settings
from db.database import Database
from db.errors import DatabaseError
from db.rows import ScanRow
from db.scans import CHANNEL
from server import child, schedule
from server.logs import on_terminal
from server.progress import follow
from server.scanning import bury

log = structlog.get_logger()

_HOUSEKEEPING = 60.0
_RETRY = 5.0
_PATIENCE = 3.0


class ScanWorker:
    """Runs until it is cancelled; then the scan that is under way is ended after its batch.

    `alone`: no other node uses this database, so a scan that runs at the start runs no more.
    """

    def __init__(self, db: Database, settings: Settings, dsn: str, *, alone: bool) -> None:
        self._db = db
        self._settings = settings
        self._dsn = dsn
        self._alone = alone
        self._wake = asyncio.Event()
        db.bus.subscribe(CHANNEL, lambda _payload: self._wake.set())

    async def run(self) -> None:
        """Scan when the server starts, when somebody asks, and when it is time."""
        started = False
        while True:
            try:
                started = started or await self._begin()
                pause = await self._round()
            except DatabaseError as error:
                log.warning("scans wait for the database", error=str(error))
                pause = _RETRY
            # Not `wait_for`: in Python 3.11 that forgets a cancellation which comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()

    async def _begin(self) -> bool:
        await bury(self._db, alone=self._alone)
        if self._settings.library.scan_on_start:
            await self._db.scans.request()
        return True

    async def _round(self) -> float:
        """Whatever is to be done now; returns for how long nothing is."""
        await self._db.scans.abandoned()
        if await self._due() <= 0:
            await self._db.scans.request()
        while (job := await self._db.scans.claim()) is not None:
            await self._scan(job)
        return min(_HOUSEKEEPING, max(1.0, await self._due()))

    async def _due(self) -> float:
        """Seconds until the next scan by the clock; another node's counts as well."""
        latest = await self._db.scans.latest_whole()
        return schedule.wait(self._settings.library, latest, datetime.now(UTC)).total_seconds()

    async def _scan(self, job: ScanRow) -> None:
        reason = "The server was stopped. The next scan goes on from here."
        try:
            reason = f"The scanning process ended with {_told(await self._child(job))}."
        finally:
            await self._close(job, reason)

    async def _child(self, job: ScanRow) -> int:
        """Have a child process scan; gives its exit code."""
        task = child.Task(os.getpid(), self._settings, self._dsn, scan=job, terminal=on_terminal())
        process = await child.start("scan-job", task, str(job.id), piped=True)
        log_lines = asyncio.create_task(child.pass_on(process))
        progress = asyncio.create_task(follow(self._db, self._settings.logging, job.id))
        try:
            await log_lines
            return await process.wait()
        finally:
            await child.end(process, _PATIENCE)
            progress.cancel()
            log_lines.cancel()
            await asyncio.gather(progress, log_lines, return_exceptions=True)

    async def _close(self, job: ScanRow, reason: str) -> None:
        """Close the books of a scan that did not do so itself."""
        with contextlib.suppress(DatabaseError):
            row = await self._db.scans.get(job.id)
            if row is not None and row.state == "running":
                await self._db.scans.finish(job.id, "failed", reason)
                log.warning("scan failed", reason=reason)


def _told(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"
