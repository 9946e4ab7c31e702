"""Tracks of cue sheets: cut out of their file to the very sample."""

from __future__ import annotations

import asyncio
import io
from array import array
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from mutagen.flac import FLAC

from conf.settings import Settings, Transcoding
from db.rows import FileRow
from streaming import Streamer, hls
from streaming.allowance import Anybody
from streaming.decode import decoded
from streaming.files import open_regular
from streaming.hls import Cut
from streaming.job import Job, key_of
from streaming.jukebox import Order, Player
from streaming.pipe import Pipe
from streaming.profiles import AS_USUAL
from streaming.profiles import FLAC as FLAC_PROFILE
from streaming.segment import encode
from tests.streaming.conftest import SECONDS, Client, Serve
from tests.support import tones

Row = Callable[..., FileRow]
BOUNDS = (0.0, 1.0, 2 + 31 / 75, 2 + 32 / 75, 4 + 74 / 75, 0.0)
"""Seconds at which tracks begin; the last ends with the file."""


async def fetch(client: Client, path: str = "/stream", **query: str | float) -> bytes:
    async with client.get(path, params=query) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


def part(row: FileRow, begin: float, end: float, **facts: Any) -> FileRow:
    """The row of a track."""
    card = msgspec.structs.replace(row.card, path="Album - 01 Tønder.flac", sampling_rate=44100)
    seconds = (end or SECONDS) - begin
    facts = {
        "duration": seconds,
        "suffix": "flac",
        "content_type": "audio/flac",
        "card": card,
    } | facts
    return msgspec.structs.replace(row, begin=begin, end=end, **facts)


@pytest.mark.parametrize("name", ["tone.flac", "tone.wav"])
async def test_neighbours_join_to_the_original(
    serve: Serve, row: Row, music: Path, name: str
) -> None:
    joined = array("h")
    for begin, end in pairwise(BOUNDS):
        client = await serve(part(row(name), begin, end))
        data = await fetch(client)
        assert data[:4] == b"fLaC"
        joined += tones.hear(data).samples
    assert joined == tones.hear((music / name).read_bytes()).samples


@pytest.mark.parametrize("rate", [8000, 22050, 32000, 48000, 96000])
async def test_they_join_at_rates_that_do_not_divide(
    serve: Serve, row: Row, tmp_path: Path, rate: int
) -> None:
    tones.write(tmp_path / "deep.flac", tones.stairs(2, rate), rate, bits=24)
    joined = array("h")
    for begin, end in pairwise((0.0, 1 / 75, 1 + 37 / 75, 0.0)):
        client = await serve(part(row("deep.flac", tmp_path), begin, end))
        heard = tones.hear(await fetch(client))
        assert heard.rate == rate
        joined += heard.samples
    assert joined == tones.hear((tmp_path / "deep.flac").read_bytes()).samples


async def test_one_channel_stays_one(serve: Serve, row: Row, tmp_path: Path) -> None:
    tones.write(tmp_path / "mono.wav", tones.stairs(2, channels=1), layout="mono")
    client = await serve(part(row("mono.wav", tmp_path), 0.5, 1.5))
    heard = tones.hear(await fetch(client))
    assert (heard.channels, heard.seconds) == (1, 1.0)


@pytest.mark.parametrize("name", ["raw", "flac", ""])
@pytest.mark.parametrize("mode", ["on", "off", "cache-only"])
async def test_the_whole_file_never_goes_out(
    serve: Serve, row: Row, settings: Settings, name: str, mode: str
) -> None:
    changed = msgspec.structs.replace(settings, transcoding=Transcoding(mode=mode))  # type: ignore[arg-type]
    streamer = Streamer(changed)
    client = await serve(part(row(), 1.0, 2.0), streamer)
    assert tones.hear(await fetch(client, format=name)).seconds == 1.0
    assert tones.hear(await fetch(client, "/download")).seconds == 1.0
    await streamer.close(0)


async def test_an_offset_counts_from_the_tracks_beginning(
    serve: Serve, row: Row, music: Path
) -> None:
    client = await serve(part(row(), 1.0, 3.0))
    whole = tones.hear((music / "tone.flac").read_bytes()).samples
    for offset in (0.1, 0.5, 1.9):
        heard = tones.hear(await fetch(client, timeOffset=offset)).samples
        assert heard == whole[round((1 + offset) * 44100) : 3 * 44100]
    assert len(tones.hear(await fetch(client, timeOffset=1, format="mp3")).samples) < 1.1 * 44100


@pytest.mark.parametrize("target", ["mp3", "opus", "aac"])
async def test_other_formats_are_as_long_as_the_track(serve: Serve, row: Row, target: str) -> None:
    client = await serve(part(row(), 1.0, 3.0))
    async with client.get("/stream", params={"format": target, "maxBitRate": 64}) as answer:
        assert answer.headers["X-Content-Duration"] == "2.000"
        data = await answer.read()
    heard = tones.hear(data)
    assert heard.codec.removesuffix("float") == target
    assert heard.seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("name", ["tone.mp3", "tone.opus", "tone.m4a"])
