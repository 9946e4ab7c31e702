"""Work that goes on as long as the server does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Background:
    """Tasks without an end: when one ends all the same, the server has to."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def add(self, work: Coroutine[Any, Any, None]) -> None:
        """Start a task."""
        self._tasks.add(asyncio.create_task(work))

    async def until(self, event: Coroutine[Any, Any, object]) -> None:
        """Wait for the event; raises what a task, or waiting, raises before."""
        waited = asyncio.create_task(event)
        try:
            done, _ = await asyncio.wait(
                {waited, *self._tasks}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()
        finally:
            waited.cancel()

    async def stop(self) -> None:
        """Cancel all tasks and wait for their ends."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
