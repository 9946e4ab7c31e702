"""What the sandbox is asked to run in its tests."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path


def echo(payload: bytes) -> bytes:
    return payload


def pid(_payload: bytes) -> bytes:
    return str(os.getpid()).encode()


def fail(_payload: bytes) -> bytes:
    raise ValueError("no music in here: \udcff")


def chatter(payload: bytes) -> bytes:
    """As parsers do that print what they think."""
    sys.stdout.write("noise\n" * 1000)
    sys.stdout.flush()
    os.write(1, b"noise")
    sys.stderr.write("warning: odd file\n")
    return payload + sys.stdin.read().encode()


def hang(_payload: bytes) -> bytes:
    time.sleep(600)
    return b""


def crash(_payload: bytes) -> bytes:
    ctypes.string_at(0)
    return b""


def leave(_payload: bytes) -> bytes:
    sys.stderr.write("giving up\n")
    sys.stderr.flush()
    os._exit(3)


def swell(_payload: bytes) -> bytes:
    return bytes(4 * 1024**3)


def modules(_payload: bytes) -> bytes:
    return " ".join(sys.modules).encode()


def environment(_payload: bytes) -> bytes:
    return " ".join(os.environ).encode()


def escape(payload: bytes) -> bytes:
    """What succeeds of what a parser has no reason to do; the payload is a place to write in."""
    place = payload.decode()
    tries: dict[str, Callable[[], object]] = {
        "write": lambda: Path(place, "new").write_bytes(b"x"),
        "connect": lambda: socket.create_connection(("127.0.0.1", 9), 1),
        "bind": lambda: socket.socket(socket.AF_UNIX).bind(f"{place}/socket"),
        "program": lambda: os.execv("/bin/true", ["true"]),  # noqa: S606
        "kill": lambda: os.kill(os.getppid(), signal.SIGSTOP),
        "more memory": lambda: resource.setrlimit(resource.RLIMIT_DATA, (-1, -1)),
    }
    done = []
    for name, attempt in tries.items():
        try:
            attempt()
        except (OSError, ValueError) as error:
            done += [name] if isinstance(error, ConnectionError) else []
        else:
            done.append(name)
    return " ".join(done).encode()
