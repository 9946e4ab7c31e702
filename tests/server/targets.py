"""What the sandbox is asked to run in its tests."""

from __future__ import annotations

import ctypes
import os
import sys
import time


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
