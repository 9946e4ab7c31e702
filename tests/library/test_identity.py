"""Which album a song belongs to, and which song a file is: the rules as tables."""

from __future__ import annotations

from typing import Any

import pytest

from db.cards import AlbumClaim
from db.catalog import Trace
from library.identity import UNKNOWN, VARIOUS, albums, match


def claim(album: str = "X", artist: str = "", whose: str = "", **more: Any) -> AlbumClaim:
    return AlbumClaim(album=album, artist=artist, album_artists=(whose,) if whose else (), **more)


def grouped(*claims: AlbumClaim, folder: str = "Folder") -> list[tuple[int, str, str]]:
    """For each song: which album (by number), whose, called what."""
    found = albums(claims, folder)
    keys = list(dict.fromkeys(album.key for album in found))
    return [(keys.index(album.key), " & ".join(album.artists), album.name) for album in found]


RULES: dict[str, tuple[list[AlbumClaim], list[tuple[int, str, str]]]] = {
    "the album artist decides": (
        [claim(artist="A", whose="W"), claim(artist="B", whose="W")],
        [(0, "W", "X"), (0, "W", "X")],
    ),
    "one artist's songs are that artist's album": (
        [claim(artist="A"), claim(artist="a")],
        [(0, "A", "X"), (0, "A", "X")],
    ),
    "several artists make a compilation": (
        [claim(artist="A"), claim(artist="B")],
        [(0, VARIOUS, "X"), (0, VARIOUS, "X")],
    ),
    "a compilation says so itself": ([claim(artist="A", compilation=True)], [(0, VARIOUS, "X")]),
    "names that differ in accents and case alone are one": (
        [claim("Café", "Björk"), claim("CAFE", "bjork")],
        [(0, "Björk", "Café"), (0, "Björk", "CAFE")],
    ),
    "two albums of one folder stay two": (
        [claim("X", "A"), claim("Y", "A")],
        [(0, "A", "X"), (1, "A", "Y")],
    ),
    "albums of two album artists stay two": (
        [claim(artist="A", whose="A"), claim(artist="B", whose="B")],
        [(0, "A", "X"), (1, "B", "X")],
    ),
    "a song without album artist joins where its artist fits": (
        [claim(artist="A", whose="A"), claim(artist="A"), claim()],
        [(0, "A", "X"), (0, "A", "X"), (0, "A", "X")],
    ),
    "a song of another artist does not join": (
        [claim(artist="A", whose="A"), claim(artist="B")],
        [(0, "A", "X"), (1, "B", "X")],
    ),
    "everybody joins a compilation": (
        [claim(artist="A", whose="Various Artists"), claim(artist="B")],
        [(0, VARIOUS, "X"), (0, VARIOUS, "X")],
    ),
    "without a tag the folder names the album": (
        [claim("", "A"), claim("", "A")],
        [(0, "A", "Folder"), (0, "A", "Folder")],
    ),
    "without any tag nobody is the artist": ([claim("")], [(0, UNKNOWN, "Folder")]),
    "a song without album joins the only album around it": (
        [claim("X", "A"), claim("", "A"), claim("")],
        [(0, "A", "X"), (0, "A", "X"), (0, "A", "X")],
    ),
    "unless somebody else sings it": (
        [claim("X", "A"), claim("", "B")],
        [(0, "A", "X"), (1, "B", "Folder")],
    ),
    "years that differ do not split a folder": (
        [claim(artist="A", year=1970), claim(artist="A", year=1971), claim(artist="A")],
        [(0, "A", "X"), (0, "A", "X"), (0, "A", "X")],
    ),
    "two releases stay two": (
        [claim(artist="A", release="r1"), claim(artist="A", release="r2")],
        [(0, "A", "X"), (1, "A", "X")],
    ),
    "a release that only some songs name is everybody's": (
        [claim(artist="A", release="r1"), claim(artist="A")],
        [(0, "A", "X"), (0, "A", "X")],
    ),
    "editions stay two": (
        [claim(artist="A"), claim(artist="A", version="Deluxe")],
        [(0, "A", "X"), (1, "A", "X")],
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_songs_of_one_folder_find_their_albums(rule: str) -> None:
    claims, wanted = RULES[rule]
    assert grouped(*claims) == wanted


def test_albums_of_the_same_name_in_two_folders_are_told_apart_by_year() -> None:
    (first,) = albums([claim("Weezer", "Weezer", year=1994)], "Blue")
    (second,) = albums([claim("Weezer", "Weezer", year=2001)], "Green")
    assert first.key != second.key


def test_a_release_is_one_album_wherever_its_songs_lie() -> None:
    (first,) = albums([claim("X", "A", release="r1", year=1994)], "one")
    (second,) = albums([claim("X (Disc 2)", "A", release="r1")], "two")
    assert first.key == second.key


def trace(id_: int, path: str = "", **more: Any) -> Trace:
    known = {
        "audio_hash": None,
        "mb_recording": None,
        "mb_release": None,
        "tag_key": "",
        "duration": 100.0,
    }
    return Trace(id_, 0, 0, 0, (path or f"{id_}.mp3").encode(), **(known | more))


MATCHES: dict[str, tuple[list[Trace], list[Trace], dict[int, int]]] = {
    "a recording of a release comes before the sound": (
        [trace(1, mb_recording="r", mb_release="x", audio_hash=b"1")],
        [trace(7, audio_hash=b"1"), trace(8, mb_recording="r", mb_release="x")],
        {8: 1},
    ),
    "a recording alone is on many albums": (
        [trace(1, mb_recording="r", mb_release="x")],
        [trace(8, mb_recording="r", mb_release="y")],
        {},
    ),
    "the sound comes before the tags": (
        [trace(1, audio_hash=b"1", tag_key="t")],
        [trace(7, tag_key="t"), trace(8, audio_hash=b"1")],
        {8: 1},
    ),
    "tags count when the length is about the same": (
        [trace(1, tag_key="t", duration=100)],
        [trace(8, tag_key="t", duration=101.5)],
        {8: 1},
    ),
    "tags do not count when it is another length": (
        [trace(1, tag_key="t", duration=100)],
        [trace(8, tag_key="t", duration=110)],
        {},
    ),
    "the path is the last evidence": ([trace(1, "a.mp3")], [trace(8, "a.mp3")], {8: 1}),
    "nothing in common is nothing": ([trace(1)], [trace(8)], {}),
    "of equal sounds the one with the same tags": (
        [trace(1, "1", audio_hash=b"s", tag_key="a"), trace(2, "2", audio_hash=b"s", tag_key="b")],
        [trace(7, "x", audio_hash=b"s", tag_key="b"), trace(8, "y", audio_hash=b"s", tag_key="a")],
        {7: 2, 8: 1},
    ),
    "of equal songs the one with the same name": (
        [trace(1, "a/1", audio_hash=b"s"), trace(2, "a/2", audio_hash=b"s")],
        [trace(7, "b/2", audio_hash=b"s"), trace(8, "c/1", audio_hash=b"s")],
        {7: 2, 8: 1},
    ),
    "one song has one successor": (
        [trace(1, audio_hash=b"s")],
        [trace(7, "a", audio_hash=b"s"), trace(8, "b", audio_hash=b"s")],
        {7: 1},
    ),
}


@pytest.mark.parametrize("rule", MATCHES)
def test_files_are_known_by_the_best_evidence(rule: str) -> None:
    old, new, wanted = MATCHES[rule]
    assert match(old, new) == wanted
    assert match(old[::-1], new[::-1]) == wanted
