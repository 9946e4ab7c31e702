"""What is special about a format: which codec is inside, where its tags may hide, how long it is."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from av.audio.frame import AudioFrame
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, TALB, TIPL, TIT2

from library.tags import Facts, Splitting
from library.tags.facts import Credit
from library.tags.reader import read_file
from tests.support.audio import Song, made, retag, sound, write


def read(path: Path) -> Facts:
    answer = read_file(bytes(path), Splitting())
    assert answer.facts is not None, answer.reason
    return answer.facts


def encoded(path: Path, container: str, codec: str, layout: str = "s16p", **options: str) -> Path:
    """A second of silence."""
    file = io.BytesIO()
    with av.open(file, "w", format=container, options=options) as out:
        stream: Any = out.add_stream(codec, rate=44100, layout="stereo")
        frame_size, sent = stream.codec_context.frame_size or 1024, 0
        while sent < 44100:
            frame = AudioFrame(format=layout, layout="stereo", samples=frame_size)
            frame.sample_rate, frame.pts, frame.time_base = 44100, sent, Fraction(1, 44100)
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            sent += frame_size
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    path.write_bytes(file.getvalue())
    return path


CODECS = {
    "mp3": "mp3", "mp2": "mp2", "flac": "flac", "ogg": "vorbis", "oga": "flac", "opus": "opus",
    "m4a": "aac", "aac": "aac", "wav": "pcm", "aiff": "pcm", "mka": "flac", "webm": "opus",
    "caf": "pcm", "au": "pcm", "wv": "wavpack", "wma": "wma", "ac3": "ac3", "tta": "tta",
}  # fmt: skip


@pytest.mark.parametrize("kind", CODECS)
def test_the_codec_is_read_from_the_stream(kind: str, tmp_path: Path) -> None:
    facts = read(write(tmp_path / f"x.{kind}", Song(hertz=440)))
    assert facts.sound.codec == CODECS[kind]


def test_apple_lossless_is_told_from_aac(tmp_path: Path) -> None:
    found = read(encoded(tmp_path / "x.m4a", "ipod", "alac")).sound
    assert found.codec == "alac"
    assert found.bit_depth in {16, 24}
    found = read(aac(tmp_path)).sound
    assert (found.codec, found.bit_depth) == ("aac", 0)


def aac(folder: Path) -> Path:
    path = folder / "y.m4b"
    path.write_bytes(made("m4a", Song(hertz=440)))
    return path


def test_adpcm_is_as_long_as_it_sounds(tmp_path: Path) -> None:
    found = read(encoded(tmp_path / "x.wav", "wav", "adpcm_ima_wav")).sound
    assert found.codec == "adpcm"
    assert found.duration == pytest.approx(1.0, abs=0.1)
    assert found.channels == 2


def test_an_mp4_in_fragments_is_as_long_as_all_of_them(tmp_path: Path) -> None:
    path = encoded(
        tmp_path / "x.m4a", "mp4", "aac", "fltp", movflags="frag_keyframe+empty_moov",
        frag_duration="200000",
    )  # fmt: skip
    found = read(path).sound
    assert found.duration == pytest.approx(1.0, abs=0.1)
    assert (found.codec, found.sampling_rate) == ("aac", 44100)


def test_mp3_files_put_together_are_as_long_as_all_of_them(tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(sound("mp3", 8, 440) * 3)
    assert read(path).sound.duration == pytest.approx(24, abs=1)


def test_a_head_that_counts_frames_alone_is_believed(tmp_path: Path) -> None:
    """Without a count of bytes there is nothing to hold the size of the file against."""
    data = bytearray(sound("mp3", 8, 440))
    head = max(data.find(b"Xing"), data.find(b"Info"))
    assert head > 0
    frames = data[head + 8 : head + 12]
    # The flag of the bytes goes, and what stood behind them moves up.
    data[head + 7] = 1
    data[head + 8 : head + 120] = frames + bytes(108)
    (tmp_path / "x.mp3").write_bytes(bytes(data) + bytes(data[head + 400 :]) * 2)
    assert read(tmp_path / "x.mp3").sound.duration == pytest.approx(8, abs=0.2)


def test_the_gain_in_the_head_of_opus_is_its_base_gain(tmp_path: Path) -> None:
    data = bytearray(made("opus", Song(title="x", more={"r128_track_gain": "0"})))
    head = data.index(b"OpusHead")
    data[head + 16 : head + 18] = struct.pack("<h", -512)
    (tmp_path / "x.opus").write_bytes(data)
    gains = read(tmp_path / "x.opus").gains
    assert (gains.base_gain, gains.track_gain) == (-2.0, 5.0)
    assert read(write(tmp_path / "y.opus", Song(title="y"))).gains.base_gain is None


def test_an_id3_tag_before_flac_completes_its_comments(tmp_path: Path) -> None:
    path = write(tmp_path / "x.flac", Song(title="Comment"))
    before = read(path)
    tag = io.BytesIO()
    frames = ID3()
    frames.add(TIT2(encoding=3, text="Frame"))
    frames.add(TALB(encoding=3, text="Album"))
    frames.save(tag, padding=lambda _: 0)
    path.write_bytes(tag.getvalue() + path.read_bytes())
    facts = read(path)
    assert (facts.title, facts.album, facts.audio_hash) == ("Comment", "Album", before.audio_hash)


def test_an_ape_tag_alone_is_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.mp3", Song(hertz=440))
    tags: Any = APEv2()
    tags["Title"], tags["Artist"], tags["Album Artist"] = "T", ["A", "B"], "C"
    tags["Track"], tags["Disc"], tags["Year"] = "3/9", "2/2", "1999-05"
    tags.save(path)
    facts = read(path)
    assert (facts.title, facts.track, facts.disc, facts.date) == ("T", 3, 2, (1999, 5, 0))
    assert [person.name for person in facts.artists] == ["A", "B"]
    assert facts.album_artist == "C"


def test_frames_of_three_letters_are_read(tmp_path: Path) -> None:
    frames = b"".join(
        name + len(text + b"\0").to_bytes(3, "big") + b"\0" + text
        for name, text in (
            (b"TT2", b"T"), (b"TP1", b"A"), (b"TP2", b"W"), (b"TAL", b"L"), (b"TRK", b"4/5"),
            (b"TYE", b"1999"), (b"TCP", b"1"), (b"TSP", b"S"),
        )
    )  # fmt: skip
    tag = b"ID3\x02\x00\x00" + bytes([0, 0, 0, len(frames)]) + frames
    (tmp_path / "x.mp3").write_bytes(tag + sound("mp3", 0.5, 440))
    facts = read(tmp_path / "x.mp3")
    assert (facts.title, facts.artist, facts.album_artist, facts.album) == ("T", "A", "W", "L")
    assert (facts.track, facts.date, facts.compilation) == (4, (1999, 0, 0), True)
    assert facts.artists[0].sort == "S"


def test_people_of_id3_keep_their_roles(tmp_path: Path) -> None:
    path = write(tmp_path / "x.mp3", Song(title="T"))
    tags = ID3(path)
    people = [
        ["composer", "Co"],
        ["remixer", "Re"],
        ["DJ-mix", "Dj"],
        ["lyricist", "Ly"],
        ["x", "X"],
    ]
    tags.add(TIPL(encoding=3, people=people))
    tags.save(path)
    found = read(path).credits
    assert {(credit.role, credit.name) for credit in found[:-1]} == {
        ("composer", "Co"), ("remixer", "Re"), ("djmixer", "Dj"), ("lyricist", "Ly"),
    }  # fmt: skip
    assert found[-1] == Credit("performer", "X", "x")


def test_texts_of_a_wave_are_read_from_its_list(tmp_path: Path) -> None:
    texts = b"".join(
        name + len(text).to_bytes(4, "little") + text + bytes(len(text) & 1)
        for name, text in ((b"INAM", b"Name\0"), (b"IART", b"J\xf6rg\0"), (b"IPRD", b"Album"))
    )
    chunk = b"LIST" + (len(texts) + 4).to_bytes(4, "little") + b"INFO" + texts
    data = sound("wav", 0.5, 440) + chunk
    data = data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:]
    (tmp_path / "x.wav").write_bytes(data)
    facts = read(tmp_path / "x.wav")
    assert (facts.title, facts.artist, facts.album) == ("Name", "Jörg", "Album")


def test_texts_of_an_aiff_are_read_from_its_chunks(tmp_path: Path) -> None:
    data = sound("aiff", 0.5, 440)
    for name, text in ((b"NAME", b"Name"), (b"AUTH", b"Ann"), (b"ANNO", b"Note")):
        data += name + len(text).to_bytes(4, "big") + text + bytes(len(text) & 1)
    data = data[:4] + (len(data) - 8).to_bytes(4, "big") + data[8:]
    (tmp_path / "x.aiff").write_bytes(data)
    facts = read(tmp_path / "x.aiff")
    assert (facts.title, facts.artist, facts.comment) == ("Name", "Ann", "Note")


@pytest.mark.parametrize(
    ("tag", "value", "wanted"),
    [
        ("itunesadvisory", "1", "explicit"),
        ("itunesadvisory", "4", "explicit"),
        ("itunesadvisory", "2", "clean"),
        ("itunesadvisory", "0", ""),
        ("rtng", "1", "explicit"),
    ],
)
def test_what_is_explicit_is_said(tag: str, value: str, wanted: str, tmp_path: Path) -> None:
    for kind in ("mp3", "flac", "m4a"):
        path = write(tmp_path / f"x.{kind}", Song(title="T", more={tag: value}))
        assert read(path).explicit == wanted


@pytest.mark.parametrize("kind", ["mp3", "flac", "opus", "m4a", "wma", "wv"])
def test_names_of_many_roles_come_from_every_kind_of_tag(kind: str, tmp_path: Path) -> None:
    more: dict[str, str | list[str]] = {
        "composer": ["Ann", "Bob"], "conductor": "Cyd", "lyricist": "Dee", "remixer": "Eve",
        "producer": "Fay", "version": "Deluxe", "isrc": "GBAYE0000001", "label": "L", "mood": "Calm",
    }  # fmt: skip
    path = write(tmp_path / f"x.{kind}", Song(title="T"))
    facts = read(retag(path, Song(title="T", artist=["A", "B"], genre=["G", "H"], more=more)))
    found = [(credit.role, credit.name) for credit in facts.credits]
    assert found == [
        ("composer", "Ann"), ("composer", "Bob"), ("lyricist", "Dee"), ("conductor", "Cyd"),
        ("remixer", "Eve"), ("producer", "Fay"),
    ]  # fmt: skip
    assert [person.name for person in facts.artists] == ["A", "B"]
    assert (facts.genres, facts.version, facts.isrc) == (["G", "H"], "Deluxe", ["GBAYE0000001"])
    assert (facts.labels, facts.moods) == (["L"], ["Calm"])


@pytest.mark.parametrize("kind", ["mka", "caf", "w64", "webm"])
def test_a_playlist_with_the_name_of_a_song_opens_no_other_file(kind: str, tmp_path: Path) -> None:
    secret = write(tmp_path / "secret.mp3", Song(title="Secret"))
    (tmp_path / f"x.{kind}").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{secret}\n#EXT-X-ENDLIST\n"
    )
    answer = read_file(bytes(tmp_path / f"x.{kind}"), Splitting())
    assert answer.facts is None
    assert answer.reason


def test_sound_of_a_kind_that_nobody_knows_is_told_as_such(tmp_path: Path) -> None:
    head = b"fmt " + struct.pack("<I", 16) + b"abcdefghijklmnop"
    body = b"WAVE" + head + b"data" + struct.pack("<I", 400) + bytes(400)
    (tmp_path / "odd.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    answer = read_file(bytes(tmp_path / "odd.wav"), Splitting())
    assert (answer.facts, answer.reason) == (None, "no sound that is known in this file")
