"""Puts four pictures into one; runs in a sandbox child, as whatever decodes pictures."""

from __future__ import annotations

from io import BytesIO

import msgspec
from PIL import Image, ImageOps

from streaming.orders import Mosaic
from streaming.resize import fitted, opened


def compose(payload: bytes) -> bytes:
    """A `Mosaic` in, a JPEG out; `ValueError` or `OSError` where one of the parts is no picture."""
    order = msgspec.msgpack.decode(payload, type=Mosaic)
    half = max(1, order.size // 2)
    whole = Image.new("RGB", (2 * half, 2 * half))
    for index, part in enumerate(order.parts[:4]):
        with opened(part, order.max_pixels) as image:
            flat, _ = fitted(image, order.size)
        tile = ImageOps.fit(flat, (half, half), Image.Resampling.LANCZOS)
        whole.paste(tile, (index % 2 * half, index // 2 * half))
    out = BytesIO()
    whole.save(out, "JPEG", quality=order.quality, progressive=True)
    return out.getvalue()
