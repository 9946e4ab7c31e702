"""What playlist files say, however they are written, and what of them is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from db.errors import UnfitError
from db.smart_rules import Rules
from db.smart_rules import parse as parse_rules
from library import nsp
from library.playlists import (
    MOST_BYTES,
    MOST_LINES,
    List,
    UnfitFileError,
    file_name,
    parse,
    read_file,
    read_files,
    write_m3u8,
)
from library.tags.facts import Request, Splitting

XSPF = """<?xml version="1.0" encoding="UTF-8"?>
<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Mix &amp; more</title>
<annotation>About it</annotation><trackList>
<track><location>Ada/01%20Alpha.mp3</location><title>Alpha</title><location>other.mp3</location></track>
<track><title>Nowhere</title></track>
<track><location>file:///music/B%C3%A4r.mp3</location></track>
</trackList></playlist>"""


@pytest.mark.parametrize(
    ("suffix", "data", "name", "lines"),
    [
        ("m3u", b"a.mp3\nb.mp3\n", "", ["a.mp3", "b.mp3"]),
        (
            "m3u",
            b"#EXTM3U\r\n#EXTINF:12,Ada - Alpha\r\na.mp3\r\n\r\n  b.mp3 \r\n",
            "",
            ["a.mp3", "b.mp3"],
        ),
        ("m3u", b"a.mp3\rb.mp3", "", ["a.mp3", "b.mp3"]),
        ("m3u8", "\ufeff#EXTM3U\n#PLAYLIST: Für dich \nBär.mp3".encode(), "Für dich", ["Bär.mp3"]),
        ("m3u", "#playlist:Ä\nBär.mp3".encode("latin-1"), "Ä", ["Bär.mp3"]),
        ("m3u", b"\x93quoted\x94.mp3", "", ["\u201cquoted\u201d.mp3"]),
        ("m3u", b"odd \x81\xff.mp3", "", ["odd \x81\xff.mp3"]),
        ("m3u", "Bär.mp3".encode("utf-16"), "", ["Bär.mp3"]),
        ("m3u", b"a\x00.mp3\n# only a remark\n#", "", ["a.mp3"]),
        ("m3u", b"line\xe2\x80\xa8separator.mp3", "", ["line\u2028separator.mp3"]),
        ("m3u", b"#PLAYLIST:One\x07\n#PLAYLIST:Two\n", "One", []),
        ("m3u", b"", "", []),
        (
            "pls",
            b"[playlist]\nFile2=b.mp3\nfile10=c.mp3\nFile1= a.mp3\nTitle1=A\nNumberOfEntries=3\nVersion=2\n",
            "",
            ["a.mp3", "b.mp3", "c.mp3"],
        ),
        ("pls", b"[playlist]\r\nPlaylistName=P\r\nFile1=a=b.mp3\r\nFile1=c.mp3", "P", ["a=b.mp3"]),
        ("pls", b"File99999999999=a.mp3\nFilex=b.mp3\nnothing", "", []),
        ("xspf", XSPF.encode(), "Mix & more", ["Ada/01 Alpha.mp3", "file:///music/B%C3%A4r.mp3"]),
        ("xspf", b"<playlist><trackList/></playlist>", "", []),
    ],
)
def test_files_are_understood(suffix: str, data: bytes, name: str, lines: list[str]) -> None:
    found = parse(suffix, data)
    assert (found.name, found.lines) == (name, lines)


TRACK = b"<track><location>x</location></track>"
LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]><playlist><title>&c;</title></playlist>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<playlist><trackList><track><location>&x;</location></track></trackList></playlist>"""
DTD = b'<!DOCTYPE p SYSTEM "http://127.0.0.1:1/x.dtd"><playlist/>'


