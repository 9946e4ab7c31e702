"""Tags of real files of every kind."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3, RVA2, TALB, TCON, TDAT, TIPL, TIT1, TIT2, TMCL, TPE1, TXXX, TYER

from library.tags import READER, Answer, Facts, Request, Splitting, read_files
from library.tags.reader import read_file
from tests.support.audio import Song, made, retag, sound, write

SPLITTING = Splitting(("; ", " feat. "), ("Simon; Garfunkel",), (";", ",", "/"))
TAGGED = (
    "mp3",
    "mp2",
    "flac",
    "ogg",
    "oga",
    "opus",
    "m4a",
    "aac",
    "wav",
    "aiff",
    "wv",
    "wma",
    "tta",
)
PLAIN = ("mka", "webm", "caf", "au", "ac3")
TYPES = {
    "mp3": "audio/mpeg", "flac": "audio/flac", "opus": "audio/ogg", "m4a": "audio/mp4",
    "wav": "audio/wav", "wma": "audio/x-ms-wma", "mka": "audio/x-matroska",
}  # fmt: skip


def read(path: Path, splitting: Splitting = SPLITTING) -> Facts:
    answer = read_file(bytes(path), splitting)
    assert answer.facts is not None, answer.reason
    return answer.facts


def tagged(folder: Path, **more: Any) -> Facts:
    """What is read of a FLAC file with these comments."""
    return read(write(folder / "x.flac", Song(more=more)))


def framed(folder: Path, *frames: Any, v1: int = 0, version: int = 4) -> Facts:
    """What is read of an MP3 file with these frames."""
    path = write(folder / "x.mp3", Song())
    tags = ID3()
    for frame in frames:
        tags.add(frame)
    if version == 3:
        tags.update_to_v23()
    tags.save(path, v1=v1, v2_version=version)
    return read(path)


@pytest.mark.parametrize("kind", TAGGED)
def test_every_container_gives_its_tags(kind: str, tmp_path: Path) -> None:
    song = Song(
        title="Jóga\0", artist=["Björk", "B"], album="Homogenic", albumartist="Björk", track=2,
        date="1997-09-22", genre=["Pop", "Art"],
    )  # fmt: skip
    facts = read(write(tmp_path / f"x.{kind}", song))
    assert facts.title == "Jóga"
    assert [person.name for person in facts.artists] == ["Björk", "B"]
    assert [person.name for person in facts.album_artists] == ["Björk"]
    assert (facts.album, facts.track, facts.genres) == ("Homogenic", 2, ["Pop", "Art"])
    assert facts.date == (1997, 9, 22)
    assert facts.sound.duration == pytest.approx(0.5, abs=0.1)
    assert facts.sound.channels == 2
    assert facts.sound.bit_rate > 0
    assert facts.content_type == TYPES.get(kind, facts.content_type)


@pytest.mark.parametrize("kind", PLAIN)
def test_what_mutagen_does_not_know_is_read_by_ffmpeg(kind: str, tmp_path: Path) -> None:
    facts = read(write(tmp_path / f"x.{kind}", Song(hertz=440)))
    assert facts.sound.duration == pytest.approx(0.5, abs=0.1)
    assert (facts.sound.channels, facts.content_type) == (2, TYPES.get(kind, facts.content_type))


@pytest.mark.parametrize("kind", TAGGED)
def test_the_hash_of_the_sound_does_not_hear_tags(kind: str, tmp_path: Path) -> None:
    path = write(tmp_path / f"x.{kind}", Song(title="One", seconds=2))
    before = read(path)
    picture = b"" if kind in {"wma", "wv"} else bytes(70_000)
    retag(path, Song(title="Another and much longer one " * 40, seconds=2, picture=picture))
    after = read(path)
    assert after.title != before.title
    assert before.audio_hash == after.audio_hash != b""
    other = read(write(tmp_path / f"y.{kind}", Song(title="One", hertz=555, seconds=2)))
    assert other.audio_hash != before.audio_hash


def test_an_id3v1_tag_and_an_ape_tag_behind_an_mp3_are_not_heard(tmp_path: Path) -> None:
    path = write(tmp_path / "x.mp3", Song(hertz=440))
    before = read(path).audio_hash
    ape: Any = APEv2()
    ape["Title"], ape["Mood"] = "Ape", "Calm"
    ape.save(path)
    facts = read(path)
    assert (facts.title, facts.moods, facts.audio_hash) == ("Ape", ["Calm"], before)
    with path.open("ab") as file:
        file.write(b"TAG" + b"Old title".ljust(30, b"\0") + b"Old artist".ljust(30, b"\0"))
        file.write(bytes(30) + b"1985" + bytes(30) + bytes([17]))
    facts = read(path)
    assert (facts.title, facts.artist, facts.genres) == ("Ape", "Old artist", ["Rock"])
    assert (facts.date, facts.audio_hash) == ((1985, 0, 0), before)


def test_values_of_several_artists_are_taken_as_they_are(tmp_path: Path) -> None:
    facts = tagged(tmp_path, artist=["A feat. B", "C; D"])
    assert [person.name for person in facts.artists] == ["A feat. B", "C; D"]
    assert facts.artist == "A feat. B, C; D"


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ("A; B feat. C", ["A", "B", "C"]),
        ("A Feat. B", ["A", "B"]),
        ("AC/DC", ["AC/DC"]),
        ("Simon; Garfunkel feat. X", ["Simon; Garfunkel", "X"]),
        ("; ", ["; "]),
    ],
)
def test_a_single_value_is_split_at_the_separators(
    value: str, names: list[str], tmp_path: Path
) -> None:
    facts = tagged(tmp_path, artist=value)
    assert [person.name for person in facts.artists] == [name.strip() for name in names]
    assert facts.artist == value.strip()


def test_as_many_ids_as_names_tell_where_to_split(tmp_path: Path) -> None:
    one, two = "a" * 8 + "-bbbb-cccc-dddd-" + "e" * 12, "b" * 8 + "-bbbb-cccc-dddd-" + "e" * 12
    facts = tagged(tmp_path, artist="AC/DC", musicbrainz_artistid=one)
    assert [(person.name, person.mbid) for person in facts.artists] == [("AC/DC", one)]
    facts = tagged(tmp_path, artist="Ann/Bob", musicbrainz_artistid=f"{one}/{two}")
    assert [(person.name, person.mbid) for person in facts.artists] == [("Ann", one), ("Bob", two)]


def test_the_list_of_artists_comes_before_the_text_that_is_shown(tmp_path: Path) -> None:
    facts = tagged(tmp_path, artist="A with B", artists=["A", "B"], artistsort=["A, Sir", "B, Mr"])
    assert facts.artist == "A with B"
    assert [(person.name, person.sort) for person in facts.artists] == [
        ("A", "A, Sir"),
        ("B", "B, Mr"),
    ]


def test_genres_are_split_and_numbers_of_id3_get_their_names(tmp_path: Path) -> None:
    assert tagged(tmp_path, genre="Rock/Pop; Jazz").genres == ["Rock", "Pop", "Jazz"]
    assert framed(tmp_path, TCON(encoding=3, text=["(17)", "32", "Odd"])).genres == [
        "Rock", "Classical", "Odd",
    ]  # fmt: skip


def test_everybody_who_took_part_is_credited(tmp_path: Path) -> None:
    facts = tagged(
        tmp_path, composer=["Holst"], conductor="Boult", lyricist="X; Y",
        performer=["Ann (Violin)", "Bob"],
    )  # fmt: skip
    assert [(credit.role, credit.name, credit.sub_role) for credit in facts.credits] == [
        ("composer", "Holst", ""),
        ("lyricist", "X", ""),
        ("lyricist", "Y", ""),
        ("conductor", "Boult", ""),
        ("performer", "Ann", "violin"),
        ("performer", "Bob", ""),
    ]
    facts = framed(
        tmp_path,
        TMCL(encoding=3, people=[["cello", "Cy"]]),
        TIPL(encoding=3, people=[["producer", "Pat"], ["mix", "Max"]]),
    )
    assert {(credit.role, credit.name, credit.sub_role) for credit in facts.credits} == {
        ("performer", "Cy", "cello"), ("producer", "Pat", ""), ("mixer", "Max", ""),
    }  # fmt: skip


def test_gains_of_all_kinds_are_understood(tmp_path: Path) -> None:
    gains = tagged(
        tmp_path, replaygain_track_gain="-6.50 dB", replaygain_track_peak="0.98",
        replaygain_album_gain="+1,5 dB",
    ).gains  # fmt: skip
    assert (gains.track_gain, gains.track_peak, gains.album_gain) == (-6.5, 0.98, 1.5)
    gains = tagged(tmp_path, r128_track_gain="-2560", r128_album_gain="256").gains
    assert (gains.track_gain, gains.album_gain) == (-5.0, 6.0)
    gains = tagged(tmp_path, itunnorm=" 000003E8 000007D0 0 0").gains
    assert gains.track_gain == -3.01
    assert (
        framed(tmp_path, RVA2(desc="track", channel=1, gain=-3.5, peak=0.5)).gains.track_gain
        == -3.5
    )


@pytest.mark.attack("X41")
@pytest.mark.parametrize("value", ["NaN", "inf dB", "-1e999", "9999 dB", "loud", ""])
def test_absurd_gains_are_dropped(value: str, tmp_path: Path) -> None:
    assert tagged(tmp_path, replaygain_track_gain=value, title="x").gains.track_gain is None


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2004", (2004, 0, 0)),
        ("2004-05-06T10:00", (2004, 5, 6)),
        ("2004/05", (2004, 5, 0)),
        ("20040506", (2004, 5, 6)),
        ("06.05.2004", (2004, 5, 6)),
        ("2004-13-40", (2004, 0, 0)),
        ("0000", (0, 0, 0)),
        ("9999", (0, 0, 0)),
        ("soon", (0, 0, 0)),
    ],
)
def test_dates_are_read_as_exactly_as_they_are_given(
    value: str, day: tuple[int, int, int], tmp_path: Path
) -> None:
    assert tagged(tmp_path, date=value).date == day


def test_old_frames_of_id3_still_count(tmp_path: Path) -> None:
    facts = framed(
        tmp_path, TYER(encoding=0, text="1999"), TDAT(encoding=0, text="3112"),
        TIT1(encoding=0, text="Suite"), version=3,
    )  # fmt: skip
    assert (facts.date, facts.groupings) == ((1999, 12, 31), ["Suite"])


def test_text_in_every_encoding_of_id3_is_read(tmp_path: Path) -> None:
    for encoding in range(4):
        text = "Ünïcode" if encoding == 0 else "Ünïcode 夜"
        facts = framed(
            tmp_path, TIT2(encoding=encoding, text=text), TPE1(encoding=encoding, text=["A", "B"])
        )
        assert (facts.title, [person.name for person in facts.artists]) == (text, ["A", "B"])


def test_control_characters_and_endless_texts_are_cut(tmp_path: Path) -> None:
    facts = tagged(tmp_path, title="a\x00b\x07c\ufeff", album="x" * 100_000, comment="1\r\n2\x00")
    assert facts.title == "ab c"
    assert len(facts.album) == 1000
    assert facts.comment == "1\n2"


def test_numbers_that_are_none_are_left_out(tmp_path: Path) -> None:
    facts = tagged(tmp_path, tracknumber="A1", discnumber="2/3", bpm="127.6", title="x")
    assert (facts.track, facts.disc, facts.bpm) == (0, 2, 128)
    assert tagged(tmp_path, tracknumber="99999999999999").track == 0


def test_what_an_album_is_made_of_is_read(tmp_path: Path) -> None:
    facts = tagged(
        tmp_path, album="X", albumsort="X, The", releasetype="album; live", label=["L1", "L2"],
        originaldate="1970", releasedate="1999-01-02", version="Deluxe", compilation="1",
        discsubtitle="Side B", itunesadvisory="1", isrc="GBAYE0000001", mood=["Calm"], grouping="G",
        work="Planets", movementname="Mars", movement="1/7",
    )  # fmt: skip
    assert (facts.album_sort, facts.release_types, facts.labels) == (
        "X, The",
        ["album", "live"],
        ["L1", "L2"],
    )
    assert (facts.original_date, facts.release_date) == ((1970, 0, 0), (1999, 1, 2))
    assert (facts.version, facts.compilation, facts.disc_title) == ("Deluxe", True, "Side B")
    assert (facts.explicit, facts.isrc, facts.moods) == ("explicit", ["GBAYE0000001"], ["Calm"])
    assert (facts.groupings, facts.works) == (["G"], [("Planets", "")])
    assert (facts.movement, facts.movement_number, facts.movement_count) == ("Mars", 1, 7)


def test_a_wrong_suffix_does_not_hide_a_song(tmp_path: Path) -> None:
    path = tmp_path / "really-flac.mp3"
    path.write_bytes(made("flac", Song(title="Flac")))
    facts = read(path)
    assert (facts.title, facts.content_type) == ("Flac", "audio/flac")


def test_a_tag_that_is_broken_does_not_hide_the_sound(tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(b"ID3\x04\x00\x00\xff\xff\xff\xff" + sound("mp3", 0.5, 440))
    assert read(path).sound.duration > 0


def test_reasons_tell_what_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").touch()
    (tmp_path / "text.ogg").write_text("just text")
    os.mkfifo(tmp_path / "pipe.mp3")
    reasons = {
        name: read_file(bytes(tmp_path / name), SPLITTING)
        for name in ("empty.mp3", "text.ogg", "pipe.mp3", "gone.mp3")
    }
    assert reasons["empty.mp3"].reason == "the file is empty"
    assert reasons["text.ogg"].reason == "not an Ogg file (Unreadable)"
    assert reasons["pipe.mp3"].reason == "not a plain file"
    assert reasons["gone.mp3"].reason == "reading failed: No such file or directory"
    assert [name for name, answer in reasons.items() if answer.again] == ["gone.mp3"]


def test_a_batch_is_answered_in_order(tmp_path: Path) -> None:
    write(tmp_path / "a.mp3", Song(title="A"))
    (tmp_path / "b.mp3").touch()
    write(tmp_path / "c.mp3", Song(title="C", picture=bytes(500_000)))
    payload = msgspec.msgpack.encode(
        Request(bytes(tmp_path), [b"a.mp3", b"b.mp3", b"c.mp3"], SPLITTING)
    )
    packed = read_files(payload)
    answers = msgspec.msgpack.decode(packed, type=list[Answer])
    assert [answer.facts and answer.facts.title for answer in answers] == ["A", None, "C"]
    assert len(packed) < 2000
    assert READER > 0


@pytest.mark.attack("X41")
@pytest.mark.parametrize("kind", [*TAGGED, "mka"])
def test_damaged_files_never_raise(kind: str, tmp_path: Path) -> None:
    song = Song(title="T", artist="A", picture=b"" if kind in {"wma", "wv", "mka"} else bytes(300))
    whole = made(kind, Song(hertz=440) if kind == "mka" else song)
    dice = random.Random(kind)
    path = tmp_path / f"x.{kind}"
    for _ in range(25):
        data = bytearray(whole[: dice.choice((len(whole), dice.randrange(len(whole))))])
        for _ in range(dice.randrange(1, 40)):
            if data:
                data[dice.randrange(min(len(data), 3000))] = dice.randrange(256)
        path.write_bytes(data)
        answer = read_file(bytes(path), SPLITTING)
        assert (answer.facts is None) == bool(answer.reason)
        msgspec.msgpack.encode(answer)


def test_compressed_and_unsynchronised_frames_are_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.mp3", Song(hertz=440))
    frame = b"TIT2" + bytes([0, 0, 0, 9, 0, 0x02]) + b"\x03\xff\x00A\xff\x00BCD"
    body = frame + bytes(10)
    path.write_bytes(b"ID3\x04\x00\x00" + bytes([0, 0, 0, len(body)]) + body + path.read_bytes())
    assert read(path).title.endswith("BCD")


def test_a_description_without_values_is_nothing(tmp_path: Path) -> None:
    facts = framed(tmp_path, TXXX(encoding=3, desc="MOOD", text=[]), TALB(encoding=3, text=[]))
    assert (facts.moods, facts.album) == ([], "")
