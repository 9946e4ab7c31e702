"""Pictures for tests."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image


def picture(
    width: int, height: int, kind: str = "JPEG", mode: str = "RGB", **options: Any
) -> bytes:
    """A picture whose left half is red and whose right half is blue."""
    image = Image.new(mode, (width, height))
    image.paste(Image.new("RGB", (width // 2, height), "red").convert(mode), (0, 0))
    image.paste(
        Image.new("RGB", (width - width // 2, height), "blue").convert(mode), (width // 2, 0)
    )
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def see(data: bytes) -> Image.Image:
    """The picture, decoded."""
    image = Image.open(BytesIO(data))
    image.load()
    return image
