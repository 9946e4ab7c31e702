"""When the next scan is due."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from conf.settings import Library
from db.rows import ScanRow
from server import schedule

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A place whose clocks are set forward in March; UTC+1 in winter."""
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def scan(started: str, finished: str | None) -> ScanRow:
    return ScanRow(
        1, None, [], "done", False, False, "", 0, 0, 0, 0, 0, 0, 0, 0, "", at(started), at(started),
        at(finished) if finished else None,
    )  # fmt: skip


NIGHTLY = Library(scan_interval=0, scan_at=("03:30",))
LAST = scan("2026-01-10T02:30", "2026-01-10T02:40")


def test_the_interval_counts_from_the_end_of_the_last_scan() -> None:
    settings = Library(scan_interval=3600)
    assert schedule.wait(settings, LAST, at("2026-01-10T03:00")) == timedelta(minutes=40)
    assert schedule.wait(settings, LAST, at("2026-01-10T03:41")) < timedelta(0)


def test_a_time_of_the_day_is_that_of_the_clock_on_the_wall() -> None:
    assert schedule.wait(NIGHTLY, LAST, at("2026-01-11T01:30")) == HOUR
    assert schedule.wait(NIGHTLY, LAST, at("2026-01-11T02:30")) == timedelta(0)
    summer = scan("2026-07-10T01:30", "2026-07-10T01:40")
    assert schedule.wait(NIGHTLY, summer, at("2026-07-11T00:30")) == HOUR


def test_what_was_missed_is_made_up_for_once() -> None:
    now = at("2026-01-11T12:00")
    assert schedule.wait(NIGHTLY, LAST, now) < timedelta(0)
    made_up = scan("2026-01-11T12:00", "2026-01-11T12:05")
    assert schedule.wait(NIGHTLY, made_up, now) == timedelta(hours=14, minutes=30)


def test_the_first_of_several_times_counts() -> None:
    settings = Library(scan_interval=0, scan_at=("03:30", "13:00"))
    last = scan("2026-01-11T02:31", "2026-01-11T02:35")
    assert schedule.wait(settings, last, at("2026-01-11T11:00")) == HOUR


def test_a_time_that_a_day_does_not_have_is_kept_all_the_same() -> None:
    """The clocks go from two to three."""
    settings = Library(scan_interval=0, scan_at=("02:30",))
    last = scan("2026-03-28T01:30", "2026-03-28T01:31")
    waits = schedule.wait(settings, last, at("2026-03-29T00:00"))
    assert timedelta(0) < waits <= timedelta(hours=2)


def test_nothing_is_due_while_a_scan_runs_or_waits() -> None:
    running = scan("2026-01-01T00:00", None)
    assert schedule.wait(Library(scan_at=("03:30",)), running, at("2026-01-10T12:00")) > HOUR


@pytest.mark.parametrize(
    ("settings", "due"), [(Library(), True), (NIGHTLY, True), (Library(scan_interval=0), False)]
)
def test_the_first_scan_is_due_at_once_if_any_is(settings: Library, due: bool) -> None:
    assert (schedule.wait(settings, None, at("2026-01-10T12:00")) <= timedelta(0)) is due
