"""Scans by the clock: so long after the last one, and at times of the day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from conf.settings import Library
from db.rows import ScanRow

NEVER = timedelta(days=1)


def wait(settings: Library, last: ScanRow | None, now: datetime) -> timedelta:
    """How long until a scan of everything is due, `last` being the one before; at most a day.

    What was due while no server ran is due at once.
    """
    if last is None:
        return timedelta(0) if settings.scan_interval or settings.scan_at else NEVER
    if last.finished is None:
        return NEVER
    waits = [NEVER]
    if settings.scan_interval:
        waits.append(last.finished + timedelta(seconds=settings.scan_interval) - now)
    before = last.started or last.requested
    waits += [moment - now for moment in moments(settings.scan_at, now) if moment > before]
    return min(waits)


def moments(times: Iterable[str], now: datetime) -> list[datetime]:
    """The times of yesterday, today and tomorrow, as the clock on the wall shows them here."""
    today = now.astimezone().date()
    days = [today + timedelta(days=offset) for offset in (-1, 0, 1)]
    return [
        datetime.combine(day, time.fromisoformat(text)).astimezone()
        for day in days
        for text in times
    ]
