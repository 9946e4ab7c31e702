"""Process number 1 of a container: starts the server, hands on signals, buries what nobody waits for."""

from __future__ import annotations

import contextlib
import os
import signal
from types import FrameType

_HANDED_ON = (
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
)  # fmt: skip


def be_first() -> None:
    """Return in a child process; the first process stays here until that child has ended.

    The kernel gives orphans to process 1, and only a process without children of its own kinds may
    wait for any child without taking another part's.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, _HANDED_ON)
    child = os.fork()
    if child:
        _watch(child)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDED_ON)


def _watch(child: int) -> None:
    def hand_on(number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, number)

    for number in _HANDED_ON:
        signal.signal(number, hand_on)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _HANDED_ON)
    while True:
        ended, status = os.waitpid(-1, 0)
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
