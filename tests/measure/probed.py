"""The server with a probe in it, for measuring what it leaves behind.

    python -m tests.measure.probed serve --data FOLDER ...

At SIGUSR2 it collects and trims its memory, and writes how many objects of each type there are into
the data folder.
"""

from __future__ import annotations

import ctypes
import gc
import json
import signal
import sys
import tracemalloc
from collections import Counter
from pathlib import Path

REPORT = "probe.json"


def main() -> None:
    """The command line of Dulcian, with the probe."""
    words = sys.argv
    folder = Path(words[words.index("--data") + 1])
    signal.signal(signal.SIGUSR2, lambda *_: report(folder / REPORT))
    from server.cli import program

    program.main(prog_name="dulcian")


def report(path: Path) -> None:
    """Count what is there now."""
    for _ in range(3):
        gc.collect()
    found = Counter(f"{type(one).__module__}.{type(one).__qualname__}" for one in gc.get_objects())
    if tracemalloc.is_tracing():
        traced = tracemalloc.take_snapshot().statistics("lineno")[:100]
        path.with_name("traced.txt").write_text("\n".join(map(str, traced)))
    ctypes.CDLL(None).malloc_trim(0)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.rename(path)


if __name__ == "__main__":
    main()
