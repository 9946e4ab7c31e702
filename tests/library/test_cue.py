"""Cue sheets as text and as a block of FLAC, and the tracks that they make of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from mutagen.apev2 import APEv2
from mutagen.flac import FLAC, CueSheet, CueSheetTrack, CueSheetTrackIndex
from mutagen.id3 import ID3, TXXX

from db.sheets import SheetState
from library.sheets import aim
from library.tags.cut import names
from library.tags.facts import Answer, Facts, Splitting
from library.tags.reader import read_file
from library.tags.sheet import SheetError, parse
from tests.support.audio import Song, write
from tests.support.cue import sheet

FULL = """\ufeffREM GENRE "Art Rock"
REM DATE 1998
REM DISCID 860B640B
REM COMMENT "ExactAudioCopy v0.99"
REM REPLAYGAIN_ALBUM_GAIN -7.00 dB
REM REPLAYGAIN_ALBUM_PEAK 0.98
CATALOG 0724384260958
PERFORMER "Ada & the "Quoted""
SONGWRITER "Cy"
TITLE "Whole"
FILE "Disc.flac" WAVE
  TRACK 01 AUDIO
    TITLE "One"
    PERFORMER "Bo"
    SONGWRITER "Di"
    ISRC GBAYE0200771
    FLAGS DCP
    REM REPLAYGAIN_TRACK_GAIN -5.50 dB
    REM REPLAYGAIN_TRACK_PEAK 0.5
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE Two
    INDEX 00 00:00:74
    INDEX 01 00:01:00
