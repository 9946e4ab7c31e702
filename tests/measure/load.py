"""Many listeners at once: what they cost, and what the others notice of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from statistics import median

from tests.bench import free_port, started
from tests.measure.bench import CASES, MEGABYTE, Bench, Figures
from tests.measure.table import heading, note, row
from tests.measure.wire import Connection, Pings, percentile, pinging, resident

_AT_ONCE = 8
_READERS = 400
_OURS, _BARE = "Dulcian", "a bare aiohttp server"


def transcodes(bench: Bench) -> Figures:
    """Eight at once: how quickly other requests are answered meanwhile, and what each holds."""
    heading("8 transcodes at once", "idle p50 ms", "idle p99 ms", "p50 ms", "p99 ms", "worst ms")
    bodies, port = bench.place / "bodies", free_port()
    bodies.mkdir(exist_ok=True)
    with started(["tests.bench", "--bare", str(bodies), "--port", str(port)], port):
        servers = {_OURS: (bench.port, "/health/live"), _BARE: (port, "/health/ready")}
        idle, _ = _pinged(servers, lambda: time.sleep(2))
        bench.collected()
        loaded, each = _pinged(servers, lambda: _loaded(bench))
    bench.quiet()
    for name, took in loaded.items():
        before = idle[name]
        figures = [
            median(before), percentile(before, 0.99), median(took), percentile(took, 0.99), max(took)
        ]  # fmt: skip
        row(name, *(f"{1000 * one:.1f}" for one in figures))
    note(f"{len(loaded[_OURS])} requests; each transcode holds {each:.1f} MB")
    in_ms = {name: [1000 * one for one in took] for name, took in loaded.items()}
    return {"ms": in_ms, "memory_mb_each": each}


def _pinged(
    servers: Mapping[str, tuple[int, str]], load: Callable[[], float | None]
) -> tuple[dict[str, list[float]], float]:
    with ExitStack() as stack:
        pings = {name: stack.enter_context(pinging(*one)) for name, one in servers.items()}
        found = load()
    return {name: one.took for name, one in pings.items()}, found or 0.0


def _loaded(bench: Bench) -> float:
    """Transcode for some seconds; MB of memory for each."""
    bench.forget()
    before = most = resident(bench.pid)
    # Each from elsewhere, so that nobody hears what is made for somebody else.
    paths = [
        f"{bench.path(CASES[number % 6])}&timeOffset={number / 10}" for number in range(_AT_ONCE)
    ]
    until = time.monotonic() + (4 if bench.quick else 10)
    with _downloading(bench.port, paths) as busy:
        while busy() and time.monotonic() < until:
            most = max(most, resident(bench.pid))
            time.sleep(0.05)
    return (most - before) / _AT_ONCE / MEGABYTE


@contextmanager
def _downloading(port: int, paths: list[str]) -> Iterator[Callable[[], bool]]:
    """Each in a thread; given is whether all still go on. At the end they are cut off."""
    connections = [Connection(port) for _ in paths]
    workers = [
        threading.Thread(target=_download, args=pair)
        for pair in zip(connections, paths, strict=True)
    ]
    for one in workers:
        one.start()
    try:
        yield lambda: all(one.is_alive() for one in workers)
    finally:
        for connection in connections:
            connection.shut()
        for one in workers:
            one.join()


def _download(connection: Connection, path: str) -> None:
    with suppress(OSError):
        connection.ask(path, "Connection: close")
        connection.take_all()


def slow_readers(bench: Bench) -> Figures:
    """Hundreds who take a few bytes at a time."""
    count = _READERS // 4 if bench.quick else _READERS
    heading(f"{count} slow readers", "MB more", "kB each", "ping p50 ms", "ping p99 ms")
    paths = {"of a file": bench.raw(), "of one transcode": bench.path(CASES[0])}
    return {name: _slow(bench, name, path, count) for name, path in paths.items()}


def _slow(bench: Bench, name: str, path: str, count: int) -> Figures:
    bench.forget()
    bench.collected()
    before = resident(bench.pid)
    readers = [Connection(bench.port, receive=4096) for _ in range(count)]
    with pinging(bench.port, "/health/live") as pings:
        more = _read(bench, readers, path) - before
    for one in readers:
        one.break_off()
    bench.quiet()
    return _told(name, more, count, pings)


def _read(bench: Bench, readers: list[Connection], path: str) -> int:
    """The most memory that the server has while they read."""
    for one in readers:
        one.ask(path, "Connection: close")
    most, until = 0, time.monotonic() + (2 if bench.quick else 5)
    while time.monotonic() < until:
        for one in readers:
            one.take(2048)
        most = max(most, resident(bench.pid))
    return most


def _told(name: str, more: int, count: int, pings: Pings) -> Figures:
    p50, p99 = (1000 * percentile(pings.took, share) for share in (0.5, 0.99))
    row(name, f"{more / MEGABYTE:.1f}", f"{more / 1024 / count:.1f}", f"{p50:.1f}", f"{p99:.1f}")
    return {"mb": more / MEGABYTE, "readers": count, "ping_p50_ms": p50, "ping_p99_ms": p99}
