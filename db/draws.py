"""Random picks by id."""

from __future__ import annotations


def draws(size: int) -> int:
    """How many ids to draw so that `size` different ones most likely exist: some are drawn twice, some gone."""
    return size + size // 4 + 8