"""
TWO = [("One", "00:00:00"), ("Two", "00:01:00")]


def taken(
    folder: Path,
    text: str | bytes,
    song: Song = Song(seconds=2),  # noqa: B008
    name: str = "Disc.flac",
    number: int = 0,
) -> Answer:
    path = write(folder / name, song)
    beside = folder / "Disc.cue"
    beside.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_file(bytes(path), Splitting(), (bytes(beside), number))


def spans(answer: Answer) -> list[tuple[int, str, float, float, float]]:
    return [
        (one.cue, one.title, round(one.begin, 4), round(one.end, 4), round(one.sound.duration, 4))
        for one in answer.tracks
    ]


def test_a_track_has_what_its_part_of_the_sheet_says_then_the_whole_sheet_then_the_file(
    tmp_path: Path,
) -> None:
    song = Song(title="Image", album="Other", seconds=2, more={"label": "Deep", "isrc": "X"})
    answer = taken(tmp_path, FULL, song)
    one, two = answer.tracks
    assert spans(answer) == [(1, "One", 0.0, 1.0, 1.0), (2, "Two", 1.0, 0.0, 1.0)]
    assert (one.artist, one.composer, one.isrc, one.gains.track_gain, one.gains.track_peak) == (
        "Bo", "Di", ["GBAYE0200771"], -5.5, 0.5,
    )  # fmt: skip
    assert (two.artist, two.composer, two.isrc, two.gains.track_gain) == (
        'Ada & the "Quoted"', "Cy", [], None,
    )  # fmt: skip
    for track in (one, two):
        assert (track.album, track.album_artist) == ("Whole", 'Ada & the "Quoted"')
        assert (track.genres, track.date, track.labels) == (["Art Rock"], (1998, 0, 0), ["Deep"])
        assert (track.gains.album_gain, track.gains.album_peak) == (-7.0, 0.98)
        assert track.comment == "ExactAudioCopy v0.99"
    assert (one.track, two.track) == (1, 2)
    assert answer.complaint == ""


WORD = "Ж".encode()
ENCODINGS: dict[str, tuple[bytes, str]] = {
    "UTF-8": ("Größe Жук".encode(), "Größe Жук"),
    "UTF-8 with a mark": ("Größe Жук".encode("utf-8-sig"), "Größe Жук"),
    "UTF-16, little end first": ("Größe Жук".encode("utf-16"), "Größe Жук"),
    "UTF-16, big end first, no mark": ("Größe Жук".encode("utf-16-be"), "Größe Жук"),
    "Windows": ("Größe – naïve".encode("cp1252"), "Größe – naïve"),
    "Shift-JIS": ("サイン・コサイン".encode("cp932"), "サイン・コサイン"),
    "Latin-1 with a control character": ("Gr\xf6\xdfe\x81".encode("latin-1"), "Größe"),
}


@pytest.mark.parametrize("case", ENCODINGS)
def test_sheets_are_read_in_the_encodings_they_come_in(tmp_path: Path, case: str) -> None:
    given, wanted = ENCODINGS[case]
    plain = sheet([("NAME", "00:00:00"), ("Two", "00:01:00")])
    encoding = "utf-16" if case.startswith("UTF-16, l") else "utf-16-be" if "big" in case else ""
    if encoding:
        data = plain.replace("NAME", wanted).encode(encoding)
    else:
        mark = b"\xef\xbb\xbf" if "mark" in case and "8" in case else b""
        data = mark + plain.encode().replace(b"NAME", given.removeprefix(b"\xef\xbb\xbf"))
    answer = taken(tmp_path, data)
    assert answer.tracks[0].title == wanted


HOSTILE: dict[str, tuple[str, str]] = {
    "too large": (sheet(TWO) + "REM\n" * 300_000, "larger than"),
    "no tracks": ('FILE "Disc.flac" WAVE\n', "names no tracks"),
    "nothing": ("", "names no tracks"),
    "a hundred tracks": (sheet([("T", f"00:00:{n % 75:02}") for n in range(100)]), "from 1 to 99"),
    "a hundred files": ('FILE "Disc.flac" WAVE\n' * 100 + sheet(TWO), "more than 99 files"),
    "a track 0": (sheet(TWO, first=0), "from 1 to 99"),
    "a track without a number": (sheet(TWO).replace("TRACK 02", "TRACK xx"), "from 1 to 99"),
    "the same number twice": (sheet(TWO).replace("TRACK 02", "TRACK 01"), "out of order"),
    "beyond the end": (sheet([*TWO, ("Far", "99999:00:00")]), "after the file's end"),
    "at the end": (sheet([*TWO, ("Far", "00:02:00")]), "after the file's end"),
    "not rising": (sheet([*TWO, ("Back", "00:00:50")]), "comes too early"),
    "overlapping": (sheet([*TWO, ("Same", "00:01:00")]), "comes too early"),
    "no beginning": (sheet(TWO).replace("INDEX 01 00:01:00", ""), "does not say where track 2"),
    "a time of letters": (sheet(TWO).replace("00:01:00", "aa:bb:cc"), "no time for track 2"),
    "a minus": (sheet(TWO).replace("00:01:00", "00:-1:00"), "no time for track 2"),
    "ninety frames": (sheet(TWO).replace("00:01:00", "00:01:90"), "no time for track 2"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_sheet_that_cannot_be_right_is_passed_over_with_a_reason(
    tmp_path: Path, case: str
) -> None:
    text, reason = HOSTILE[case]
    answer = taken(tmp_path, text, Song(title="Image", seconds=2))
    assert reason in answer.complaint
    assert answer.tracks == []
    assert [one.title for one in answer.songs] == ["Image"]


@pytest.mark.parametrize("junk", [b"\0" * 1000, b"\xff\xfe\x00\xd8" * 9, bytes(range(256)) * 50])
def test_bytes_that_are_no_sheet_are_none(junk: bytes) -> None:
    with pytest.raises(SheetError):
        parse(junk)


def test_a_pause_belongs_to_the_track_before_and_data_to_none(tmp_path: Path) -> None:
    text = sheet([("One", "00:00:10"), ("Two", "00:00:60"), ("Data", "00:01:30")])
    text = text.replace("INDEX 01 00:00:60", "INDEX 00 00:00:50\nINDEX 01 00:00:60")
    text = text.replace("TRACK 03 AUDIO", "TRACK 03 MODE1/2352")
    assert spans(taken(tmp_path, text)) == [
        (1, "One", 0.1333, 0.8, 0.6667),
        (2, "Two", 0.8, 1.4, 0.6),
    ]


def test_a_sheet_of_one_file_per_track_only_names_what_has_no_name(tmp_path: Path) -> None:
    text = sheet([("One", "00:00:00")], "1.wav")
    text += 'FILE "2.wav" WAVE\nTRACK 02 AUDIO\nTITLE "Two"\nINDEX 01 00:00:00\n'
    bare = taken(tmp_path, text, Song(seconds=1), "2.wav", 1)
    assert bare.tracks == []
    (facts,) = bare.songs
    assert (facts.title, facts.artist, facts.album, facts.track, facts.cue) == (
        "Two", "Ada", "Whole", 2, 0,
    )  # fmt: skip
    tagged = taken(tmp_path, text, Song(title="Own", artist="Me", seconds=1), "2.flac", 1)
    (facts,) = tagged.songs
    assert (facts.title, facts.artist, facts.album) == ("Own", "Me", "")


SENT_AS = {
    "flac": "audio/flac", "wav": "audio/flac", "wv": "audio/flac", "mp3": "audio/mpeg",
    "m4a": "audio/aac", "opus": "audio/ogg", "ogg": "audio/ogg", "wma": "audio/mpeg",
}  # fmt: skip


@pytest.mark.parametrize("kind", SENT_AS)
def test_a_track_is_described_as_what_it_is_sent_as(tmp_path: Path, kind: str) -> None:
    answer = taken(tmp_path, sheet(TWO), name=f"Disc.{kind}")
    assert {one.content_type for one in answer.tracks} == {SENT_AS[kind]}


def embedded(path: Path) -> list[Facts]:
    return read_file(bytes(path), Splitting()).tracks


def test_sheets_in_tags_are_read(tmp_path: Path) -> None:
    flac = write(tmp_path / "a.flac", Song(seconds=2, more={"cuesheet": sheet(TWO)}))
    assert [one.title for one in embedded(flac)] == ["One", "Two"]
    wavpack = write(tmp_path / "a.wv", Song(seconds=2))
    tags = APEv2()
    tags["Cuesheet"] = sheet(TWO)
    tags.save(wavpack)
    assert [one.title for one in embedded(wavpack)] == ["One", "Two"]
    mp3 = write(tmp_path / "a.mp3", Song(title="x", seconds=2))
    frames = ID3(mp3)
    frames.add(TXXX(encoding=3, desc="CUESHEET", text=[sheet(TWO)]))
    frames.save(mp3)
    assert [one.title for one in embedded(mp3)] == ["One", "Two"]


def test_a_block_of_flac_cuts_at_samples(tmp_path: Path) -> None:
    path = write(tmp_path / "a.flac", Song(artist="Ada", album="Whole", seconds=2))
    block = CueSheet(None)
    block.tracks = [block_track(1, 0), block_track(2, 44_101), block_track(170, 88_200)]
    file = FLAC(path)
    file.cuesheet = block
    file.metadata_blocks.append(block)
    file.save()
    one, two = embedded(path)
    assert (one.title, two.title, two.album) == ("Track 01", "Track 02", "Whole")
    assert round(two.begin * 44_100) == round(one.end * 44_100) == 44_101


def block_track(number: int, offset: int) -> CueSheetTrack:
    track = CueSheetTrack(number, offset)
    if number < 170:
        track.indexes.append(CueSheetTrackIndex(1, 0))
    return track


def test_a_sheet_that_was_forgotten_in_the_tags_of_a_part_is_not_meant(tmp_path: Path) -> None:
    text = sheet([*TWO, ("Three", "03:00:00")])
    path = write(tmp_path / "a.flac", Song(title="One", seconds=2, more={"cuesheet": text}))
    answer = read_file(bytes(path), Splitting())
    assert (answer.tracks, answer.complaint) == ([], "")


def test_a_usable_sheet_in_the_tags_helps_where_the_one_beside_does_not(tmp_path: Path) -> None:
    song = Song(seconds=2, more={"cuesheet": sheet(TWO)})
    answer = taken(tmp_path, sheet([*TWO, ("Far", "09:00:00")]), song)
    assert [one.title for one in answer.tracks] == ["One", "Two"]
    assert answer.complaint


def test_tracks_of_other_artists_do_not_get_the_files_ids(tmp_path: Path) -> None:
    mbid = "6b9a0ec2-7e35-4d2c-8f53-1b0a6c3a3f01"
    song = Song(artist="Ada", seconds=2, more={"musicbrainz_artistid": mbid})
    one, two = taken(tmp_path, sheet(TWO, own={"Two": 'PERFORMER "Bo"'}), song).tracks
    assert [(person.name, person.mbid) for person in one.artists] == [("Ada", mbid)]
    assert [(person.name, person.mbid) for person in two.artists] == [("Bo", "")]


@dataclass(frozen=True)
class Aim:
    """Sheets with the files they name, the files there are, and which sheet each has."""

    sheets: dict[str, list[str]]
    files: list[str]
    wanted: dict[str, tuple[str, int]] = field(default_factory=dict)


AIMS: dict[str, Aim] = {
    "as it is called": Aim({"a/D.cue": ["D.flac"]}, ["a/D.flac", "a/E.flac"], {"a/D.flac": ("a/D.cue", 0)}),
    "another suffix": Aim({"D.cue": ["Disc.wav"]}, ["Disc.flac", "E.flac"], {"Disc.flac": ("D.cue", 0)}),
    "another case": Aim({"D.cue": ["disc.WAV"]}, ["Disc.wav", "E.flac"], {"Disc.wav": ("D.cue", 0)}),
    "another form of Unicode": Aim({"D.cue": ["Gro\u0308ße.wav"]}, ["Größe.flac", "E.wav"], {"Größe.flac": ("D.cue", 0)}),
    "with a Windows path": Aim({"a/D.cue": ["C:\\Rips\\Disc.wav"]}, ["a/Disc.wav", "a/E.wav"], {"a/Disc.wav": ("a/D.cue", 0)}),
    "with a path that leads out": Aim({"a/D.cue": ["../b/Disc.wav", "/etc/x.wav"]}, ["b/Disc.wav", "a/y.wav"]),
    "called as the sheet": Aim({"Disc.cue": ["Range.wav"]}, ["Disc.flac", "E.flac"], {"Disc.flac": ("Disc.cue", 0)}),
    "the only file": Aim({"x.cue": ["Range.wav"]}, ["Disc.flac"], {"Disc.flac": ("x.cue", 0)}),
    "one of several files": Aim({"x.cue": ["Range.wav"]}, ["1.flac", "2.flac"]),
    "several files": Aim({"x.cue": ["1.wav", "2.wav"]}, ["1.flac", "2.flac"], {"1.flac": ("x.cue", 0), "2.flac": ("x.cue", 1)}),
    "the same file twice": Aim({"x.cue": ["1.wav", "1.flac"]}, ["1.flac"], {"1.flac": ("x.cue", 0)}),
    "two sheets": Aim({"a.cue": ["D.flac"], "D.cue": ["D.flac"]}, ["D.flac"], {"D.flac": ("D.cue", 0)}),
    "both suffixes in its name": Aim({"a.cue": ["D.flac"], "D.flac.cue": ["D.flac"]}, ["D.flac"], {"D.flac": ("D.flac.cue", 0)}),
    "another folder": Aim({"a/D.cue": ["D.flac"]}, ["b/D.flac", "D.flac"]),
    "dots": Aim({"D.cue": ["..", ".", ""]}, ["D.flac", "E.flac"]),
}  # fmt: skip


@pytest.mark.attack("X50")
@pytest.mark.parametrize("case", AIMS)
def test_a_sheet_is_about_files_in_its_own_folder(case: str) -> None:
    aimed = AIMS[case]
    states = [SheetState(path.encode(), 1, 1, 1, files) for path, files in aimed.sheets.items()]
    found = aim(states, [path.encode() for path in aimed.files])
    assert {file.decode(): (to.path.decode(), to.number) for file, to in found.items()} == (
        aimed.wanted
    )


def test_names_of_files_are_text_that_a_database_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "x.cue"
    path.write_text('FILE "a\0b.wav" WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n')
    assert names(bytes(path)).files == ["ab.wav"]
    path.write_text("FILE bare name.wav WAVE\nTRACK 01 AUDIO\nINDEX 01 00:00:00\n")
    assert names(bytes(path)).files == ["bare name.wav"]
    path.unlink()
    assert names(bytes(path)).again
