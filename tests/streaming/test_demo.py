from __future__ import annotations

import math
from array import array
from dataclasses import replace
from pathlib import Path

import av
import mutagen
import pytest
from PIL import Image

from streaming.demo import DemoError, album, make_album, voices
from streaming.demo.pieces import pieces
from streaming.demo.score import Lane, Note, Piece, arpeggio, chords, melody, pitch
from streaming.demo.studio import record

FORMATS = {"flac": "flac", "mp3": "mp3float", "opus": "opus", "m4a": "aac"}


def short_piece(suffix: str) -> Piece:
    lanes = (
        Lane(voices.harp, melody("C4 E4 G4 C5"), 0.5, -0.5),
        Lane(voices.kalimba, melody("C5:2 G5:2"), 0.5, 0.5),
    )
    return Piece("Kurzes Stück", "Folk", suffix, bpm=120, beats=8, lanes=lanes)


def decoded(path: Path) -> tuple[float, float, float]:
    """Length in seconds, peak and root mean square of what a player would hear."""
    heard = array("f")
    with av.open(str(path)) as container:
        resampler = av.AudioResampler("flt", "stereo", 44100)
        for frame in container.decode(audio=0):
            for part in resampler.resample(frame):
                heard.frombytes(bytes(part.planes[0])[: part.samples * 8])
    mean_square = math.fsum(value * value for value in heard) / len(heard)
    return len(heard) / 2 / 44100, max(map(abs, heard)), math.sqrt(mean_square)


@pytest.mark.parametrize(("suffix", "codec"), FORMATS.items())
def test_a_recording_is_audible_unclipped_and_as_long_as_its_score(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    path = tmp_path / f"song.{suffix}"
    record(short_piece(suffix), path, {"title": "Kurzes Stück"})
    length, peak, loudness = decoded(path)
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == codec
    assert length == pytest.approx(4.0, abs=0.1)
    assert 0.1 < peak < 0.99
    assert loudness > 0.01


@pytest.mark.parametrize("suffix", FORMATS)
def test_tags_reach_the_file_in_the_way_of_its_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"song.{suffix}"
    record(short_piece(suffix), path, {"title": "Kurzes Stück", "artist": "E", "track": "2/6"})
    tags = mutagen.File(path, easy=True)
    assert (tags["title"], tags["artist"], tags["tracknumber"]) == (
        ["Kurzes Stück"],
        ["E"],
        ["2/6"],
    )


def test_the_same_piece_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = tmp_path / "1.opus", tmp_path / "2.opus"
    record(short_piece("opus"), first, {"title": "A"})
    record(short_piece("opus"), second, {"title": "A"})
    assert first.read_bytes() == second.read_bytes()


def test_note_names_are_midi_pitches() -> None:
    assert [pitch(name) for name in ("C4", "A4", "F#5", "Bb3")] == [60, 69, 78, 58]


def test_chords_are_spelled_upwards_from_the_bass_after_the_slash() -> None:
    assert chords("D Am7 C/E") == [(50, 54, 57), (57, 60, 64, 67), (52, 55, 60)]


def test_an_unknown_chord_is_refused() -> None:
    with pytest.raises(ValueError, match="no chord"):
        chords("Hm13")


def test_a_melody_counts_its_beats_and_rests() -> None:
    notes = melody("C4 -:0.5 D4:2 | E4", start=4)
    assert [(note.beat, note.chord, note.beats) for note in notes] == [
        (4, (60,), 1),
        (5.5, (62,), 2),
        (7.5, (64,), 1),
    ]


def test_a_broken_chord_goes_on_into_the_next_octave() -> None:
    lanes = arpeggio(voices.harp, chords("C"), "0 2 - 3", bar=4, gain=0.5)
    assert [(lane.notes[0].beat, lane.notes[0].chord) for lane in lanes] == [
        (0, (48,)),
        (1, (55,)),
        (3, (60,)),
    ]


def test_a_note_ends_where_the_next_one_of_its_lane_begins() -> None:
    def steady(_chord: tuple[int, ...], seconds: float) -> array[float]:
        return array("f", [0.5]) * int((seconds + 1) * voices.RATE)

    lane = Lane(steady, (Note(0, (60,), 1), Note(1, (62,), 1)), gain=1.0)
    samples = lane.samples(bpm=60, beats=2)
    assert len(samples) == 2 * voices.RATE
    assert abs(samples[voices.RATE - 1]) < 0.01  # faded, so that it does not click
    assert samples[voices.RATE] == 0.5


@pytest.mark.parametrize("voice", ["harp", "kalimba", "bell", "bass", "reed", "flute", "drum"])
def test_a_voice_starts_and_ends_in_silence_and_never_clips(voice: str) -> None:
    sound = getattr(voices, voice)((57,), 0.5)
    assert abs(sound[0]) < 0.05
    assert abs(sound[-1]) < 0.05
    assert 0.1 < max(map(abs, sound)) < 1.0


def test_the_songs_differ_in_key_tempo_and_format() -> None:
    songs = pieces()
    assert len(songs) >= 5
    assert len({song.bpm for song in songs}) == len(songs)
    assert {song.suffix for song in songs} == set(FORMATS)
    assert all(30 <= song.beats * 60 / song.bpm <= 60 for song in songs)


def test_a_failure_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_folder: Path) -> None:
        raise DemoError("disk full")

    monkeypatch.setattr(album, "_record_all", fail)
    with pytest.raises(DemoError):
        make_album(tmp_path / "music")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    make_album(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.slow
def test_the_album_is_complete_tagged_and_has_a_cover(tmp_path: Path) -> None:
    (tmp_path / "music.part").mkdir()  # what a killed run would have left
    make_album(tmp_path / "music")
    assert [path.name for path in tmp_path.iterdir()] == ["music"]
    (folder,) = (tmp_path / "music").glob("*/*")
    files = sorted(path for path in folder.iterdir() if path.suffix != ".jpg")
    assert [path.suffix[1:] for path in files] == [song.suffix for song in pieces()]
    for number, path in enumerate(files, start=1):
        tags = mutagen.File(path, easy=True)
        assert tags["tracknumber"] == [f"{number}/{len(files)}"]
        assert tags["album"] == [folder.name]
        assert tags["albumartist"] == [folder.parent.name]
        assert decoded(path)[1] < 0.999
    with Image.open(folder / "cover.jpg") as cover:
        assert cover.size == (1000, 1000)


def test_the_gain_of_a_piece_makes_it_louder(tmp_path: Path) -> None:
    quiet, loud = tmp_path / "q.flac", tmp_path / "l.flac"
    record(replace(short_piece("flac"), gain=0.5), quiet, {})
    record(short_piece("flac"), loud, {})
    assert decoded(quiet)[2] == pytest.approx(decoded(loud)[2] / 2, rel=0.05)
