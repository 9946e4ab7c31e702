"""From nothing to serving and back: what starts in which order, and what stops in which."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import structlog

from conf import Loaded
from conf.exposure import is_exposed
from conf.settings import Settings
from db.database import Database
from db.embedded import Embedded
from db.errors import AlreadyRunningError, EmbeddedError, StartError
from library.rights import unreadable
from server import child, logs, memory, ports, postgres
from server.background import Background
from server.banner import announce
from server.first_run import first_account
from server.stopping import Stop, stoppable
from server.supervisor import READY, Supervisor

log = structlog.get_logger()

_FIGURES = "PROMETHEUS_MULTIPROC_DIR"
_LOOK_EVERY = 5.0
_LONGEST_PAUSE = 30.0
_PARTING = 2.0
_BEYOND_GRACE = 3.0


def serve(loaded: Loaded) -> None:
    """Serve until told to stop. Raises ExitError and db.errors.StartError when it cannot start."""
    settings = loaded.settings
    memory.keep_small()
    logs.configure(settings.logging)
    log.info("starting", data=str(settings.data.dir))
    _warn_of_exposed(loaded)
    with stoppable() as stop:
        postgres.refuse_second(settings)
        shared = settings.server.workers > 1
        with (
            _closed_at_the_end(ports.take(settings.server.listen, shared=shared)) as sockets,
            _shared_figures(settings.server.workers),
            postgres.for_server(settings) as database,
        ):
            asyncio.run(_first(settings, database, sockets, stop))
    log.info("stopped")


def _warn_of_exposed(loaded: Loaded) -> None:
    key = loaded.settings.data.dir / "secret.key"
    for file in (*loaded.exposed, *filter(is_exposed, [key])):
        log.warning("everybody on this machine may read a file with secrets", file=str(file))


def work() -> None:
    """Serve as one of several processes, with what the first one hands over."""
    memory.keep_small()
    task = child.accept()
    logs.configure(task.settings.logging)
    memory.bound(task.settings.server.memory_bytes)
    with stoppable() as stop, _closed_at_the_end(ports.join(task.listen)) as sockets:
        asyncio.run(_further(task, sockets, stop))


@contextmanager
def _closed_at_the_end(sockets: list[socket.socket]) -> Iterator[list[socket.socket]]:
    try:
        yield sockets
    finally:
        for bound in sockets:
            bound.close()


@contextmanager
def _shared_figures(workers: int) -> Iterator[None]:
    """The folder where several processes put their figures together."""
    if workers == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="dulcian-figures-") as folder:
        os.environ[_FIGURES] = folder
        yield


@asynccontextmanager
async def _opened(dsn: str, settings: Settings) -> AsyncIterator[Database]:
    db = await Database.open(dsn, settings)
    try:
        yield db
    finally:
        try:
            async with asyncio.timeout(_PARTING):
                await db.close()
        except TimeoutError:
            log.warning("database connections were cut", seconds=_PARTING)


async def _first(
    settings: Settings, database: postgres.Postgres, sockets: list[socket.socket], stop: Stop
) -> None:
    """The process that also scans, and looks after the others and the embedded database."""
    # Imported late: where figures are kept is decided at import.
    from server.jukebox import JukeboxWorker
    from server.loudness_worker import LoudnessWorker
    from server.node import Node
    from server.podcast_worker import PodcastWorker
    from server.sandbox import Sandbox
    from server.watching import WatchWorker
    from server.worker import ScanWorker

    async with stop.watched() as asked, _opened(database.dsn, settings) as db:
        memory.bound(settings.server.memory_bytes)
        await db.libraries.sync(settings.library.folders)
        await asyncio.to_thread(_look_at_music, settings)
        addresses = ports.addresses(sockets)
        link = await first_account(db, settings.auth, addresses[0])
        node = Node(settings, db, sockets)
        alone = database.embedded is not None
        worker = ScanWorker(db, settings, database.dsn, alone=alone)
        jukebox = JukeboxWorker(db, settings)
        podcasts = PodcastWorker(db, settings, node.sandbox)
        watching = WatchWorker(db, settings)
        background = Background()
        try:
            await _start_others(settings, database.dsn, sockets, background)
            await node.start()
            announce(settings.logging, addresses, len(settings.library.folders), link)
            for work in (worker, watching, jukebox, podcasts):
                background.add(work.run())
            if settings.loudness.mode == "on":
                own = Sandbox(1, settings.server.sandbox_bytes)
                background.add(LoudnessWorker(db, settings.loudness, own, node.transcodes).run())
            background.add(node.sample())
            background.add(_look_after(database.embedded))
            await background.until(asked.wait())
        finally:
            await asyncio.gather(node.drain(), background.stop())


def _look_at_music(settings: Settings) -> None:
    for folder in settings.library.folders:
        if problem := unreadable(folder.path):
            log.warning("a music folder cannot be read", reason=problem)


async def _further(task: child.Task, sockets: list[socket.socket], stop: Stop) -> None:
    from server.node import Node

    async with stop.watched() as asked, _opened(task.dsn, task.settings) as db:
        node = Node(task.settings, db, sockets)
        background = Background()
        try:
            await node.start()
            sys.stdout.buffer.write(READY)
            sys.stdout.buffer.flush()
            background.add(node.sample())
            await background.until(asked.wait())
        finally:
            await asyncio.gather(node.drain(), background.stop())


async def _start_others(
    settings: Settings, dsn: str, sockets: list[socket.socket], background: Background
) -> None:
    """Start the further processes, and wait until they answer."""
    others = settings.server.workers - 1
    if not others:
        return
    listen = ports.actual(settings.server.listen, sockets)
    task = child.Task(os.getpid(), settings, dsn, listen=listen)
    supervisor = Supervisor(others, task, settings.server.shutdown_grace + _BEYOND_GRACE)
    background.add(supervisor.run())
    await background.until(supervisor.up())


async def _look_after(embedded: Embedded | None) -> None:
    """Start the embedded database again should it end; raises AlreadyRunningError."""
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        if embedded is None:
            continue
        try:
            embedded.check()
        except EmbeddedError as error:
            log.error("starting the database again", reason=str(error))
            await _restart(embedded)


async def _restart(embedded: Embedded) -> None:
    """Try over and over: a full disk may get room, and one that is gone may come back."""
    pause = 1.0
    while not _restarted(embedded):
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _restarted(embedded: Embedded) -> bool:
    try:
        # Blocks, on purpose: it must be the main thread's child, and nothing works without it.
        embedded.restart()
    except AlreadyRunningError:
        raise
    except StartError as error:
        log.error("the database does not start; trying again", reason=str(error))
        return False
    return True
