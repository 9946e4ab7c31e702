"""The folder of things that can be made again, and the transcoder that fills it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from conf.settings import Data, Settings, Transcoding
from db.rows import FileRow
from streaming import Streamer
from streaming.cache import Cache, Keep, cache_of
from tests.streaming.conftest import SECONDS, Client, Serve
from tests.support import tones

Row = Callable[..., FileRow]
MP3 = {"format": "mp3", "maxBitRate": "64"}


def key(number: int) -> str:
    return f"{number:02x}" * 32


def kept(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def fetch(client: Client, **headers: str) -> bytes:
    async with client.get("/stream", params=MP3, headers=headers) as answer:
        assert answer.status == 200
        return await answer.read()


def test_what_was_put_in_is_found_again(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000, 0)
    assert cache.read(key(1)) is None
    cache.put(key(1), b"data")
    assert cache.read(key(1)) == b"data"
    assert Cache(tmp_path, 1000, 0).read(key(1)) == b"data"


@pytest.mark.attack("X72")
def test_the_budget_is_kept_and_the_longest_unused_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000, 0)
    for number in range(9):
        cache.put(key(number), bytes(100))
        path = tmp_path / key(number)[:2] / key(number)
        os.utime(path, (number, number))
    assert cache.read(key(0)) is not None
    for number in range(20, 23):
        cache.put(key(number), bytes(100))
        assert sum(path.stat().st_size for path in kept(tmp_path)) <= 1000
    assert cache.read(key(0)) is not None
    assert cache.read(key(1)) is None
    assert cache.read(key(22)) is not None


def test_songs_do_not_drive_out_covers_nor_covers_songs(tmp_path: Path) -> None:
    data = Data(dir=tmp_path, cache_bytes=800_000, min_free_bytes=0)
    songs, covers = cache_of(data, "songs"), cache_of(data, "covers")
    songs.put(key(0), bytes(100_000))
    covers.put(key(0), bytes(10_000))
    for number in range(1, 51):
        songs.put(key(number), bytes(100_000))
    assert covers.read(key(0)) == bytes(10_000)
    for number in range(1, 201):
        covers.put(key(number), bytes(10_000))
    assert songs.read(key(50)) == bytes(100_000)
    total = sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file())
    assert total <= 800_000


def test_a_file_that_is_dropped_can_be_read_to_its_end(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000, 0)
    cache.put(key(1), b"data")
    opened = cache.open(key(1))
    shutil.rmtree(tmp_path / key(1)[:2])
    assert opened is not None
    with opened.file as file:
        assert file.read() == b"data"


def test_without_room_nothing_is_kept(tmp_path: Path) -> None:
    for cache in (Cache(tmp_path, 0, 0), Cache(tmp_path, 10, 0), Cache(tmp_path, 1000, 2**62)):
        cache.put(key(1), bytes(100))
        assert cache.begin(key(1), 100) is None
    assert kept(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    cache = Cache(tmp_path / "file" / "cache", 1000, 0)
    cache.put(key(1), b"data")
    assert cache.read(key(1)) is None


def test_what_a_dead_process_left_unfinished_is_removed_at_the_start(tmp_path: Path) -> None:
    cache = Cache(tmp_path, 1000, 0)
    alive = cache.begin(key(1), 10)
    assert alive is not None
    (tmp_path / "unfinished" / "left").write_bytes(b"half")
    Cache(tmp_path, 1000, 0)
    assert [path.name for path in kept(tmp_path)] != ["left"]
    alive.file.write(b"whole")
    alive.commit()
    assert cache.read(key(1)) == b"whole"
    assert len(kept(tmp_path)) == 1


def test_what_is_discarded_leaves_nothing(tmp_path: Path) -> None:
    keep = Cache(tmp_path, 1000, 0).begin(key(1), 10)
    assert keep is not None
    keep.file.write(b"half")
    keep.discard()
    assert kept(tmp_path) == []


async def test_the_second_time_a_song_comes_from_the_cache_with_ranges(
    serve: Serve, row: Row, streamer: Streamer
) -> None:
    client = await serve(row())
    live = await fetch(client)
    assert (streamer.cache_hits, streamer.cache_misses) == (0, 1)
    again = await fetch(client)
    assert (streamer.cache_hits, streamer.cache_misses) == (1, 1)
    assert abs(len(again) - len(live)) < 1000
    async with client.get("/stream", params=MP3, headers={"Range": "bytes=100-199"}) as answer:
        assert (answer.status, await answer.read()) == (206, again[100:200])
        etag = answer.headers["ETag"]
    async with client.get("/stream", params=MP3, headers={"If-None-Match": etag}) as answer:
        assert answer.status == 304
    async with client.head("/stream", params=MP3) as answer:
        assert answer.content_length == len(again)
        assert answer.content_type == "audio/mpeg"


async def test_a_kept_mp3_knows_its_length_to_the_sample(
    serve: Serve, row: Row, music: Path
) -> None:
    client = await serve(row())
    live, again = await fetch(client), await fetch(client)
    source = tones.hear((music / "tone.flac").read_bytes())
    assert b"Info" in again[:2000]
    assert b"Info" not in live[:2000]
    assert len(tones.hear(again).samples) == len(source.samples)
    assert tones.hear(again).tags["title"] == "Tønder"


@pytest.mark.parametrize("target", ["mp3", "m4a", "opus", "flac"])
@pytest.mark.parametrize("count", [48_000, 100_003, 172_801, 172_847])
async def test_what_is_kept_is_as_long_as_its_source_to_the_sample(
    serve: Serve, row: Row, tmp_path: Path, target: str, count: int
) -> None:
    tones.write(tmp_path / "odd.wav", tones.stairs(count / 48_000, 48_000), 48_000)
    client = await serve(row("odd.wav", tmp_path, duration=count / 48_000))
    for _ in range(2):
        query = {"format": target, "maxBitRate": "0" if target == "flac" else "96"}
        async with client.get("/stream", params=query) as answer:
            data = await answer.read()
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert len(tones.hear(data).samples) == count


async def test_another_rate_and_a_changed_file_are_made_anew(
    serve: Serve, row: Row, streamer: Streamer, tmp_path: Path, music: Path
) -> None:
    shutil.copy(music / "tone.flac", tmp_path)
    client = await serve(row("tone.flac", tmp_path))
    await fetch(client)
    async with client.get("/stream", params={**MP3, "maxBitRate": "96"}) as answer:
        await answer.read()
    os.utime(tmp_path / "tone.flac", (1, 1))
    await fetch(client)
    assert (streamer.cache_hits, streamer.cache_misses) == (0, 3)


async def test_a_part_of_a_song_is_not_kept(
    serve: Serve, row: Row, streamer: Streamer, settings: Settings
) -> None:
    client = await serve(row())
    async with client.get("/stream", params={**MP3, "timeOffset": "2"}) as answer:
        await answer.read()
    assert kept(settings.data.dir) == []
    assert streamer.cache_misses == 0


async def test_a_promised_length_that_cuts_the_song_does_not_cut_what_is_kept(
    serve: Serve, row: Row
) -> None:
    client = await serve(row(duration=2.0))
    async with client.get("/stream", params={**MP3, "estimate": "1"}) as answer:
        await answer.read()
    async with client.get("/stream", params=MP3) as answer:
        assert tones.hear(await answer.read()).seconds == pytest.approx(SECONDS, abs=0.05)


@pytest.mark.attack("X75")
async def test_a_disk_that_fills_up_costs_the_copy_and_not_the_song(
    serve: Serve, row: Row, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Keep] = []
    begin = Cache.begin

    def onto_a_full_disk(cache: Cache, name: str, expected: int) -> Keep | None:
        keep = begin(cache, name, expected)
        assert keep is not None
        keep.file.close()
        keep.file = os.fdopen(os.open("/dev/full", os.O_WRONLY), "wb", buffering=0)
        opened.append(keep)
        return keep

    monkeypatch.setattr(Cache, "begin", onto_a_full_disk)
    client = await serve(row("noise.flac"))
    assert tones.hear(await fetch(client)).seconds == pytest.approx(SECONDS, abs=0.1)
    assert opened
    assert opened[0].file.closed
    assert kept(settings.data.dir) == []


async def test_when_only_the_cache_may_answer_the_rest_goes_out_as_it_is(
    settings: Settings, serve: Serve, row: Row, streamer: Streamer, music: Path
) -> None:
    only = Streamer(msgspec.structs.replace(settings, transcoding=Transcoding(mode="cache-only")))
    client, limited = await serve(row()), await serve(row(), only)
    assert await fetch(limited) == (music / "tone.flac").read_bytes()
    await fetch(client)
    assert len(await fetch(limited)) < 64 * 125 * SECONDS + 2000
