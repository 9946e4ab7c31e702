"""Measures how loud songs are, on this node, while it has nothing better to do."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable

import msgspec
import structlog

from conf.settings import Loudness as Settings
from db.cards import Loudness
from db.database import Database
from db.errors import DatabaseError
from db.loudness import SoundRow
from server.sandbox import Sandbox
from streaming.orders import Measure, Measured, encode

log = structlog.get_logger()

_QUIET = 60.0
"""Seconds after the start, and of rest when nothing is left to measure."""
_LOOK_EVERY = 0.25
_LOOK_FOR_SCANS_EVERY = 5.0
_TELL_EVERY = 900.0
_PARTING = 0.5
_PATIENCE = 120.0
"""Seconds of work that any song may take, and a part of its length more."""
_SHARE = 0.5
_EVER = 366 * 86400.0
_TARGET = "streaming.loudness:measure"
_LIBRARY = "dulcian_library"


class LoudnessWorker:
    """Runs until it is cancelled, and closes the sandbox, which is its own.

    `busy` says whether this process transcodes: that goes first.
    """

    def __init__(
        self,
        db: Database,
        settings: Settings,
        sandbox: Sandbox,
        busy: Callable[[], bool],
        *,
        quiet: float = _QUIET,
    ) -> None:
        self._db, self._settings, self._busy, self._quiet = db, settings, busy, quiet
        self._sandbox = sandbox
        self._wake = asyncio.Event()
        self._note_change()
        self._scanning, self._looked = False, 0.0
        self._measured, self._told = 0, time.monotonic()
        db.bus.subscribe(_LIBRARY, lambda _payload: self._note_change())

    async def run(self) -> None:
        """Measure album after album; then wait for the library to change."""
        try:
            while True:
                await self._rest()
                try:
                    await self._round()
                except DatabaseError as error:
                    log.warning("measuring loudness waits for the database", error=str(error))
                    self._note_change()
        finally:
            await self._sandbox.close()

    def _note_change(self) -> None:
        self._changed = True
        self._wake.set()

    async def _rest(self) -> None:
        """Until there may be something to do; a scan tells of many changes one after the other."""
        await asyncio.sleep(self._quiet)
        # Not `wait_for`: in Python 3.11 that forgets a cancellation which comes with the event.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10 * self._quiet):
                await self._wake.wait()
        self._wake.clear()

    async def _round(self) -> None:
        """All that there is to do."""
        while True:
            await self._until_idle()
            if self._changed:
                # Songs have come, gone, or changed their albums.
                self._changed = False
                await self._db.loudness.settle_all()
            album = await self._db.loudness.claim()
            if album is None:
                break
            await self._album(album)
            await self._tell()
        if self._measured:
            log.info("loudness of songs measured", songs=self._measured)
            self._measured = 0

    async def _album(self, album: int) -> None:
        """Measure its songs; what a stop or the database leaves undone is free again."""
        done = True
        try:
            for song in await self._db.loudness.songs(album):
                await self._until_idle()
                await self._db.loudness.renew(album)
                done &= await self._song(album, song)
            await self._db.loudness.settle([album])
        except BaseException:
            with contextlib.suppress(DatabaseError, TimeoutError):
                async with asyncio.timeout(_PARTING):
                    await self._db.loudness.release(album)
            raise
        await (self._db.loudness.release(album) if done else self._db.loudness.put_off(album))

    async def _song(self, album: int, song: SoundRow) -> bool:
        """Whether something could be said."""
        found = await self._measure(album, song)
        if found is None:
            return False
        await self._db.loudness.save(song, found)
        self._measured += 1
        if found.reason:
            path = os.fsdecode(song.path)
            log.info("loudness of a song not measured", path=path, reason=found.reason)
        return True

    async def _measure(self, album: int, song: SoundRow) -> Loudness | None:
        """None: not now, for the file cannot be opened."""
        seconds = (song.end - song.begin) if song.end else song.duration
        patience = (_PATIENCE + seconds * _SHARE) * 100 / self._settings.budget
        call = asyncio.create_task(self._call(song))
        try:
            return await self._watch(call, album, patience)
        except (RuntimeError, ChildProcessError, msgspec.MsgspecError) as error:
            return Loudness(reason=str(error))
        except TimeoutError:
            return Loudness(reason="Decoding the file takes too long.")
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)

    async def _call(self, song: SoundRow) -> Loudness | None:
        suffix = os.fsdecode(song.path).rpartition(".")[2].lower()
        budget = self._settings.budget
        order = Measure(song.root, song.path, suffix, song.begin, song.end, budget)
        # Pauses are no work: the time is taken by who watches.
        body = await self._sandbox.call(_TARGET, encode(order), timeout=_EVER)
        answer = msgspec.msgpack.decode(body, type=Measured)
        return None if answer.gone else answer.loudness

    async def _watch(
        self, call: asyncio.Task[Loudness | None], album: int, patience: float
    ) -> Loudness | None:
        """Stop the child whenever there is something better to do, and end it after its time."""
        worked, renewed = 0.0, time.monotonic()
        while not call.done():
            await asyncio.wait({call}, timeout=_LOOK_EVERY)
            if await self._others():
                self._sandbox.hold()
            else:
                self._sandbox.go_on()
                worked += _LOOK_EVERY
            if worked > patience:
                raise TimeoutError
            if time.monotonic() - renewed > _QUIET:
                renewed = time.monotonic()
                await self._db.loudness.renew(album)
        return call.result()

    async def _until_idle(self) -> None:
        """Until nothing is transcoded here and nobody scans."""
        while await self._others():  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY)

    async def _others(self) -> bool:
        """Whether others want the processor or the disk."""
        if self._busy():
            return True
        if time.monotonic() - self._looked > _LOOK_FOR_SCANS_EVERY:
            self._looked = time.monotonic()
            latest = await self._db.scans.latest()
            self._scanning = latest is not None and latest.state == "running"
        return self._scanning

    async def _tell(self) -> None:
        """Progress, four times an hour."""
        if time.monotonic() - self._told < _TELL_EVERY:
            return
        self._told = time.monotonic()
        waiting = await self._db.loudness.waiting()
        log.info("measuring the loudness of songs", measured=self._measured, waiting=waiting)
