"""The child of a sandbox: reads calls from a pipe, runs them, writes the answers to another.

It is a program of its own (`python -m server.sandbox_child MEMORY PARENT`), imports nothing of
Dulcian but its confinement and the modules it is asked to call, and ends with its parent.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

from server.confinement import confine

HELLO = b"\x01"
CALL = struct.Struct(">HI")
"""Head of a call: lengths of the target's name and of the payload, which follow."""
ANSWER = struct.Struct(">BI")
"""Head of an answer: how it went, and the length of the result or of the error's text."""
DONE, RAISED, SPENT = 0, 1, 2
"""`SPENT`: raised, and the child ends, for what is left of its memory is no ground to work on."""
_PR_SET_PDEATHSIG = 1
_NICER = 5


def die_with_parent(parent: int) -> None:
    """Be killed when the parent is gone (Linux; elsewhere the end of the pipe has to do)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)


def find(target: str) -> Callable[[bytes], bytes]:
    """The function that a name such as `library.tags:read_files` stands for."""
    module, _, function = target.partition(":")
    found: Callable[[bytes], bytes] = getattr(importlib.import_module(module), function)
    return found


def answer(target: str, payload: bytes) -> tuple[int, bytes]:
    """Call the target; whatever a parser throws at us is an answer too."""
    try:
        return DONE, find(target)(payload)
    except MemoryError:
        return SPENT, b"MemoryError: the file needs more memory than it may have"
    except Exception as error:  # noqa: BLE001 - hostile input may raise anything
        return RAISED, f"{type(error).__name__}: {error}".encode("utf-8", "backslashreplace")


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Answer calls until the pipe ends; the first answer says that the child is up."""
    answers.write(HELLO)
    answers.flush()
    while head := calls.read(CALL.size):
        named, length = CALL.unpack(head)
        target = calls.read(named).decode()
        how, body = answer(target, calls.read(length))
        answers.write(ANSWER.pack(how, len(body)) + body)
        answers.flush()
        if how == SPENT:
            return


def main() -> None:
    """Take the pipes away from whatever a parser may print or read, then serve."""
    memory, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with_parent(parent)
    os.nice(_NICER)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the group; the parent decides
    calls, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    confine(memory)
    with calls, answers:
        serve(calls, answers)


if __name__ == "__main__":
    main()
