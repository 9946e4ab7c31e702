"""What streams leave behind that are broken off: files, threads, processes, memory."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

from tests.bench import rest
from tests.measure.bench import CASES, Bench, Figures
from tests.measure.table import heading, note, row
from tests.measure.wire import Connection, Held, held

_AT_ONCE = 16
_LEAST = 50


@dataclass(frozen=True)
class Kind:
    """Something to ask for."""

    path: str
    head: str = "Connection: close"
    made: bool = False
    """Whether it is transcoded, and has to be each time."""
    offset: bool = False
    """Whether it may begin anywhere, which is heard by nobody else and not kept."""

    def at(self, number: int) -> str:
        """Where to ask; half of those that can begin somewhere else, so that both ways are gone."""
        return (
            f"{self.path}&timeOffset={number / 1000}" if self.offset and number % 2 else self.path
        )


def kinds(bench: Bench) -> dict[str, Kind]:
    """Every kind of stream there is."""
    song, track = bench.ids["cd.flac"], bench.ids["cue"]
    album = bench.server.json("getSong", id=song)["song"]["albumId"]
    playlist = bench.server.get(rest("hls", id=song, bitRate="128")).decode().split()
    segments = [line for line in playlist if not line.startswith("#")]
    live = {
        case.profile.name: Kind(bench.path(case), made=True, offset=not case.profile.lossless)
        for case in CASES
    }
    return {
        "file": Kind(bench.raw()),
        "range": Kind(bench.raw(), "Range: bytes=1000000-9000000"),
        "download": Kind(rest("download", id=song)),
        "zip": Kind(rest("download", id=album)),
        "cover": Kind(rest("getCoverArt", id=album, size="300")),
        **live,
        "hls": Kind(f"/rest/{segments[1]}", made=True),
        "cue track": Kind(rest("stream", id=track, format="raw"), made=True),
    }


def leaks(bench: Bench, count: int) -> Figures:
    """Break off so many streams of each kind, many at a time, each at another moment."""
    heading(
        f"{count} broken off of each",
        "seconds",
        "files",
        "threads",
        "processes",
        "kB",
        "bytes each",
    )
    found = {}
    everything = kinds(bench)
    for kind in everything.values():
        _many(bench, kind, _LEAST)
    for name, kind in everything.items():
        _many(bench, kind, count // 4)
        counts, before = bench.collected(), held(bench.pid)
        start = time.monotonic()
        _many(bench, kind, count)
        took = time.monotonic() - start
        more, after = bench.collected(), held(bench.pid)
        found[name] = _told(name, took, before, after, count)
        grown = {one: more[one] - counts.get(one, 0) for one in more}
        found[name]["objects"] = {one: n for one, n in grown.items() if n >= max(20, count // 50)}
        if found[name]["objects"]:
            note(f"  objects: {found[name]['objects']}")
    return found


def _told(name: str, took: float, before: Held, after: Held, count: int) -> Figures:
    grown = after.memory - before.memory
    row(
        name, f"{took:.0f}", f"{after.files - before.files:+}", f"{after.threads - before.threads:+}",
        f"{after.children - before.children:+}", f"{grown / 1024:+.0f}", f"{grown / count:+.0f}",
    )  # fmt: skip
    return {"before": before.__dict__, "after": after.__dict__, "bytes_each": grown / count}


def _many(bench: Bench, kind: Kind, count: int) -> None:
    luck = random.Random(count)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for start in range(0, count, _LEAST):
            if kind.made:
                bench.forget()
            some = range(start, min(start + _LEAST, count))
            waits = [luck.choice((-1.0, 0.0, luck.uniform(0, 0.03))) for _ in some]
            list(pool.map(lambda *one: _break_off(bench.port, kind, *one), some, waits))
    bench.quiet()


def _break_off(port: int, kind: Kind, number: int, wait: float) -> None:
    """Leave before the answer (-1), with the first byte (0), or a moment after it."""
    path = kind.at(number)
    with suppress(OSError), Connection(port, receive=16 * 1024) as connection:
        try:
            if wait < 0:
                connection.send(path, kind.head)
                time.sleep(0.002)
                return
            connection.ask(path, kind.head)
            connection.take(1)
            time.sleep(wait)
        finally:
            connection.break_off()
