"""Work that can wait lets other work go first."""

from __future__ import annotations

import contextlib
import ctypes
import os
import platform
import sys

_NICER = 10
_IDLE = 3 << 13
_THIS_PROCESS = 1
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30, "riscv64": 30, "armv7l": 314, "ppc64le": 273}


def yield_to_others() -> None:
    """Use the processor after others, and the disk when nobody else does; children do so, too.

    The kernel knows the second for some of its disk schedulers; without it the first has to do.
    """
    with contextlib.suppress(OSError):
        os.nice(_NICER)
    number = _IOPRIO_SET.get(platform.machine())
    if sys.platform == "linux" and number is not None:
        ctypes.CDLL(None).syscall(number, _THIS_PROCESS, 0, _IDLE)
