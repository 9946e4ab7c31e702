"""Transcoding in threads, one for each song, stopped when its listener leaves.

A thread begins like any other, so that the first sound is there at once on a busy machine too; the
rest of the song is made at low priority.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import structlog

from streaming.errors import Busy, Unplayable
from streaming.files import Opened
from streaming.job import Job
from streaming.limits import Limits, Ticket
from streaming.pipe import Closed, Pipe

log = structlog.get_logger()

_AHEAD = 4 * 1024 * 1024
"""What may wait for a slow listener. Less than an encoder holds: better it ends and frees that."""
_TURN = 256 * 1024
"""After so much, a quarter of a minute of sound, a worker goes to the next who waits."""
_NICE = 10
_PATIENCE = 2.0


class LiveTranscoder:
    """Transcodes while somebody listens. FFmpeg runs outside the interpreter lock."""

    def __init__(self, limits: Limits, ahead: int = _AHEAD) -> None:
        self.limits, self._ahead = limits, ahead
        self._threads: dict[threading.Thread, tuple[Pipe, Ticket]] = {}
        self._closed = False

    async def find(self, job: Job) -> Opened | None:
        """Nothing is ever there already."""
        return None

    async def start(self, job: Job) -> Pipe:
        if self._closed:
            raise Busy("The server is stopping.")
        ticket = self.limits.admit(job.user)
        pipe = _TicketPipe(self._ahead, ticket)
        thread = threading.Thread(
            target=self._run, args=(job, pipe, ticket), name="transcode", daemon=True
        )
        self._threads[thread] = pipe, ticket
        thread.start()
        return pipe

    async def close(self) -> None:
        self._closed = True
        threads = dict(self._threads)
        for pipe, _ in threads.values():
            pipe.close()
        for thread in threads:
            await asyncio.to_thread(thread.join, _PATIENCE)

    def _run(self, job: Job, pipe: Pipe, ticket: Ticket) -> None:
        error: Exception | None = Unplayable("The song could not be transcoded.")
        try:
            if ticket.work():
                _encoder(job)(job, pipe, _lower_priority)
            error = None
        except Closed:
            error = None
        except Unplayable as found:
            error = found
        finally:
            job.source.file.close()
            del self._threads[threading.current_thread()]
            ticket.leave()
            pipe.finish(error)


class _TicketPipe(Pipe):
    """Shares the worker between writes; closing it takes its encoder out of the queue for one."""

    def __init__(self, limit: int, ticket: Ticket) -> None:
        super().__init__(limit, ticket.resting)
        self._ticket = ticket
        self._turn = 0

    def write(self, data: bytes) -> int:
        written = super().write(data)
        self._turn += written
        if self._turn >= _TURN:
            self._turn = 0
            self._ticket.share()
        return written

    def close(self) -> None:
        super().close()
        self._ticket.cancel()


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
