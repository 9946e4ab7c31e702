"""What file names say."""

from __future__ import annotations

import pytest

from library import paths


@pytest.mark.parametrize(
    ("path", "suffix", "audio"),
    [
        (b"a/b.MP3", "mp3", True),
        (b"a.b/c", "", False),
        (b"flac", "", False),
        (b".flac", "flac", True),
        (b"x.jpg", "jpg", False),
        (b"x.\xff", "\ufffd", False),
    ],
)
def test_the_suffix_tells_music(path: bytes, suffix: str, audio: bool) -> None:
    assert paths.suffix(path) == suffix
    assert paths.is_media(path.rpartition(b"/")[2]) is audio


@pytest.mark.parametrize(
    ("folder", "album", "disc"),
    [
        (b"A/X/CD1", b"A/X", 1),
        (b"A/X/cd 02", b"A/X", 2),
        (b"A/X/Disc 3 - Live", b"A/X", 3),
        (b"A/X/disk_4", b"A/X", 4),
        (b"A/X/Vinyl 1", b"A/X", 1),
        (b"CD1", b"CD1", 1),
        (b"A/CDs", b"A/CDs", 0),
        (b"A/Discovery", b"A/Discovery", 0),
        (b"A/Disc 1999", b"A/Disc 1999", 0),
        (b"A/LP1000", b"A/LP1000", 0),
        (b"", b"", 0),
    ],
)
def test_folders_of_discs_belong_to_the_folder_above(
    folder: bytes, album: bytes, disc: int
) -> None:
    assert paths.album_folder(folder) == album
    assert paths.disc_number(folder) == disc


def test_any_path_can_be_shown() -> None:
    assert paths.shown("Größe/夜".encode()) == "Größe/夜"
    assert paths.shown(b"Caf\xe9") == "Caf?"
