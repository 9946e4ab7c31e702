"""Memory given back."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import ctypes, threading
{call}
def work():
    blocks = [bytes(60_000) for _ in range(400)]
    barrier.wait()
barrier = threading.Barrier(8)
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
output = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, output)
libc.fflush(output)
"""


def heaps(call: str) -> int:
    """How many heaps eight threads leave behind."""
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(call=call)], capture_output=True, check=True, text=True
    )
    return done.stdout.count("<heap nr=")


def test_threads_share_few_heaps() -> None:
    assert heaps("from server import memory; memory.keep_small()") <= 2 < heaps("")
