"""Scanning the libraries."""

from __future__ import annotations

from db.rows import ScanRow
from subsonic.endpoint import Call, endpoint
from subsonic.entries import date
from subsonic.models.scanning import ScanStatus


@endpoint("getScanStatus", key="scanStatus")
async def get_scan_status(call: Call) -> ScanStatus:
    """Tell whether a scan runs and how far it is."""
    return await _status(call, await call.services.db.scans.latest())


@endpoint("startScan", key="scanStatus", role="admin")
async def start_scan(call: Call, *, full_scan: bool = False) -> ScanStatus:
    """Ask for a scan and return at once; `fullScan=true` (Navidrome's) reads every file again."""
    return await _status(call, await call.services.db.scans.request(complete=full_scan))


async def _status(call: Call, scan: ScanRow | None) -> ScanStatus:
    scanning = scan is not None and scan.state in ("queued", "running")
    totals = await call.services.db.libraries.totals(call.user.libraries)
    return ScanStatus(
        scanning=scanning,
        count=scan.seen if scan is not None and scanning else totals.songs,
        last_scan=date(scan.finished) if scan is not None else None,
        error=scan.message if scan is not None and scan.state in ("failed", "refused") else None,
    )
