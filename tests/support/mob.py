"""Clients with bad manners, and what a server holds while they are there."""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
import struct
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_from_bytes

from tests.support.drawn import ODD

PATIENCE = 120.0
_WAIT = 0.3
WHOLE = 2**30
"""More bytes than any answer has."""


class Answer(NamedTuple):
    """How a request ended: a status, or `left` (by us), `closed`, `cut`, `refused`, `hang`."""

    name: str
    end: str
    seconds: float


@dataclass(frozen=True)
class Usage:
    """What a process and its descendants hold."""

    memory: int
    files: int
    threads: int
    processes: int

    @classmethod
    def of(cls, pid: int) -> Usage:
        memory = files = threads = processes = 0
        for one in family(pid):
            place = Path(f"/proc/{one}")
            with suppress(OSError):
                memory += 1024 * int(
                    (place / "smaps_rollup").read_text().partition("Pss:")[2].split()[0]
                )
                if (place / "comm").read_text() != "postgres\n":  # it keeps files of tables open
                    files += len([*(place / "fd").iterdir()])
                threads += len([*(place / "task").iterdir()])
                processes += 1
        return cls(memory, files, threads, processes)

    def __str__(self) -> str:
        return (
            f"{self.memory / 2**20:.0f} MB (PSS), {self.files} files, {self.threads} threads,"
            f" {self.processes} processes"
        )


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        with suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (task / "children").read_text().split())
    return found


@dataclass
class Mob:
    """Those who ask; `dice` decides what."""

    host: str
    port: int
    user: str
    password: str
    dice: random.Random
    answers: list[Answer] = field(default_factory=list)
    now: ContextVar[str] = field(default_factory=lambda: ContextVar("now", default=""))
    """What each of them is at."""

    def path(self, name: str, /, **words: object) -> str:
        """The address of an endpoint, signed as the account."""
        return f"/rest/{name}?{self.signed()}" + "".join(f"&{k}={v}" for k, v in words.items())

    def signed(self) -> str:
        token = hashlib.md5(f"{self.password}salt".encode()).hexdigest()  # noqa: S324
        form = self.dice.choice(["xml", "json", "jsonp"])
        return f"u={quote(self.user)}&t={token}&s=salt&v=1.16.1&c=mob&f={form}&callback=x"

    def song(self) -> str:
        return f"tr-{self.dice.randint(1, 60)}"

    def odd(self) -> str:
        return quote_from_bytes(self.dice.choice(ODD))

    async def get(self, path: str, head: str = "", method: str = "GET", most: int = WHOLE) -> None:
        """A request that is proper HTTP."""
        text = f"{method} {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n{head}\r\n"
        await self.send(text.encode("latin-1", "replace"), most, shut=False)

    async def post(
        self, path: str, body: bytes, kind: str = "application/x-www-form-urlencoded"
    ) -> None:
        head = f"POST {path} HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\nContent-Type: {kind}\r\n"
        await self.send(
            head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body, shut=False
        )

    async def send(
        self, data: bytes, most: int = WHOLE, pause: float = 0, shut: bool = True
    ) -> None:
        """Send bytes, read `most` bytes of what comes, leave without a word; note how it was."""
        began, end = time.monotonic(), "hang"
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                end = await self._exchange(data, most, pause, shut)
        self.answers.append(Answer(self.now.get(), end, time.monotonic() - began))

    async def _exchange(self, data: bytes, most: int, pause: float, shut: bool) -> str:
        try:
            reader, writer = await asyncio.open_connection(self.host, self.port)
        except ConnectionError:
            return "refused"
        # An end that the other side learns of by a reset.
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
        try:
            writer.write(data)
            if pause:
                await asyncio.sleep(pause)
            elif shut:  # what waits for more is told that there is none
                asyncio.get_running_loop().call_later(_WAIT, _shut, writer)
            if most == 0:
                return "left"
            line = await reader.readline()
            got = 0
            while got < most and (block := await reader.read(min(65536, most - got))):
                got += len(block)
        except ConnectionError:
            return "cut"
        finally:
            writer.transport.abort()
        return line[9:12].decode("latin-1") if line.startswith(b"HTTP/") else "closed"


def _shut(writer: asyncio.StreamWriter) -> None:
    if not writer.is_closing():
        writer.write_eof()
