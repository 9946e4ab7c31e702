"""The server that is measured, and one transcode of it or of ffmpeg."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from streaming.profiles import AAC, FLAC, M4A, MP3, OPUS, Profile
from tests.bench import Server, rest, wait_until
from tests.measure.probed import REPORT
from tests.measure.wire import Connection

SONGS = {"cd.flac": (44100, 0), "cd.mp3": (44100, 256), "hires.flac": (96000, 0)}
"""Sample rates and kbit/s."""
MEGABYTE = 1 << 20
Figures = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """A transcode: of which song, to what, at how many kbit/s."""

    song: str
    profile: Profile
    rate: int

    @property
    def name(self) -> str:
        rate = f" {self.rate}" if self.rate else ""
        return f"{self.song} to {self.profile.name}{rate}"

    def path(self, id: str) -> str:
        wanted = {"format": self.profile.name, "maxBitRate": str(self.rate)}
        # A FLAC is made of a FLAC only for who wants to begin in the middle.
        return rest(
            "stream", id=id, **({"timeOffset": "0.001"} if self.profile.lossless else wanted)
        )

    def command(self, source: Path, *more: str) -> list[str]:
        """What gives ffmpeg the same work: the same encoder, told the same."""
        profile, rate = self.profile, SONGS[self.song][0]
        words = {**profile.options, **profile.under_way}
        options = [word for name, text in words.items() for word in (f"-{name}", text)]
        options += [] if profile.lossless else ["-b:a", str(profile.bits(self.rate))]
        return [
            "ffmpeg", "-v", "error", "-nostdin", *more, "-i", str(source), "-map", "0:a:0",
            "-c:a", profile.codec, "-ar", str(profile.sample_rate(rate, self.rate)), "-ac", "2",
            *more, *options, "-f", profile.muxer, "-",
        ]  # fmt: skip


CASES = (
    Case("cd.flac", MP3, 192), Case("cd.flac", MP3, 320), Case("cd.mp3", MP3, 192),
    Case("cd.flac", OPUS, 128), Case("cd.mp3", OPUS, 128),
    Case("cd.flac", AAC, 192), Case("cd.flac", M4A, 192), Case("hires.flac", FLAC, 0),
)  # fmt: skip


@dataclass(frozen=True)
class Take:
    """One transcode: seconds to the first byte and to the last, and of the processor; bytes."""

    first: float
    took: float
    cpu: float
    size: int
    memory: int = 0


@dataclass(frozen=True)
class Bench:
    """What is measured, and how thoroughly."""

    server: Server
    place: Path
    ids: Mapping[str, str]
    """Of the songs by the names of their files."""
    seconds: int
    rounds: int
    quick: bool

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def pid(self) -> int:
        return self.server.process.pid

    def forget(self) -> None:
        """Empty the cache, so that the next transcode is one."""
        for kept in (self.place / "data/cache/songs").glob("??/*"):
            kept.unlink(missing_ok=True)

    def path(self, case: Case) -> str:
        return case.path(self.ids[case.song])

    def raw(self, song: str = "hires.flac") -> str:
        return rest("stream", format="raw", id=self.ids[song])

    def ours(self, case: Case) -> Take:
        """A transcode to its end, as a listener gets it."""
        self.forget()
        cpu, start = self.server.cpu(), time.perf_counter()
        with Connection(self.port) as connection:
            connection.ask(self.path(case), "Connection: close")
            size = connection.take(1)
            first = time.perf_counter() - start
            size += connection.take_all()
        took = time.perf_counter() - start
        self.quiet()
        return Take(first, took, self.server.cpu() - cpu, size)

    def theirs(self, case: Case, *more: str) -> Take:
        """The same by ffmpeg, read from a pipe."""
        start = time.perf_counter()
        command = case.command(self.place / "music" / case.song, *more)
        with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0) as process:
            out = process.stdout
            assert out is not None
            size = len(out.read(1))
            first = time.perf_counter() - start
            while data := out.read(MEGABYTE):
                size += len(data)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise click.ClickException(f"ffmpeg failed: {' '.join(command)}")
        took = time.perf_counter() - start
        return Take(first, took, used.ru_utime + used.ru_stime, size, used.ru_maxrss * 1024)

    def quiet(self) -> None:
        """Wait until nothing is being transcoded."""
        wait_until(lambda: not self.metric("transcodes_running") + self.metric("transcodes_queued"))

    def collected(self) -> Mapping[str, int]:
        """Have the server let go of what it does not need; its objects by their types."""
        self.quiet()
        wait_until(lambda: not self.metric("streams"))
        time.sleep(0.5)
        report = self.place / "data" / REPORT
        report.unlink(missing_ok=True)
        self.server.process.send_signal(signal.SIGUSR2)
        wait_until(report.exists)
        return dict(json.loads(report.read_text()))

    def metric(self, name: str) -> float:
        """What the server itself counts."""
        text = self.server.get("/metrics").decode()
        return float(text.partition(f"\ndulcian_{name} ")[2].partition("\n")[0])
