"""By how much a transcode is made louder, and that it is."""

from __future__ import annotations

import math
from array import array
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from conf.settings import Settings, Transcoding
from db.cards import Loudness, ReplayGain, TrackCard
from db.rows import FileRow
from streaming import Streamer
from streaming.files import open_inside
from streaming.gain import gain_for
from streaming.job import Part, key_of, part_key
from streaming.loudness import measure
from streaming.orders import Measure, Measured, encode
from streaming.profiles import AS_USUAL, MP3
from tests.streaming.conftest import Serve
from tests.streaming.test_encode import fetch
from tests.support import tones

Row = Callable[..., FileRow]


def sine(level: float, seconds: float = 5, rate: int = 44100, channels: int = 2) -> array[int]:
    """1 kHz whose peak is so many dB below full scale."""
    top = 32767 * 10 ** (level / 20)
    wave = [round(top * math.sin(2 * math.pi * 997 * i / rate)) for i in range(int(seconds * rate))]
    return array("h", (value for value in wave for _ in range(channels)))


def loudness(path: Path, begin: float = 0, end: float = 0, budget: int = 100) -> Loudness:
    order = Measure(bytes(path.parent), path.name.encode(), path.suffix[1:], begin, end, budget)
    return msgspec.msgpack.decode(measure(encode(order)), type=Measured).loudness


@pytest.mark.parametrize(
    ("found", "mode", "gain"),
    [
        (ReplayGain(track_gain=-6.0, album_gain=-3.0), "off", None),
        (ReplayGain(track_gain=-6.0, album_gain=-3.0), "track", -6.0),
        (ReplayGain(track_gain=-6.0, album_gain=-3.0), "album", -3.0),
        (ReplayGain(track_gain=-6.0), "album", -6.0),
        (ReplayGain(album_gain=-3.0), "track", -3.0),
        (ReplayGain(), "track", None),
        (ReplayGain(track_gain=6.0, track_peak=0.5), "track", 6.0),
        (ReplayGain(track_gain=9.0, track_peak=0.5), "track", 6.02),
        (ReplayGain(track_gain=9.0, track_peak=0.5, album_gain=2.0, album_peak=1.0), "album", 0.0),
        (ReplayGain(track_gain=9.0), "track", 0.0),
        (ReplayGain(track_gain=9.0, track_peak=0.0), "track", 0.0),
        (ReplayGain(track_gain=60.0, track_peak=0.0001), "track", 24.0),
        (ReplayGain(track_gain=-1.0, track_peak=2.0), "track", -6.02),
    ],
)
def test_the_gain_is_that_of_the_mode_and_cuts_no_sample_off(
    found: ReplayGain, mode: str, gain: float | None
) -> None:
    assert gain_for(found, mode) == gain  # type: ignore[arg-type]


@pytest.fixture
async def levelling(settings: Settings) -> AsyncIterator[Streamer]:
    changed = msgspec.structs.replace(settings, transcoding=Transcoding(replay_gain="track"))
    made = Streamer(changed)
    yield made
    await made.close(0)


@pytest.mark.parametrize("target", ["mp3", "opus", "aac", "flac"])
@pytest.mark.parametrize("level", [-6.0, -30.0])
async def test_a_transcode_is_as_loud_as_replay_gain_wants_it_and_says_nothing_more_of_it(
    serve: Serve, row: Row, levelling: Streamer, tmp_path: Path, target: str, level: float
) -> None:
    source = tones.write(tmp_path / "sine.wav", sine(level))
    found = loudness(source)
    assert found.track_gain == pytest.approx(-18 - level, abs=0.1)
    stored = msgspec.json.encode(found).decode()
    client = await serve(row("sine.wav", tmp_path, duration=5.0, loudness=stored), levelling)
    data = await fetch(client, format=target, maxBitRate=0 if target == "flac" else 192)
    (tmp_path / f"made.{target}").write_bytes(data)
    assert loudness(tmp_path / f"made.{target}").track_gain == pytest.approx(0, abs=0.5)
    assert not [name for name in tones.hear(data).tags if "replaygain" in name]


async def test_gains_of_tags_are_in_the_sound_and_no_longer_in_the_tags(
    serve: Serve, row: Row, levelling: Streamer, tmp_path: Path
) -> None:
    tones.write(tmp_path / "sine.wav", sine(-6))
    card = TrackCard(
        title="", album="", artist="", album_artist="", path="",
        replay_gain=ReplayGain(track_gain=-20.0, track_peak=0.5),
    )  # fmt: skip
    client = await serve(row("sine.wav", tmp_path, duration=5.0, card=card), levelling)
    data = await fetch(client, format="flac")
    (tmp_path / "made.flac").write_bytes(data)
    assert loudness(tmp_path / "made.flac").track_gain == pytest.approx(8, abs=0.1)
    assert not [name for name in tones.hear(data).tags if "replaygain" in name]


def test_each_gain_has_a_key_of_its_own_and_none_is_the_one_there_always_was(
    row: Row, music: Path
) -> None:
    file = row()
    opened = open_inside(file.root, file.path)
    part = Part(0, 9, 44100, 0.0, 1.0)
    with opened.file:
        keys = {key_of(file, opened, MP3, 128, AS_USUAL, gain) for gain in (None, 0.0, -3.0)}
        parts = {part_key("song 1", opened, 128, part, gain) for gain in (None, 0.0, -3.0)}
        assert key_of(file, opened, MP3, 128, AS_USUAL) in keys
    assert (len(keys), len(parts)) == (3, 3)
