"""The jukebox of this node: makes the player do what the database says."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import structlog

from conf.settings import Settings
from db.database import Database
from db.errors import DatabaseError
from db.jukebox import CHANNEL
from db.rows import JukeboxRow
from streaming.jukebox import Event, Player

log = structlog.get_logger()

_RENEW = 20.0
_RETRY = 5.0


class JukeboxWorker:
    """Runs until it is cancelled. Of several nodes with a jukebox one plays, the others wait."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings.jukebox
        self._node = f"{socket.gethostname()} {os.getpid()}"
        self._wake = asyncio.Event()
        db.bus.subscribe(CHANNEL, lambda _payload: self._wake.set())

    async def run(self) -> None:
        """Play, and go on playing after whatever may happen."""
        if self._settings.output == "off":
            await asyncio.Event().wait()
        while True:
            try:
                if await self._db.jukebox.take(self._node):
                    await self._hold()
            except (DatabaseError, ChildProcessError) as error:
                log.warning("the jukebox starts anew", reason=str(error))
            await asyncio.sleep(_RETRY)

    async def _hold(self) -> None:
        """Have a player follow the database; raises what ends that."""
        player = await Player.start(self._settings)
        follower = Follower(self._db, player)
        heard = asyncio.create_task(follower.hear())
        try:
            while await self._db.jukebox.take(self._node):
                await follower.follow(await self._db.jukebox.get())
                waiting = asyncio.create_task(self._wake.wait())
                await asyncio.wait(
                    {waiting, heard}, timeout=_RENEW, return_when=asyncio.FIRST_COMPLETED
                )
                waiting.cancel()
                self._wake.clear()
                if heard.done():
                    heard.result()
        finally:
            heard.cancel()
            await player.close()
            with contextlib.suppress(DatabaseError):
                await self._db.jukebox.leave(self._node)


class Follower:
    """What the player was told, and what it tells."""

    def __init__(self, db: Database, player: Player) -> None:
        self._db = db
        self._player = player
        self._turn = -1
        self._gain = -1.0
        self._sounds = False

    async def follow(self, row: JukeboxRow) -> None:
        """Tell the player what is new."""
        if row.gain != self._gain:
            self._gain = row.gain
            self._player.set_gain(row.gain)
        if row.turn == self._turn:
            return
        self._turn = row.turn
        if row.playing:
            await self._play(row)
        elif self._sounds:
            self._sounds = False
            self._player.stop()

    async def _play(self, row: JukeboxRow) -> None:
        file = await self._db.jukebox.file(row.tracks[row.current])
        if file is None:
            log.info("the jukebox passes over a song that is gone")
            await self._db.jukebox.advance(row.turn)
            return
        self._sounds = True
        self._player.play(row.turn, file, row.position)

    async def hear(self) -> None:
        """Go on to the next song whenever one ends; raises ChildProcessError at the player's end."""
        while True:
            event = await self._player.event()
            if event.how != "played":
                log.warning("the jukebox cannot play", reason=event.reason)
            await self._advance(event)

    async def _advance(self, event: Event) -> None:
        # What cannot be heard need not be played to the end of the list.
        if event.turn == self._turn:
            self._sounds = False
        await self._db.jukebox.advance(event.turn, go_on=event.how != "mute")
