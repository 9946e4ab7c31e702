"""What is found in a music folder.

Music/
├── a.mp3
├── Album/              b.FLAC  cover.jpg  notes.txt
├── .hidden/c.mp3       (ignored)
├── Quiet/              .dulcianignore (empty)  d.mp3
└── Store/              e.mp3
"""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from conf.settings import Library
from library.walk import Walk, Walker

ROOT = Path(__file__).parents[2]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for name in (
        "a.mp3", "Album/b.FLAC", "Album/cover.jpg", "Album/notes.txt", ".hidden/c.mp3",
        "Quiet/.dulcianignore", "Quiet/d.mp3", "Store/e.mp3",
    ):  # fmt: skip
        path = tmp_path / "Music" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"" if name.endswith("ignore") else b"x")
    return tmp_path / "Music"


def walk(music: Path, **settings: tuple[str, ...]) -> Walk:
    return Walker(bytes(music), Library(**settings)).run()  # type: ignore[arg-type]


def test_songs_and_covers_are_found_by_their_suffix(music: Path) -> None:
    found = walk(music)
    assert list(found.files) == [b"Album/b.FLAC", b"Store/e.mp3", b"a.mp3"]
    assert list(found.images) == [b"Album/cover.jpg"]
    assert found.files[b"a.mp3"] == (1, (music / "a.mp3").stat().st_mtime_ns)


def test_ignored_names_are_passed_over(music: Path) -> None:
    assert b"Store/e.mp3" not in walk(music, ignored_names=("St*",)).files
    assert b".hidden/c.mp3" in walk(music, ignored_names=()).files


def test_a_file_that_says_ignore_hides_its_folder_only_when_empty(music: Path) -> None:
    (music / "Quiet/.dulcianignore").write_text("something")
    assert b"Quiet/d.mp3" in walk(music).files


