"""The jukebox's player, as the server sees it: a process that is told what to play.

Orders are lines of JSON on its standard input, events lines on its standard output. It ends with the
pipe, and takes whatever a hostile file does to a decoder with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Literal

import msgspec

from conf.environment import without_settings
from conf.settings import Jukebox
from db.rows import FileRow
from streaming.files import suffix_of

_ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 2.0


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the player shall do. `offset` and `end` (0: none) are seconds of the file, `gain` is 0 to 1."""

    do: Literal["play", "stop", "gain"]
    turn: int = 0
    root: bytes = b""
    path: bytes = b""
    suffix: str = ""
    offset: float = 0.0
    end: float = 0.0
    gain: float = 1.0


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """How the song of a turn ended: played, not playable, or without anything to play on."""

    turn: int
    how: Literal["played", "unplayable", "mute"]
    reason: str = ""


class Player:
    """One player process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, settings: Jukebox) -> Player:
        """Start it. It sees the environment, for the sound system's sake, but no setting of ours."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "streaming.player", settings.output, settings.device,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            env=without_settings() | {"PYTHONPATH": str(_ROOT)},
            cwd="/",
            start_new_session=True,  # Ctrl-C is for the server, which ends its children in order
        )  # fmt: skip
        return cls(process)

    def play(self, turn: int, file: FileRow, offset: float) -> None:
        """Play a song from a second on, instead of what plays now."""
        begin, suffix = file.begin + offset, suffix_of(file)
        self._send(Order("play", turn, file.root, file.path, suffix, begin, file.end))

    def stop(self) -> None:
        """Be silent at once."""
        self._send(Order("stop"))

    def set_gain(self, gain: float) -> None:
        """How loud, now and from now on."""
        self._send(Order("gain", gain=gain))

    async def event(self) -> Event:
        """Wait for the end of a song; raises ChildProcessError when the process is gone."""
        line = await self._process.stdout.readline() if self._process.stdout else b""
        if not line:
            raise ChildProcessError("The jukebox's player has ended.")
        return msgspec.json.decode(line, type=Event)

    async def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _send(self, order: Order) -> None:
        # Orders are few and short: they never fill the pipe. Of a lost process `event` tells.
        if self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(msgspec.json.encode(order) + b"\n")
