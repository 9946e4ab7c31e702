"""Real videos for tests, made by PyAV: small, short, and such that a picture tells its time.

The pictures grow lighter from second to second; the sound is a tone, one octave higher in each track.
"""

from __future__ import annotations

import math
import os
from array import array
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

SECONDS = 12.0
FPS = 10
SIZE = (96, 64)
CAPTIONS = """1
00:00:01,000 --> 00:00:03,500
Good <i>morning</i>

2
00:00:04,000 --> 00:00:06,000
Two lines,
one after the other
"""
_RATE = 44100
_STEP = 15
_CODECS = {
    ".mp4": ("libx264", "aac"), ".mkv": ("libx264", "aac"), ".mov": ("libx264", "aac"),
    ".webm": ("libvpx", "libopus"), ".avi": ("mpeg4", "mp3"), ".ts": ("libx264", "aac"),
    ".ogv": ("libvpx", "libopus"),
}  # fmt: skip


def write(
    path: Path, seconds: float = SECONDS, languages: tuple[str, ...] = ("eng",), *, shade: int = 20
) -> Path:
    """A video, its folders made too; the suffix says which kind. One sound for each language."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_made(path.suffix, seconds, languages, shade))
    return path


def write_noise(path: Path, seconds: float) -> Path:
    """Pictures and sound that no encoder makes small."""
    with av.open(str(path), "w") as out:
        seen = out.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "18"})
        seen.width, seen.height = SIZE
        seen.pix_fmt = "yuv420p"
        heard = out.add_stream("aac", rate=_RATE)
        for number in range(int(seconds * 25)):
            picture = VideoFrame(*SIZE, "gray")
            picture.planes[0].update(os.urandom(picture.planes[0].buffer_size))
            picture.pts = number
            out.mux(seen.encode(picture.reformat(format="yuv420p")))
        for number in range(int(seconds * _RATE) // 1024):
            frame = AudioFrame(format="s16p", layout="stereo", samples=1024)
            frame.sample_rate, frame.pts = _RATE, number * 1024
            for plane in frame.planes:
                plane.update(os.urandom(plane.buffer_size))
            out.mux(heard.encode(frame))
        out.mux(seen.encode(None))
        out.mux(heard.encode(None))
    return path


def write_lying(path: Path, degrees: int) -> Path:
    """A second of pictures that are white on their left half, to be turned against the clock."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        stream.set_display_rotation(degrees)
        for number in range(FPS):
            picture = VideoFrame(*SIZE, "gray")
            half = b"\xff" * (SIZE[0] // 2)
            picture.planes[0].update(half.ljust(picture.planes[0].line_size, b"\0") * SIZE[1])
            picture.pts = number
            out.mux(stream.encode(picture.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    return path


def luma(second: float, shade: int = 20) -> int:
    """How light the pictures of a second are."""
    return shade + _STEP * int(second)


@cache
def _made(suffix: str, seconds: float, languages: tuple[str, ...], shade: int) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"made{suffix}"
        with av.open(str(path), "w", format=_format(suffix)) as out:
            _fill(out, _CODECS[suffix], seconds, languages, shade)
        return path.read_bytes()


def _format(suffix: str) -> str | None:
    return {".ts": "mpegts", ".ogv": "webm"}.get(suffix)


def _fill(
    out: Any, codecs: tuple[str, str], seconds: float, languages: tuple[str, ...], shade: int
) -> None:
    video = out.add_stream(codecs[0], rate=FPS)
    video.width, video.height = SIZE
    video.pix_fmt = "yuv420p"
    video.bit_rate = 100_000
    rate = 48000 if codecs[1] == "libopus" else _RATE
    sounds = [out.add_stream(codecs[1], rate=rate, layout="mono") for _ in languages]
    for stream, language in zip(sounds, languages, strict=True):
        stream.metadata["language"] = language
    for number in range(round(seconds * FPS)):
        picture = VideoFrame(*SIZE, "gray")
        picture.planes[0].update(
            bytes([luma(number / FPS, shade)]) * (picture.planes[0].line_size * SIZE[1])
        )
        picture.pts = number
        out.mux(video.encode(picture.reformat(format="yuv420p")))
        for octave, stream in enumerate(sounds):
            out.mux(stream.encode(_tone(rate, number, 2**octave)))
    for stream in (video, *sounds):
        out.mux(stream.encode(None))


def _tone(rate: int, number: int, octave: int) -> AudioFrame:
    """The tenth of a second of a tone of 441 Hz, or of an octave above."""
    count = rate // FPS
    samples = (
        int(8000 * math.sin(2 * math.pi * 441 * octave * (number * count + i) / rate))
        for i in range(count)
    )
    frame = AudioFrame(format="s16", layout="mono", samples=count)
    frame.sample_rate = rate
    frame.pts = number * count
    frame.planes[0].update(array("h", samples).tobytes())
    return frame
