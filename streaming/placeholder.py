"""Draws a record with initials for what has no picture; runs in a sandbox child."""

from __future__ import annotations

import colorsys
import hashlib
import unicodedata
from io import BytesIO

import msgspec
from PIL import Image, ImageDraw, ImageFont

from streaming.orders import Draw

_FINE = 2
"""Drawn so many times larger and then shrunk, which makes round edges smooth."""
_MISSING = "\ufffe"

Colour = tuple[int, int, int]


def draw(payload: bytes) -> bytes:
    """A `Draw` in, a PNG out."""
    order = msgspec.msgpack.decode(payload, type=Draw)
    side = order.size * _FINE
    image = Image.new("RGB", (side, side), _colour(order.title, 0.45, 0.30))
    _record(ImageDraw.Draw(image), side, order.title)
    small = image.resize((order.size, order.size), Image.Resampling.LANCZOS)
    out = BytesIO()
    small.quantize(64, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def initials(title: str) -> str:
    """The first letters of the first two words, without accents: the font has none."""
    plain = unicodedata.normalize("NFKD", title)
    words = ["".join(c for c in word if c.isalnum()) for word in plain.split()]
    return "".join(word[0] for word in words if word)[:2].upper()


def _colour(title: str, lightness: float, saturation: float) -> Colour:
    """A colour that belongs to this title; all of one household."""
    hue = hashlib.sha256(title.casefold().encode("utf-8", "replace")).digest()[0] / 256
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def _record(pen: ImageDraw.ImageDraw, side: int, title: str) -> None:
    dark, groove = _colour(title, 0.16, 0.18), _colour(title, 0.22, 0.16)
    label, ink = _colour(title, 0.80, 0.50), _colour(title, 0.20, 0.45)
    _disc(pen, side, 0.44, fill=dark)
    for radius in (0.40, 0.365, 0.33, 0.295):
        _disc(pen, side, radius, outline=groove, width=max(1, side // 160))
    _disc(pen, side, 0.24, fill=label)
    letters = initials(title)
    font = ImageFont.load_default(size=max(1.0, side * 0.19))
    if letters and isinstance(font, ImageFont.FreeTypeFont) and _known(font, letters):
        pen.text((side / 2, side / 2), letters, fill=ink, font=font, anchor="mm")
    else:
        _disc(pen, side, 0.035, fill=dark)


def _disc(
    pen: ImageDraw.ImageDraw,
    side: int,
    radius: float,
    fill: Colour | None = None,
    outline: Colour | None = None,
    width: int = 1,
) -> None:
    near, far = side * (0.5 - radius), side * (0.5 + radius)
    pen.ellipse((near, near, far, far), fill=fill, outline=outline, width=width)


def _known(font: ImageFont.FreeTypeFont, letters: str) -> bool:
    """Whether the font has these letters; it knows the Latin ones only."""
    box = bytes(font.getmask(_MISSING))
    return all(bytes(font.getmask(letter)) != box for letter in letters)
