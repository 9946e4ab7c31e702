"""A small album that is composed, played and drawn on the spot, for a first minute with music."""

from __future__ import annotations

from streaming.demo.album import DemoError, make_album

__all__ = ["DemoError", "make_album"]
