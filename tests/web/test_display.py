"""Figures, times and paths as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from web import display


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_951, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (412_345_678_901, "412 GB"),
        (5_000_000_000_000_000_000, "5,000 PB"),
    ],
)
def test_sizes_have_two_or_three_figures(value: int, text: str) -> None:
    assert display.size(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 min"),
        (29, "0 min"),
        (89, "1 min"),
        (3600, "1 h 0 min"),
        (3599, "1 h 0 min"),
        (93_784, "1 d 2 h"),
        (86_400 * 1500, "1,500 d 0 h"),
    ],
)
def test_playing_times_have_two_units_at_most(seconds: float, text: str) -> None:
    assert display.playing_time(seconds) == text


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(hours=2, minutes=59), "2 hours ago"),
        (timedelta(days=40), "40 days ago"),
    ],
)
def test_times_past_are_told_in_one_unit(before: timedelta, text: str) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert display.ago(now - before, now) == text


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (timedelta(seconds=30), "in a minute"),
        (timedelta(seconds=61), "in 2 minutes"),
        (timedelta(hours=24), "in 24 hours"),
        (timedelta(days=6, hours=23), "in 7 days"),
        (timedelta(0), "just now"),
        (timedelta(days=-2), "2 days ago"),
    ],
)
def test_times_to_come_are_told_in_one_unit_and_never_as_less(ahead: timedelta, text: str) -> None:
    now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert display.ahead(now + ahead, now) == text


def test_a_path_that_is_no_text_is_shown_with_question_marks() -> None:
    assert display.path("Ä/".encode() + b"\xff.mp3") == "Ä/?.mp3"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (247.4, "4:07"), (3723, "1:02:03")]
)
def test_the_length_of_a_song_is_read_like_a_clock(seconds: float, text: str) -> None:
    assert display.clock(seconds) == text
