"""Files as they are, whole and in small ranges, beside nginx."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from tests.bench import Server, free_port, wait_until
from tests.measure.bench import Bench, Figures
from tests.measure.table import heading, note, row, spread
from tests.measure.wire import Connection, length_of

_SONG = "hires.flac"
_AT_ONCE = (1, 4, 16)
_RANGE = 64 * 1024
_CONF = """\
daemon off;
worker_processes 1;
pid {place}/nginx.pid;
error_log {place}/error.log;
{user}
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    client_body_temp_path {place}/body; proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/f;
    uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
    server {{ listen 127.0.0.1:{port}; root {music}; }}
}}
"""


@dataclass(frozen=True)
class Load:
    """Megabytes or requests per second, and milliseconds of the processor for each."""

    per_second: float
    cpu_ms: float


def raw(bench: Bench) -> Figures:
    """Throughput beside nginx, in alternating rounds; ratios are our part of its."""
    heading("Files as they are", "Dulcian", "CPU ms each", "nginx", "CPU ms each", "share of speed")
    seconds = 0.5 if bench.quick else 1.0
    if not shutil.which("nginx"):
        note("nginx is not installed: nothing to compare with.")
        return _compared(bench, None, seconds)
    with _nginx(bench.place) as nginx:
        return _compared(bench, nginx, seconds)


def _compared(bench: Bench, nginx: Server | None, seconds: float) -> Figures:
    found: Figures = {}
    servers = [(bench.server, bench.raw(_SONG)), *([(nginx, f"/{_SONG}")] if nginx else [])]
    for count in _AT_ONCE:
        rounds = [[_whole(*one, count, seconds) for one in servers] for _ in range(bench.rounds)]
        found[f"whole, {count} at once"] = _told(f"MB/s, {count} at once", rounds)
    if not shutil.which("wrk"):
        note("wrk is not installed: ranges are left out.")
        return found
    for count in _AT_ONCE:
        rounds = [[_ranges(*one, count, seconds) for one in servers] for _ in range(bench.rounds)]
        found[f"ranges, {count} at once"] = _told(f"ranges/s, {count} at once", rounds)
    return found


def _told(name: str, rounds: list[list[Load]]) -> Figures:
    cells, figures = [], Figures()
    for who, loads in zip(("dulcian", "nginx"), zip(*rounds, strict=True), strict=False):
        speed, cpu = median(x.per_second for x in loads), median(x.cpu_ms for x in loads)
        figures[who] = {"per_second": speed, "cpu_ms": cpu}
        cells += [f"{speed:.0f}", f"{cpu:.2f}"]
    if "nginx" in figures:
        figures["share"] = [one.per_second / other.per_second for one, other in rounds]
        cells.append(spread(figures["share"]))
    row(name, *cells)
    return figures


def _whole(server: Server, path: str, count: int, seconds: float) -> Load:
    """The whole file again and again, over connections that stay open."""
    taken = [0] * count
    until = time.monotonic() + seconds

    def take(number: int) -> None:
        with Connection(server.port) as connection:
            while time.monotonic() < until:
                taken[number] += connection.take_all(length_of(connection.ask(path)))

    workers = [threading.Thread(target=take, args=(number,)) for number in range(count)]
    cpu, start = server.cpu(), time.monotonic()
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    took, megabytes = time.monotonic() - start, sum(taken) / 1e6
    return Load(megabytes / took, 1000 * (server.cpu() - cpu) / megabytes)


def _ranges(server: Server, path: str, count: int, seconds: float) -> Load:
    """Small ranges of it, asked for by a client in C."""
    url = f"http://127.0.0.1:{server.port}{path}"
    wanted = f"Range: bytes=5000000-{5000000 + _RANGE - 1}"
    command = ["wrk", "-t", "1", "-c", str(count), "-d", f"{max(1, round(seconds))}s", "-H", wanted]
    cpu = server.cpu()
    told = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    speed = float(_found(r"Requests/sec:\s+([\d.]+)", told))
    return Load(speed, 1000 * (server.cpu() - cpu) / int(_found(r"(\d+) requests in", told)))


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, text
    return match[1]


@contextmanager
def _nginx(place: Path) -> Iterator[Server]:
    """With one worker, on the same files."""
    home, port = place / "nginx", free_port()
    home.mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    (home / "nginx.conf").write_text(
        _CONF.format(place=home, port=port, music=place / "music", user=user)
    )
    command = [
        "nginx",
        "-p",
        str(home),
        "-c",
        str(home / "nginx.conf"),
        "-e",
        str(home / "error.log"),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), process)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(30)


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/{_SONG}", timeout=5):
            return True
    except OSError:
        return False
