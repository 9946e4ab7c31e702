"""LRC: what is understood, and what is borne."""

from __future__ import annotations

import pytest

from library.lyrics.lrc import parse
from library.lyrics.sheet import Cue, Sheet

Timed = list[tuple[int | None, str]]


def sheet(text: str, lang: str = "") -> Sheet:
    found = parse(text, lang)
    assert found is not None
    return found


def timed(text: str) -> Timed:
    return [(line.start, line.text) for line in sheet(text).lines]


def cues(text: str) -> list[tuple[int, int | None, str]]:
    (line,) = sheet(text).lines
    return [(cue.start, cue.end, cue.text) for cue in line.cues]


@pytest.mark.parametrize(
    ("stamp", "ms"),
    [
        ("00:01", 1000),
        ("0:1", 1000),
        ("01:02.5", 62_500),
        ("01:02.50", 62_500),
        ("01:02.503", 62_503),
        ("01:02.503999", 62_503),
        ("01:02:50", 62_500),
        (" 01:02.50 ", 62_500),
        ("99:59.99", 5_999_990),
        ("120:00.00", 7_200_000),
        ("1:02:03.50", 3_723_500),
        ("01:02:03.5", 3_723_500),
    ],
)
def test_a_time_is_read_in_every_form(stamp: str, ms: int) -> None:
    assert timed(f"[{stamp}]x") == [(ms, "x")]


@pytest.mark.parametrize(
    "stamp",
    ["00:60", "00", "a:b", "-1:00", "1000:00", "00:00:", "1:60:00.0", "99999999999:00", "٠٠:x"],
)
def test_what_is_no_time_is_no_time(stamp: str) -> None:
    found = parse(f"[{stamp}]x\n[00:01.00]y")
    assert found is not None
    assert [(line.start, line.text) for line in found.lines] == [(1000, "y")]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("[00:01.00] a \n[00:02.00]b", [(1000, "a"), (2000, "b")]),
        ("[00:02.00]b\n[00:01.00]a", [(1000, "a"), (2000, "b")]),
        ("[00:01.00][00:05.00]a\n[00:03.00]b", [(1000, "a"), (3000, "b"), (5000, "a")]),
        ("[00:01.00] [00:05.00] a", [(1000, "a"), (5000, "a")]),
        ("[00:01.00]a\n[00:02.00]\n[00:03.00]b", [(1000, "a"), (2000, ""), (3000, "b")]),
        ("[00:01.00]x\n[00:01.00]y", [(1000, "x"), (1000, "y")]),
        ("[00:01.00]a\nb\n\n[00:02.00]c", [(1000, "a"), (1000, "b"), (2000, "c")]),
        ("some title\n[00:01.00]a", [(1000, "a")]),
        ("[ti:T]\n[00:01.00]a\n[by:me]\n[foo:bar]", [(1000, "a")]),
        ("[00:01.00]a [00:02.00] b", [(1000, "a [00:02.00] b")]),
        ("[00:01.00]a <3 b", [(1000, "a <3 b")]),
        ("[00:01.00][Chorus] a", [(1000, "[Chorus] a")]),
        ("<00:01.00>a <00:02.00>b", [(1000, "a b")]),
    ],
)
def test_lines_stand_in_the_order_of_their_times(text: str, lines: Timed) -> None:
    assert sheet(text).synced
    assert timed(text) == lines


def test_text_without_times_is_lines_as_they_are() -> None:
    found = sheet("\n\n[ti:T]\n[ar: A]\n[Verse 1: Ann]\n  One\n\nTwo\n\n")
    assert not found.synced
    assert [line.text for line in found.lines] == ["[Verse 1: Ann]", "One", "", "Two"]
    assert {line.start for line in found.lines} == {None}
    assert (found.title, found.artist, found.offset) == ("T", "A", 0)
    assert found.text == "[Verse 1: Ann]\nOne\n\nTwo"


@pytest.mark.parametrize(
    "text", ["", " \n\n", "[ti:T]\n[ar:A]", "[00:01.00]\n[00:02.00] ", "[00:01.00]<00:01.00>"]
)
def test_a_text_without_a_word_is_no_sheet(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("head", "offset"),
    [
        ("[offset:+500]", 500),
        ("[offset: -3000]", -3000),
        ("[OFFSET:250 ms]", 250),
        ("[offset:]", 0),
        ("[offset:soon]", 0),
        ("[offset:99999999999999]", 0),
    ],
)
def test_a_positive_offset_means_earlier_and_leaves_the_times_alone(head: str, offset: int) -> None:
    found = sheet(f"{head}\n[00:10.00]a")
    assert (found.offset, found.lines[0].start) == (offset, 10_000)


