"""What comes out of the encoder, through a real server, decoded again."""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest

from conf.settings import Settings
from db.cards import ReplayGain, TrackCard
from db.rows import FileRow
from streaming import Streamer
from streaming.plan import Transcode
from streaming.profiles import BY_NAME, FLAC, MP3, Shape
from tests.streaming.conftest import SECONDS, Client, Play, Serve
from tests.support import tones

Row = Callable[..., FileRow]


async def fetch(client: Client, **query: str | float) -> bytes:
    async with client.get("/stream", params=query) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


@pytest.mark.parametrize("source", ["flac", "mp3", "opus", "m4a", "wav"])
@pytest.mark.parametrize("target", ["mp3", "opus", "aac"])
async def test_any_kind_of_song_becomes_any_format_at_its_full_length(
    serve: Serve, row: Row, source: str, target: str
) -> None:
    client = await serve(row(f"tone.{source}"))
    data = await fetch(client, format=target, maxBitRate=64)
    heard = tones.hear(data)
    assert heard.codec.removesuffix("float") == target
    assert heard.seconds == pytest.approx(SECONDS, abs=0.1)
    assert len(data) * 8 / SECONDS / 1000 <= 64 * 1.04


@pytest.mark.parametrize("target", ["mp3", "opus", "aac", "m4a"])
@pytest.mark.parametrize("rate", [16, 24, 32, 48, 96, 192, 320])
async def test_the_average_rate_stays_at_the_ceiling(
    serve: Serve, row: Row, target: str, rate: int
) -> None:
    client = await serve(row("tone.wav"))
    data = await fetch(client, format=target, maxBitRate=rate)
    assert tones.hear(data).seconds == pytest.approx(SECONDS, abs=0.15)
    assert len(data) <= rate * 125 * SECONDS * 1.03 + 1500


@pytest.mark.parametrize("target", ["mp3", "opus", "aac"])
async def test_the_lowest_rate_is_kept_where_the_container_leaves_room(
    serve: Serve, row: Row, target: str
) -> None:
    client = await serve(row("tone.wav"))
    data = await fetch(client, format=target, maxBitRate=8)
    assert len(data) <= 8 * 125 * SECONDS * 1.03 + 1500


async def test_flac_loses_nothing(serve: Serve, row: Row, music: Path) -> None:
    client = await serve(row("tone.wav"))
    heard = tones.hear(await fetch(client, format="flac"))
    assert heard.samples == tones.hear((music / "tone.wav").read_bytes()).samples


async def test_flac_of_24_bits_keeps_them_from_an_offset_on(
    serve: Serve, row: Row, tmp_path: Path
) -> None:
    tones.write(tmp_path / "deep.flac", tones.stairs(2, 96000), 96000, bits=24)
    client = await serve(row("deep.flac", tmp_path, duration=2.0))
    data = await fetch(client, timeOffset=1)
    assert tones.hear(data).rate == 96000
    assert data[:4] == b"fLaC"
    depth = (int.from_bytes(data[20:22], "big") >> 4 & 31) + 1
    assert depth == 24


@pytest.mark.parametrize("offset", [0.1, 1.0, 2.345, 5.9])
async def test_an_offset_begins_at_the_very_sample(
    serve: Serve, row: Row, music: Path, offset: float
) -> None:
    client = await serve(row("tone.flac"))
    heard = tones.hear(await fetch(client, timeOffset=offset))
    whole = tones.hear((music / "tone.flac").read_bytes()).samples
    assert heard.samples == whole[round(offset * 44100) :]


@pytest.mark.parametrize("source", ["mp3", "opus", "m4a"])
@pytest.mark.parametrize("target", ["mp3", "opus", "aac"])
async def test_an_offset_shortens_what_is_sent(
    serve: Serve, row: Row, source: str, target: str
) -> None:
    client = await serve(row(f"tone.{source}"))
    heard = tones.hear(await fetch(client, format=target, maxBitRate=64, timeOffset=2.5))
    assert heard.seconds == pytest.approx(SECONDS - 2.5, abs=0.12)


