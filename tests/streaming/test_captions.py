"""Captions beside videos."""

from __future__ import annotations

from pathlib import Path

import pytest

from streaming import captions
from streaming.errors import Gone
from tests.support.videos import CAPTIONS

VTT = """WEBVTT

00:00:01.000 --> 00:00:03.500
Good <i>morning</i>

00:00:04.000 --> 00:00:06.000
Two lines,
one after the other

"""


def test_subrip_becomes_webvtt_and_back() -> None:
    assert captions.convert(CAPTIONS, "vtt") == VTT
    assert captions.convert(VTT, "srt").strip() == CAPTIONS.strip()


def test_what_only_webvtt_knows_is_left_out() -> None:
    text = (
        "WEBVTT - title\r\n\r\nNOTE a remark\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\n"
        "name\r\n01:02.003 --> 01:04.000 align:start\r\n<v.loud Ann>Hello <00:01:03.000><c>you</c>\r\n"
    )
    assert captions.convert(text, "srt") == "1\n00:01:02,003 --> 00:01:04,000\nHello you\n\n"


@pytest.mark.parametrize("text", ["", "no captions", "-->" * 100_000, "1\n00:00:01,000 --> x\ny"])
def test_what_is_no_caption_is_passed_over(text: str) -> None:
    assert captions.convert(text, "vtt") == "WEBVTT\n\n"


def test_only_files_that_belong_to_the_video_are_its_captions(tmp_path: Path) -> None:
    names = [
        "Film.srt", "Film.en.srt", "Film.de.VTT", "Film-2.srt", "Filmed.srt", "Film.txt", "Other.srt",
    ]  # fmt: skip
    for name in names:
        (tmp_path / name).touch()
    found = captions.beside(bytes(tmp_path), b"Film.mkv")
    assert [(one.path, one.name) for one in found] == [
        (b"Film-2.srt", "2"), (b"Film.de.VTT", "de"), (b"Film.en.srt", "en"), (b"Film.srt", "srt"),
    ]  # fmt: skip
    assert captions.beside(bytes(tmp_path), b"gone/Film.mkv") == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_old_encodings_are_understood(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "a.srt").write_bytes("Ärger".encode(encoding))
    (caption,) = captions.beside(bytes(tmp_path), b"a.mp4")
    assert captions.read(bytes(tmp_path), caption) == "Ärger"


def test_captions_outside_of_the_library_or_far_too_large_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    music = tmp_path / "Music"
    music.mkdir()
    (music / "a.srt").symlink_to(tmp_path / "secret.txt")
    (music / "b.srt").write_bytes(b"x" * 5_000_000)
    for name in (b"a.mp4", b"b.mp4"):
        (caption,) = captions.beside(bytes(music), name)
        with pytest.raises(Gone):
            captions.read(bytes(music), caption)