@pytest.mark.parametrize(
    ("head", "given", "lang"),
    [
        ("[la:EN]", "", "en"),
        ("[lang: pt-BR]", "", "pt-br"),
        ("[la:en]", "deu", "deu"),
        ("[la:xxx]", "", "xxx"),
        ("[la:<script>]", "", "xxx"),
        ("", "", "xxx"),
    ],
)
def test_the_language_is_what_the_name_or_the_head_says(head: str, given: str, lang: str) -> None:
    assert sheet(f"{head}\n[00:10.00]a", given).lang == lang


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<00:01.00>a <00:02.00>b", [(1000, None, "a "), (2000, None, "b")]),
        ("<00:01.00>a <00:02.00>b<00:03.00>", [(1000, 2000, "a "), (2000, 3000, "b")]),
        ("a <00:02.00>b", [(1000, None, "a "), (2000, None, "b")]),
        (" <00:01.00> a<00:01.50> <00:02.00>b <00:03.00> ",
         [(1000, 1500, "a"), (1500, 2000, " "), (2000, 3000, "b")]),
        ("<00:01.00><00:02.00>a", [(2000, None, "a")]),
        ("<00:05.00>a<00:02.00>b<00:03.00>", [(5000, 5000, "a"), (5000, 5000, "b")]),
        ("a<00:99.00>b", []),
        ("ab", []),
    ],
)  # fmt: skip
def test_words_have_times_which_never_fall(
    text: str, expected: list[tuple[int, int | None, str]]
) -> None:
    assert cues(f"[00:01.00]{text}") == expected


def test_words_know_their_bytes() -> None:
    (line,) = sheet("[00:01.00] <00:01.00>Ünd <00:02.00>夜<00:03.00>🎵<00:04.00> ").lines
    assert line.text == "Ünd 夜🎵"
    assert line.cues == (
        Cue(1000, 2000, 0, 4, "Ünd "),
        Cue(2000, 3000, 5, 7, "夜"),
        Cue(3000, 4000, 8, 11, "🎵"),
    )
    data = line.text.encode()
    assert [data[cue.first : cue.last + 1].decode() for cue in line.cues] == [
        cue.text for cue in line.cues
    ]


def test_words_of_a_line_that_is_sung_twice_have_no_times() -> None:
    found = sheet("[00:01.00][00:09.00]<00:01.00>a<00:02.00>b")
    assert [(line.start, line.text, line.cues) for line in found.lines] == [
        (1000, "ab", ()),
        (9000, "ab", ()),
    ]


def test_voices_are_told_apart() -> None:
    found = sheet(
        "[v1:Ann]\n[00:01.00]v1: <00:01.00>One\n[00:02.00] V2:Two\n[bg:<00:01.50>ooh<00:01.90>]\n"
        "[00:03.00]Three: four"
    )
    assert [(line.start, line.voice, line.text) for line in found.lines] == [
        (1000, "v1", "One"),
        (1500, "bg", "ooh"),
        (2000, "v2", "Two"),
        (3000, "", "Three: four"),
    ]
    assert found.names == {"v1": "Ann"}


MEGA = 1024 * 1024


@pytest.mark.attack("X35", "X41")
@pytest.mark.parametrize(
    "text",
    [
        "[" * MEGA,
        "]" * MEGA,
        "<" * MEGA,
        "[a:" + "] " * (MEGA // 2),
        " " * MEGA,
        "[" + " " * MEGA,
        "\n" * MEGA,
        "a\n" * (MEGA // 2),
        "[00:00]" * (MEGA // 7),
        "[00:00]" * (MEGA // 14) + "x" * (MEGA // 2),
        "[00:00]" * 200 + "\n" + "a\n" * (MEGA // 2),
        "[00:00]" + "<00:00>" * (MEGA // 7) + "a",
        "[00:00]" + "<00:00>a" * (MEGA // 8),
        "[00:00]" + "<" * MEGA + "00:00>",
        "[00:00]" + "v1:" * (MEGA // 3),
        "[00:00]" + "<00:00" * (MEGA // 6),
        "[99:99]" * (MEGA // 7),
        "[" + "9" * MEGA + ":00]a",
        "[00:00." + "9" * MEGA + "]a",
        "[offset:" + "9" * MEGA + "]\n[00:01]a",
        "[v1:" + "x" * MEGA + "]\n[00:01]a",
        "[ti:" * (MEGA // 4),
    ],
    ids=lambda text: text[:12],
)
def test_a_hostile_megabyte_gives_a_sheet_within_bounds(text: str) -> None:
    found = parse(text)
    if found is not None:
        assert len(found.lines) <= 10_000
        assert sum(len(line.text) + len(line.cues) for line in found.lines) <= MEGA
        assert len(found.title) <= 300
        assert all(len(name) <= 300 for name in found.names.values())
