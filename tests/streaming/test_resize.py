"""Pictures made smaller, as the sandbox child does it."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image, UnidentifiedImageError

from streaming.orders import Resize, encode
from streaming.resize import remake, resize
from tests.support.pictures import picture, see


def fit(data: bytes, size: int | None, max_pixels: int = 10_000_000) -> bytes:
    return resize(encode(Resize(data, size, 1600, max_pixels, 85)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize(("size", "expected"), [(200, (200, 100)), (64, (64, 32)), (1, (1, 1))])
def test_the_larger_side_is_the_size_asked_for(
    kind: str, size: int, expected: tuple[int, int]
) -> None:
    image = see(fit(picture(600, 300, kind), size))
    assert (image.format, image.size) == ("JPEG", expected)


def test_a_picture_is_never_made_larger() -> None:
    assert see(fit(picture(100, 50), 200)).size == (100, 50)
    assert see(fit(picture(100, 50, "BMP"), 200)).size == (100, 50)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_without_a_size_the_bytes_are_the_original(kind: str) -> None:
    data = picture(100, 50, kind)
    assert fit(data, None) == data


@pytest.mark.parametrize("kind", ["BMP", "TIFF"])
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


def test_too_many_pixels_are_refused_before_they_are_decoded() -> None:
    header = struct.pack(">IIBBBBB", 65_000, 65_000, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    bomb = b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", 0)
    for size in (100, None):
        with pytest.raises(ValueError, match="65000 x 65000"):
            fit(bomb, size, 64_000_000)


@pytest.mark.parametrize(
    "data", [b"", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises((UnidentifiedImageError, OSError)):
        fit(data, 100)


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
