"""Pictures made smaller, as the sandbox child does it."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, ImageCms, UnidentifiedImageError

from streaming.orders import Resize, encode
from streaming.resize import remake, resize
from tests.support.pictures import picture, see


def fit(data: bytes, size: int | None, max_pixels: int = 10_000_000) -> bytes:
    return resize(encode(Resize(data, size, 1600, max_pixels, 85)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize(("size", "expected"), [(200, (200, 100)), (64, (64, 32)), (1, (1, 1))])
def test_the_larger_side_is_the_size_asked_for(
    kind: str, size: int, expected: tuple[int, int]
) -> None:
    image = see(fit(picture(600, 300, kind), size))
    assert (image.format, image.size) == ("JPEG", expected)


def test_a_picture_is_never_made_larger() -> None:
    assert see(fit(picture(100, 50), 200)).size == (100, 50)
    assert see(fit(picture(100, 50, "BMP"), 200)).size == (100, 50)


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_without_a_size_the_bytes_are_the_original(kind: str) -> None:
    data = picture(100, 50, kind)
    assert fit(data, None) == data


@pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF", "WEBP", "AVIF"])
def test_what_not_every_app_shows_becomes_jpeg(kind: str) -> None:
    image = see(fit(picture(100, 50, kind), None))
    assert (image.format, image.size) == ("JPEG", (100, 50))


def test_a_turned_picture_is_set_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = see(fit(picture(600, 300, exif=exif), 200))
    assert image.size == (100, 200)
    red, _, blue = image.convert("RGB").getpixel((50, 20))  # type: ignore[misc]
    assert red > 200 > 50 > blue
    assert see(fit(picture(100, 50, exif=exif), 200)).size == (50, 100)
    assert see(fit(picture(100, 50, exif=exif), None)).size == (50, 100)
    assert see(fit(picture(100, 50, "PNG", exif=exif), None)).size == (50, 100)


def test_transparency_becomes_white() -> None:
    for image in (Image.new("RGBA", (400, 400), (0, 0, 0, 0)), Image.new("LA", (400, 400), (0, 0))):
        out = BytesIO()
        image.save(out, "PNG")
        assert see(fit(out.getvalue(), 100)).getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "I;16"])
def test_odd_colours_are_understood(mode: str) -> None:
    out = BytesIO()
    Image.new(mode, (400, 200)).save(out, "TIFF")
    assert see(fit(out.getvalue(), 100)).size == (100, 50)


def test_a_picture_cut_short_is_shown_as_far_as_it_goes() -> None:
    data = picture(600, 300)
    assert see(fit(data[: len(data) * 2 // 3], 200)).size == (200, 100)


@pytest.mark.parametrize("kind", ["TIFF", "PNG"])
def test_grey_of_16_bits_keeps_its_light(kind: str) -> None:
    out = BytesIO()
    Image.new("I;16", (400, 200), 40_000).save(out, kind)
    image = see(fit(out.getvalue(), 100))
    assert image.convert("L").getpixel((50, 25)) == pytest.approx(156, abs=2)


def test_of_what_moves_the_first_picture_is_shown() -> None:
    frames = [Image.new("RGB", (300, 200), color) for color in ("red", "blue", "green")]
    for kind in ("GIF", "WEBP", "PNG"):
        out = BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:], duration=50)
        image = see(fit(out.getvalue(), 100))
        assert image.size == (100, 67)
        red, green, blue = image.convert("RGB").getpixel((50, 30))  # type: ignore[misc]
        assert red > 200 > 60 > max(green, blue)


def test_a_small_colour_profile_is_kept_and_a_broken_one_does_no_harm() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = see(fit(picture(600, 300, icc_profile=profile), 200))
    assert made.info["icc_profile"] == profile
    for broken in (b"nonsense", bytes(100_000)):
        assert see(fit(picture(600, 300, icc_profile=broken), 200)).size == (200, 100)


def chunk(name: bytes, data: bytes) -> bytes:
    """One chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, pixels: bytes = b"", more: bytes = b"") -> bytes:
    """A PNG that says it is that large, whatever there is in it."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + more + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def patched(kind: str, at: int, size: bytes) -> bytes:
    """A picture with another size in its head."""
    data = bytearray(picture(64, 64, kind))
    data[at : at + len(size)] = size
    return bytes(data)


def jpeg() -> bytes:
    """One with 65,000 lines of 65,000 pixels, it says."""
    data = bytearray(picture(64, 64))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65_000, 65_000)
    return bytes(data)


BOMBS = {
    "PNG": png(65_000, 65_000),
    "JPEG": jpeg(),
    "GIF": patched("GIF", 6, struct.pack("<HH", 65_000, 65_000)),
    "BMP": patched("BMP", 18, struct.pack("<ii", 65_000, 65_000)),
    "WEBP": patched("WEBP", 26, struct.pack("<HH", 16_383, 16_383)),
}


@pytest.mark.attack("X41")
@pytest.mark.parametrize("kind", BOMBS)
@pytest.mark.parametrize("size", [100, None])
def test_too_many_pixels_are_refused_before_they_are_decoded(kind: str, size: int | None) -> None:
    with pytest.raises((ValueError, OSError)) as caught:
        fit(BOMBS[kind], size, 64_000_000)
    if kind != "WEBP":
        assert "pixels are more than" in str(caught.value)


@pytest.mark.attack("X41")
def test_too_many_pixels_are_refused_in_tiff_too() -> None:
    data = bytearray(picture(64, 64, "TIFF"))
    for tag in (256, 257):
        at = data.index(struct.pack("<HH", tag, 3)) if struct.pack("<HH", tag, 3) in data else -1
        kind = 3 if at >= 0 else 4
        at = data.index(struct.pack("<HH", tag, kind))
        struct.pack_into("<HII", data, at + 2, 4, 1, 65_000)
    with pytest.raises(ValueError, match="65000 x 65000"):
        fit(bytes(data), 100, 64_000_000)


@pytest.mark.attack("X41")
def test_chunks_that_promise_gigabytes_cost_nothing() -> None:
    promise = struct.pack(">I", 2**31 - 1)
    head = png(64, 64)[:33]
    for name in (b"IDAT", b"iCCP", b"tEXt", b"eXIf"):
        with contextlib.suppress(OSError, ValueError, SyntaxError):
            assert len(fit(head + promise + name + b"xxxx", 100)) < 5_000


@pytest.mark.attack("X41")
def test_what_unpacks_to_gigabytes_is_cut_off() -> None:
    packer = zlib.compressobj(9)
    block = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(block) for _ in range(256)) + packer.flush()
    for more in (
        chunk(b"iCCP", b"x\0\0" + bomb),
        chunk(b"zTXt", b"x\0\0" + bomb),
        chunk(b"iTXt", b"x\0\1\0\0\0" + bomb),
    ):
        data = png(64, 64, zlib.compress(bytes(64 * (1 + 64 * 3))), more)
        tracemalloc.start()
        with contextlib.suppress(OSError, ValueError):
            fit(data, 32)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 32 * 1024 * 1024
    # More rows than the picture has.
    assert see(fit(png(64, 64, bomb), 32)).size == (32, 32)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><!DOCTYPE svg SYSTEM 'file:///etc/passwd'><svg/>",
        b"<html><script>alert(1)</script></html>",
        b"\xff\xd8\xff",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"\0\0\0\x0cjP  \r\n\x87\n",
        b"8BPS\0\1" + bytes(100),
    ],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises((UnidentifiedImageError, OSError)):
        fit(data, 100)


@pytest.mark.attack("X38")
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_remade_picture_has_nothing_of_the_bytes_that_came_in(kind: str) -> None:
    secret = b"somewhere at home"
    told: dict[str, Any] = {"comment": secret} if kind in ("JPEG", "GIF") else {}
    if kind != "GIF":
        exif = Image.Exif()
        exif[0x010E] = secret.decode()
        told |= {"exif": exif, "icc_profile": b"\0" * 128 + secret}
    data = picture(600, 300, kind, **told) + b"<script>" + secret
    assert secret in data
    made = remake(encode(Resize(data, 512, 512, 10_000_000, 85)))
    assert secret not in made
    assert b"<script>" not in made
    image = see(made)
    assert (image.format, image.size) == ("JPEG", (512, 256))
    assert not {"exif", "icc_profile", "comment"} & set(image.info)
    small = see(remake(encode(Resize(picture(20, 10, kind), 512, 512, 10_000_000, 85))))
    assert (small.format, small.size) == ("JPEG", (20, 10))
