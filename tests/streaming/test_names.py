"""Names in an archive that no system stumbles over."""

from __future__ import annotations

import unicodedata

import pytest

from streaming.names import Names, clean

HOSTILE = [
    "../../etc/passwd", "/etc/passwd", "C:\\Windows\\x", "..", ".", "", " ", "...", "a/b\\c", "~",
    "con", "CON.txt", "Aux .flac", "lpt1", "COM¹", "nul.tar.gz", "a\x00b", "a\nb\r", "\u202egnp.exe",
    "trailing. . ", "  leading", ".hidden", "-rf", 'a:b*c?d"e<f>g|h', "\udcff\udcfe", "e\u0301" * 300,
    "𝄞" * 500, "x" * 5000, "%2e%2e%2f", "．．／", "LPT٣", "\x7f\x9b",
]  # fmt: skip


@pytest.mark.attack("X50")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_becomes_one_harmless_part(name: str) -> None:
    found = clean(name)
    assert found
    assert not set(found) & set('/\\<>:"|?*')
    assert all(ord(char) >= 32 and not 0x7F <= ord(char) < 0xA0 for char in found)
    assert found == unicodedata.normalize("NFC", found)
    assert found[0] not in ". "
    assert found[-1] not in ". "
    assert found.split(".")[0].strip().lower() not in {"con", "aux", "nul", "lpt1", "com¹"}
    assert len(found.encode()) <= 161
    assert clean(found) == found


@pytest.mark.parametrize("name", ["Dvořák", "東京", "AC⚡DC", "R.E.M", "Contra", "a - b (c) [d]"])
def test_what_is_harmless_stays(name: str) -> None:
    assert clean(name) == name


@pytest.mark.attack("X50", "X52")
def test_no_name_is_given_twice_whatever_the_case_or_the_way_to_write_it() -> None:
    names = Names()
    given = [names.file("", stem, "mp3") for stem in ("Ä", "ä", "A\u0308", "ß", "SS", "Ä (2)", "Ä")]
    assert given[:3] == ["Ä.mp3", "ä (2).mp3", "Ä (3).mp3"]
    assert len({name.casefold() for name in given}) == len(given)


def test_a_file_and_a_folder_never_have_the_same_name() -> None:
    names = Names()
    assert names.folder("", "a.mp3") == "a.mp3/"
    assert names.file("", "A", "mp3") == "A (2).mp3"
    assert names.file("", "b", "mp3") == "b.mp3"
    assert names.folder("", "b.mp3") == "b.mp3 (2)/"


def test_folders_that_only_look_alike_stay_apart() -> None:
    names = Names()
    assert names.folder("", "a?") == names.folder("", "a?") == "a_/"
    assert names.folder("", "a:") == "a_ (2)/"
    assert names.folder("", "Same", 1) != names.folder("", "Same", 2)


def test_ten_thousand_of_the_same_name_cost_no_more_than_others() -> None:
    names = Names()
    given = {names.file("", "Untitled", "flac") for _ in range(10_000)}
    assert len(given) == 10_000
    assert "Untitled (10000).flac" in given
