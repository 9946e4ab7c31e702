"""Which song a line means."""

from __future__ import annotations

import unicodedata

import pytest

from library.playlist_lines import Line, Place, Resolver, is_remote

ROOTS = {1: b"/srv/Music", 2: b"/srv/More"}
SONGS = {
    "Ada/First/01 Alpha.mp3": 1,
    "Ada/First/02 Beta.flac": 1,
    "Bär/Ünder/CD1/01.mp3": 1,
    "Bär/Ünder/CD2/01.mp3": 1,
    "Lists/near.mp3": 1,
    "Top.mp3": 1,
    "back\\slash.mp3": 1,
    "50%25/x.mp3": 1,
    "Twice/One/same.mp3": 1,
    "Else/One/same.mp3": 1,
    "Only/More/song.mp3": 2,
    "Both/Here/song.mp3": 1,
    "Both/Here/song2.mp3": 1,
    "More/Both/Here/song2.mp3": 2,
    "Solo/CD1/07.mp3": 1,
}
IDS = {path: number for number, path in enumerate(SONGS, 1)}


def find(text: str, folder: str = "Lists", library: int = 1) -> str | None:
    line = Line(library, folder.encode(), text)
    resolver = Resolver(ROOTS, [line])
    for path, where in SONGS.items():
        resolver.add(Place(IDS[path], where, path.encode()))
    song = resolver.find(line)
    return None if song is None else next(path for path in SONGS if IDS[path] == song)


@pytest.mark.attack("X50")
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("near.mp3", "Lists/near.mp3"),
        ("./near.mp3", "Lists/near.mp3"),
        ("../Ada/First/01 Alpha.mp3", "Ada/First/01 Alpha.mp3"),
        ("..\\Ada\\First\\01 Alpha.mp3", "Ada/First/01 Alpha.mp3"),
        ("../ADA/first/01 alpha.MP3", "Ada/First/01 Alpha.mp3"),
        ("../Ada//First/./x/../01 Alpha.mp3", "Ada/First/01 Alpha.mp3"),
        ("../Ada/First/01%20Alpha.mp3", "Ada/First/01 Alpha.mp3"),
        ("Ada/First/01 Alpha.mp3", "Ada/First/01 Alpha.mp3"),
        (unicodedata.normalize("NFD", "../Bär/Ünder/CD2/01.mp3"), "Bär/Ünder/CD2/01.mp3"),
        ("../back\\slash.mp3", "back\\slash.mp3"),
        ("../50%25/x.mp3", "50%25/x.mp3"),
        ("/srv/Music/Top.mp3", "Top.mp3"),
        ("/srv/More/Only/More/song.mp3", "Only/More/song.mp3"),
        ("file:///srv/Music/B%C3%A4r/%C3%9Cnder/CD1/01.mp3", "Bär/Ünder/CD1/01.mp3"),
        ("file://localhost/srv/Music/Top.mp3", "Top.mp3"),
        ("file:/srv/Music/Top.mp3", "Top.mp3"),
        ("FILE:///C:/Users/me/Music/Ada/First/02%20Beta.flac", "Ada/First/02 Beta.flac"),
        ("C:\\Music\\Ada\\First\\02 Beta.flac", "Ada/First/02 Beta.flac"),
        ("\\\\nas\\share\\Ada\\First\\02 Beta.flac", "Ada/First/02 Beta.flac"),
        ("/mnt/old/Music/Bär/Ünder/CD2/01.mp3", "Bär/Ünder/CD2/01.mp3"),
        ("C:\\Music\\Top.mp3", "Top.mp3"),
        ("/elsewhere/Twice/One/same.mp3", "Twice/One/same.mp3"),
        ("/elsewhere/One/same.mp3", None),
        ("/elsewhere/same.mp3", None),
        ("/elsewhere/near.mp3", None),
        ("/elsewhere/First/01 Alpha.mp3", "Ada/First/01 Alpha.mp3"),
        ("/elsewhere/Another/CD1/07.mp3", None),
        ("/old/Both/Here/song2.mp3", "Both/Here/song2.mp3"),
        ("02 Beta.flac", None),
        ("../../../etc/passwd", None),
        ("../../More/Only/More/song.mp3", "Only/More/song.mp3"),
        ("../../Music/Top.mp3", "Top.mp3"),
        ("/etc/passwd", None),
        ("%2e%2e/%2E%2E/etc/passwd", None),
        ("..%2f..%2fetc%2fpasswd", None),
        ("..%c0%af..%c0%afetc/passwd", None),
        ("file:///..%2f../etc/passwd", None),
        ("http://radio.example/Ada/First/01 Alpha.mp3", None),
        ("smb://nas/Ada/First/01 Alpha.mp3", None),
        ("", None),
        ("/", None),
        ("..", None),
        ("C:", None),
        ("%", None),
        ("%ff%00", None),
        ("file://", None),
        ("a" * 4000, None),
        ("../" * 1000 + "Top.mp3", "Top.mp3"),
    ],
)
def test_a_line_means_the_song_at_its_path_or_the_only_one_with_its_end(
    text: str, path: str | None
) -> None:
    assert find(text) == path


@pytest.mark.attack("X52")
def test_two_songs_that_differ_in_case_are_told_apart() -> None:
    lines = [Line(1, b"", text) for text in ("A/x.mp3", "a/x.mp3", "A/X.MP3")]
    resolver = Resolver({1: b"/m"}, lines)
    resolver.add(Place(1, 1, b"A/x.mp3"))
    resolver.add(Place(2, 1, b"a/x.mp3"))
    assert [resolver.find(line) for line in lines] == [1, 2, None]


@pytest.mark.attack("X52")
def test_names_that_are_no_utf8_are_found_from_lists_that_are_none() -> None:
    line = Line(1, b"", "Café.mp3")
    resolver = Resolver({1: b"/m"}, [line])
    resolver.add(Place(7, 1, b"Caf\xe9.mp3"))
    assert resolver.find(line) == 7


@pytest.mark.parametrize(
    ("text", "remote"),
    [
        ("http://x/y", True), ("HTTPS://x/y", True), ("rtmp://x", True),
        ("file:///x", False), ("C:\\x", False), ("c:/x", False), ("a: b.mp3", False), ("x/http://y", False),
        ("\\\\nas\\x", False), ("Title: Part.mp3", False),
    ],
)  # fmt: skip
def test_addresses_of_the_network_are_told_from_paths(text: str, remote: bool) -> None:
    assert is_remote(text) is remote
