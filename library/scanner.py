"""Runs a scan: the steps in order, and a readable end whatever happens."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import structlog

from db.errors import DatabaseError
from db.rows import ScanRow
from library.state import GivenUpError, Library, Progress, Scan
from library.steps import STEPS

if TYPE_CHECKING:
    from conf.settings import Settings
    from db.database import Database
    from library import Sandbox

log = structlog.get_logger()


async def run(db: Database, settings: Settings, job: ScanRow, sandbox: Sandbox) -> None:
    """Run a claimed scan. An error that is no file's fault ends it as failed, and is raised."""
    scan = Scan(db, settings, job, sandbox)
    scan.libraries = [
        Library(row) for row in await db.libraries.all() if job.library_id in {None, row.id}
    ]
    log.info(
        "scan started", scan=job.id, complete=job.complete, folders=len(job.folders) or "all",
        libraries=[library.row.name for library in scan.libraries],
    )  # fmt: skip
    heartbeat = asyncio.create_task(scan.heartbeat())
    try:
        await _steps(scan)
    except GivenUpError:
        log.warning("scan was given up")
        return
    except Exception as error:
        with contextlib.suppress(DatabaseError):
            await db.scans.finish(job.id, "failed", f"The scan stopped: {error}")
        raise
    finally:
        heartbeat.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await heartbeat
    state = "refused" if any(library.refused for library in scan.libraries) else "done"
    message = _message(scan)
    await db.scans.finish(job.id, state, message)
    log.info("scan finished", state=state, message=message)


async def _steps(scan: Scan) -> None:
    for name, step in STEPS:
        scan.progress.step = name
        await scan.report(now=True)
        await step(scan)
    await scan.report(now=True)


def _message(scan: Scan) -> str:
    """What there is to say at the end."""
    refusals = [library.refused for library in scan.libraries if library.refused]
    if not scan.libraries:
        return "There is no music folder to scan. Name one with --music or library.folders."
    if len(refusals) == len(scan.libraries):
        return " ".join(refusals)
    return " ".join([_figures(scan.progress, scan.forgotten), *refusals])


def _figures(progress: Progress, forgotten: int) -> str:
    """Such as: 2,030 songs seen, 3 added, 1 could not be read."""
    told = [
        (progress.added, "added"),
        (progress.changed, "changed"),
        (progress.moved, "moved"),
        (progress.missing, "missing"),
        (progress.broken, "could not be read"),
        (forgotten, "forgotten"),
    ]
    parts = [f"{count:,} {what}" for count, what in told if count]
    songs = "song" if progress.seen == 1 else "songs"
    return ", ".join([f"{progress.seen:,} {songs} seen", *(parts or ["nothing changed"])]) + "."
