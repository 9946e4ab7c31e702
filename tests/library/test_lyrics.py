"""Lyrics of real files: what lies beside them, what is in their tags, and how seldom it is read."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path
from typing import Any

import msgspec
import mutagen
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, SYLT, TXXX, USLT

from library.lyrics import LyricsReader, Sheet
from library.lyrics.child import read as read_packed
from server.sandbox import Sandbox
from tests.support.audio import Song, made, write
from tests.support.sandboxes import ThreadSandbox

TARGET = "library.lyrics.child:read"
LRC = "[00:01.00]Óne\n[00:02.50]Two"


@pytest.fixture
def sandbox() -> ThreadSandbox:
    return ThreadSandbox()


@pytest.fixture
def reader(sandbox: ThreadSandbox) -> LyricsReader:
    return LyricsReader(sandbox)


async def of(reader: LyricsReader, song: Path) -> list[Sheet]:
    return await reader.of(bytes(song.parent), os.fsencode(song.name))


async def texts(reader: LyricsReader, song: Path) -> list[tuple[str, bool, str]]:
    return [(sheet.lang, sheet.synced, sheet.text) for sheet in await of(reader, song)]


def song(folder: Path, name: str = "Song.mp3", **tags: str) -> Path:
    return write(folder / name, Song(title="Song", more=tags))


def framed(path: Path, *frames: Any, version: int = 4) -> Path:
    """Write ID3 frames into a file."""
    opened: Any = mutagen.File(path) if path.suffix != ".mp3" else None
    tags = ID3() if opened is None else opened.tags
    for frame in frames:
        tags.add(frame)
    if version == 3:
        tags.update_to_v23()
    tags.save(path, v2_version=version) if opened is None else opened.save()
    return path


@pytest.mark.parametrize(
    ("name", "lang"),
    [
        ("Song.lrc", "xxx"),
        ("SONG.LRC", "xxx"),
        ("song.txt", "xxx"),
        ("Song.mp3.lrc", "xxx"),
        ("Song.en.lrc", "en"),
        ("Song.DEU.Lrc", "deu"),
        ("Song.pt-BR.lrc", "pt-br"),
        ("Song.und.lrc", "xxx"),
    ],
)
async def test_a_file_beside_the_song_is_found_by_its_name(
    reader: LyricsReader, tmp_path: Path, name: str, lang: str
) -> None:
    (tmp_path / name).write_text(LRC)
    found = await texts(reader, song(tmp_path))
    assert found == [(lang, True, "Óne\nTwo")]


@pytest.mark.parametrize(
    "name",
    [
        "Song 2.lrc",
        "Son.lrc",
        "Songs.lrc",
        "Song.lrc.bak",
        "Song.live version.lrc",
        "Song.srt",
        "lrc",
    ],
)
async def test_files_of_other_names_are_not_beside_it(
    reader: LyricsReader, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(LRC)
    assert await of(reader, song(tmp_path)) == []


async def test_a_language_in_a_name_may_be_the_name_of_another_song(
    reader: LyricsReader, tmp_path: Path
) -> None:
    other = song(tmp_path, "Song.Mix.flac")
    (tmp_path / "Song.Mix.lrc").write_text(LRC)
    assert await of(reader, song(tmp_path)) == []
    assert len(await of(reader, other)) == 1


async def test_accents_of_another_system_and_bytes_of_none_are_found(
    reader: LyricsReader, tmp_path: Path
) -> None:
    path = song(tmp_path, "É\udcff.mp3")
    (tmp_path / "E\u0301\udcff.lrc").write_text(LRC)
    assert len(await of(reader, path)) == 1


async def test_times_come_first_and_each_language_once(
    reader: LyricsReader, tmp_path: Path
) -> None:
    path = song(tmp_path, "Song.flac", lyrics="In the tags", syncedlyrics="[00:09.00]Tags")
    (tmp_path / "Song.txt").write_text("Plain")
    (tmp_path / "Song.lrc").write_text(LRC)
    (tmp_path / "Song.fr.txt").write_text("Un")
    assert await texts(reader, path) == [
        ("xxx", True, "Óne\nTwo"),
        ("xxx", False, "Plain"),
        ("fr", False, "Un"),
    ]


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        ("flac", "lyrics"),
        ("flac", "UNSYNCEDLYRICS"),
        ("flac", "SYNCEDLYRICS"),
        ("ogg", "LYRICS"),
        ("oga", "LYRICS"),
        ("opus", "lyrics"),
        ("mp3", "LYRICS"),
        ("m4a", "LYRICS"),
        ("wv", "Lyrics"),
        ("wv", "Unsynced Lyrics"),
        ("wma", "WM/Lyrics"),
        ("wav", "lyrics"),
        ("aiff", "lyrics"),
        ("tta", "lyrics"),
    ],
)
@pytest.mark.parametrize("text", ["Óne\n\nTwo", "[00:01.00]Óne\n[00:01.50]\n[00:02.50]Two"])
async def test_the_tags_of_every_container_are_read(
    reader: LyricsReader, tmp_path: Path, kind: str, tag: str, text: str
) -> None:
    path = song(tmp_path, f"Song.{kind}", **{tag: text})
    assert await texts(reader, path) == [("xxx", text.startswith("["), "Óne\n\nTwo")]


async def test_the_atom_of_mp4_is_read(reader: LyricsReader, tmp_path: Path) -> None:
    path = song(tmp_path, "Song.m4a")
    opened: Any = mutagen.File(path)
    opened.tags["\xa9lyr"] = ["Óne\rTwo"]
    opened.save()
    assert await texts(reader, path) == [("xxx", False, "Óne\nTwo")]


@pytest.mark.parametrize("kind", ["mp3", "wav", "aiff", "tta"])
async def test_id3_has_lyrics_in_several_languages(
    reader: LyricsReader, tmp_path: Path, kind: str
) -> None:
    path = framed(
        song(tmp_path, f"Song.{kind}"),
        USLT(encoding=3, lang="deu", desc="", text="Eins"),
        USLT(encoding=1, lang="eng", desc="", text="Óne"),
        USLT(encoding=3, lang="XXX", desc="timed", text="[00:01.00]One"),
        TXXX(encoding=3, desc="Other", text=["no lyrics"]),
    )
    assert sorted(await texts(reader, path)) == [
        ("deu", False, "Eins"),
        ("eng", False, "Óne"),
        ("xxx", True, "One"),
    ]


def timed_frame(text: list[tuple[str, int]], **more: int) -> Any:
    return SYLT(encoding=3, lang="eng", desc="", text=text, **({"format": 2, "type": 1} | more))


@pytest.mark.parametrize("version", [3, 4])
async def test_timed_frames_of_id3_are_lines(
    reader: LyricsReader, tmp_path: Path, version: int
) -> None:
    frame = timed_frame([("\nOne", 1000), ("\nTwo\n", 61_234), ("\n", 62_000)])
    (sheet,) = await of(reader, framed(song(tmp_path), frame, version=version))
    assert (sheet.lang, sheet.synced) == ("eng", True)
    assert [(line.start, line.text, line.cues) for line in sheet.lines] == [
        (1000, "One", ()),
        (61_234, "Two", ()),
        (62_000, "", ()),
    ]


async def test_timed_frames_of_syllables_become_lines_with_words(
    reader: LyricsReader, tmp_path: Path
) -> None:
    frame = timed_frame([("Strang", 1000), ("ers", 1500), (" in", 2000), ("\nThe", 3000)])
    (sheet,) = await of(reader, framed(song(tmp_path), frame))
    first, second = sheet.lines
    assert (first.text, second.text) == ("Strangers in", "The")
    assert [(cue.start, cue.text) for cue in first.cues] == [
        (1000, "Strang"),
        (1500, "ers"),
        (2000, " in"),
    ]


async def test_without_line_breaks_each_text_of_a_timed_frame_is_a_line(
    reader: LyricsReader, tmp_path: Path
) -> None:
    frame = timed_frame([("One", 1000), ("Two", 2000)])
    (sheet,) = await of(reader, framed(song(tmp_path), frame))
    assert [(line.start, line.text) for line in sheet.lines] == [(1000, "One"), (2000, "Two")]


@pytest.mark.parametrize("more", [{"format": 1}, {"type": 5}, {"type": 8}])
async def test_times_in_frames_of_sound_and_chords_are_passed_over(
    reader: LyricsReader, tmp_path: Path, more: dict[str, int]
) -> None:
    frame = timed_frame([("One", 1000), ("Two", 2**32 - 1)], **more)
    assert await of(reader, framed(song(tmp_path), frame)) == []


async def test_an_ape_tag_behind_an_mp3_is_read(reader: LyricsReader, tmp_path: Path) -> None:
    path = song(tmp_path)
    tags: Any = APEv2()
    tags["Lyrics"] = "One"
    tags.save(path)
    assert await texts(reader, path) == [("xxx", False, "One")]


async def test_a_wrong_suffix_does_not_hide_the_words(reader: LyricsReader, tmp_path: Path) -> None:
    path = tmp_path / "really-flac.mp3"
    path.write_bytes(made("flac", Song(more={"lyrics": "One"})))
    assert await texts(reader, path) == [("xxx", False, "One")]


async def test_links_lead_about_in_the_library_but_not_out_of_it(
    reader: LyricsReader, tmp_path: Path
) -> None:
    (tmp_path / "secret.lrc").write_text("root:x:0:0")
    root = tmp_path / "Music"
    path = song(root / "Ada")
    (root / "words.lrc").write_text(LRC)
    (root / "Ada/Song.lrc").symlink_to(root / "words.lrc")
    (root / "Ada/Song.txt").symlink_to(tmp_path / "secret.lrc")
    (root / "Ada/Song.en.txt").symlink_to("/etc/passwd")
    (root / "Ada/Song.de.txt").symlink_to("nowhere")
    (sheet,) = await reader.of(bytes(root), b"Ada/Song.mp3")
    assert sheet.text == "Óne\nTwo"
    (root / "out").symlink_to(tmp_path)
    song(tmp_path, "secret.mp3")
    assert path.exists()
    for outside in (b"out/secret.mp3", b"../secret.mp3", bytes(tmp_path / "secret.mp3")):
        assert await reader.of(bytes(root), outside) == []


async def test_pipes_folders_and_huge_files_are_no_words(
    reader: LyricsReader, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "Song.lrc")
    (tmp_path / "Song.txt").mkdir()
    (tmp_path / "Song.en.lrc").write_bytes(b"[00:01.00]a\n" * 100_000)
    assert await of(reader, song(tmp_path)) == []


async def test_hundreds_of_files_beside_a_song_are_not_all_read(
    reader: LyricsReader, tmp_path: Path
) -> None:
    for first in "abcdefghij":
        for second in "abcdefghij":
            (tmp_path / f"Song.{first}{second}.lrc").write_text(LRC)
    assert len(await of(reader, song(tmp_path))) == 16


async def test_what_was_read_is_kept_until_a_file_changes(
    reader: LyricsReader, sandbox: ThreadSandbox, tmp_path: Path
) -> None:
    path = song(tmp_path)
    for _ in range(3):
        assert await of(reader, path) == []
    assert sandbox.calls == [TARGET]
    beside = tmp_path / "Song.lrc"
    for text, calls in ((LRC, 2), ("[00:01.00]Other", 3)):
        beside.write_text(text)
        found = [await of(reader, path) for _ in range(3)]
        assert found[0] == found[2] != []
        assert len(sandbox.calls) == calls
    beside.unlink()
    assert await of(reader, path) == []
    os.utime(path, ns=(1, 1))
    await of(reader, path)
    assert len(sandbox.calls) == 5


async def test_many_who_ask_at_once_are_one_reading(
    reader: LyricsReader, sandbox: ThreadSandbox, tmp_path: Path
) -> None:
    path = song(tmp_path, "Song.flac", lyrics="One")
    found = await asyncio.gather(*(of(reader, path) for _ in range(20)))
    assert all(sheets == found[0] != [] for sheets in found)
    assert sandbox.calls == [TARGET]


async def test_what_is_kept_is_bounded_and_the_longest_unused_goes(
    sandbox: ThreadSandbox, tmp_path: Path
) -> None:
    reader = LyricsReader(sandbox, most_bytes=2500)
    paths = [song(tmp_path, f"{name}.flac", lyrics=name * 1000) for name in "abc"]
    for index in (0, 1, 0, 2, 0):
        await of(reader, paths[index])
    assert len(sandbox.calls) == 3
    await of(reader, paths[1])
    assert len(sandbox.calls) == 4


@pytest.mark.parametrize(
    "failure",
    [RuntimeError("broken"), TimeoutError(), ChildProcessError("signal 9"), b"", b"\xc1nonsense"],
)
async def test_a_child_that_fails_is_no_words_and_is_not_tried_at_each_request(
    reader: LyricsReader, sandbox: ThreadSandbox, tmp_path: Path, failure: Any
) -> None:
    path = song(tmp_path, "Song.flac", lyrics="One")
    sandbox.answers[TARGET] = failure
    assert await of(reader, path) == await of(reader, path) == []
    assert len(sandbox.calls) == 1


async def test_a_song_that_is_gone_has_no_words(reader: LyricsReader, tmp_path: Path) -> None:
    for name in ("gone.mp3", "no/such/folder.mp3", "x" * 300, "a\0b"):
        assert await reader.of(bytes(tmp_path), name.encode()) == []


@pytest.mark.parametrize("kind", ["mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "wma", "wv"])
def test_damaged_files_never_raise_and_keep_what_lies_beside(kind: str, tmp_path: Path) -> None:
    whole = made(kind, Song(title="T", more={"lyrics": LRC}))
    (tmp_path / "x.lrc").write_text("[00:01.00]Beside")
    dice = random.Random(kind)
    payload = msgspec.msgpack.encode((bytes(tmp_path), f"x.{kind}".encode(), [(b"x.lrc", "en")]))
    for _ in range(25):
        data = bytearray(whole[: dice.choice((len(whole), dice.randrange(len(whole))))])
        for _ in range(dice.randrange(1, 40)):
            if data:
                data[dice.randrange(min(len(data), 3000))] = dice.randrange(256)
        (tmp_path / f"x.{kind}").write_bytes(data)
        sheets, problems = msgspec.msgpack.decode(read_packed(payload))
        assert sheets[0][0] == "en"
        assert all(isinstance(problem, str) for problem in problems)


async def test_a_real_child_reads_them(tmp_path: Path) -> None:
    sandbox = Sandbox(1)
    try:
        path = song(tmp_path, "Song.flac", lyrics=LRC)
        assert len(await of(LyricsReader(sandbox), path)) == 1
        assert sandbox.children == 1
    finally:
        await sandbox.close()
