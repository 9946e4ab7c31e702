"""Ranges of songs that are just being transcoded, as players and downloads ask for them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import NamedTuple

import msgspec
import pytest

from conf.settings import Settings
from db.rows import FileRow
from streaming import Streamer, live
from streaming.profiles import AAC, FLAC, M4A, MP3, OPUS
from tests.streaming.conftest import Client, Serve, until
from tests.support import tones

Row = Callable[..., FileRow]
MP3_320 = {"format": "mp3", "maxBitRate": "320"}
STREAMINFO = 42


class Got(NamedTuple):
    """An answer, read to its end."""

    status: int
    body: bytes
    range: str
    tag: str


async def ask(client: Client, query: dict[str, str], **headers: str) -> Got:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.get("/stream", params=query, headers=named) as answer:
        told = answer.headers
        return Got(
            answer.status,
            await answer.read(),
            told.get("Content-Range", ""),
            told.get("ETag", ""),
        )


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine may be slow."""
    be_patient(monkeypatch, 50)


def be_patient(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(live, "_REST", seconds)
    monkeypatch.setattr(live, "_PIECE", seconds)


async def test_what_is_sent_at_once_is_what_is_kept_as_far_as_its_format_says(
    serve: Serve, row: Row
) -> None:
    client = await serve(row("noise.flac", suffix="wav", bit_rate=0))
    for profile in (MP3, OPUS, AAC, M4A, FLAC):
        sent = await ask(client, {"format": profile.name})
        kept = await ask(client, {"format": profile.name})
        assert (sent.status, kept.status) == (200, 200)
        assert (sent.body == kept.body) == (sent.tag == kept.tag) == profile.exact, profile.name
        if profile is FLAC:
            assert sent.body[STREAMINFO:] == kept.body[STREAMINFO:]
        if profile is MP3:
            # One frame tells the length, and a last one without sound may be left out.
            head = sent.body.index(b"\xff\xfb")
            shift = kept.body.index(sent.body[head : head + 400]) - head
            rest = kept.body[head + shift :]
            assert sent.body[head:].startswith(rest)
            assert len(sent.body) - head - len(rest) <= shift < 1500


async def test_a_part_is_sent_as_soon_as_it_is_there(
    serve: Serve, row: Row, slow_disk: threading.Event, streamer: Streamer
) -> None:
    client = await serve(row("noise.flac"))
    async with client.get("/stream", params=MP3_320) as whole:
        assert "Accept-Ranges" not in whole.headers
        parts = [
            (span, await ask(client, MP3_320, Range=f"bytes={span[0]}-{span[1]}"))
            for span in ((20_000, 20_999), (100, 149), (0, 999))
        ]
        assert not slow_disk.is_set()
        slow_disk.set()
        sent = await whole.read()
        tag = whole.headers["ETag"]
    for (first, last), part in parts:
        told = f"bytes {first}-{last}/*"
        assert part == (206, sent[first : last + 1], told, tag)
    assert (streamer.cache_misses, streamer.cache_joined) == (1, 3)


async def test_a_player_that_asks_for_the_length_first_plays_what_is_kept(
    serve: Serve, row: Row
) -> None:
    """As Apple's do: two bytes, then piece after piece; all must come of the same file."""
    client = await serve(row("noise.flac", suffix="wav", bit_rate=0))
    for form in ("mp3", "m4a"):
        probe = await ask(client, {"format": form}, Range="bytes=0-1")
        assert (probe.status, len(probe.body)) == (206, 2)
        size = int(probe.range.removeprefix("bytes 0-1/"))
        heard = b""
        while len(heard) < size:
            piece = f"bytes={len(heard)}-{min(len(heard) + 65535, size - 1)}"
            part = await ask(client, {"format": form}, Range=piece)
            assert (part.status, part.tag) == (206, probe.tag)
            heard += part.body
        assert tones.hear(heard).seconds == pytest.approx(6, abs=0.05)


async def test_a_player_that_seeks_gets_all_the_rest_once_its_length_is_known(
    serve: Serve, row: Row, slow_disk: threading.Event
) -> None:
    """As ExoPlayer does: it takes a part for all there is."""
    client = await serve(row("noise.flac"))
    async with client.get("/stream", params=MP3_320) as first:
        await first.content.readany()
        seeking = asyncio.create_task(ask(client, MP3_320, Range="bytes=1000-"))
        last = asyncio.create_task(ask(client, MP3_320, Range="bytes=-500"))
        await asyncio.sleep(0.1)
        assert not seeking.done()
        slow_disk.set()
        rest, end = await seeking, await last
    kept = await ask(client, MP3_320)
    size = len(kept.body)
    assert rest == (206, kept.body[1000:], f"bytes 1000-{size - 1}/{size}", kept.tag)
    assert end == (206, kept.body[-500:], f"bytes {size - 500}-{size - 1}/{size}", kept.tag)


async def test_where_the_end_is_far_the_whole_is_sent_at_once(
    serve: Serve, row: Row, slow_disk: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_patient(monkeypatch, 0.1)
    client = await serve(row("noise.flac"))
    # As long as somebody listens, the encoder that waits for the disk is the same.
    async with client.get("/stream", params=MP3_320):
        for given in ("bytes=1000-", "bytes=-500", "bytes=0-1", "bytes=50000000-50000001"):
            async with client.get("/stream", params=MP3_320, headers={"Range": given}) as answer:
                assert answer.status == 200, given
                assert "Content-Range" not in answer.headers
                assert (await answer.content.readany()).startswith(b"ID3")
        for given in ("bytes=0-", "bytes=0-1,5-6", "bytes=x", "bytes=9-5"):
            async with client.get("/stream", params=MP3_320, headers={"Range": given}) as answer:
                assert answer.status == 200, given


async def test_a_download_goes_on_with_what_it_began_with_or_begins_anew(
    serve: Serve, row: Row, slow_disk: threading.Event
) -> None:
    client = await serve(row("noise.flac"))
    for form in ("mp3", "m4a"):
        query = {"format": form, "maxBitRate": "320"}
        async with client.get("/stream", params=query) as whole:
            tag = whole.headers["ETag"]
            ours = asyncio.create_task(ask(client, query, Range="bytes=1000-", If_Range=tag))
            piece = await ask(client, query, Range="bytes=10-19", If_Range=tag)
            late = asyncio.create_task(ask(client, query, Range="bytes=90000000-", If_Range=tag))
            async with client.get(
                "/stream", params=query, headers={"Range": "bytes=10-19", "If-Range": '"older"'}
            ) as other:
                assert (other.status, other.headers["ETag"]) == (200, tag)
            slow_disk.set()
            sent = await whole.read()
        size = len(sent)
        assert piece == (206, sent[10:20], "bytes 10-19/*", tag)
        assert await ours == (206, sent[1000:], f"bytes 1000-{size - 1}/{size}", tag)
        assert (await late)[:3] == (416, b"", f"bytes */{size}")
        # What is kept is another file, unless it is the same.
        assert (await ask(client, query, Range="bytes=10-19", If_Range=tag)).status == 200
        slow_disk.clear()


async def test_what_was_kept_and_dropped_is_made_again_for_who_has_a_part_of_it(
    serve: Serve, row: Row, settings: Settings
) -> None:
    client = await serve(row("noise.flac", suffix="wav", bit_rate=0))
    for form in ("mp3", "aac"):
        await ask(client, {"format": form})
        kept = await ask(client, {"format": form})
        for path in (settings.data.dir / "cache" / "songs").glob("??/*"):
            path.unlink()
        part = await ask(client, {"format": form}, Range="bytes=1000-", If_Range=kept.tag)
        size = len(kept.body)
        assert part == (206, kept.body[1000:], f"bytes 1000-{size - 1}/{size}", kept.tag)


async def test_nothing_behind_the_end_is_ever_sent(serve: Serve, row: Row) -> None:
    client = await serve(row())
    for number, given in enumerate(("bytes=9000000-", "bytes=9000000-9000001", "bytes=-0")):
        query = {"format": "opus", "maxBitRate": str(32 + 8 * number)}
        answer = await ask(client, query, Range=given)
        size = len((await ask(client, query)).body)
        assert answer[:3] == (416, b"", f"bytes */{size}"), given


async def test_a_promised_length_takes_no_tag_and_no_part_of_itself(
    serve: Serve, row: Row, slow_disk: threading.Event
) -> None:
    client = await serve(row("noise.flac"))
    query = MP3_320 | {"estimate": "1"}
    async with client.get("/stream", params=query) as answer:
        assert (answer.status, answer.headers["Accept-Ranges"]) == (200, "none")
        assert "ETag" not in answer.headers
        rest = asyncio.create_task(ask(client, query, Range="bytes=1000-"))
        await asyncio.sleep(0.1)
        slow_disk.set()
        assert len(await answer.read()) == answer.content_length
    kept = await ask(client, query)
    assert await rest == (
        206, kept.body[1000:], f"bytes 1000-{len(kept.body) - 1}/{len(kept.body)}", kept.tag
    )  # fmt: skip


async def test_where_nothing_is_kept_nobody_waits_for_it(
    serve: Serve, row: Row, settings: Settings
) -> None:
    data = msgspec.structs.replace(settings.data, cache_bytes=0)
    streamer = Streamer(msgspec.structs.replace(settings, data=data))
    client = await serve(row("noise.flac"), streamer)
    for given in ("bytes=0-1", "bytes=1000-"):
        assert (await ask(client, {"format": "mp3"}, Range=given)).status == 200
    whole = await ask(client, {"format": "mp3"})
    for first, last in ((100, 199), (40_000, 80_000)):
        part = await ask(client, {"format": "mp3"}, Range=f"bytes={first}-{last}")
        assert (part.status, part.body) == (206, whole.body[first : last + 1])
        assert part.tag != whole.tag
    async with client.get(
        "/stream", params={"format": "mp3", "timeOffset": "1"}, headers={"Range": "bytes=100-199"}
    ) as offset:
        assert (offset.status, offset.headers["Accept-Ranges"]) == (200, "none")
    await streamer.close(0)


@pytest.mark.attack("X71")
@pytest.mark.parametrize("given", ["bytes=0-1", "bytes=1000-", "bytes=50000000-50000001"])
async def test_who_leaves_while_waiting_leaves_nothing_behind(
    serve: Serve,
    row: Row,
    slow_disk: threading.Event,
    streamer: Streamer,
    settings: Settings,
    given: str,
) -> None:
    client = await serve(row("noise.flac"))
    waiting = asyncio.create_task(ask(client, MP3_320, Range=given))
    await until(lambda: streamer.transcodes_running == 1)
    tasks = len(asyncio.all_tasks())
    waiting.cancel()
    await until(lambda: not streamer.active)
    slow_disk.set()
    await until(lambda: not streamer.limits.admitted and not encoders())
    assert len(asyncio.all_tasks()) < tasks
    # The encoder has not gone on to the end.
    assert not list((settings.data.dir / "cache" / "songs").glob("??/*"))


async def test_a_song_that_breaks_off_has_no_end_that_could_be_told(
    serve: Serve, row: Row, slow_disk: threading.Event, streamer: Streamer
) -> None:
    streamer._encoders._patience = 0.4
    client = await serve(row("noise.flac"))
    with pytest.raises(Exception, match="payload"):
        await ask(client, MP3_320, Range="bytes=1000-")


def encoders() -> int:
    return sum(thread.name == "transcode" for thread in threading.enumerate())
