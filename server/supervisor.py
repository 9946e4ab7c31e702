"""Further processes on the same port: started, watched, started again."""

from __future__ import annotations

import asyncio
import time

import structlog

from server import child

log = structlog.get_logger()

READY = b"ready\n"
_START = 60.0
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_STEADY = 60.0


class Supervisor:
    """Keeps so many processes running until it is cancelled."""

    def __init__(self, count: int, task: child.Task, patience: float) -> None:
        self._task = task
        self._patience = patience
        self._up = [asyncio.Event() for _ in range(count)]

    async def run(self) -> None:
        """Start the processes and start again those that end."""
        async with asyncio.TaskGroup() as group:
            for index, up in enumerate(self._up, 1):
                group.create_task(self._keep(index, up))

    async def up(self) -> None:
        """Return when all processes answer; raises TimeoutError."""
        async with asyncio.timeout(_START):
            await asyncio.gather(*(event.wait() for event in self._up))

    async def _keep(self, index: int, up: asyncio.Event) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = time.monotonic()
            code = await self._one(index, up)
            pause = _FIRST_PAUSE if time.monotonic() - began > _STEADY else pause
            log.error("a process ended; starting another", process=index, code=code, seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _one(self, index: int, up: asyncio.Event) -> int:
        process = await child.start("work", self._task, str(index))
        try:
            if process.stdout is not None and await process.stdout.readline() == READY:
                up.set()
            return await process.wait()
        except asyncio.CancelledError:
            await child.end(process, self._patience)
            raise
