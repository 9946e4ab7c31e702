"""Scanning the libraries."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from db.rows import ScanRow
from subsonic.endpoint import Call, endpoint
from subsonic.entries import date
from subsonic.models.scanning import ScanStatus


@endpoint("getScanStatus", key="scanStatus", scope="read")
async def get_scan_status(call: Call) -> ScanStatus:
    """Tell whether a scan runs and how far it is."""
    return await _status(call, await call.services.db.scans.latest())


@endpoint("startScan", key="scanStatus", role="admin")
async def start_scan(call: Call, *, full_scan: bool = False) -> ScanStatus:
    """Ask for a scan and return at once; `fullScan=true` (Navidrome's) reads every file again."""
    return await _status(call, await call.services.db.scans.request(complete=full_scan))


async def _status(call: Call, scan: ScanRow | None) -> ScanStatus:
    """How it stands. While a scan runs, `lastScan` tells of the one before.

    What is scanned now counts for those who see every library, and reasons name paths: they are for
    administrators.
    """
    db = call.services.db
    scanning = scan is not None and scan.state in ("queued", "running")
    last = await db.scans.latest_ended() if scanning else scan
    totals = await db.libraries.totals(call.user.libraries)
    return ScanStatus(
        scanning=scanning,
        count=scan.seen if scan and scanning and call.user.all_libraries else totals.songs,
        folder_count=totals.folders,
        last_scan=date(last.finished) if last is not None else None,
        scan_type=_kind(scan) if scan is not None else None,
        elapsed_time=_elapsed(scan) if scan is not None else None,
        error=_reason(call, scan) if scan and scan.state in ("failed", "refused") else None,
    )


def _reason(call: Call, scan: ScanRow) -> str:
    return scan.message if "admin" in call.user.roles else "An administrator sees why it failed."


def _kind(scan: ScanRow) -> str:
    """As Navidrome names them."""
    return ("full" if scan.complete else "quick") + ("-selective" if scan.folders else "")


def _elapsed(scan: ScanRow) -> int | None:
    if scan.started is None:
        return None
    time = (scan.finished or datetime.now(UTC)) - scan.started
    return max(0, time // timedelta(microseconds=1)) * 1000
