"""Dulcian as people start it: a process with a command line, an environment and signals."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.postgres import free_port

ROOT = Path(__file__).parents[2]
PATIENCE = 40.0


def environment(**variables: str) -> dict[str, str]:
    """The machine's own, without anybody's settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DULCIAN")}
    return kept | variables


def run(*words: str, text: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "server", *words],
        cwd=ROOT, env=environment(**variables), input=text, text=True, capture_output=True,
        timeout=PATIENCE,
    )  # fmt: skip


@dataclass
class Program:
    """A `dulcian serve` that was started."""

    process: subprocess.Popen[bytes]
    data: Path
    port: int
    output: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; each time over a connection of its own."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as response:  # noqa: S310
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def wait_until_ready(self) -> None:
        """Return when `/health` is green."""
        self.wait_for(self._is_green)

    def _is_green(self) -> bool:
        try:
            return self.get("/health")[0] == 200
        except OSError:
            return False

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return when the condition holds; fails when the server has ended before."""
        until = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.log
            assert time.monotonic() < until, self.log
            time.sleep(0.05)

    @property
    def log(self) -> str:
        return self.output.read_text(encoding="utf-8")

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of the log; every one of them is JSON."""
        return [json.loads(line) for line in self.log.splitlines()]

    def event(self, name: str) -> dict[str, Any]:
        """The first line of that name, waited for."""
        self.wait_for(lambda: any(event["event"] == name for event in self.events))
        return next(event for event in self.events if event["event"] == name)

    @property
    def postgres(self) -> int:
        """The embedded server's process."""
        return int((self.data / "postgres/postmaster.pid").read_text().split()[0])

    def children(self, command: str) -> list[int]:
        """Its child processes whose command line holds this."""
        return children(self.process.pid, command)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def serving(
    data: Path,
    *options: str,
    before: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
    output: Path | None = None,
    ready: bool = True,
) -> Iterator[Program]:
    """A server on this data, ended with the block. `before` is put in front of its command line.

    Its log is beside the data, unless `output` says where.
    """
    port = free_port()
    output = output or data.with_suffix(".log")
    listen = ("--data", str(data), "--listen", f"127.0.0.1:{port}")
    with output.open("wb") as log:
        process = subprocess.Popen(
            [*before, sys.executable, "-m", "server", "serve", *listen, *options],
            cwd=ROOT, env=environment(**(environ or {})), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    program = Program(process, data, port, output)
    try:
        if ready:
            program.wait_until_ready()
        yield program
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def children(parent: int, command: str) -> list[int]:
    """The child processes of a process whose command line holds this."""
    own = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in own}
    return [pid for pid, line in lines.items() if command.encode() in line.replace(b"\0", b" ")]


def lives(pid: int) -> bool:
    """Whether a process is there and not yet only a name."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return re.sub(r"^.*\) ", "", stat)[0] != "Z"


def wait_until_gone(*pids: int) -> None:
    """Return when none of the processes lives."""
    until = time.monotonic() + PATIENCE
    while any(map(lives, pids)):
        assert time.monotonic() < until, pids
        time.sleep(0.02)
