"""Memory given back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from server import memory
from tests.support import bombs

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


@pytest.mark.parametrize(
    ("machine", "reading", "serving"),
    [
        (2**28, 2**28, 2**29),
        (2**30, 2**28, 3 * 2**28),
        (2**31, 2**29, 3 * 2**29),
        (2**36, 2**30, 3 * 2**34),
    ],
)
def test_shares_suit_the_machine(
    monkeypatch: pytest.MonkeyPatch, machine: int, reading: int, serving: int
) -> None:
    monkeypatch.setattr(memory, "installed", lambda: machine)
    assert (memory.for_reading(), memory.for_serving()) == (reading, serving)
    assert (memory.for_reading(5), memory.for_serving(5)) == (5, 5)


def test_the_machine_has_memory() -> None:
    assert 2**27 < memory.installed() < 2**50


BOMB = """
from server import memory
memory.bound(400 * 2**20)
from streaming.decode import open_source
from streaming.errors import Unplayable
from streaming.files import open_regular
opened = open_regular({path!r})
try:
    open_source(opened, "m4a").close()
except Unplayable:
    pass
# Not what getrusage says: that begins with what the parent had.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(int(status["VmHWM"].split()[0]) * 1024)
"""


@pytest.mark.attack("X41")
def test_a_file_that_makes_a_decoder_want_gigabytes_does_not_get_them(tmp_path: Path) -> None:
    """Four kilobytes whose index would take 700 MB; the process lives."""
    path = tmp_path / "x.m4a"
    path.write_bytes(bombs.mp4(20_000_000))
    code = BOMB.format(path=str(path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert int(done.stdout) < 300 * 2**20
