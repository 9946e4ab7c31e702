"""What endpoints work with."""

from __future__ import annotations

from dataclasses import dataclass

from conf import Settings
from db.database import Database
from streaming import Images, Streamer


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by the composition root."""

    settings: Settings
    db: Database
    streamer: Streamer
    images: Images
