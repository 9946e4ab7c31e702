"""Ranges and conditions, header by header."""

from __future__ import annotations

import pytest

from streaming.ranges import OutOfRange, http_date, insists_on, lists_tag, part, same_version


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-", (0, 1000)),
        ("bytes=0-1", (0, 2)),
        ("bytes=0-99", (0, 100)),
        ("BYTES = 500 - 599", (500, 600)),
        ("bytes=950-", (950, 1000)),
        ("bytes=950-5000", (950, 1000)),
        ("bytes=999-999", (999, 1000)),
        ("bytes=-70", (930, 1000)),
        ("bytes=-5000", (0, 1000)),
        ("bytes=0-" + "9" * 400, (0, 1000)),
        # what is no range, or several, is answered with the whole
        ("bytes=0-1,5-6", None),
        ("bytes=9-5", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=-1-5", None),
        ("items=0-5", None),
        ("", None),
    ],
)
def test_a_range_is_the_part_asked_for(
    header: str | None, expected: tuple[int, int] | None
) -> None:
    assert part(header, 1000) == expected


@pytest.mark.parametrize(
    "header", ["bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=" + "9" * 400 + "-"]
)
def test_a_range_that_does_not_exist_is_refused(header: str) -> None:
    with pytest.raises(OutOfRange):
        part(header, 1000)


def test_an_empty_file_is_always_whole() -> None:
    assert part("bytes=0-", 0) is None


def test_only_the_very_version_may_be_continued() -> None:
    date = http_date(1_700_000_000_123_456_789)
    assert date == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert same_version(None, '"a"', date)
    assert same_version('"a"', '"a"', date)
    assert same_version(date, '"a"', date)
    assert not same_version('W/"a"', '"a"', date)
    assert not same_version('"b"', '"a"', date)
    assert not same_version("Tue, 14 Nov 2023 22:13:21 GMT", '"a"', date)


def test_a_tag_is_found_in_a_list() -> None:
    assert lists_tag('"x", W/"a"', '"a"')
    assert lists_tag("*", '"a"')
    assert not lists_tag('"x", "ab"', '"a"')
    assert not lists_tag("a", '"a"')


def test_who_insists_on_a_version_has_named_it_exactly() -> None:
    assert insists_on('"x", "a"', '"a"')
    assert insists_on(" * ", '"a"')
    assert not insists_on('"x", W/"a"', '"a"')
    assert not insists_on('"x", "ab"', '"a"')