@pytest.mark.attack("X51")
def test_links_are_followed_inside_of_the_library_only(music: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.mp3").write_bytes(b"x")
    (music / "out").symlink_to(outside)
    (music / "out.mp3").symlink_to(outside / "secret.mp3")
    (music / "in").symlink_to(music / ".hidden")
    (music / "in.mp3").symlink_to(music / ".hidden/c.mp3")
    found = walk(music).files
    assert b"out/secret.mp3" not in found
    assert b"out.mp3" not in found
    assert b"in/c.mp3" in found
    assert b"in.mp3" in found


def test_what_a_link_leads_to_is_not_found_twice(music: Path) -> None:
    before = walk(music).files
    (music / "A link").symlink_to(music / "Album")
    (music / "A song.mp3").symlink_to("a.mp3")
    assert walk(music).files == before


@pytest.mark.attack("X51")
def test_loops_of_links_end(music: Path) -> None:
    before = walk(music).files
    (music / "Album/up").symlink_to(music)
    (music / "Album/self").symlink_to("self")
    (music / "here").symlink_to(".")
    assert walk(music).files == before


@pytest.mark.attack("X51")
def test_what_is_no_plain_file_is_no_song(music: Path) -> None:
    before = walk(music).files
    os.mkfifo(music / "pipe.mp3")
    (music / "folder.mp3").mkdir()
    (music / "null.mp3").symlink_to("/dev/zero")
    assert walk(music).files == before


def test_a_library_may_be_a_link_itself(music: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(music)
    assert walk(tmp_path / "link").files == walk(music).files


def test_a_library_that_is_not_there_is_a_problem_of_its_own(tmp_path: Path) -> None:
    found = walk(tmp_path / "nowhere")
    assert found.root_problem.endswith("cannot be listed: No such file or directory.")


@pytest.mark.attack("X51")
def test_rights_that_are_missing_are_named(music: Path) -> None:
    """Runs as somebody who may not do everything; root may."""
    program = f"""
import os, sys
sys.path.insert(0, {str(ROOT)!r})
from conf.settings import Library
from library.walk import Walker
root = os.open({str(music)!r}, os.O_RDONLY)
if os.geteuid() == 0:
    os.setuid(65534)
os.fchdir(root)
found = Walker(b".", Library()).run()
print(sorted(found.files), sorted(found.unreadable), *found.unreadable.values())
"""
    (music / "Store").chmod(0o000)
    (music / "Album").chmod(0o444)  # can be listed, but nothing in it looked at
    try:
        ran = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True
        )
    finally:
        (music / "Store").chmod(0o755)
        (music / "Album").chmod(0o755)
    user = pwd.getpwuid(os.geteuid() or 65534).pw_name
    assert ran.stdout.strip() == (
        "[b'a.mp3'] [b'Album', b'Store'] "
        f"The user {user} may not read Album (right x). The user {user} may not read Store (right r and x)."
    )


def test_what_an_ignore_file_names_is_not_found(music: Path) -> None:
    (music / ".ndignore").write_text("Store/\n*.FLAC\n")
    (music / "Album/.dulcianignore").write_text("!b.FLAC\ncover.*\n")
    found = walk(music)
    assert list(found.files) == [b"Album/b.FLAC", b"a.mp3"]
    assert not found.images
    assert found.ignored == {b"Store", b"Album/cover.jpg", b"Quiet"}
    assert found.passes_over(b"Store/e.mp3")
    assert not found.passes_over(b"Album/b.FLAC")


def test_an_ignore_file_counts_for_links_as_well(music: Path) -> None:
    (music / ".dulcianignore").write_text("in/\n")
    (music / "in").symlink_to(music / ".hidden")
    (music / "round").symlink_to("round")
    assert b"in/c.mp3" not in walk(music).files


def test_a_folder_whose_patterns_cannot_be_followed_is_left_as_it_was(music: Path) -> None:
    (music / "Album/.ndignore").write_text("x\n" * 501)
    found = walk(music)
    assert b"Album/b.FLAC" not in found.files
    assert found.hidden(b"Album/b.FLAC")
    assert "Album is passed over: its .ndignore has more than" in found.unreadable[b"Album"]


def test_links_may_lead_upwards_and_along_chains(music: Path) -> None:
    before = walk(music).files
    (music / "Store/parent").symlink_to("..")
    (music / "one").symlink_to("two")
    (music / "two").symlink_to("three")
    (music / "three").symlink_to(".hidden")
    (music / "four.mp3").symlink_to("five.mp3")
    (music / "five.mp3").symlink_to(".hidden/c.mp3")
    found = set(walk(music).files) - set(before)
    assert found == {b"one/c.mp3", b"five.mp3"}


def test_two_links_to_one_folder_are_one(music: Path) -> None:
    (music / "x").symlink_to(".hidden")
    (music / "w").symlink_to(".hidden")
    assert {path for path in walk(music).files if path.endswith(b"c.mp3")} == {b"w/c.mp3"}


def test_links_to_nothing_are_nothing(music: Path) -> None:
    before = walk(music).files
    (music / "gone").symlink_to("nowhere")
    (music / "gone.mp3").symlink_to("nowhere.mp3")
    (music / "a chain.mp3").symlink_to("gone.mp3")
    assert walk(music).files == before


@pytest.mark.attack("X51")
def test_a_chain_that_leaves_the_library_is_not_followed_back(music: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/back").symlink_to(music / ".hidden")
    (music / "out").symlink_to(tmp_path / "outside")
    (music / "round.mp3").symlink_to(tmp_path / "outside/back/c.mp3")
    found = walk(music).files
    assert not any(path.startswith(b"out") for path in found)
    assert b"round.mp3" in found  # where it leads to in the end is ours


def some(music: Path, *folders: bytes) -> Walk:
    return Walker(bytes(music), Library()).run(folders)


def test_some_folders_are_looked_through_and_nothing_else(music: Path) -> None:
    (music / "Album/CD1").mkdir()
    (music / "Album/CD1/f.mp3").write_bytes(b"x")
    found = some(music, b"Album", b"Album/CD1", b"gone/away")
    assert found.scope == (b"Album", b"gone/away")
    assert list(found.files) == [b"Album/CD1/f.mp3", b"Album/b.FLAC"]
    assert list(found.images) == [b"Album/cover.jpg"]
    assert [found.hidden(path) for path in (b"Album/x", b"gone/away/x", b"Albums/x", b"a.mp3")] == [
        False, False, True, True,
    ]  # fmt: skip


def test_what_is_passed_over_stays_so_when_it_is_named(music: Path) -> None:
    (music / ".dulcianignore").write_text("Store\n")
    found = some(music, b".hidden", b"Quiet", b"Store", b"Quiet/deeper")
    assert not found.files
    assert found.passes_over(b"Store/e.mp3")


def test_patterns_above_a_folder_count_in_it(music: Path) -> None:
    (music / ".dulcianignore").write_text("b.*\n")
    (music / "Album/CD1").mkdir()
    (music / "Album/CD1/b.mp3").write_bytes(b"x")
    assert not some(music, b"Album/CD1").files


@pytest.mark.attack("X50", "X51")
def test_a_folder_outside_is_not_looked_into_by_any_name(music: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.mp3").write_bytes(b"x")
    (music / "out").symlink_to(tmp_path / "outside")
    for name in (b"out", b"../outside", bytes(tmp_path / "outside"), b"Album/../../outside"):
        found = some(music, name)
        assert (found.scope, found.files) == ((), {})


def test_a_link_is_looked_through_where_it_leads(music: Path) -> None:
    (music / "link").symlink_to("Album")
    assert list(some(music, b"link").files) == [b"Album/b.FLAC"]


def test_of_links_that_lead_elsewhere_nothing_is_said(music: Path) -> None:
    """They may be the only way to something, or not; that shows in everything only."""
    (music / "Album/link").symlink_to(music / ".hidden")
    (music / "Album/link.mp3").symlink_to(music / ".hidden/c.mp3")
    found = some(music, b"Album")
    assert list(found.files) == [b"Album/b.FLAC"]
    assert found.hidden(b"Album/link/c.mp3")
    assert found.hidden(b"Album/link.mp3")


def test_a_library_without_anything_in_it_is_a_disk_that_is_missing(tmp_path: Path) -> None:
    assert some(tmp_path, b"Album").root_problem.endswith("is empty.")
    assert some(tmp_path / "nowhere", b"Album").root_problem
