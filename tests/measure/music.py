"""Music of any length for measuring: the demo album over itself, with the noise that records have.

What encoders do depends on what they are given: tones alone are far too easy for them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import BlockingIOError as NotYet
from av.filter import Graph
from mutagen.flac import FLAC
from mutagen.mp3 import EasyMP3

_SIDES = 2
_TAGS = {"artist": "The Measured", "album": "Long Play", "genre": "Test"}


def album_of(folder: Path, rate: int) -> array[float]:
    """All songs of an album one after the other: samples left and right in turn."""
    found = array("f")
    for path in sorted(folder.rglob("*.*")):
        if path.suffix in {".flac", ".mp3", ".opus", ".m4a"}:
            into = AudioResampler("flt", "stereo", rate)
            with av.open(str(path)) as container:
                frames: Iterator[Any] = iter([*container.decode(audio=0), None])
                for plain in (one for frame in frames for one in into.resample(frame)):
                    found.frombytes(bytes(plain.planes[0])[: plain.samples * 4 * _SIDES])
    return found


def record(path: Path, album: array[float], rate: int, seconds: int, kilobits: int = 0) -> None:
    """A song: FLAC, with more than CDs have 24 bits deep, or MP3; always the same bytes."""
    deep = rate > 48000
    form = "s32" if deep else "s16" if path.suffix == ".flac" else "fltp"
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as out:
        codec = "flac" if path.suffix == ".flac" else "libmp3lame"
        made: Any = out.add_stream(codec, rate=rate, layout="stereo")
        made.codec_context.format = form
        if kilobits:
            made.bit_rate = kilobits * 1000
        for frame in _mixed(album, rate, seconds, form):
            out.mux(made.encode(frame))
        out.mux(made.encode(None))
    song: Any = FLAC(path) if path.suffix == ".flac" else EasyMP3(path)
    song.update({**_TAGS, "title": path.stem})
    song.save()


def _mixed(album: array[float], rate: int, seconds: int, form: str) -> Iterator[AudioFrame]:
    graph = Graph()
    inputs = [
        graph.add_abuffer(sample_rate=rate, format="flt", layout="stereo", time_base=_tick(rate))
        for _ in range(2)
    ]
    noise = graph.add("anoisesrc", f"color=pink:amplitude=0.03:seed=7:sample_rate={rate}")
    wide = graph.add("aformat", "channel_layouts=stereo")
    mix = graph.add("amix", "inputs=3:normalize=0:duration=first:weights=0.8 0.5 1")
    for number, source in enumerate((*inputs, wide)):
        source.link_to(mix, 0, number)
    noise.link_to(wide)
    wanted = f"sample_fmts={form}:sample_rates={rate}:channel_layouts=stereo"
    graph.link_nodes(
        mix, graph.add("alimiter", "limit=0.9:level=0"), graph.add("aformat", wanted),
        graph.add("abuffersink"),
    )  # fmt: skip
    graph.configure()
    half = len(album) // 2 // _SIDES * _SIDES
    for second in range(seconds):
        for source, shift in zip(inputs, (0, half), strict=True):
            source.push(_second(album, rate, second, shift))
        yield from _ready(graph)
    for source in inputs:
        source.push(None)
    yield from _ready(graph)


def _second(album: array[float], rate: int, second: int, shift: int) -> AudioFrame:
    size = rate * _SIDES
    start = (second * size + shift) % (len(album) - size) // _SIDES * _SIDES
    frame = AudioFrame("flt", "stereo", rate)
    frame.sample_rate, frame.time_base, frame.pts = rate, _tick(rate), second * rate
    frame.planes[0].update(album[start : start + size].tobytes())
    return frame


def _tick(rate: int) -> Fraction:
    return Fraction(1, rate)


def _ready(graph: Graph) -> Iterator[Any]:
    with suppress(NotYet, EOFError):
        while True:
            yield graph.pull()
