"""Signals: the first asks to stop, the second to hurry."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType

import structlog

log = structlog.get_logger()

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopError(BaseException):
    """Somebody asked to stop before serving began."""


class Stop:
    """What a signal does: unwinds the start, ends the serving, hurries its end; later, nothing."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        self._over = False

    def heard(self, number: int, _frame: FrameType | None) -> None:
        """The signal handler; runs in the main thread between any two steps."""
        name = signal.Signals(number).name
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._in_loop, name)
        elif not self._over:
            raise StopError

    def _in_loop(self, name: str) -> None:
        if not self.asked.is_set():
            log.info("stopping", signal=name)
            self.asked.set()
        elif self._task is not None:
            log.warning("stopping at once", signal=name)
            self._task.cancel()

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[asyncio.Event]:
        """Around all that runs in the loop: the event is set by the first signal."""
        self._task, self._loop = asyncio.current_task(), asyncio.get_running_loop()
        try:
            yield self.asked
        finally:
            self.over()

    def over(self) -> None:
        """From here on a signal changes nothing: what is left to do takes a moment."""
        self._over, self._loop = True, None


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Hear signals until the process ends; to stop a start, or to hurry an end, is no error."""
    stop = Stop()
    for number in SIGNALS:
        signal.signal(number, stop.heard)
    try:
        yield stop
    except StopError:
        log.info("stopped before it was ready")
    except asyncio.CancelledError:
        log.info("stopped at once")
    finally:
        stop.over()
