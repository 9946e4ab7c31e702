"""Pictures through a real server."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient

from conf.settings import Settings
from db.rows import PictureRow
from server.sandbox import Sandbox
from streaming import Images, Unplayable
from tests.streaming.conftest import Client
from tests.support.pictures import picture, see
from tests.support.sandboxes import ThreadSandbox

Shown = Callable[..., Awaitable[Client]]
RESIZE, DRAW = "streaming.resize:resize", "streaming.placeholder:draw"


@pytest.fixture
def sandbox() -> ThreadSandbox:
    return ThreadSandbox()


@pytest.fixture
def cover(tmp_path: Path) -> PictureRow:
    data = picture(600, 300)
    (tmp_path / "cover.jpg").write_bytes(data)
    return PictureRow(
        1, bytes(tmp_path), b"cover.jpg", embedded=False, hash=hashlib.sha256(data).digest()
    )


@pytest.fixture
def show(aiohttp_client: AiohttpClient, settings: Settings, sandbox: ThreadSandbox) -> Shown:
    async def start(row: PictureRow | None, images: Images | None = None) -> Client:
        shown = images or Images(settings, sandbox)

        async def answer(request: web.Request) -> web.StreamResponse:
            size = int(request.query["size"]) if "size" in request.query else None
            return await shown.respond(request, row, size, "Blue Train")

        app = web.Application()
        app.router.add_get("/", answer)
        return await aiohttp_client(app)

    return start


async def get(client: Client, size: int | None = None) -> bytes:
    async with client.get("/", params={} if size is None else {"size": str(size)}) as answer:
        assert answer.status == 200
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"].startswith("private, max-age=")
        assert answer.content_type in {"image/jpeg", "image/png"}
        return await answer.read()


async def test_a_cover_has_the_size_asked_for(
    show: Shown, cover: PictureRow, settings: Settings
) -> None:
    client = await show(cover)
    assert see(await get(client, 200)).size == (200, 100)
    assert see(await get(client, 5000)).size == (600, 300)
    original = Path(cover.root.decode()) / "cover.jpg"
    assert await get(client) == original.read_bytes()
    assert await get(client, 0) == await get(client, -7) == original.read_bytes()


async def test_a_cover_is_made_once_and_kept(
    show: Shown, cover: PictureRow, sandbox: ThreadSandbox, settings: Settings
) -> None:
    client = await show(cover)
    first = await asyncio.gather(*(get(client, 200) for _ in range(8)))
    assert len(set(first)) == 1
    assert sandbox.calls == [RESIZE]
    again = await show(cover, Images(settings, ThreadSandbox()))
    assert await get(again, 200) == first[0]
    await get(client, 201)
    assert sandbox.calls == [RESIZE] * 2


async def test_who_has_a_cover_already_is_told_so(
    show: Shown, cover: PictureRow, sandbox: ThreadSandbox
) -> None:
    client = await show(cover)
    async with client.get("/?size=64") as answer:
        etag = answer.headers["ETag"]
    async with client.get("/?size=64", headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with client.get("/?size=65", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200


async def test_a_part_of_a_cover_is_had_too(show: Shown, cover: PictureRow) -> None:
    client = await show(cover)
    whole = await get(client, 200)
    async with client.get("/?size=200", headers={"Range": "bytes=10-19"}) as answer:
        assert (answer.status, await answer.read()) == (206, whole[10:20])
    async with client.head("/?size=200") as answer:
        assert answer.content_length == len(whole)


async def test_a_picture_inside_a_song_is_taken_out_by_the_sandbox(
    show: Shown, cover: PictureRow, sandbox: ThreadSandbox
) -> None:
    sandbox.answers["library.artwork:embedded"] = picture(400, 400, "PNG")
    inside = PictureRow(2, cover.root, b"cover.jpg", embedded=True, hash=b"\1" * 32)
    client = await show(inside)
    assert see(await get(client)).format == "PNG"
    assert see(await get(client, 100)).size == (100, 100)
    assert "library.artwork:embedded" in sandbox.calls


async def test_without_a_picture_there_is_a_drawing(show: Shown, sandbox: ThreadSandbox) -> None:
    client = await show(None)
    assert see(await get(client)).size == (600, 600)
    assert see(await get(client, 100)).size == (100, 100)
    assert see(await get(client, 100)).size == (100, 100)
    assert see(await get(client, 99999)).size == (1600, 1600)
    assert sandbox.calls == [DRAW] * 3


@pytest.mark.parametrize("trouble", [RuntimeError("no"), TimeoutError(), ChildProcessError("died")])
async def test_a_picture_that_breaks_the_sandbox_is_not_tried_again_at_once(
    show: Shown, cover: PictureRow, sandbox: ThreadSandbox, trouble: Exception
) -> None:
    sandbox.answers[RESIZE] = trouble
    client = await show(cover)
    assert see(await get(client, 100)).format == "PNG"
    await get(client, 100)
    await get(client, 200)
    assert sandbox.calls.count(RESIZE) == 1


@pytest.mark.parametrize("content", [None, b"<svg/>", bytes(33 * 1024 * 1024), b""])
async def test_what_is_no_picture_is_drawn_over(
    show: Shown, cover: PictureRow, tmp_path: Path, content: bytes | None
) -> None:
    if content is None:
        (tmp_path / "cover.jpg").unlink()
    else:
        (tmp_path / "cover.jpg").write_bytes(content)
    client = await show(cover)
    assert see(await get(client, 100)).format == "PNG"


async def test_a_real_sandbox_shrinks_and_draws(
    show: Shown, cover: PictureRow, settings: Settings
) -> None:
    sandbox = Sandbox(1)
    images = Images(settings, sandbox)
    try:
        assert see(await get(await show(cover, images), 100)).size == (100, 50)
        assert see(await get(await show(None, images), 100)).size == (100, 100)
    finally:
        await sandbox.close()


async def test_a_portrait_is_made_anew_and_small(
    settings: Settings, sandbox: ThreadSandbox
) -> None:
    images = Images(settings, sandbox)
    made = see(await images.portrait(picture(1600, 800, "PNG", "RGBA")))
    assert (made.format, made.size) == ("JPEG", (512, 256))
    assert sandbox.calls == ["streaming.resize:remake"]


@pytest.mark.parametrize("problem", [RuntimeError("x"), TimeoutError(), ChildProcessError("x")])
async def test_what_cannot_be_made_a_portrait_says_so(
    settings: Settings, sandbox: ThreadSandbox, problem: Exception
) -> None:
    sandbox.answers["streaming.resize:remake"] = problem
    with pytest.raises(Unplayable, match="no picture"):
        await Images(settings, sandbox).portrait(b"<svg/>")
