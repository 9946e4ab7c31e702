"""Makes pictures smaller; runs in a sandbox child, for it decodes what strangers wrote."""

from __future__ import annotations

from io import BytesIO

import msgspec
from PIL import Image, ImageFile, ImageOps

from streaming.orders import Resize

_READ = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
_SHOWN_ANYWHERE = frozenset({"JPEG", "MPO", "PNG"})
_LIGHT = 1024 * 1024
"""A picture that has the right size already is sent as it is, if it is no heavier than this."""
_ORIENTATION = 0x0112
_LARGEST_PROFILE = 8192
_SMOOTH = frozenset({"RGB", "RGBA", "L", "LA", "CMYK", "YCbCr"})
"""Modes that are shrunk as they are; those with a palette would become coarse."""

_DEEP = frozenset({"I", "I;16", "I;16B", "I;16L", "I;16N"})
"""Grey with 16 bits, which a plain conversion would cut off at the 8 lowest: all white."""
_TO_8_BITS = 1 / 256

# The size is looked at before anything is decoded, against our own limit.
Image.MAX_IMAGE_PIXELS = None
ImageFile.LOAD_TRUNCATED_IMAGES = True


def resize(payload: bytes) -> bytes:
    """A `Resize` in, a picture out; `ValueError` or `OSError` for what is none."""
    order = msgspec.msgpack.decode(payload, type=Resize)
    with opened(order.data, order.max_pixels) as image:
        if _as_it_is(image, order):
            return order.data
        return _shrink(image, order.size or order.max_size, order.quality)


def remake(payload: bytes) -> bytes:
    """As `resize`, but none of the bytes that came in goes out: no place, no name, no second file."""
    order = msgspec.msgpack.decode(payload, type=Resize)
    with opened(order.data, order.max_pixels) as image:
        flat, _ = fitted(image, order.size or order.max_size)
    flat.info.clear()
    out = BytesIO()
    flat.save(out, "JPEG", quality=order.quality, progressive=True)
    return out.getvalue()


def opened(data: bytes, max_pixels: int) -> Image.Image:
    """A picture, not yet decoded; `ValueError` for one with too many pixels."""
    image = Image.open(BytesIO(data), formats=_READ)
    width, height = image.size
    if width * height > max_pixels:
        raise ValueError(f"{width} x {height} pixels are more than {max_pixels}")
    return image


def _as_it_is(image: Image.Image, order: Resize) -> bool:
    """Old apps know JPEG and PNG alone, and many do not turn what a camera held askew."""
    if image.format not in _SHOWN_ANYWHERE or not _upright(image):
        return False
    return order.size is None or (max(image.size) <= order.size and len(order.data) <= _LIGHT)


def _upright(image: Image.Image) -> bool:
    """A PNG that says nothing of it at its beginning would be decoded to look at its end."""
    silent = image.format == "PNG" and "exif" not in image.info
    return silent or image.getexif().get(_ORIENTATION, 1) == 1


def _shrink(image: Image.Image, size: int, quality: int) -> bytes:
    flat, profile = fitted(image, size)
    out = BytesIO()
    flat.save(out, "JPEG", quality=quality, progressive=True, icc_profile=profile)
    return out.getvalue()


def fitted(image: Image.Image, size: int) -> tuple[Image.Image, bytes | None]:
    """Upright, opaque and no larger than that, and the colour profile that still fits it."""
    profile = image.info.get("icc_profile") or b""
    if image.mode in _DEEP:
        image = image.convert("I").point(lambda value: value * _TO_8_BITS).convert("L")
    elif image.mode not in _SMOOTH:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((size, size), Image.Resampling.LANCZOS, reducing_gap=2.0)
    keep = profile if len(profile) <= _LARGEST_PROFILE and image.mode == "RGB" else None
    return _flatten(ImageOps.exif_transpose(image)), keep


def _flatten(image: Image.Image) -> Image.Image:
    """JPEG knows no transparency: what is transparent becomes white."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    layer = image.convert("RGBA")
    ground = Image.new("RGB", layer.size, "white")
    ground.paste(layer, mask=layer.getchannel("A"))
    return ground
