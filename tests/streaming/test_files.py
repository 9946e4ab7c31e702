"""Opening files: nothing outside the folder, nothing but files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from streaming.errors import Gone
from streaming.files import open_inside


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    inside = tmp_path / "music"
    inside.mkdir()
    (inside / "a.mp3").write_bytes(b"sound")
    (tmp_path / "secret").write_bytes(b"secret")
    return inside


def content(folder: Path, path: bytes) -> bytes:
    opened = open_inside(bytes(folder), path)
    with opened.file as file:
        assert opened.size == os.fstat(file.fileno()).st_size
        return file.read()


def test_a_file_in_the_folder_is_opened(folder: Path) -> None:
    assert content(folder, b"a.mp3") == b"sound"


def test_links_may_lead_about_within_the_folder(folder: Path, tmp_path: Path) -> None:
    (folder / "b.mp3").symlink_to("a.mp3")
    (tmp_path / "door").symlink_to(folder)
    assert content(folder, b"b.mp3") == b"sound"
    assert content(tmp_path / "door", b"b.mp3") == b"sound"


@pytest.mark.attack("X50", "X51")
@pytest.mark.parametrize("path", [b"../secret", b"way/secret", b"out", b"/etc/passwd", b"a\0b"])
def test_nothing_outside_the_folder_is_opened(folder: Path, tmp_path: Path, path: bytes) -> None:
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "way").symlink_to(tmp_path)
    with pytest.raises(Gone):
        open_inside(bytes(folder), path)


@pytest.mark.attack("X50")
def test_a_neighbour_that_begins_with_the_same_name_is_outside(
    folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "music2").mkdir()
    (tmp_path / "music2" / "x").touch()
    with pytest.raises(Gone, match="outside"):
        open_inside(bytes(folder), b"../music2/x")


@pytest.mark.attack("X51")
def test_a_folder_that_becomes_a_link_while_it_is_looked_at_leads_nowhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the path and the opening, somebody else is quicker."""
    (folder / "way").mkdir()
    (folder / "way/secret").write_bytes(b"sound")
    look = os.path.realpath

    def slow(path: bytes) -> bytes:
        found = look(path)
        if found.endswith(b"secret"):
            (folder / "way").rename(folder / "gone")
            (folder / "way").symlink_to(tmp_path)
        return found

    monkeypatch.setattr(os.path, "realpath", slow)
    with pytest.raises(Gone, match="outside"):
        open_inside(bytes(folder), b"way/secret")


@pytest.mark.attack("X51")
def test_what_is_no_regular_file_is_refused_and_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.mp3")
    (folder / "dir.mp3").mkdir()
    for name in (b"pipe.mp3", b"dir.mp3"):
        with pytest.raises(Gone, match="regular"):
            open_inside(bytes(folder), name)


def test_a_vanished_file_is_told_from_a_forbidden_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Gone, match="no longer there"):
        open_inside(bytes(folder), b"b.mp3")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    # Tests may run as root, whom no file refuses.
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(Gone, match="may not read"):
        open_inside(bytes(folder), b"a.mp3")
