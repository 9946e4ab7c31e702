"""Sounds for tests of `streaming`: made by PyAV, short, and such that a sample tells its place."""

from __future__ import annotations

import io
import math
import random
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

_BLOCK = 4096
_CODECS = {
    ".flac": ("flac", 0), ".mp3": ("libmp3lame", 128), ".opus": ("libopus", 96), ".m4a": ("aac", 128),
    ".wav": ("pcm_s16le", 0), ".ogg": ("vorbis", 0),
}  # fmt: skip


@dataclass(frozen=True)
class Heard:
    """What a decoder found."""

    codec: str
    rate: int
    channels: int
    samples: array[int]
    """The left channel."""
    tags: dict[str, str]

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def stairs(seconds: float, rate: int = 44100, channels: int = 2) -> array[int]:
    """A tone under a slow ramp: no two stretches of it are alike."""
    count = int(seconds * rate)
    mono = (
        int(3000 * math.sin(i * 0.05) + 9000 * i / count + 500 * math.sin(i * 0.9))
        for i in range(count)
    )
    return array("h", (value for value in mono for _ in range(channels)))


def noise(seconds: float, rate: int = 44100) -> array[int]:
    """What no codec can make small."""
    return array("h", random.Random(1).randbytes(int(seconds * rate) * 4))


def write(path: Path, samples: array[int], rate: int = 44100, **options: Any) -> Path:
    """A sound file; the suffix says which kind. `layout` and `bits` as PyAV and FLAC have them."""
    layout, codec = options.get("layout", "stereo"), _CODECS[path.suffix]
    with av.open(str(path), "w") as out:
        made: Any = out.add_stream(
            codec[0], rate=48000 if "opus" in codec[0] else rate, layout=layout
        )
        if codec[1]:
            made.bit_rate = codec[1] * 1000
        if options.get("bits") == 24:
            made.codec_context.format = "s32"
        for name, value in options.get("tags", {}).items():
            out.metadata[name] = value
        for frame in _frames(samples, rate, layout):
            out.mux(made.encode(frame))
        out.mux(made.encode(None))
    return path


def hear(data: bytes) -> Heard:
    """Decode; any error of the decoder is the test's."""
    found = array("h")
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        into = AudioResampler("s16", "stereo")
        for frame in container.decode(stream):
            for plain in into.resample(frame):
                found.frombytes(bytes(plain.planes[0])[: plain.samples * 4])
        context = stream.codec_context
        return Heard(
            context.codec.name,
            context.sample_rate,
            context.layout.nb_channels,
            found[::2],
            {k.lower(): v for k, v in {**container.metadata, **stream.metadata}.items()},
        )


def _frames(samples: array[int], rate: int, layout: str) -> list[AudioFrame]:
    width = av.AudioLayout(layout).nb_channels
    frames = []
    for start in range(0, len(samples), _BLOCK * width):
        part = samples[start : start + _BLOCK * width].tobytes()
        frame = AudioFrame(format="s16", layout=layout, samples=len(part) // 2 // width)
        frame.sample_rate = rate
        frame.planes[0].update(part)
        frames.append(frame)
    return frames
