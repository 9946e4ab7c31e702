"""What endpoints work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from conf import Settings
from db.database import Database
from library.lyrics import LyricsReader
from streaming import Images, Streamer


class Sandbox(Protocol):
    """Runs `module:function` on bytes in a process that may die.

    RuntimeError: the function raised. TimeoutError, ChildProcessError: it took too long, or died.
    """

    async def call(self, target: str, payload: bytes, *, timeout: float = 30) -> bytes: ...  # noqa: ASYNC109


@dataclass(frozen=True, slots=True)
class Services:
    """Made once by the composition root."""

    settings: Settings
    db: Database
    streamer: Streamer
    images: Images
    lyrics: LyricsReader
    sandbox: Sandbox
