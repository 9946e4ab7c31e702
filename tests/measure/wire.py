"""A client that costs next to nothing, and what a process costs, for measuring.

    python -m tests.measure.wire PORT PATH

asks again and again over one connection, fifty times a second, until its input ends, and prints how
long each answer took, in seconds.
"""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_PAUSE = 0.02
_GULP = 1 << 20
_PAGE = os.sysconf("SC_PAGESIZE")
_TICK = os.sysconf("SC_CLK_TCK")


class Connection:
    """Blocking, and what comes is counted, not copied."""

    def __init__(self, port: int, receive: int = 0) -> None:
        self._socket = socket.socket()
        if receive:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        self._socket.settimeout(120)
        self._socket.connect(("127.0.0.1", port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray(_GULP)

    def ask(self, path: str, *more: str) -> bytes:
        """Send a request; the head of the answer comes back, its body is still to come."""
        self.send(path, *more)
        head = bytearray()
        while not head.endswith(b"\r\n\r\n"):
            # To the end of the head and not a byte more.
            seen = self._socket.recv(8192, socket.MSG_PEEK)
            if not seen:
                raise ConnectionResetError("no answer")
            end = (head + seen).find(b"\r\n\r\n")
            head += self._socket.recv(len(seen) if end < 0 else end + 4 - len(head))
        if bytes(head[9:12]) not in {b"200", b"206"}:
            raise ConnectionRefusedError(head.split(b"\r\n")[0].decode())
        return bytes(head)

    def send(self, path: str, *more: str) -> None:
        """Send a request."""
        lines = (f"GET {path} HTTP/1.1", "Host: bench", *more, "", "")
        self._socket.sendall("\r\n".join(lines).encode())

    def take(self, most: int = _GULP) -> int:
        """Some bytes of the body; 0 at the end."""
        return self._socket.recv_into(self._buffer, min(most, _GULP), socket.MSG_TRUNC)

    def take_all(self, size: int | None = None) -> int:
        """So many, or all until the connection ends."""
        taken = 0
        while size is None or taken < size:
            got = self.take(_GULP if size is None else size - taken)
            if not got:
                break
            taken += got
        return taken

    def break_off(self) -> None:
        """As an app does that is closed: with a reset."""
        with suppress(OSError):
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self._socket.close()

    def shut(self) -> None:
        """End what another thread is reading."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


def length_of(head: bytes) -> int:
    """What `Content-Length` says."""
    return int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])


@dataclass
class Pings:
    """How long answers took, in seconds, while a block ran."""

    took: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        return percentile(self.took, share)


def percentile(values: list[float], share: float) -> float:
    """The value that so large a share is not above; 0 of none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


@contextmanager
def pinging(port: int, path: str) -> Iterator[Pings]:
    """Ask in a process of its own; the figures are there after the block."""
    command = [sys.executable, "-m", __name__, str(port), path]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pings = Pings()
    try:
        yield pings
    finally:
        found = process.communicate()[0]
        pings.took.extend(json.loads(found or b"[]"))


def _ping(port: int, path: str) -> list[float]:
    took = []
    with Connection(port) as connection:
        while not select.select([sys.stdin], [], [], _PAUSE)[0]:
            start = time.perf_counter()
            connection.take_all(length_of(connection.ask(path)))
            took.append(time.perf_counter() - start)
    return took


@dataclass(frozen=True)
class Held:
    """What one process and its children hold."""

    files: int
    threads: int
    children: int
    memory: int
    """Resident bytes of the process itself that are its own (anonymous ones)."""


def held(pid: int) -> Held:
    """What a process holds now."""
    place = Path(f"/proc/{pid}")
    tasks = list((place / "task").iterdir())
    children = sum(_words(task / "children") for task in tasks)
    return Held(len(list((place / "fd").iterdir())), len(tasks), children, resident(pid))


def resident(pid: int) -> int:
    """Bytes of memory a process has that are no files."""
    _, all_pages, shared, *_ = Path(f"/proc/{pid}/statm").read_text().split()
    return (int(all_pages) - int(shared)) * _PAGE


def threads(pid: int) -> int:
    """How many threads a process has."""
    return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208 -- asked a thousand times a second


def _words(path: Path) -> int:
    with suppress(OSError):
        return len(path.read_text().split())
    return 0


if __name__ == "__main__":
    json.dump(_ping(int(sys.argv[1]), sys.argv[2]), sys.stdout)
