"""Asking for a scan."""

from __future__ import annotations

import pytest

from db.database import Database
from tests.support.api import Api


async def test_the_status_counts_the_songs_of_the_user_and_the_last_scan(
    api: Api, guest: Api
) -> None:
    status = await api.get("getScanStatus")
    assert (status["scanning"], status["count"]) == (False, 9)
    assert status["lastScan"].endswith("Z")
    assert (await guest.get("getScanStatus"))["count"] == 8


async def test_an_administrator_asks_for_a_scan_and_is_answered_at_once(
    api: Api, stocked: Database
) -> None:
    assert (await api.get("startScan"))["scanning"] is True
    job = await stocked.scans.claim()
    assert job is not None
    assert not job.complete


@pytest.mark.attack("X78")
async def test_asking_twice_is_one_scan(api: Api, stocked: Database) -> None:
    await api.get("startScan")
    await api.get("startScan")
    await stocked.scans.claim()
    waiting = await stocked.pool.fetchval("select count(*) from scans where state = 'queued'")
    assert waiting == 0


async def test_others_may_not_scan(guest: Api, stocked: Database) -> None:
    assert await guest.error("startScan") == 50
    assert await stocked.scans.claim() is None


async def test_the_status_tells_of_the_scan_that_runs_and_the_one_before(
    api: Api, stocked: Database
) -> None:
    before = await api.get("getScanStatus")
    assert before["scanType"] == "quick"
    assert before["folderCount"] > 0
    assert before["elapsedTime"] > 0
    (library, *_) = await stocked.libraries.all()
    await stocked.scans.request(library.id, folders=[b"A"], complete=True)
    assert (await stocked.scans.claim()) is not None
    status = await api.get("getScanStatus")
    assert (status["scanning"], status["scanType"]) == (True, "full-selective")
    assert status["lastScan"] == before["lastScan"]


async def test_folders_are_counted_that_the_user_may_see(api: Api, guest: Api) -> None:
    whole = (await api.get("getScanStatus"))["folderCount"]
    assert 0 < (await guest.get("getScanStatus"))["folderCount"] < whole


async def test_a_scan_that_waits_has_taken_no_time(api: Api) -> None:
    assert "elapsedTime" not in await api.get("startScan")
