"""Sound out of files: spans of seconds, damaged files, what is none at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import accumulate, islice, repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import pytest
from av.audio.frame import AudioFrame

from streaming.allowance import Anybody
from streaming.decode import MOST_LOST, Decoder, Shaper, decoded, samples
from streaming.encode import encode
from streaming.errors import Unplayable
from streaming.files import open_inside, open_regular
from streaming.job import Job
from streaming.pipe import Closed, Pipe
from streaming.profiles import BY_NAME
from tests.support import bombs

RATE = 44100


def heard(music: Path, name: str, begin: float = 0.0, end: float = 0.0) -> bytes:
    """The sound of a span as 16-bit stereo."""
    opened = open_inside(os.fsencode(music), name.encode())
    with opened.file:
        frames = decoded(opened, name.rpartition(".")[2], (begin, end), "s16", "stereo", RATE)
        return b"".join(bytes(frame.planes[0])[: frame.samples * 4] for frame in frames)


def test_neighbouring_spans_join_to_the_whole(music: Path) -> None:
    whole = heard(music, "tone.flac")
    parts = [heard(music, "tone.flac", *span) for span in ((0, 1.37), (1.37, 4.001), (4.001, 0))]
    assert b"".join(parts) == whole


@pytest.mark.parametrize("name", ["tone.mp3", "tone.opus", "tone.m4a", "tone.wav"])
def test_a_span_is_as_long_as_it_is_said_to_be(music: Path, name: str) -> None:
    assert len(heard(music, name, 1.0, 2.5)) == pytest.approx(4 * RATE * 1.5, abs=4 * RATE * 0.05)


def test_a_span_beyond_the_end_is_empty(music: Path) -> None:
    assert heard(music, "tone.flac", 100.0, 0.0) == b""


def test_what_holds_no_sound_is_unplayable(music: Path, tmp_path: Path) -> None:
    (tmp_path / "noise.mp3").write_bytes(b"nothing to hear" * 500)
    with pytest.raises(Unplayable):
        heard(tmp_path, "noise.mp3")


def test_what_is_cut_off_is_heard_up_to_there(music: Path, tmp_path: Path) -> None:
    data = (music / "tone.flac").read_bytes()
    (tmp_path / "cut.flac").write_bytes(data[: len(data) // 2])
    assert 0 < len(heard(tmp_path, "cut.flac")) < len(heard(music, "tone.flac"))


@pytest.mark.parametrize(
    ("begin", "end", "count"), [(0, 0, None), (1, 0, None), (0, 1, 44100), (0.5, 0.75, 11025), (2, 1, 0)]
)  # fmt: skip
def test_samples_between_two_seconds(begin: float, end: float, count: int | None) -> None:
    assert samples(begin, end, RATE) == count


@pytest.mark.parametrize("rate", [RATE, 48000])
def test_frames_that_are_gathered_sound_as_they_do_one_by_one(music: Path, rate: int) -> None:
    """Also where what comes changes in the middle, and where it ends within a batch."""

    def shaped(batch: int) -> bytes:
        shaper = Shaper("s16", "stereo", rate, most=rate * 2)
        shaper.batch = batch
        made = [out for frame in mixed(music) for out in shaper.shape(frame)] + [*shaper.flush()]
        assert [one.pts for one in made] == [0, *accumulate(one.samples for one in made[:-1])]
        return b"".join(bytes(frame.planes[0])[: frame.samples * 4] for frame in made)

    assert len(shaped(16384)) == 4 * rate * 2
    assert shaped(16384) == shaped(0)


def mixed(music: Path) -> Iterator[AudioFrame]:
    """Frames of one kind, then of another."""
    for name, count in (("tone.flac", 10), ("tone.opus", 70)):
        with av.open(str(music / name)) as container:
            yield from islice(container.decode(audio=0), count)


@pytest.mark.attack("X41")
@pytest.mark.parametrize(
    "data", [bombs.wav(200_000_003, 2), bombs.wav(44_100, 255)], ids=["rate", "channels"]
)
def test_sound_of_absurd_kind_is_refused_before_there_is_room_made_for_it(
    tmp_path: Path, data: bytes
) -> None:
    """At 200 MHz the tables that bring it down have 600 MB; more channels than 64 end in an error."""
    (tmp_path / "x.wav").write_bytes(data)
    with pytest.raises(Unplayable, match="channels at"):
        heard(tmp_path, "x.wav")


@pytest.mark.attack("X41")
def test_a_flood_of_packets_without_sound_ends() -> None:
    """An index of a few kilobytes promises millions."""
    given = iter(repeat(SimpleNamespace(decode=list)))
    endless: Any = SimpleNamespace(demux=lambda _: given)
    decoder = Decoder(endless, endless)
    assert not list(decoder.frames())
    assert decoder.broken_off


@pytest.mark.attack("X41")
async def test_nobody_decodes_a_flood_for_who_has_left(tmp_path: Path) -> None:
    """A worker would be taken for as long as the file likes."""
    (tmp_path / "x.m4a").write_bytes(bombs.mp4(2 * MOST_LOST))
    pipe = Pipe(1024)
    pipe.close()
    opened = open_regular(tmp_path / "x.m4a")
    job = Job(opened, "m4a", BY_NAME["mp3"], 128, 0.0, 10.0, Anybody(), "")
    with opened.file, pytest.raises(Closed):
        encode(job, pipe, lambda: None)
