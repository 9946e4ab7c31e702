"""Messages between nodes: PostgreSQL's NOTIFY, heard on one connection that is made again when lost."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import asyncpg
import structlog

from db.errors import UnavailableError
from db.pool import LOST, SESSION

log = structlog.get_logger()

Callback = Callable[[str], None]

_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_PULSE = 30.0
_ANSWER = 10.0
_LONGEST_PAYLOAD = 8000


class Bus:
    """Tells subscribers what any node notified.

    A callback does little, and starts a task for more. After a lost connection each is called with an
    empty payload: something may have been missed.
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._callbacks: defaultdict[str, list[Callback]] = defaultdict(list)
        self._connection: asyncpg.Connection | None = None
        self._connected = asyncio.Event()
        self._lost = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect; raises UnavailableError. From then on the bus keeps itself connected."""
        try:
            await self._connect()
        except LOST as error:
            raise UnavailableError(f"PostgreSQL cannot be reached: {error}") from error
        self._task = asyncio.create_task(self._stay(), name="bus")

    def subscribe(self, channel: str, callback: Callback) -> None:
        """Have the payloads of a channel, our own too. To be called before `start`."""
        self._callbacks[channel].append(callback)

    async def notify(self, channel: str, payload: str) -> None:
        """Tell all nodes; waits a while for a lost connection, then raises UnavailableError."""
        if len(payload.encode()) >= _LONGEST_PAYLOAD:
            raise ValueError(f"PostgreSQL takes payloads of less than {_LONGEST_PAYLOAD} bytes")
        try:
            async with asyncio.timeout(_ANSWER):
                await self._connected.wait()
                await self._run("select pg_notify($1, $2)", channel, payload)
        except LOST as error:
            raise UnavailableError(f"The message could not be sent: {error}") from error

    def tell(self, channel: str) -> None:
        """Have our own subscribers hear now what NOTIFY tells all of them in a moment.

        Who made a change may then ask at once, and finds it.
        """
        for callback in self._callbacks.get(channel, ()):
            callback("")

    async def close(self) -> None:
        """Hear no more; twice is harmless."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None
        self._connected.clear()
        self._drop()

    async def _stay(self) -> None:
        while True:
            await self._watch()
            self._connected.clear()
            log.warning("the connection for messages is lost; connecting again")
            await self._reconnect()
            log.info("the connection for messages is back")
            for channel in self._callbacks:
                self._deliver(channel, "")

    async def _watch(self) -> None:
        """Return when the connection is lost; ask now and then, for a broken line says nothing."""
        while not self._lost.is_set():
            try:
                async with asyncio.timeout(_PULSE):
                    await self._lost.wait()
            except TimeoutError:
                await self._pulse()

    async def _pulse(self) -> None:
        try:
            async with asyncio.timeout(_ANSWER):
                await self._run("select 1")
        except LOST:
            self._lost.set()

    async def _reconnect(self) -> None:
        pause = _SHORTEST_PAUSE
        while True:
            try:
                await self._connect()
            except LOST:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    async def _connect(self) -> None:
        self._drop()
        self._lost.clear()
        connection = await asyncpg.connect(self._dsn, timeout=_ANSWER, server_settings=SESSION)
        self._connection = connection
        connection.add_termination_listener(self._end)
        for channel in self._callbacks:
            await connection.add_listener(channel, self._hear)
        self._connected.set()

    def _end(self, connection: Any) -> None:
        if connection is self._connection:
            self._lost.set()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _run(self, statement: str, *values: str) -> None:
        if self._connection is None:
            raise ConnectionResetError("the connection is lost")
        await self._connection.execute(statement, *values)

    def _hear(self, _connection: Any, _pid: int, channel: str, payload: object) -> None:
        self._deliver(channel, str(payload))

    def _deliver(self, channel: str, payload: str) -> None:
        loop = asyncio.get_running_loop()
        for callback in self._callbacks[channel]:
            # Each by itself: a mistake in one is reported by the loop, and the others hear.
            loop.call_soon(callback, payload)
