"""The demo album's picture: a low sun over still water, drawn with geometry alone."""

from __future__ import annotations

import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]

_SIDE = 1000
_FINE = 2  # drawn larger and scaled down, for smooth edges
_HORIZON = 620
_SKY: tuple[Colour, ...] = ((24, 26, 62), (92, 52, 110), (222, 104, 98), (255, 190, 120))
_WATER: tuple[Colour, ...] = ((150, 82, 108), (54, 44, 92), (18, 20, 48))
_SUN: Colour = (255, 236, 196)


def draw(path: Path, title: str, artist: str) -> None:
    """Write the picture as JPEG."""
    side = _SIDE * _FINE
    picture = Image.new("RGB", (side, side))
    pen = ImageDraw.Draw(picture)
    horizon = _HORIZON * _FINE
    for y in range(side):
        colours, part = (
            (_SKY, y / horizon) if y < horizon else (_WATER, (y - horizon) / (side - horizon))
        )
        pen.line((0, y, side, y), fill=_blend(colours, part))
    _rings(picture, horizon)
    _hills(pen, side, horizon)
    _reflection(picture, horizon)
    picture = picture.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    _words(picture, title, artist)
    picture.save(path, "JPEG", quality=90)


def _blend(colours: tuple[Colour, ...], part: float) -> Colour:
    place = min(max(part, 0.0), 1.0) * (len(colours) - 1)
    at = min(int(place), len(colours) - 2)
    near, far, share = colours[at], colours[at + 1], place - at
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(near, far, strict=True))
    return red, green, blue


def _rings(picture: Image.Image, horizon: int) -> None:
    """The sun, and around it rings like those of a sound, fainter as they grow."""
    side = picture.width
    middle = side // 2
    for number in range(9, 0, -1):
        radius = int(side * (0.13 + 0.055 * number))
        veil = Image.new("L", (side, side), 0)
        ImageDraw.Draw(veil).ellipse(
            (middle - radius, horizon - radius, middle + radius, horizon + radius), fill=13
        )
        veil.paste(0, (0, horizon, side, side))
        picture.paste(Image.new("RGB", (side, side), _SUN), mask=veil)
    radius = int(side * 0.13)
    ImageDraw.Draw(picture).pieslice(
        (middle - radius, horizon - radius, middle + radius, horizon + radius), 180, 360, fill=_SUN
    )


def _hills(pen: ImageDraw.ImageDraw, side: int, horizon: int) -> None:
    """Two ridges at the sides, as waves that die towards the middle."""
    for height, length, colour in ((70, 150, (96, 58, 112)), (44, 97, (52, 38, 84))):
        ridge = [
            (
                x,
                horizon
                - _FINE
                * height
                * abs(2 * x / side - 1) ** 1.5
                * (1.15 + math.sin(x / (length * _FINE)) * 0.5 + math.sin(x / 61) * 0.06),
            )
            for x in range(0, side + 1, 4)
        ]
        pen.polygon([(0, horizon), *ridge, (side, horizon)], fill=colour)


def _reflection(picture: Image.Image, horizon: int) -> None:
    """Bars of light on the water, shorter and fainter towards us."""
    side = picture.width
    for number in range(16):
        y = horizon + _FINE * (9 + 17 * number + number * number // 5)
        width = side * (0.125 - 0.0052 * number) * (1 + 0.22 * math.sin(number * 2.4))
        shift = side * 0.012 * math.sin(number * 1.7)
        veil = Image.new("L", (side, side), 0)
        ImageDraw.Draw(veil).rounded_rectangle(
            (side / 2 + shift - width, y, side / 2 + shift + width, y + 5 * _FINE),
            radius=3 * _FINE,
            fill=215 - 12 * number,
        )
        picture.paste(Image.new("RGB", (side, side), _SUN), mask=veil)


def _words(picture: Image.Image, title: str, artist: str) -> None:
    pen = ImageDraw.Draw(picture)
    middle = picture.width // 2
    pen.text((middle, 118), title, font=ImageFont.load_default(96), fill=_SUN, anchor="mm")
    pen.text((middle, 204), artist, font=ImageFont.load_default(36), fill=_SUN, anchor="mm")
