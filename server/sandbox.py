"""Children that read hostile bytes: a bounded number, with little memory and little time.

A parser that loops, eats memory or crashes takes its child with it and nothing else; the next call
gets a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import cast

import structlog

from server import memory
from server.sandbox_child import ANSWER, CALL, DONE, HELLO, SPENT

log = structlog.get_logger()

_IDLE = 60.0
_START = 60.0
_FAREWELL = 2.0
_MAX_ANSWER = 256 * 1024 * 1024
_ROOT = Path(__file__).resolve().parent.parent


def _environment() -> dict[str, str]:
    """No secret of the server's environment goes to where hostile files are read."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {"PYTHONPATH": str(_ROOT), "LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}


class _Child:
    """One process and its pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self._calls = cast("asyncio.StreamWriter", process.stdin)
        self._answers = cast("asyncio.StreamReader", process.stdout)
        self._complaints = cast("asyncio.StreamReader", process.stderr)
        self.last_words = b""
        self.spent = False
        self.farewell: asyncio.TimerHandle | None = None
        self._listener = asyncio.create_task(self._listen())

    @classmethod
    async def start(cls, memory_bytes: int) -> _Child:
        """Start one and wait until it is up; slow starts are not held against the call."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "server.sandbox_child", str(memory_bytes), str(os.getpid()),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            cwd="/",
        )  # fmt: skip
        child = cls(process)
        try:
            async with asyncio.timeout(_START):
                await child.read(len(HELLO))
        except BaseException:
            await child.kill()
            raise
        return child

    async def _listen(self) -> None:
        """Keep the pipe of complaints empty; a parser's warnings are for debugging only."""
        while text := await self._complaints.read(4096):
            self.last_words = (self.last_words + text)[-2000:]
            readable = text.decode("utf-8", "replace")
            log.debug("a reading process complains", child=self.process.pid, text=readable)

    async def read(self, size: int) -> bytes:
        try:
            return await self._answers.readexactly(size)
        except asyncio.IncompleteReadError:
            raise ChildProcessError(await self._reason()) from None

    async def _reason(self) -> str:
        code = await self.kill()
        words = self.last_words.decode("utf-8", "replace").strip().splitlines()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"the reading process ended ({how})" + (f": {words[-1]}" if words else "")

    async def call(self, target: str, payload: bytes) -> bytes:
        """One question, one answer."""
        name = target.encode()
        with contextlib.suppress(ConnectionError):  # the reading below says how it ended
            self._calls.writelines((CALL.pack(len(name), len(payload)), name, payload))
            await self._calls.drain()
        how, size = ANSWER.unpack(await self.read(ANSWER.size))
        if size > _MAX_ANSWER:
            raise ChildProcessError(f"the reading process answered {size} bytes, which is too much")
        body = await self.read(size)
        self.spent = how == SPENT
        if how != DONE:
            raise RuntimeError(body.decode("utf-8", "replace"))
        return body

    @property
    def alive(self) -> bool:
        return self.process.returncode is None and not self.spent

    async def kill(self) -> int:
        """End it now and reap it."""
        if self.farewell is not None:
            self.farewell.cancel()
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        code = await self.process.wait()
        await asyncio.wait({self._listener}, timeout=_FAREWELL)
        self._listener.cancel()
        self._calls.close()
        return code


class Sandbox:
    """Runs functions `bytes -> bytes`, named `module:function`, in at most so many children.

    Children are started when needed and end after a minute without work.
    """

    def __init__(
        self, processes: int, memory_bytes: int = 0, *, idle_seconds: float = _IDLE
    ) -> None:
        """`memory_bytes` of each child; 0: what suits this machine."""
        self._memory = memory.for_reading(memory_bytes)
        self._idle_seconds = idle_seconds
        self._slots = asyncio.Semaphore(max(1, processes))
        self._idle: list[_Child] = []
        self._all: set[_Child] = set()
        self._ends: set[asyncio.Task[int]] = set()
        self._closed = False

    async def call(self, target: str, payload: bytes, *, timeout: float = 30) -> bytes:  # noqa: ASYNC109
        """Run a function in a child.

        RuntimeError: the function raised, with its text. TimeoutError: it took too long and was
        killed. ChildProcessError: it took the process with it. Waiting for a free child and for
        its start does not count as time.
        """
        async with self._slots:
            child = await self._take()
            try:
                async with asyncio.timeout(timeout):
                    body = await child.call(target, payload)
            except RuntimeError:
                self._put(child)
                raise
            except BaseException:
                await self._drop(child)
                raise
            self._put(child)
            return body

    async def _take(self) -> _Child:
        if self._closed:
            raise ChildProcessError("the server is stopping")
        while self._idle:
            child = self._idle.pop()
            if child.farewell is not None:
                child.farewell.cancel()
            if child.alive:
                return child
            await self._drop(child)
        child = await _Child.start(self._memory)
        self._all.add(child)
        return child

    def _put(self, child: _Child) -> None:
        """Keep a child for the next call, for a while."""
        if self._closed or not child.alive:
            self._end(child)
            return
        self._idle.append(child)
        loop = asyncio.get_running_loop()
        child.farewell = loop.call_later(self._idle_seconds, self._end, child)

    def _end(self, child: _Child) -> None:
        if child in self._idle:
            self._idle.remove(child)
        task = asyncio.create_task(self._drop(child))
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _drop(self, child: _Child) -> int:
        """End a child; shielded, so that a cancelled caller leaves no process behind."""
        self._all.discard(child)
        return await asyncio.shield(asyncio.ensure_future(child.kill()))

    async def close(self) -> None:
        """End every child, also those at work, whose callers get a ChildProcessError."""
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*(self._drop(child) for child in tuple(self._all)), *self._ends)

    def hold(self) -> None:
        """Have every child stand still; the time of calls goes on."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Have those that stand still go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for child in self._all:
            with contextlib.suppress(ProcessLookupError):
                child.process.send_signal(number)

    @property
    def children(self) -> int:
        """How many children there are now."""
        return len(self._all)
