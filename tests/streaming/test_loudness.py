"""How loud sounds are of which the standard says how loud they are."""

from __future__ import annotations

import gc
from pathlib import Path

import msgspec
import pytest

from db.cards import Loudness
from streaming.loudness import measure
from streaming.orders import Measure, Measured, encode
from tests.streaming.test_gain import loudness, sine
from tests.support import tones


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "opus", "m4a"])
@pytest.mark.parametrize("level", [-3.0, -20.0, -40.0])
def test_a_tone_on_both_channels_is_as_loud_as_its_peak_says(
    tmp_path: Path, suffix: str, level: float
) -> None:
    found = loudness(tones.write(tmp_path / f"tone.{suffix}", sine(level)))
    lossless = suffix in {"wav", "flac"}
    assert found.track_gain == pytest.approx(-18 - level, abs=0.1 if lossless else 0.5)
    assert found.track_peak == pytest.approx(10 ** (level / 20), rel=0.01 if lossless else 0.2)


def test_one_channel_alone_is_half_as_much(tmp_path: Path) -> None:
    mono = tones.write(tmp_path / "tone.wav", sine(-20, channels=1), layout="mono")
    assert loudness(mono).track_gain == pytest.approx(5, abs=0.1)


@pytest.mark.parametrize("rate", [8000, 22050, 96000])
def test_the_sample_rate_makes_no_difference(tmp_path: Path, rate: int) -> None:
    path = tones.write(tmp_path / "tone.flac", sine(-20, rate=rate), rate)
    assert loudness(path).track_gain == pytest.approx(2, abs=0.1)


def test_what_measures_song_after_song_keeps_no_threads(tmp_path: Path) -> None:
    """A process measures a whole library."""
    path = tones.write(tmp_path / "tone.flac", sine(-20))

    def threads() -> int:
        return len(list(Path("/proc/self/task").iterdir()))

    gc.disable()
    try:
        loudness(path)
        before = threads()
        for _ in range(3):
            loudness(path)
        assert threads() == before
    finally:
        gc.enable()


def test_silence_between_the_music_does_not_count(tmp_path: Path) -> None:
    path = tones.write(tmp_path / "tone.flac", sine(-20) + sine(-90, 20))
    assert loudness(path).track_gain == pytest.approx(2, abs=0.15)


def test_a_part_of_a_file_is_measured_within_its_bounds(tmp_path: Path) -> None:
    path = tones.write(tmp_path / "tone.flac", sine(-10, 4) + sine(-30, 4) + sine(-20, 4))
    found = [loudness(path, *span).track_gain for span in ((0, 4), (4, 8), (8, 0))]
    assert found == pytest.approx([-8, 12, 2], abs=0.1)


def test_a_budget_changes_nothing_but_the_time(tmp_path: Path) -> None:
    path = tones.write(tmp_path / "tone.flac", sine(-20, 20))
    assert loudness(path, budget=50) == loudness(path)


def test_silence_and_what_is_too_short_has_no_gain_but_a_reason(tmp_path: Path) -> None:
    for seconds, level in ((5, -200), (0.2, -3)):
        found = loudness(tones.write(tmp_path / "tone.wav", sine(level, seconds)))
        assert found.track_gain is None
        assert "silent" in found.reason


@pytest.mark.parametrize("data", [b"", b"\0" * 5000, b"no music at all" * 500])
def test_what_cannot_be_decoded_is_told(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "tone.mp3").write_bytes(data)
    answer = measure(encode(Measure(bytes(tmp_path), b"tone.mp3", "mp3", 0, 0, 100)))
    found = msgspec.msgpack.decode(answer, type=Measured)
    assert not found.gone
    assert found.loudness == Loudness(reason=found.loudness.reason)
    assert found.loudness.reason


def test_a_damaged_file_is_measured_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tones.write(tmp_path / "tone.flac", sine(-20, 10))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    assert loudness(path).track_gain == pytest.approx(2, abs=0.1)


def test_a_file_that_is_gone_or_outside_its_folder_is_no_broken_one(tmp_path: Path) -> None:
    inside = tmp_path / "music"
    inside.mkdir()
    tones.write(tmp_path / "out.wav", sine(-20))
    for path in (b"no.wav", b"../out.wav"):
        answer = measure(encode(Measure(bytes(inside), path, "wav", 0, 0, 100)))
        assert msgspec.msgpack.decode(answer, type=Measured).gone
