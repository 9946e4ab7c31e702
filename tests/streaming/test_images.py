"""Pictures through a real server."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Sequence
from io import BytesIO
from operator import sub
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image
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


@pytest.mark.attack("X72")
async def test_all_the_sizes_there_are_do_not_fill_the_cache(
    show: Shown, cover: PictureRow, sandbox: ThreadSandbox
) -> None:
    client = await show(cover)
    for size in range(1, 2000, 7):
        image = see(await get(client, size))
        assert min(size, 600) <= image.width <= max(32, min(600, size * 4 // 3))
    assert len(sandbox.calls) < 32


async def test_usual_sizes_are_what_was_asked_for(show: Shown, cover: PictureRow) -> None:
    client = await show(cover)
    for size in (32, 64, 100, 128, 150, 160, 200, 256, 300, 320, 400, 480, 500, 512, 600):
        assert see(await get(client, size)).width == size


@pytest.mark.attack("X53")
async def test_a_file_that_is_not_what_was_scanned_is_shown_but_not_kept_under_its_name(
    show: Shown, cover: PictureRow, tmp_path: Path
) -> None:
    client = await show(cover)
    old = (tmp_path / "cover.jpg").read_bytes()
    (tmp_path / "cover.jpg").write_bytes(picture(400, 400, "PNG"))
    async with client.get("/?size=200") as answer:
        assert see(await answer.read()).size == (200, 200)
        assert answer.headers["Cache-Control"] == "private, max-age=300"
        changed = answer.headers["ETag"]
    (tmp_path / "cover.jpg").write_bytes(old)
    async with client.get("/?size=200", headers={"If-None-Match": changed}) as answer:
        assert see(await answer.read()).size == (200, 100)


@pytest.mark.attack("X72")
async def test_originals_wait_for_their_turn_in_memory(
    settings: Settings, show: Shown, tmp_path: Path
) -> None:
    now, most = 0, 0

    class Slow(ThreadSandbox):
        async def call(self, target: str, payload: bytes, *, timeout: float = 30) -> bytes:  # noqa: ASYNC109
            nonlocal now, most
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.01)
            now -= 1
            return picture(8, 8)

    images = Images(settings, Slow())
    clients = []
    for number in range(12):
        data = picture(20 + number, 20)
        (tmp_path / f"{number}.jpg").write_bytes(data)
        digest = hashlib.sha256(data).digest()
        row = PictureRow(
            number, bytes(tmp_path), f"{number}.jpg".encode(), embedded=False, hash=digest
        )
        clients.append(await show(row, images))
    await asyncio.gather(*(get(client, 100) for client in clients))
    assert most == 4


async def test_who_has_a_cover_already_is_told_so(
    show: Shown, cover: PictureRow, sandbox: ThreadSandbox
) -> None:
    client = await show(cover)
    async with client.get("/?size=64") as answer:
        etag = answer.headers["ETag"]
    async with client.get("/?size=64", headers={"If-None-Match": etag}) as answer:
        assert (answer.status, await answer.read()) == (304, b"")
    async with client.get("/?size=100", headers={"If-None-Match": etag}) as answer:
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


@pytest.mark.parametrize(
    "content",
    [None, b"<svg/>", b"<html><script>alert(1)</script></html>", bytes(33 * 1024 * 1024), b""],
)
async def test_what_is_no_picture_is_drawn_over(
    show: Shown, cover: PictureRow, tmp_path: Path, content: bytes | None
) -> None:
    if content is None:
        (tmp_path / "cover.jpg").unlink()
    else:
        (tmp_path / "cover.jpg").write_bytes(content)
    client = await show(cover)
    for size in (100, None):
        async with client.get("/", params={"size": str(size)} if size else {}) as answer:
            assert answer.content_type == "image/png"
            assert see(await answer.read()).format == "PNG"


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


@pytest.mark.attack("X41")
@pytest.mark.parametrize("kind", ["WEBP", "GIF", "TIFF", "JPEG"])
async def test_a_picture_of_a_few_bytes_and_many_pixels_ends_as_a_drawing(
    show: Shown, cover: PictureRow, settings: Settings, tmp_path: Path, kind: str
) -> None:
    """What opens it may need the memory already: it has little of it, and nobody else dies."""
    out = BytesIO()
    options: Any = {"WEBP": {"lossless": True}, "TIFF": {"compression": "tiff_deflate"}}.get(
        kind, {}
    )
    Image.new("L", (8200, 8200)).save(out, kind, **options)
    assert len(out.getvalue()) < 2_000_000
    (tmp_path / "cover.jpg").write_bytes(out.getvalue())
    sandbox = Sandbox(1)
    try:
        client = await show(cover, Images(settings, sandbox))
        assert see(await get(client, 100)).format == "PNG"
        (tmp_path / "cover.jpg").write_bytes(picture(300, 300))
        fresh = await show(cover, Images(settings, sandbox))
        assert see(await get(fresh, 150)).format == "JPEG"
    finally:
        await sandbox.close()


@pytest.mark.attack("X38")
async def test_a_portrait_is_made_anew_and_small(
    settings: Settings, sandbox: ThreadSandbox
) -> None:
    images = Images(settings, sandbox)
    made = see(await images.remade(picture(1600, 800, "PNG", "RGBA"), 512))
    assert (made.format, made.size) == ("JPEG", (512, 256))
    assert sandbox.calls == ["streaming.resize:remake"]


@pytest.mark.parametrize("problem", [RuntimeError("x"), TimeoutError(), ChildProcessError("x")])
async def test_what_cannot_be_made_a_portrait_says_so(
    settings: Settings, sandbox: ThreadSandbox, problem: Exception
) -> None:
    sandbox.answers["streaming.resize:remake"] = problem
    with pytest.raises(Unplayable, match="no picture"):
        await Images(settings, sandbox).remade(b"<svg/>", 512)


def four(folder: Path, count: int = 4) -> list[PictureRow]:
    rows = []
    for number in range(count):
        data = flat(("red", "green", "blue", "white", "black")[number])
        (folder / f"{number}.png").write_bytes(data)
        digest = hashlib.sha256(data).digest()
        name = f"{number}.png".encode()
        rows.append(PictureRow(number + 1, bytes(folder), name, embedded=False, hash=digest))
    return rows


def flat(color: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (300, 200), color).save(out, "PNG")
    return out.getvalue()


def corners(data: bytes) -> list[str]:
    """The colours of the four quarters, by name."""
    image = see(data).convert("RGB")
    side = image.width
    known = {"red": (255, 0, 0), "green": (0, 128, 0), "blue": (0, 0, 255), "white": (255,) * 3}
    found = []
    for at in ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)):
        seen = image.getpixel((round(at[0] * side), round(at[1] * side)))
        assert isinstance(seen, tuple)
        found.append(
            next(
                (
                    name
                    for name, value in known.items()
                    if sum(map(abs, map(sub, seen, value))) < 30
                ),
                str(seen),
            )
        )
    return found


@pytest.fixture
def compose(aiohttp_client: AiohttpClient, settings: Settings, sandbox: ThreadSandbox) -> Shown:
    async def start(rows: Sequence[PictureRow]) -> Client:
        images = Images(settings, sandbox)

        async def answer(request: web.Request) -> web.StreamResponse:
            size = int(request.query["size"]) if "size" in request.query else None
            return await images.mosaic(request, rows, size, "Evening")

        app = web.Application()
        app.router.add_get("/", answer)
        return await aiohttp_client(app)

    return start


async def test_four_pictures_become_one(
    compose: Shown, sandbox: ThreadSandbox, tmp_path: Path
) -> None:
    client = await compose(four(tmp_path, 5))
    assert corners(await get(client, 200)) == ["red", "green", "blue", "white"]
    assert see(await get(client, 200)).size == (200, 200)
    assert see(await get(client)).size == (600, 600)
    assert sandbox.calls.count("streaming.mosaic:compose") == 2


@pytest.mark.attack("X53")
async def test_mosaics_of_other_pictures_are_others(compose: Shown, tmp_path: Path) -> None:
    rows = four(tmp_path, 5)
    client = await compose(rows)
    async with client.get("/?size=200") as answer:
        etag = answer.headers["ETag"]
    other = await compose([*rows[:3], rows[4]])
    async with other.get("/?size=200", headers={"If-None-Match": etag}) as answer:
        assert answer.status == 200
        assert corners(await answer.read())[:3] == ["red", "green", "blue"]
        assert answer.headers["ETag"] != etag


async def test_of_fewer_than_four_pictures_the_first_is_sent(
    compose: Shown, tmp_path: Path
) -> None:
    client = await compose(four(tmp_path, 3))
    assert see(await get(client, 200)).size == (200, 133)
    assert see(await get(await compose([]), 200)).size == (200, 200)


async def test_a_mosaic_with_a_broken_part_is_the_first_picture(
    compose: Shown, sandbox: ThreadSandbox, tmp_path: Path
) -> None:
    rows = four(tmp_path)
    (tmp_path / "2.png").write_bytes(b"<svg/>")
    client = await compose(rows)
    for _ in range(2):
        assert see(await get(client, 200)).size == (200, 133)
    (tmp_path / "0.png").unlink()
    fresh = await compose(rows)
    assert see(await get(fresh, 150)).format == "PNG"
    assert see(await get(fresh, 150)).size == (150, 100)
