"""Memory given back."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import threading
{call}
def work():
    blocks = [bytes(60_000) for _ in range(400)]
    barrier.wait()
barrier = threading.Barrier(8)
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
import re
print(sum("rw-p" in line for line in open("/proc/self/maps") if re.match("7f", line)))
"""


def heaps(call: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(call=call)], capture_output=True, check=True, text=True
    )
    return int(done.stdout)


def test_threads_share_few_heaps() -> None:
    assert heaps("from server import memory; memory.keep_small()") < heaps("")