async def test_a_lossy_track_stays_in_its_format(serve: Serve, row: Row, name: str) -> None:
    suffix = {"tone.m4a": "aac"}.get(name, name.rpartition(".")[2])
    client = await serve(part(row(name), 1.0, 2.0, suffix=suffix))
    heard = tones.hear(await fetch(client))
    assert heard.codec.removesuffix("float") == suffix
    assert heard.seconds == pytest.approx(1.0, abs=0.1)


async def test_an_estimate_is_that_of_the_track(serve: Serve, row: Row) -> None:
    client = await serve(part(row(), 1.0, 3.0))
    query = {"format": "mp3", "maxBitRate": "64", "estimate": "1"}
    async with client.get("/stream", params=query) as answer:
        assert answer.content_length == 2 * 64 * 125 + 1024
        assert len(await answer.read()) == answer.content_length


async def test_a_download_is_a_tagged_file_with_a_name_and_can_be_resumed(
    serve: Serve, row: Row, streamer: Streamer
) -> None:
    client = await serve(part(row(), 1.0, 3.0))
    async with client.get("/download") as answer:
        assert answer.content_type == "audio/flac"
        assert "Album%20-%2001%20T%C3%B8nder.flac" in answer.headers["Content-Disposition"]
        first = await answer.read()
    assert FLAC(io.BytesIO(first)).info.total_samples == 2 * 44100
    assert tones.hear(first).tags["title"] == "Tønder"
    async with client.get("/download", headers={"Range": "bytes=4-99"}) as answer:
        assert answer.status == 206
        assert "Album - 01" in answer.headers["Content-Disposition"]
        assert len(await answer.read()) == 96
    assert streamer.cache_hits == 1


async def test_other_bounds_are_another_result(row: Row, music: Path) -> None:
    opened = open_regular(music / "tone.flac")
    with opened.file:
        keys = {
            key_of(each, opened, FLAC_PROFILE, 0, AS_USUAL)
            for each in (row(), part(row(), 0, 1.0), part(row(), 0, 2.0), part(row(), 1.0, 0))
        }
    assert len(keys) == 4


async def test_a_file_shorter_than_its_track_ends_where_it_ends(serve: Serve, row: Row) -> None:
    client = await serve(part(row(), 5.0, 60.0))
    assert tones.hear(await fetch(client)).seconds == 1.0


def test_the_jukebox_plays_the_track_alone(music: Path) -> None:
    opened = open_regular(music / "tone.flac")
    with opened.file:
        frames = decoded(opened, "flac", (1.0, 3.0), "s16", "stereo", 44100)
        heard = array("h", b"".join(bytes(f.planes[0])[: f.samples * 4] for f in frames))
    whole = tones.hear((music / "tone.flac").read_bytes()).samples
    assert heard[::2] == whole[44100 : 3 * 44100]


class Heard:
    """A player's process that only writes down what it is told."""

    def __init__(self) -> None:
        self.stdin, self.told = self, b""

    def is_closing(self) -> bool:
        return False

    def write(self, data: bytes) -> None:
        self.told += data


def test_the_jukebox_is_told_the_bounds_and_what_the_file_is(row: Row) -> None:
    process: Any = Heard()
    Player(process).play(7, part(row("tone.wav"), 1.0, 3.0), 0.5)
    order = msgspec.json.decode(process.told, type=Order)
    assert (order.offset, order.end, order.suffix) == (1.5, 3.0, "wav")


async def segment(file: FileRow, number: int) -> bytes:
    rendition = hls.song(128)
    made = Cut.of(file, rendition).part(number, rendition)
    source = open_regular(file.root + b"/" + file.path)
    job = Job(
        source, "flac", hls.profile(rendition), 128, 0.0, 10.0, Anybody(1), "", part=made,
        begin=file.begin, end=file.end,
    )  # fmt: skip
    pipe = Pipe(10**9)
    tap = pipe.join()
    assert tap is not None
    with source.file:
        await asyncio.to_thread(encode, job, pipe, lambda: None)
    pipe.finish()
    data = b""
    while more := await tap.read():
        data += more
    return data


async def test_segments_are_those_of_a_file_with_nothing_else(row: Row, tmp_path: Path) -> None:
    sound = tones.stairs(40)
    tones.write(tmp_path / "whole.flac", sound)
    tones.write(tmp_path / "alone.flac", sound[12 * 44100 * 2 : round(34.5 * 44100) * 2])
    alone = part(row("alone.flac", tmp_path), 0.0, 0.0, duration=22.5)
    cut = part(row("whole.flac", tmp_path), 12.0, 34.5)
    count = Cut.of(cut, hls.song(128)).count
    assert count == 3
    for number in range(count):
        assert await segment(cut, number) == await segment(alone, number)
