"""Scans as a whole: several libraries, the real sandbox, being told to stop."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

import library
from conf.settings import Library, MusicFolder, Settings
from db.database import Database
from db.rows import ScanRow
from library.scanner import run
from library.state import GivenUpError, Scan
from server.sandbox import Sandbox
from tests.library.conftest import InProcess, Shop
from tests.support.audio import Song, write


async def test_tags_are_read_in_children(shop: Shop) -> None:
    write(shop.music / "a.mp3", Song(title="A", artist="Ann", picture=b"x" * 100))
    (shop.music / "b.mp3").write_bytes(b"no music")
    sandbox = Sandbox(1)
    await shop.db.libraries.sync(shop.settings.library.folders)
    await shop.db.scans.request()
    job = await shop.db.scans.claim()
    assert job is not None
    try:
        await library.scan(shop.db, shop.settings, job, sandbox)
        named = bytes(shop.music) + b"\0a.mp3"
        picture = await sandbox.call("library.artwork:embedded", named)
    finally:
        await sandbox.close()
    row = await shop.db.scans.get(job.id)
    assert row is not None
    assert (row.state, row.added, row.broken) == ("done", 1, 1)
    assert picture == b"x" * 100


async def test_each_library_has_its_own_albums_and_fate(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    for name in ("One", "Two"):
        write(tmp_path / name / "x.mp3", Song(title="X", artist="A", album="Same"))
    folders = tuple(MusicFolder(path=tmp_path / name, name=name) for name in ("One", "Two"))
    settings = msgspec.structs.replace(settings, library=Library(folders=folders))
    one, two = await database.libraries.sync(folders)

    async def scan(library_id: int | None = None) -> ScanRow:
        await database.scans.request(library_id)
        job = await database.scans.claim()
        assert job is not None
        await run(database, settings, job, InProcess())
        row = await database.scans.get(job.id)
        assert row is not None
        return row

    assert (await scan(one.id)).added == 1
    assert (await scan()).added == 1
    assert await database.pool.fetchval("select count(*) from albums") == 2
    assert await database.pool.fetchval("select count(*) from artists") == 1
    shutil.rmtree(tmp_path / "Two")
    write(tmp_path / "One/y.mp3", Song(title="Y", artist="A", album="Same"))
    row = await scan()
    assert (row.state, row.added) == ("refused", 1)
    assert row.message.startswith("2 songs") or row.message.startswith("1 song")
    assert f"Two: {tmp_path}/Two" in row.message
    assert (await database.libraries.totals([one.id, two.id])).songs == 3


async def test_a_scan_that_was_given_up_stops(shop: Shop) -> None:
    write(shop.music / "a.mp3", Song(title="A"))
    await shop.db.libraries.sync(shop.settings.library.folders)
    await shop.db.scans.request()
    job = await shop.db.scans.claim()
    assert job is not None
    await shop.db.scans.finish(job.id, "failed", "taken for dead")
    await run(shop.db, shop.settings, job, shop.sandbox)
    row = await shop.db.scans.get(job.id)
    assert row is not None
    assert row.message == "taken for dead"
    scan = Scan(shop.db, shop.settings, job, shop.sandbox)
    with pytest.raises(GivenUpError):
        await scan.report(now=True)


async def test_without_a_library_there_is_nothing_to_scan(
    database: Database, settings: Settings
) -> None:
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await run(database, settings, job, InProcess())
    row = await database.scans.get(job.id)
    assert row is not None
    assert row.message.startswith("There is no music folder to scan.")
