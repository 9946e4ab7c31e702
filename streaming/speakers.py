"""What the jukebox plays on: a program of the sound system, or nothing at all."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

FORM, LAYOUT, RATE, BYTES_PER_SAMPLE = "s16", "stereo", 48000, 4

_PROGRAMS: dict[str, Callable[[str], list[str]]] = {
    "alsa": lambda device: [
        "aplay", "-q", "-t", "raw", "-f", "S16_LE", "-c", "2", "-r", f"{RATE}",
        *(["-D", device] if device else []),
    ],
    "pulse": lambda device: [
        "pacat", "--playback", "--format=s16le", "--channels=2", f"--rate={RATE}",
        *([f"--device={device}"] if device else []),
    ],
    "pipewire": lambda device: [
        "pw-cat", "--playback", "--format=s16", "--channels=2", f"--rate={RATE}",
        *([f"--target={device}"] if device else []), "-",
    ],
}  # fmt: skip
_LEAD = 0.2
_PATIENCE = 2.0


class MuteError(Exception):
    """There is nothing to play on."""


class Speaker(Protocol):
    """Takes sound as fast as it can be heard: 16 bits, two channels, `RATE`."""

    def write(self, sound: bytes) -> None:
        """Play on; blocks. Raises MuteError."""

    def cut(self) -> None:
        """Be silent at once."""

    def close(self) -> None:
        """Play what was written, and let go of the device."""


def speaker(output: str, device: str) -> Speaker:
    """The one for a setting."""
    return Silence() if output == "silent" else Program(_PROGRAMS[output](device))


class Silence:
    """Takes as long as it would take to listen."""

    def __init__(self) -> None:
        self._due = 0.0

    def write(self, sound: bytes) -> None:
        self._due = max(self._due, time.monotonic()) + len(sound) / BYTES_PER_SAMPLE / RATE
        time.sleep(max(0.0, self._due - time.monotonic() - _LEAD))

    def cut(self) -> None:
        self._due = 0.0

    def close(self) -> None:
        self._due = 0.0


class Program:
    """A program that reads sound from its standard input. It is started when there is some."""

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, sound: bytes) -> None:
        try:
            if self._process is None:
                self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, bufsize=0)
            _write(self._process, sound)
        except FileNotFoundError:
            raise MuteError(f"The program {self._command[0]} is not installed.") from None
        except OSError as error:
            self.cut()
            raise MuteError(f"{self._command[0]} does not play: {error.strerror}.") from error

    def cut(self) -> None:
        if self._process is not None:
            self._process.kill()
            self.close()

    def close(self) -> None:
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with suppress(OSError):
            process.stdin.close()
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _write(process: subprocess.Popen[bytes], sound: bytes) -> None:
    """All of it: without a buffer in between, a pipe may take less."""
    rest = memoryview(sound)
    while rest and process.stdin is not None:
        rest = rest[process.stdin.write(rest) :]
