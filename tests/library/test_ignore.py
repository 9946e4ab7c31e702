"""Patterns that keep things out, as Git understands them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from library import ignore
from library.ignore import IgnoreError, Rules

TREE = (
    "a.mp3", "b.MP3", "notes.txt", "Live/a.mp3", "Live/CD1/a.mp3", "Best of/Live/x.flac",
    "Best of/x [demo].mp3", "x [demo].mp3", "deep/er/still/a.mp3", "#1.mp3", "!.mp3",
)  # fmt: skip
TABLE = [
    ["*.mp3"],
    ["/*.mp3"],
    ["Live"],
    ["Live/"],
    ["a.mp3/"],
    ["/Live"],
    ["Live/*.mp3"],
    ["**/Live/*"],
    ["Live/**"],
    ["deep/**/a.mp3"],
    ["**/still"],
    ["deep/*/a.mp3"],
    ["*.mp3", "!Live/a.mp3"],
    ["*.mp3", "!a.mp3"],
    ["Live/", "!Live/a.mp3"],
    ["*", "!*/", "!*.flac"],
    ["x \\[demo\\].mp3"],
    ["x [demo].mp3"],
    ["[ab].*"],
    ["[!a].*"],
    ["[^a].*"],
    ["?.mp3"],
    ["# Live", "\\#1.mp3"],
    ["\\!.mp3"],
    ["a.mp3   ", "", "   "],
    ["/"],
]


def passed_over(rules: Rules, files: tuple[str, ...]) -> set[str]:
    """The files that a walk from the top does not come to."""
    found = set()
    for file in files:
        parts = os.fsencode(file).split(b"/")
        for depth in range(1, len(parts) + 1):
            path = b"/".join(parts[:depth])
            if ignore.ignored([rules], path, folder=depth < len(parts)):
                found.add(file)
                break
    return found


@pytest.mark.skipif(shutil.which("git") is None, reason="asks git")
@pytest.mark.parametrize("lines", TABLE, ids=" ".join)
def test_patterns_mean_what_they_mean_to_git(tmp_path: Path, lines: list[str]) -> None:
    for name in TREE:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", "-z", "--stdin"],
        cwd=tmp_path, input="\0".join(TREE), text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert passed_over(Rules(b"", "\n".join(lines)), TREE) == set(asked.stdout.split("\0")) - {""}


def test_patterns_count_from_the_folder_they_stand_in() -> None:
    rules = Rules(b"A/B", "/x.mp3\ny/z.mp3")
    assert ignore.ignored([rules], b"A/B/x.mp3", folder=False)
    assert ignore.ignored([rules], b"A/B/y/z.mp3", folder=False)
    assert not ignore.ignored([rules], b"A/B/C/x.mp3", folder=False)


def test_what_stands_further_in_has_the_last_word() -> None:
    rules = [Rules(b"", "*.mp3"), Rules(b"A", "!keep.mp3")]
    assert ignore.ignored(rules, b"A/x.mp3", folder=False)
    assert not ignore.ignored(rules, b"A/keep.mp3", folder=False)


def test_names_need_not_be_text() -> None:
    rules = Rules(b"", os.fsdecode(b"Caf\xe9/\n?.mp3"))
    assert ignore.ignored([rules], b"Caf\xe9", folder=True)
    assert ignore.ignored([rules], b"\xff.mp3", folder=False)


@pytest.mark.attack("X35")
def test_a_pattern_cannot_take_for_ever() -> None:
    """With what a usual translation makes of it, this would not end in this life."""
    for text in ("*a" * 60 + "*b", "**/a/" * 60 + "b"):
        assert not ignore.ignored([Rules(b"", text)], b"a/" * 100 + b"a" * 250, folder=False)


def test_an_empty_file_hides_its_folder(tmp_path: Path) -> None:
    (tmp_path / ".ndignore").touch()
    assert ignore.read(bytes(tmp_path), b"") is None
    (tmp_path / ".ndignore").write_text("# nothing\n")
    found = ignore.read(bytes(tmp_path), b"")
    assert found is not None
    assert not ignore.ignored(found, b"a.mp3", folder=False)


def test_both_names_count(tmp_path: Path) -> None:
    (tmp_path / ".ndignore").write_text("a.mp3")
    (tmp_path / ".dulcianignore").write_text("b.mp3\r\n")
    found = ignore.read(bytes(tmp_path), b"")
    assert found is not None
    assert [ignore.ignored(found, name, folder=False) for name in (b"a.mp3", b"b.mp3")] == [
        True
    ] * 2


@pytest.mark.parametrize("text", ["x\n" * 501, "# " + "x" * 70_000])
def test_too_many_patterns_are_followed_by_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / ".ndignore").write_text(text)
    with pytest.raises(IgnoreError, match=r"its \.ndignore has more than 500 patterns"):
        ignore.read(bytes(tmp_path), b"")


@pytest.mark.attack("X51")
def test_what_is_no_plain_file_says_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".ndignore")
    (tmp_path / ".dulcianignore").symlink_to("/dev/null")
    assert ignore.read(bytes(tmp_path), b"") == []
