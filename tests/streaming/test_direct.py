"""Originals through a real server: whole, in part, not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import unquote

import pytest
from aiohttp import ClientError

from db.rows import FileRow
from streaming import Streamer
from streaming.direct import disposition
from tests.streaming.conftest import Client, Serve, until

Row = Callable[..., FileRow]


@pytest.fixture
def original(music: Path) -> bytes:
    return (music / "tone.flac").read_bytes()


async def ask(
    client: Client, path: str = "/stream", method: str = "GET", **headers: str
) -> tuple[int, bytes, Mapping[str, str]]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.request(method, path, headers=named) as answer:
        return answer.status, await answer.read(), answer.headers


async def test_the_whole_file_is_byte_for_byte_the_original(
    serve: Serve, row: Row, original: bytes
) -> None:
    client = await serve(row())
    for path in ("/stream", "/stream?format=raw&maxBitRate=64&timeOffset=3", "/download"):
        status, body, headers = await ask(client, path)
        assert (status, body) == (200, original)
        assert headers["Content-Type"] == "audio/flac"
        assert headers["Content-Length"] == str(len(original))
        assert headers["Accept-Ranges"] == "bytes"
        assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_part_is_that_part(serve: Serve, row: Row, original: bytes, method: str) -> None:
    client, size = await serve(row()), len(original)
    for spec, start, end in (
        ("0-", 0, size),
        ("0-1", 0, 2),
        ("100-199", 100, 200),
        ("-70", size - 70, size),
        (f"{size - 1}-{size + 5}", size - 1, size),
    ):
        status, body, headers = await ask(client, method=method, Range=f"bytes={spec}")
        assert (status, body) == (206, original[start:end])
        assert headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert headers["Content-Length"] == str(end - start)


async def test_a_part_past_the_end_is_refused_with_the_size(
    serve: Serve, row: Row, original: bytes
) -> None:
    client = await serve(row())
    for spec in (f"{len(original)}-", f"{len(original)}-{len(original)}", "-0"):
        status, body, headers = await ask(client, Range=f"bytes={spec}")
        assert (status, body) == (416, b"")
        assert headers["Content-Range"] == f"bytes */{len(original)}"
    several = ",".join(f"{n}-{n}" for n in range(500))
    for spec in ("0-1,5-6", several, "5-1", "x"):
        status, body, _ = await ask(client, Range=f"bytes={spec}")
        assert (status, body) == (200, original)


async def test_head_is_get_without_the_body(serve: Serve, row: Row, original: bytes) -> None:
    client = await serve(row())
    status, body, headers = await ask(client, method="HEAD")
    assert (status, body, headers["Content-Length"]) == (200, b"", str(len(original)))
    status, body, headers = await ask(client, method="HEAD", Range="bytes=0-9")
    assert (status, body, headers["Content-Length"]) == (206, b"", "10")


async def test_a_part_of_another_version_is_answered_with_the_whole(
    serve: Serve, row: Row, original: bytes
) -> None:
    client = await serve(row())
    _, _, headers = await ask(client)
    for ours in (headers["ETag"], headers["Last-Modified"]):
        status, body, _ = await ask(client, Range="bytes=0-9", If_Range=ours)
        assert (status, body) == (206, original[:10])
    for stale in ('"stale"', "Thu, 01 Jan 1970 00:00:00 GMT", "W/" + headers["ETag"]):
        status, body, _ = await ask(client, Range="bytes=0-9", If_Range=stale)
        assert (status, body) == (200, original)


async def test_who_has_it_already_is_told_so(serve: Serve, row: Row) -> None:
    client = await serve(row())
    _, _, headers = await ask(client)
    for condition in (
        {"If_None_Match": headers["ETag"]},
        {"If_Modified_Since": headers["Last-Modified"]},
    ):
        status, body, again = await ask(client, **condition)
        assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    assert (await ask(client, If_None_Match='"other"'))[0] == 200


async def test_who_insists_on_another_version_gets_none(serve: Serve, row: Row) -> None:
    client = await serve(row())
    old = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert (await ask(client, If_Match='"other"'))[0] == 412
    assert (await ask(client, If_Unmodified_Since=old))[0] == 412
    assert (await ask(client, If_Match="*", If_Unmodified_Since=old))[0] == 200


async def test_a_changed_file_has_another_tag(serve: Serve, row: Row, tmp_path: Path) -> None:
    path = tmp_path / "tone.flac"
    path.write_bytes(b"one")
    client = await serve(row("tone.flac", tmp_path))
    first = (await ask(client))[2]["ETag"]
    path.write_bytes(b"three")
    second = (await ask(client))[2]["ETag"]
    assert first != second
    assert not first.startswith("W/")


async def test_an_empty_file_is_an_empty_answer(serve: Serve, row: Row, tmp_path: Path) -> None:
    (tmp_path / "tone.flac").touch()
    client = await serve(row("tone.flac", tmp_path))
    status, body, _ = await ask(client, Range="bytes=0-")
    assert (status, body) == (200, b"")


async def test_a_vanished_file_is_no_answer_but_an_error(
    serve: Serve, row: Row, tmp_path: Path
) -> None:
    client = await serve(row("none.flac", tmp_path))
    status, body, _ = await ask(client)
    assert status == 410
    assert b"no longer there" in body


@pytest.mark.attack("X71")
async def test_who_leaves_in_the_middle_leaves_nothing_behind(
    serve: Serve, row: Row, streamer: Streamer, tmp_path: Path
) -> None:
    with (tmp_path / "tone.flac").open("wb") as file:
        file.truncate(200_000_000)
    client = await serve(row("tone.flac", tmp_path))
    answer = await client.get("/stream")
    await answer.content.readany()
    assert streamer.active == 1
    answer.close()
    await until(lambda: not streamer.active)


async def test_a_file_that_shrinks_meanwhile_ends_the_connection(
    serve: Serve, row: Row, tmp_path: Path
) -> None:
    path = tmp_path / "tone.flac"
    with path.open("wb") as file:
        file.truncate(100_000_000)
    client = await serve(row("tone.flac", tmp_path))
    async with client.get("/stream") as answer:
        await answer.content.readany()
        with path.open("rb+") as file:
            file.truncate(1000)
        with pytest.raises(ClientError):
            await answer.read()


@pytest.mark.attack("X37")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Song.mp3", "Song.mp3"),
        ("Ænima – 雪.flac", "Ænima – 雪.flac"),
        ('a"b\\c/d.mp3', "a_b_c_d.mp3"),
        ("x\r\nSet-Cookie: a=b.mp3", "x__Set-Cookie: a=b.mp3"),
        ("100% ;done.mp3", "100% ;done.mp3"),
        ("\udcff.mp3", "?.mp3"),
    ],
)
def test_the_name_of_a_download_survives_and_cannot_break_out(name: str, expected: str) -> None:
    value = disposition(name)
    assert value.isascii()
    assert value.isprintable()
    plain, _, coded = value.removeprefix('attachment; filename="').partition('"')
    assert (unquote(coded.removeprefix("; filename*=UTF-8''")) or plain) == expected


async def test_a_download_has_its_name(serve: Serve, row: Row) -> None:
    client = await serve(row())
    _, _, headers = await ask(client, "/download")
    assert headers["Content-Disposition"] == 'attachment; filename="tone.flac"'
    assert "Content-Disposition" not in (await ask(client))[2]
