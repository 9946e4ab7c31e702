"""One scan, in this process."""

from __future__ import annotations

import asyncio
import os
import signal

import msgspec
import structlog

import library
from conf.settings import Settings
from db.database import Database
from db.errors import DatabaseError
from db.rows import ScanRow
from server import child, logs
from server.exits import DATABASE
from server.priority import yield_to_others
from server.sandbox import Sandbox

log = structlog.get_logger()


def readers(settings: Settings) -> int:
    """How many processes read tags."""
    return settings.library.scan_workers or max(1, (os.cpu_count() or 1) - 1)


def unlimited(settings: Settings) -> Settings:
    """The settings with the database as a scan needs it: few connections, and statements may take long."""
    database = msgspec.structs.replace(settings.database, statement_timeout=0.0, pool_size=3)
    return msgspec.structs.replace(settings, database=database)


async def bury(db: Database, *, alone: bool) -> None:
    """Close the books of scans whose process is gone; `alone`: no other can be running now."""
    await db.scans.abandoned()
    latest = await db.scans.latest() if alone else None
    if latest is not None and latest.state == "running":
        await db.scans.finish(latest.id, "failed", "The server ended before the scan did.")


async def run_scan(db: Database, settings: Settings, job: ScanRow) -> None:
    """Run a claimed scan; how it went stands in its row."""
    sandbox = Sandbox(readers(settings), settings.server.sandbox_bytes)
    try:
        await library.scan(db, settings, job, sandbox)
    finally:
        await sandbox.close()


def scan_job() -> None:
    """In a child: the scan that is handed over. SIGTERM ends it after the batch at hand."""
    task = child.accept()
    yield_to_others()
    logs.configure(task.settings.logging, terminal=task.terminal)
    try:
        asyncio.run(_job(task))
    except asyncio.CancelledError:
        raise SystemExit(128 + signal.SIGTERM) from None
    except DatabaseError as error:
        log.warning("scan stopped", reason=str(error))
        raise SystemExit(DATABASE) from None


async def _job(task: child.Task) -> None:
    running = asyncio.current_task()
    if running is None or task.scan is None:
        raise ValueError("a scan-job is given a scan to run")
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    settings = unlimited(task.settings)
    db = await Database.open(task.dsn, settings, bulk=True)
    try:
        await run_scan(db, settings, task.scan)
    finally:
        await db.close()
