"""How far a scan is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import closing

import structlog
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)

from conf.settings import Logging
from db.database import Database
from db.errors import DatabaseError
from db.rows import ScanRow
from server.logs import on_terminal, readable

log = structlog.get_logger()

_EVERY = 0.5
_LINE_EVERY = 10.0


def counted(scan: ScanRow) -> dict[str, int]:
    """What a scan found, without the zeros."""
    names = ("seen", "added", "changed", "moved", "missing", "broken")
    return {name: getattr(scan, name) for name in names if getattr(scan, name)}


class Bar:
    """A line at the bottom of the terminal; log lines appear above it."""

    def __init__(self) -> None:
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("Scanning: {task.description}"),
            BarColumn(),
            TextColumn("{task.fields[found]}"),
            TimeRemainingColumn(),
            console=Console(file=sys.stderr),
            transient=True,
        )
        self._task = self._progress.add_task("starting", total=None, found="")
        self._progress.start()

    def show(self, scan: ScanRow) -> None:
        """Move the bar."""
        found = f"{scan.read:,} of {scan.todo:,}" if scan.todo else f"{scan.seen:,} files"
        self._progress.update(
            self._task,
            description=scan.step or "starting",
            completed=scan.read,
            total=scan.todo or None,
            found=found,
        )

    def close(self) -> None:
        """Take it off the terminal."""
        self._progress.stop()


class Lines:
    """A log line every ten seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def show(self, scan: ScanRow) -> None:
        """Write a line, if the last one is old enough."""
        if time.monotonic() - self._last >= _LINE_EVERY:
            self._last = time.monotonic()
            log.info("scanning", step=scan.step, read=scan.read, todo=scan.todo, **counted(scan))

    def close(self) -> None:
        """Nothing is left over."""


def display(settings: Logging) -> Bar | Lines:
    """What suits the place where standard error goes."""
    terminal = on_terminal()
    return Bar() if terminal and readable(settings, terminal=True) else Lines()


async def follow(db: Database, settings: Logging, scan: int) -> None:
    """Show how far a scan is until it is over, or this is cancelled."""
    with closing(display(settings)) as shown:
        while (row := await _row(db, scan)) is None or row.finished is None:
            if row is not None:
                shown.show(row)
            await asyncio.sleep(_EVERY)


async def _row(db: Database, scan: int) -> ScanRow | None:
    """The scan as it stands; None while the database is away."""
    try:
        return await db.scans.get(scan)
    except DatabaseError:
        return None
