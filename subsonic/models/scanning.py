"""Answers about scans."""

from __future__ import annotations

from subsonic.models.base import Date, Model, Open


class ScanStatus(Model, frozen=True, kw_only=True):
    """How a scan goes."""

    scanning: bool
    count: int
    folder_count: Open[int | None] = None
    last_scan: Open[Date | None] = None
    scan_type: Open[str | None] = None
    elapsed_time: Open[int | None] = None
    """Nanoseconds."""
    error: Open[str | None] = None