@pytest.mark.attack("X32")
@pytest.mark.parametrize(
    ("suffix", "data", "complaint"),
    [
        ("xspf", LAUGHS, "document type"),
        ("xspf", OUTSIDE, "document type"),
        ("xspf", DTD, "document type"),
        ("xspf", DTD.decode().encode("utf-16"), "document type|no XML"),
        ("xspf", b"<playlist>&b;</playlist>", "no XML"),
        ("xspf", b"<playlist>", "no XML"),
        ("xspf", b"", "no XML"),
        ("xspf", b'<?xml version="1.0" encoding="TTF-8"?><playlist/>', "no XML"),
        ("xspf", b'<?xml version="1.0" encoding="base64"?><playlist/>', "no XML"),
        ("xspf", b'<?xml version="1.0" encoding="undefined"?><playlist/>', "no XML"),
        ("xspf", b"\x00\xff", "no XML"),
        ("xspf", b"<html><playlist/></html>", "no playlist"),
        ("xspf", b"<playlist>" + b"<a>" * 100_000, "too deep"),
        ("xspf", b"<playlist><trackList>" + TRACK * (MOST_LINES + 1), "more than"),
        ("m3u", b"a\n" * (MOST_LINES + 1), "more than"),
        ("pls", b"\n".join(b"File%d=a" % n for n in range(MOST_LINES + 1)), "more than"),
        ("m3u8", b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:10,\nsegment0.ts", "HLS"),
        ("nsp", b"[]", "no smart playlist"),
        ("nsp", b"{", "no JSON"),
        ("nsp", b'{"all": []}', "no rule"),
        ("nsp", b'{"all": [' * 100_000, "characters at most|no JSON"),
        ("nsp", b'{"any": [' * 20 + b'{"is": {"title": "x"}}' + b"]}" * 20, "deep"),
    ],
)
def test_hostile_files_are_refused_with_a_reason(suffix: str, data: bytes, complaint: str) -> None:
    with pytest.raises((UnfitFileError, UnfitError), match=complaint):
        parse(suffix, data)


def test_long_lines_and_names_are_cut() -> None:
    found = parse("m3u", b"#PLAYLIST:" + b"n" * 5000 + b"\n" + b"x" * 500_000)
    assert len(found.name) == 250
    assert [len(line) for line in found.lines] == [4000]


@pytest.mark.attack("X51")
def test_what_is_too_large_or_no_plain_file_is_not_read(tmp_path: Path) -> None:
    large, fifo, link = (tmp_path / f"{name}.m3u" for name in ("large", "fifo", "link"))
    large.write_bytes(b"a" * (MOST_BYTES + 1))
    os.mkfifo(fifo)
    link.symlink_to("/etc/passwd")
    names = [b"large.m3u", b"fifo.m3u", b"link.m3u", b"missing.m3u"]
    payload = msgspec.msgpack.encode(Request(os.fsencode(tmp_path), names, Splitting()))
    found = msgspec.msgpack.decode(read_files(payload), type=list[List])
    assert [bool(each.failed) for each in found] == [True] * 4
    assert "2 MB at most" in found[0].failed
    assert "plain file" in found[1].failed
    large.write_bytes(b"a" * MOST_BYTES)
    assert not read_file(os.fsencode(large)).failed


def navidrome(text: str) -> tuple[Rules, list[str]]:
    found = nsp.read(text)
    return found.rules, found.skipped


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            '{"all": [{"is": {"loved": true}}], "sort": "title", "order": "asc", "limit": 25}',
            '{"all": [{"field": "loved", "value": true}], "sort": [{"by": "title"}], "limit": 25}',
        ),
        (
            (
                '{"all": [{"inTheRange": {"year": [1981, 1990]}}, {"inTheLast": {"lastplayed": 30}}],'
                ' "sort": "-year,albumartist,random", "order": "desc"}'
            ),
            (
                '{"all": [{"field": "year", "operator": "inTheRange", "value": [1981.0, 1990.0]},'
                ' {"field": "lastPlayed", "operator": "inTheLast", "value": 30}], "limit": 10000,'
                ' "sort": [{"by": "year"}, {"by": "albumArtist", "descending": true}, {"by": "random"}]}'
            ),
        ),
        (
            (
                '{"any": [{"all": [{"CONTAINS": {"FilePath": "x"}}, {"gt": {"playCount": "5"}}]},'
                ' {"is": {"loved": "true"}}, {"before": {"dateadded": "2020-01-01"}}]}'
            ),
            (
                '{"any": [{"all": [{"field": "path", "operator": "contains", "value": "x"},'
                ' {"field": "playCount", "operator": "gt", "value": 5.0}]},'
                ' {"field": "loved", "value": true},'
                ' {"field": "dateAdded", "operator": "before", "value": "2020-01-01"}], "limit": 10000}'
            ),
        ),
    ],
)
def test_rules_of_navidrome_become_ours(given: str, expected: str) -> None:
    rules, skipped = navidrome(given)
    assert rules == parse_rules(expected)
    assert skipped == []


def test_what_is_not_known_of_them_is_left_out_and_named() -> None:
    rules, skipped = navidrome(
        '{"name": "N", "all": [{"is": {"title": "x"}}, {"is": {"mood": "y"}}, {"soundsLike": {"title": "z"}},'
        ' {"inPlaylist": {"id": "abc"}}, {"any": [{"is": {"mood": "y"}}]}, "odd", {"is": {"year": "never"}},'
        ' {"is": {"password": "x"}}], "sort": "mood"}'
    )
    assert rules == parse_rules('{"all": [{"field": "title", "value": "x"}], "limit": 10000}')
    assert len(skipped) == 7
    for word in ("'mood'", "'soundsLike'", "another server", "'year'", "'password'", "sorted by"):
        assert any(word in reason for reason in skipped), word


@pytest.mark.parametrize(
    "sort", [5, None, ["title"], {"a": 1}, "'; drop table", "-", ",,,", "title," * 100]
)
def test_odd_orders_do_no_harm(sort: Any) -> None:
    text = msgspec.json.encode({"all": [{"is": {"title": "x"}}], "sort": sort}).decode()
    assert navidrome(text)[0].all


def test_what_is_written_is_read_again() -> None:
    text = write_m3u8(
        "Für\ndich #1",
        [(61.6, "Ada\r\n#EXTINF", "Al\npha", "Ada/01 Alpha.mp3"), (3, "B", "C", "#1 hits/x.mp3")],
    )
    assert text.splitlines() == [
        "#EXTM3U",
        "#PLAYLIST:Für dich #1",
        "#EXTINF:62,Ada #EXTINF - Al pha",
        "Ada/01 Alpha.mp3",
        "#EXTINF:3,B - C",
        "./#1 hits/x.mp3",
    ]
    found = parse("m3u8", text.encode())
    assert (found.name, found.lines) == ("Für dich #1", ["Ada/01 Alpha.mp3", "./#1 hits/x.mp3"])


@pytest.mark.attack("X50")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Mix", "Mix.m3u8"),
        ("../../etc/passwd", "_.._etc_passwd.m3u8"),
        ('a"b\r\nc:d', "a_b c_d.m3u8"),
        ("...", "playlist.m3u8"),
        ("", "playlist.m3u8"),
        ("Ä" * 300, "Ä" * 100 + ".m3u8"),
    ],
)
def test_a_name_becomes_a_file_name(name: str, expected: str) -> None:
    assert file_name(name) == expected
