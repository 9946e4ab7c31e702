"""What changes in the music folders of a node becomes a scan that waits."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from conf.settings import MusicFolder, Settings
from db.database import Database
from db.rows import ScanRow
from library.inotify import NoWatchesError
from server import watching
from server.watching import WatchWorker

Start = Callable[..., Awaitable[None]]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    (tmp_path / "Music/A").mkdir(parents=True)
    return tmp_path / "Music"


@pytest.fixture
async def start(database: Database, settings: Settings, music: Path) -> AsyncIterator[Start]:
    """Watches as a node does; several times for several nodes."""
    running: list[asyncio.Task[None]] = []

    async def begin(**library: Any) -> None:
        folder = MusicFolder(path=music, name="Music")
        changed = msgspec.structs.replace(
            settings,
            library=msgspec.structs.replace(settings.library, folders=(folder,), **library),
        )
        await database.libraries.sync(changed.library.folders)
        running.append(asyncio.create_task(WatchWorker(database, changed, quiet=0.2).run()))
        await asyncio.sleep(0.5)

    yield begin
    for task in running:
        assert not task.done()
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def asked(database: Database) -> ScanRow:
    """The scan that is asked for, once one is."""
    async with asyncio.timeout(20):
        while (row := await database.scans.latest()) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return row


async def test_a_change_is_a_wish_for_a_scan_of_its_folder(
    start: Start, database: Database, music: Path
) -> None:
    await start()
    (music / "A/a.mp3").write_bytes(b"x")
    row = await asked(database)
    assert (row.state, row.folders, row.library_id, row.complete, row.accept_removals) == (
        "queued", [b"A"], 1, False, False,
    )  # fmt: skip


async def test_two_nodes_that_watch_one_folder_scan_it_once(
    start: Start, database: Database, music: Path
) -> None:
    """Also when the scan is over before the second of them asks."""
    await start()
    await start()
    (music / "A/a.mp3").write_bytes(b"x")
    await asked(database)
    job = await database.scans.claim()
    assert job is not None
    await database.scans.finish(job.id, "done", "")
    await asyncio.sleep(2)
    assert await database.pool.fetchval("select count(*) from scans") == 1


async def test_nothing_is_watched_when_that_is_said(
    start: Start, database: Database, music: Path
) -> None:
    await start(watch="off")
    (music / "A/a.mp3").write_bytes(b"x")
    await asyncio.sleep(2)
    assert await database.scans.latest() is None


@pytest.mark.parametrize(("mode", "watched"), [("auto", False), ("on", True)])
async def test_on_a_network_it_depends(
    start: Start, database: Database, music: Path, monkeypatch: pytest.MonkeyPatch,
    mode: str, watched: bool,
) -> None:  # fmt: skip
    monkeypatch.setattr(watching, "network_kind", lambda _: "nfs4")
    with capture_logs() as logs:
        await start(watch=mode, scan_interval=600.0, scan_at=("03:30",))
    (music / "A/a.mp3").write_bytes(b"x")
    await asyncio.sleep(2)
    assert (await database.scans.latest() is not None) is watched
    told = [line for line in logs if line["event"].startswith("a music folder is not watched")]
    assert len(told) == (not watched)
    if told:
        assert told[0]["kind"] == "nfs4"
        assert told[0]["instead"] == "looked through every 600 seconds and at 03:30"


async def test_what_cannot_be_watched_is_told_once_and_left_to_the_clock(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NoWatchesError("too few watches")

    monkeypatch.setattr("library.watch.Inotify.add", refuse)
    monkeypatch.setattr(watching, "_TRY_AGAIN", 0.01)
    with capture_logs() as logs:
        await start()
    (line,) = [line for line in logs if line["event"] == "a music folder cannot be watched"]
    assert (line["log_level"], line["reason"]) == ("warning", "too few watches")
    assert line["instead"] == "looked through every 3600 seconds"


async def test_a_folder_that_comes_later_is_watched_from_then_on(
    start: Start, database: Database, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_TRY_AGAIN", 0.1)
    away = music.parent / "Away"
    shutil.move(music, away)
    await start()
    shutil.move(away, music)
    await asyncio.sleep(0.5)
    (music / "A/a.mp3").write_bytes(b"x")
    assert (await asked(database)).state == "queued"
