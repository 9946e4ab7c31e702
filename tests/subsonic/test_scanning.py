"""Asking for a scan."""

from __future__ import annotations

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


async def test_asking_twice_is_one_scan(api: Api, stocked: Database) -> None:
    await api.get("startScan")
    await api.get("startScan")
    await stocked.scans.claim()
    waiting = await stocked.pool.fetchval("select count(*) from scans where state = 'queued'")
    assert waiting == 0


async def test_others_may_not_scan(guest: Api, stocked: Database) -> None:
    assert await guest.error("startScan") == 50
    assert await stocked.scans.claim() is None
