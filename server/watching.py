"""The music folders of this node, watched: what changes in them is scanned within seconds."""

from __future__ import annotations

import asyncio
import os
import time
from contextlib import aclosing
from pathlib import Path

import structlog

from conf.settings import Settings
from db.database import Database
from db.errors import DatabaseError
from db.folder import network_kind
from db.rows import LibraryRow
from library.inotify import NoWatchesError
from library.paths import shown
from library.watch import QUIET, Change, Watch

log = structlog.get_logger()

_TRY_AGAIN = 10.0
_RETRY = 5.0


class WatchWorker:
    """Runs until it is cancelled. Folders that cannot be watched are left to the clock."""

    def __init__(self, db: Database, settings: Settings, quiet: float = QUIET) -> None:
        self._db = db
        self._library = settings.library
        self._quiet = quiet

    async def run(self) -> None:
        """Watch all folders."""
        if self._library.watch != "off":
            async with asyncio.TaskGroup() as group:
                for library in await self._libraries():
                    group.create_task(self._watch(library))
        await asyncio.Event().wait()

    async def _libraries(self) -> list[LibraryRow]:
        while True:
            try:
                return await self._db.libraries.all()
            except DatabaseError as error:
                log.warning("watching waits for the database", error=str(error))
                await asyncio.sleep(_RETRY)

    async def _watch(self, library: LibraryRow) -> None:
        folder = Path(os.fsdecode(library.path))
        kind = await asyncio.to_thread(network_kind, folder)
        if kind is not None and self._library.watch == "auto":
            log.info(
                "a music folder is not watched: what others change on a network is not told",
                folder=shown(library.path), kind=kind, instead=self._clock(),
            )  # fmt: skip
            return
        log.info("watching for changes", folder=shown(library.path))
        watch = Watch(library.path, self._library.ignored_names, self._quiet)
        while True:
            try:
                async with aclosing(watch.changes()) as changes:
                    async for change in changes:
                        await self._ask(library, change)
            except NoWatchesError as error:
                log.warning(
                    "a music folder cannot be watched",
                    folder=shown(library.path), reason=str(error), instead=self._clock(),
                )  # fmt: skip
                return
            except OSError as error:
                log.debug("a music folder is not there", reason=str(error))
            await asyncio.sleep(_TRY_AGAIN)

    def _clock(self) -> str:
        """When changes are found without watching."""
        parts = [f"every {self._library.scan_interval:g} seconds"] * bool(
            self._library.scan_interval
        )
        parts += [f"at {moment}" for moment in self._library.scan_at]
        return "looked through " + (" and ".join(parts) or "when somebody asks")

    async def _ask(self, library: LibraryRow, change: Change) -> None:
        """Ask for a scan of what changed, however long the database is away."""
        since = time.monotonic() - change.age
        while True:
            try:
                row = await self._db.scans.request(
                    library.id, folders=change.folders, age=time.monotonic() - since
                )
            except DatabaseError as error:
                log.warning("a change waits for the database", error=str(error))
                await asyncio.sleep(_RETRY)
            else:
                log.debug("music has changed", library=library.name, scan=row.id)
                return