async def test_an_offset_at_the_end_is_an_answer_without_sound(serve: Serve, row: Row) -> None:
    client = await serve(row())
    async with client.get("/stream", params={"timeOffset": "99", "maxBitRate": "64"}) as answer:
        assert answer.status == 200
        assert len(await answer.read()) < 3000


@pytest.mark.parametrize("target", ["mp3", "opus"])
async def test_tags_are_carried_on(serve: Serve, row: Row, target: str) -> None:
    card = TrackCard(
        title="Tønder 雪", album="Staircase", artist="Sine", album_artist="Sine", path="",
        track=3, genres=("Noise", "Test"), replay_gain=ReplayGain(track_gain=-3.5, track_peak=0.9),
    )  # fmt: skip
    client = await serve(row(card=card))
    tags = tones.hear(await fetch(client, format=target, maxBitRate=64)).tags
    assert tags["title"] == "Tønder 雪"
    assert tags["genre"] == "Noise; Test"
    assert tags["replaygain_track_gain"] == "-3.50 dB"
    assert tags["track"].startswith("3")


@pytest.mark.parametrize("target", ["m4a", "mp4"])
async def test_aac_in_mp4_comes_in_fragments_and_is_kept_as_a_file_with_its_index_in_front(
    serve: Serve, row: Row, target: str
) -> None:
    client = await serve(row("noise.flac"))
    answers = []
    for _ in range(2):
        query = {"format": target, "maxBitRate": "128"}
        async with client.get("/stream", params=query) as answer:
            assert answer.content_type == "audio/mp4"
            answers.append(await answer.read())
    live, kept = answers
    assert (live[4:8], b"moof" in live, live.index(b"moov") < 100) == (b"ftyp", True, True)
    assert (kept[4:8], b"moof" in kept, kept.index(b"moov") < 100) == (b"ftyp", False, True)
    assert len(tones.hear(kept).samples) == SECONDS * 44100
    assert len(tones.hear(live).samples) == pytest.approx(SECONDS * 44100, abs=1024)
    for data in answers:
        assert tones.hear(data).codec == "aac"
        assert tones.hear(data).tags["title"] == "Tønder"
        with av.open(io.BytesIO(data), "r") as found:
            assert found.duration == pytest.approx(SECONDS * 1_000_000, abs=25_000)


async def test_a_fragmented_mp4_begins_where_it_was_asked_to(serve: Serve, row: Row) -> None:
    client = await serve(row())
    heard = tones.hear(await fetch(client, format="mp4", maxBitRate=96, timeOffset=2.5))
    assert heard.seconds == pytest.approx(SECONDS - 2.5, abs=0.03)


async def test_an_mp4_that_is_much_longer_than_was_known_is_sent_and_not_kept(
    serve: Serve, row: Row, streamer: Streamer
) -> None:
    client = await serve(row("long.flac", duration=0.01))
    for _ in range(2):
        heard = tones.hear(await fetch(client, format="m4a", maxBitRate=16))
        assert heard.seconds == pytest.approx(20 * SECONDS, abs=0.2)
    assert streamer.cache_hits <= 1


@pytest.mark.parametrize("name", ["ogg", "oga", "vorbis"])
async def test_who_asks_for_ogg_or_vorbis_hears_opus_in_ogg(
    serve: Serve, row: Row, name: str
) -> None:
    client = await serve(row())
    async with client.get("/stream", params={"format": name, "maxBitRate": "64"}) as answer:
        assert answer.content_type == "audio/ogg"
        data = await answer.read()
    assert data[:4] == b"OggS"
    assert tones.hear(data).codec.endswith("opus")


