"""Which scans a node runs, and what becomes of those that end badly."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec
import pytest

from conf.settings import Settings
from db.database import Database
from db.rows import ScanRow
from server import child
from server.scanning import bury
from server.worker import ScanWorker

Start = Callable[..., Awaitable[ScanWorker]]


@pytest.fixture(autouse=True)
def children(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for the scan: a process that runs this code; what it was given is in the list."""
    code: list[str] = ["import sys; sys.exit(3)"]

    async def start(
        command: str, task: child.Task, *options: str, piped: bool
    ) -> asyncio.subprocess.Process:
        assert task.scan is not None
        assert (command, options) == ("scan-job", (str(task.scan.id),))
        assert piped
        return await asyncio.create_subprocess_exec(
            sys.executable, "-c", code[0], stderr=asyncio.subprocess.PIPE
        )

    monkeypatch.setattr(child, "start", start)
    return code


@pytest.fixture
async def start(database: Database, database_url: str, settings: Settings) -> AsyncIterator[Start]:
    """Runs a worker until the test is over."""
    running: list[asyncio.Task[None]] = []

    async def begin(*, on_start: bool = True, interval: float = 0.0) -> ScanWorker:
        library = msgspec.structs.replace(
            settings.library, scan_on_start=on_start, scan_interval=interval
        )
        changed = msgspec.structs.replace(settings, library=library)
        worker = ScanWorker(database, changed, database_url, alone=True)
        await database.bus.start()
        running.append(asyncio.create_task(worker.run()))
        return worker

    yield begin
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def ended(database: Database, scan: int) -> ScanRow:
    """The scan, once it is over."""
    while (row := await database.scans.get(scan)) is None or row.finished is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return row


async def running(database: Database) -> ScanRow:
    """The scan that runs, once one does."""
    while (row := await database.scans.latest()) is None or row.state != "running":  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    return row


async def test_a_scan_whose_process_dies_has_failed(start: Start, database: Database) -> None:
    """It says how the process ended, and the next scan may run."""
    await start()
    row = await ended(database, 1)
    assert (row.state, row.message) == ("failed", "The scanning process ended with exit code 3.")


async def test_a_scan_is_run_when_somebody_asks(start: Start, database: Database) -> None:
    """Anywhere: the wish is a row and a notification."""
    await start(on_start=False)
    assert await database.scans.latest() is None
    asked = await database.scans.request()
    assert (await ended(database, asked.id)).state == "failed"


async def test_a_scan_is_run_when_it_is_time(start: Start, database: Database) -> None:
    """The first at once, when there never was one."""
    await start(on_start=False, interval=3600)
    assert (await ended(database, 1)).state == "failed"


async def test_no_scan_is_run_before_it_is_time(start: Start, database: Database) -> None:
    """Another node's scan counts."""
    asked = await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await database.scans.finish(job.id, "done", "")
    worker = await start(on_start=False, interval=3600)
    assert 0 < await worker._due() <= 3600
    latest = await database.scans.latest()
    assert latest is not None
    assert latest.id == asked.id


async def test_stopping_ends_the_scan(
    start: Start, database: Database, children: list[str], database_url: str, settings: Settings
) -> None:
    """Its process too; the row says why."""
    children[0] = "import time; time.sleep(600)"
    worker = ScanWorker(database, settings, database_url, alone=True)
    task = asyncio.create_task(worker.run())
    row = await running(database)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    row = await ended(database, row.id)
    assert (row.state, row.message[:22]) == ("failed", "The server was stopped")


async def test_stopping_ends_a_scan_that_is_only_just_beginning(
    start: Start,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    settings: Settings,
) -> None:
    """Its row is there, its process not yet."""
    beginning = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        beginning.set()
        await asyncio.Event().wait()

    monkeypatch.setattr("server.worker.child.start", never)
    worker = ScanWorker(database, settings, database_url, alone=True)
    task = asyncio.create_task(worker.run())
    await beginning.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    row = await database.scans.latest()
    assert row is not None
    assert (row.state, row.message[:22]) == ("failed", "The server was stopped")


@pytest.mark.parametrize("alone", [True, False])
async def test_what_a_dead_server_left_running_is_closed(database: Database, alone: bool) -> None:
    """At once when no other node can be at it; else when it has been silent for a while."""
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await bury(database, alone=alone)
    row = await database.scans.get(job.id)
    assert row is not None
    assert (row.state == "failed") is alone


async def test_a_request_at_the_last_moment_does_not_keep_a_node_from_stopping(
    database: Database, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An end that comes with a wake-up is an end."""
    library = msgspec.structs.replace(settings.library, scan_on_start=False, scan_interval=0.0)
    settings = msgspec.structs.replace(settings, library=library)
    wake: list[Callable[[str], None]] = []
    monkeypatch.setattr(database.bus, "subscribe", lambda _channel, heard: wake.append(heard))
    worker = ScanWorker(database, settings, database_url, alone=True)
    running = asyncio.create_task(worker.run())
    await asyncio.wait({running}, timeout=0.5)  # it has nothing to do now
    wake[0]("")
    await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=10)
    running.cancel()
    assert done == {running}
