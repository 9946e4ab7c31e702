"""Transcoding in threads, one for each song, stopped when its last listener leaves.

A thread begins like any other, so that the first sound is there at once on a busy machine too; the
rest of the song is made at low priority.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import BinaryIO, cast

import structlog

from streaming.errors import Busy, Unplayable
from streaming.files import Opened
from streaming.job import Job
from streaming.limits import Limits, Ticket
from streaming.pipe import Closed, Pipe, Tap

log = structlog.get_logger()

_AHEAD = 4 * 1024 * 1024
"""What may wait in memory. Less than an encoder holds: better it ends and frees that."""
_TURN = 256 * 1024
"""After so much, a quarter of a minute of sound, a worker goes to the next who waits."""
_NICE = 10
_PATIENCE = 2.0
_STUCK = 30.0
_MOST_STUCK = 4
"""So many threads that hang are borne; with more, nothing is begun until one of them ends."""
_LATER = 60


class LiveTranscoder:
    """Transcodes while somebody listens. FFmpeg runs outside the interpreter lock.

    A thread that holds a worker and gets nowhere for `patience` seconds, because a disk does not
    answer or a decoder hangs, is given up: it cannot be ended, but nobody waits for it any more.
    """

    def __init__(self, limits: Limits, ahead: int = _AHEAD, patience: float = _STUCK) -> None:
        self.limits, self._ahead, self._patience = limits, ahead, patience
        self._threads: dict[threading.Thread, tuple[_TicketPipe, Ticket]] = {}
        self.stuck: set[threading.Thread] = set()
        """Threads that were given up and have not ended."""
        self._watching: asyncio.Task[None] | None = None
        self._closed = False

    async def find(self, job: Job) -> Opened | None:
        """Nothing is ever there already."""
        return None

    async def start(self, job: Job) -> Tap:
        if self._closed:
            raise Busy("The server is stopping.")
        if len(self.stuck) >= _MOST_STUCK:
            raise Busy("Songs cannot be read: the disk does not answer.", _LATER)
        ticket = self.limits.admit(job.user.id, job.user.max_transcodes)
        pipe = _TicketPipe(self._ahead, ticket, job)
        tap = cast("Tap", pipe.join())
        thread = threading.Thread(
            target=self._run, args=(job, pipe, ticket), name="transcode", daemon=True
        )
        self._threads[thread] = pipe, ticket
        thread.start()
        if self._watching is None or self._watching.done():
            self._watching = asyncio.create_task(self._watch())
        return tap

    async def close(self) -> None:
        self._closed = True
        threads = dict(self._threads)
        for pipe, _ in threads.values():
            pipe.close()
        for thread in threads:
            await asyncio.to_thread(thread.join, _PATIENCE)
        if self._watching is not None:
            self._watching.cancel()

    def _run(self, job: Job, pipe: Pipe, ticket: Ticket) -> None:
        error: Exception | None = Unplayable("The song could not be transcoded.")
        try:
            if ticket.work():
                _encoder(job)(_watched(job, pipe), pipe, _lower_priority)
            error = None
        except Closed:
            error = None
        except Unplayable as found:
            error = found
        finally:
            job.source.file.close()
            thread = threading.current_thread()
            self._threads.pop(thread, None)
            self.stuck.discard(thread)
            ticket.leave()
            pipe.finish(error)

    async def _watch(self) -> None:
        while self._threads:
            await asyncio.sleep(self._patience / 4)
            long_ago = time.monotonic() - self._patience
            for thread, (pipe, ticket) in list(self._threads.items()):
                since = ticket.working_since
                if since is not None and max(since, pipe.touched) < long_ago:
                    self._give_up(thread, pipe, ticket)

    def _give_up(self, thread: threading.Thread, pipe: Pipe, ticket: Ticket) -> None:
        log.error("a transcode hangs and is given up", seconds=self._patience)
        self.stuck.add(thread)
        if self._threads.pop(thread, None) is None:
            # It came to its end just now.
            self.stuck.discard(thread)
        ticket.cancel()
        ticket.leave()
        pipe.finish(Unplayable("The song cannot be read: the disk does not answer."))


class _TicketPipe(Pipe):
    """Shares the worker between writes; its end takes its encoder out of the queue for one."""

    def __init__(self, limit: int, ticket: Ticket, job: Job) -> None:
        expected = job.expected_bytes if job.copy else 0
        shared = bool(job.key) and (job.spool is not None or expected <= limit)
        super().__init__(limit, ticket.resting, spool=job.spool, expected=expected, shared=shared)
        self._ticket = ticket
        self._turn = 0

    def write(self, data: bytes) -> int:
        written = super().write(data)
        self._turn += written
        if self._turn >= _TURN:
            self._turn = 0
            self._ticket.share()
        return written

    def _shut(self) -> None:
        super()._shut()
        self._ticket.cancel()


class _Watched:
    """A file; that it is read is a sign of life."""

    def __init__(self, file: BinaryIO, pipe: Pipe) -> None:
        self._file, self._pipe = file, pipe
        self.seek, self.tell = file.seek, file.tell

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._pipe.touched = time.monotonic()
        return data


def _watched(job: Job, pipe: Pipe) -> Job:
    file = cast("BinaryIO", _Watched(job.source.file, pipe))
    return replace(job, source=replace(job.source, file=file))


def _encoder(job: Job) -> Callable[[Job, Pipe, Callable[[], None]], None]:
    """What makes this job. Imported here: nobody needs FFmpeg before the first transcode."""
    if job.part:
        from streaming.segment import encode as encode_part

        return encode_part
    from streaming.encode import encode

    return encode


def _lower_priority() -> None:
    """Below everything else on this machine; Linux does so for each thread."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)