@pytest.mark.parametrize("suffix", ["flac", "mp3", "m4a", "opus", "wav"])
async def test_a_file_that_breaks_off_is_heard_to_there(
    serve: Serve, row: Row, tmp_path: Path, music: Path, suffix: str
) -> None:
    data = (music / f"tone.{suffix}").read_bytes()
    (tmp_path / f"tone.{suffix}").write_bytes(data[: len(data) * 2 // 3])
    client = await serve(row(f"tone.{suffix}", tmp_path))
    query = {"format": "mp3", "maxBitRate": "32"}
    async with client.get("/stream", params=query) as answer:
        assert answer.status == (410 if suffix == "m4a" else 200)
        heard = await answer.read()
    if suffix != "m4a":
        assert 2.0 < tones.hear(heard).seconds < 5.0


async def test_eight_channels_are_mixed_down(serve: Serve, row: Row, tmp_path: Path) -> None:
    tones.write(tmp_path / "wide.flac", tones.stairs(2, channels=8), layout="7.1")
    client = await serve(row("wide.flac", tmp_path, duration=2.0))
    for offset in (0, 1.25):
        heard = tones.hear(await fetch(client, format="mp3", timeOffset=offset))
        assert heard.channels == 2
        assert heard.seconds == pytest.approx(2 - offset, abs=0.1)


async def test_damage_in_the_middle_costs_no_more_than_itself(
    serve: Serve, row: Row, tmp_path: Path, music: Path
) -> None:
    data = bytearray((music / "noise.flac").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 20_000] = bytes(20_000)
    (tmp_path / "noise.flac").write_bytes(data)
    client = await serve(row("noise.flac", tmp_path))
    heard = tones.hear(await fetch(client, format="mp3", maxBitRate=64))
    assert SECONDS - 1 < heard.seconds < SECONDS + 0.1


@pytest.mark.parametrize("content", [b"", b"#EXTM3U\nhttp://127.0.0.1:1/x\n", b"\xff\xfb" * 4000])
async def test_what_is_no_sound_is_an_error_before_anything_is_sent(
    serve: Serve, row: Row, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "noise.mp3").write_bytes(content)
    client = await serve(row("noise.mp3", tmp_path, bit_rate=320))
    async with client.get("/stream", params={"maxBitRate": "64"}) as answer:
        assert answer.status == 410


async def test_a_song_whose_tags_are_no_text_is_transcoded(
    serve: Serve, row: Row, tmp_path: Path, music: Path
) -> None:
    tagged = tones.write(tmp_path / "tone.mp3", tones.stairs(SECONDS), tags={"title": "QQQQQQQQ"})
    data = tagged.read_bytes()
    assert b"QQQQQQQQ" in data
    tagged.write_bytes(data.replace(b"QQQQQQQQ", b"\xfe\xff\xd8\xd8\xff\xc0\x80\xfe"))
    client = await serve(row("tone.mp3", tmp_path))
    assert tones.hear(await fetch(client, maxBitRate=64)).seconds == pytest.approx(SECONDS, abs=0.1)


async def test_an_estimate_is_kept_to_the_byte(serve: Serve, row: Row) -> None:
    for target in ("mp3", "opus", "aac"):
        client = await serve(row())
        query = {"format": target, "maxBitRate": "64", "timeOffset": "1", "estimate": "1"}
        async with client.get("/stream", params=query) as answer:
            promised, data = answer.content_length, await answer.read()
        assert promised == len(data)
        assert len(data) == pytest.approx(64 * 125 * (SECONDS - 1), rel=0.1)
        assert tones.hear(data).seconds == pytest.approx(SECONDS - 1, abs=0.15)


async def test_an_estimate_too_small_is_kept_too(serve: Serve, row: Row) -> None:
    client = await serve(row(duration=2.0))
    query = {"format": "mp3", "maxBitRate": "64", "estimate": "1"}
    async with client.get("/stream", params=query) as answer:
        assert answer.content_length == len(await answer.read()) == 64 * 125 * 2 + 1024


async def test_a_live_transcode_says_what_it_is(serve: Serve, row: Row) -> None:
    client = await serve(row())
    query = {"format": "mp3", "maxBitRate": "64", "timeOffset": "1"}
    async with client.get("/stream", params=query, headers={"Range": "bytes=0-9"}) as answer:
        assert answer.status == 200
        assert answer.headers["Accept-Ranges"] == "none"
        assert answer.headers["Transfer-Encoding"] == "chunked"
        assert answer.headers["Content-Type"] == "audio/mpeg"
        assert answer.headers["X-Content-Duration"] == "5.000"
        assert answer.content_length is None
        await answer.read()


async def test_head_starts_no_encoder(serve: Serve, row: Row, streamer: Streamer) -> None:
    client = await serve(row())
    query = {"format": "mp3", "maxBitRate": "64", "estimate": "1"}
    async with client.head("/stream", params=query) as answer:
        assert (answer.status, answer.content_type) == (200, "audio/mpeg")
        assert answer.content_length == 64 * 125 * SECONDS + 1024
    assert streamer.cache_misses == 0


async def test_a_name_of_no_encoding_is_found_on_the_disk(
    serve: Serve, row: Row, tmp_path: Path, music: Path
) -> None:
    name = b"\xff%03d concat: sp\xe9cial.flac"
    shutil.copy(bytes(music / "tone.flac"), bytes(tmp_path) + b"/" + name)
    client = await serve(row("tone.flac", tmp_path, path=name, bit_rate=700))
    heard = tones.hear(await fetch(client, maxBitRate=64))
    assert heard.seconds == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("target", ["mp3", "opus", "aac", "flac"])
async def test_one_channel_is_made_where_an_app_has_no_more(
    play: Play, row: Row, target: str
) -> None:
    choice = Transcode(BY_NAME[target], 96, shape=Shape(channels=1))
    heard = tones.hear(await play(row(), choice))
    assert heard.channels == 1
    assert heard.seconds == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize(
    ("target", "rate"), [("mp3", 22050), ("aac", 24000), ("flac", 32000), ("flac", 96000)]
)
async def test_the_sample_rate_is_the_one_decided_on(
    play: Play, row: Row, target: str, rate: int
) -> None:
    choice = Transcode(BY_NAME[target], 128, offset=1.0, shape=Shape(sample_rate=rate))
    heard = tones.hear(await play(row(), choice))
    assert heard.rate == rate
    assert heard.seconds == pytest.approx(SECONDS - 1, abs=0.1)


async def test_24_bits_become_16_where_an_app_takes_no_more(
    play: Play, row: Row, tmp_path: Path
) -> None:
    tones.write(tmp_path / "deep.flac", tones.stairs(2, 96000), 96000, bits=24)
    file = row("deep.flac", tmp_path, duration=2.0)
    for wanted, depth in ((0, 24), (16, 16)):
        data = await play(file, Transcode(FLAC, 0, shape=Shape(bit_depth=wanted)))
        assert (int.from_bytes(data[20:22], "big") >> 4 & 31) + 1 == depth


async def test_what_differs_in_shape_alone_is_kept_apart(
    play: Play, row: Row, streamer: Streamer
) -> None:
    shapes = [Shape(), Shape(channels=1), Shape(sample_rate=22050), Shape()]
    heard = [tones.hear(await play(row(), Transcode(MP3, 96, shape=one))) for one in shapes]
    assert [(one.channels, one.rate) for one in heard] == [
        (2, 44100), (1, 44100), (2, 22050), (2, 44100),
    ]  # fmt: skip
    assert (streamer.cache_hits, streamer.cache_misses) == (1, 3)


@pytest.mark.parametrize("mode", ["off", "cache-only"])
async def test_what_was_decided_on_is_sent_from_the_cache_or_not_at_all_where_nothing_is_made(
    play: Play, row: Row, settings: Settings, mode: Any
) -> None:
    choice = Transcode(MP3, 96)
    await play(row(), choice)
    kept = await play(row(), choice)
    transcoding = msgspec.structs.replace(settings.transcoding, mode=mode)
    strict = Streamer(msgspec.structs.replace(settings, transcoding=transcoding))
    assert await strict.has(row(), choice)
    assert not await strict.has(row(), replace(choice, rate=64))
    assert await play(row(), choice, by=strict) == kept
    with pytest.raises(AssertionError, match="has not kept"):
        await play(row(), replace(choice, rate=64), by=strict)
    await strict.close(0)
