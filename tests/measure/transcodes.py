"""Transcodes by themselves: speed, first bytes, and how soon a worker is free again."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Mapping
from statistics import median

from tests.measure.bench import CASES, MEGABYTE, Bench, Case, Figures, Take
from tests.measure.table import heading, note, row, spread
from tests.measure.wire import Connection, percentile, threads

_OTHERS = {"ffmpeg -threads 1": ("-threads", "1"), "ffmpeg": ()}
_OURS = "Dulcian"


def speed(bench: Bench) -> Figures:
    """Speed and processor time beside those of ffmpeg with one thread."""
    others = _OTHERS if shutil.which("ffmpeg") else {}
    heading(
        "Transcodes", "first byte ms", "x real time", "CPU s per min", "kbit/s", "CPU ratio",
        "speed ratio",
    )  # fmt: skip
    note("Ratios to ffmpeg -threads 1." if others else "ffmpeg is not installed: nothing beside.")
    found = {}
    for case in CASES:
        takes: dict[str, list[Take]] = {}
        for _ in range(bench.rounds):
            takes.setdefault(_OURS, []).append(bench.ours(case))
            for name, words in others.items():
                takes.setdefault(name, []).append(bench.theirs(case, *words))
        note(case.name)
        found[case.name] = {name: _speed(bench, takes, name) for name in takes}
    return found


def _speed(bench: Bench, takes: Mapping[str, list[Take]], name: str) -> Figures:
    mine, base = takes[name], takes.get("ffmpeg -threads 1", takes[_OURS])
    pairs = list(zip(mine, base, strict=True))
    figures: Figures = {
        "first_ms": median(1000 * one.first for one in mine),
        "x_realtime": median(bench.seconds / one.took for one in mine),
        "cpu_s_per_minute": median(60 * one.cpu / bench.seconds for one in mine),
        "kbit_per_second": median(one.size / bench.seconds / 125 for one in mine),
        "cpu_ratio": [one.cpu / other.cpu for one, other in pairs],
        "speed_ratio": [other.took / one.took for one, other in pairs],
        "memory_mb": max(one.memory for one in mine) / MEGABYTE,
    }
    row(
        f"  {name}", f"{figures['first_ms']:.0f}", f"{figures['x_realtime']:.0f}",
        f"{figures['cpu_s_per_minute']:.3f}", f"{figures['kbit_per_second']:.0f}",
        spread(figures["cpu_ratio"]), spread(figures["speed_ratio"]),
    )  # fmt: skip
    return figures


def first_bytes(bench: Bench) -> Figures:
    """The first byte of a new transcode and of a kept one; how soon a worker is free."""
    heading("First bytes, ms", "new", "worst", "kept", "worst", "left to freed", "p90", "worst")
    found = {}
    luck = random.Random(1)
    for case in CASES:
        # What is started once, threads for reading among it, is no worker.
        _broken_off(bench, case, 0.1)
    for case in CASES:
        bench.quiet()
        takes = [
            _broken_off(bench, case, luck.uniform(0, 0.3)) for _ in range(4 if bench.quick else 12)
        ]
        new, freed = ([1000 * take[side] for take in takes] for side in (0, 1))
        kept = [] if case.profile.lossless else _kept(bench, case)
        found[case.name] = {"new_ms": new, "kept_ms": kept, "freed_ms": freed}
        row(
            case.name, *_two(new), *_two(kept), f"{_mean(freed):.1f}",
            f"{percentile(freed, 0.9):.1f}", f"{max(freed):.1f}",
        )  # fmt: skip
    return found


def _two(values: list[float]) -> tuple[str, str]:
    return (f"{median(values):.1f}", f"{max(values):.1f}") if values else ("-", "-")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _kept(bench: Bench, case: Case) -> list[float]:
    bench.ours(case)
    return [1000 * _first(bench, bench.path(case)) for _ in range(10 if bench.quick else 30)]


def _first(bench: Bench, path: str) -> float:
    start = time.perf_counter()
    with Connection(bench.port) as connection:
        connection.ask(path)
        connection.take(1)
        return time.perf_counter() - start


def _broken_off(bench: Bench, case: Case, after: float) -> tuple[float, float]:
    """Seconds to the first byte, and from the listener's leaving to the end of the thread."""
    bench.forget()
    before, start = threads(bench.pid), time.perf_counter()
    with Connection(bench.port) as connection:
        connection.ask(bench.path(case), "Connection: close")
        connection.take(1)
        first = time.perf_counter() - start
        until = time.perf_counter() + after
        while time.perf_counter() < until:
            connection.take()
        connection.break_off()
    left = time.perf_counter()
    while threads(bench.pid) > before and time.perf_counter() < left + 5:
        time.sleep(0.0005)
    return first, time.perf_counter() - left
