"""Turns a piece into a file: lanes to stereo, a hall around them, an encoder behind."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path
from random import Random
from typing import cast

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.error import BlockingIOError as NotYet
from av.filter import Graph
from av.filter.context import FilterContext

from streaming.demo.score import Lane, Piece
from streaming.demo.voices import RATE

_CODECS = {  # suffix: encoder, bits per second, sample rate, sample format
    "flac": ("flac", 0, 44100, "s16"),
    "mp3": ("libmp3lame", 192_000, 44100, "fltp"),
    "opus": ("libopus", 128_000, 48000, "flt"),
    "m4a": ("aac", 160_000, 44100, "fltp"),
}


def record(piece: Piece, path: Path, tags: Mapping[str, str]) -> None:
    """Play the piece once into a new file with these tags."""
    codec, bit_rate, rate, sample_format = _CODECS[piece.suffix]
    # bitexact: nothing of the day or the machine gets into the file.
    with av.open(str(path), "w", options={"fflags": "+bitexact"}) as container:
        stream = cast("AudioStream", container.add_stream(codec, rate=rate, layout="stereo"))
        if bit_rate:
            stream.bit_rate = bit_rate
        stream.options = {"aac_coder": "fast"} if codec == "aac" else {}
        (stream if piece.suffix == "opus" else container).metadata.update(tags)
        for frame in _played(piece, f"sample_fmts={sample_format}:sample_rates={rate}"):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _played(piece: Piece, wanted: str) -> Iterator[AudioFrame]:
    graph = Graph()
    inputs = [_source(graph, "mono") for _ in piece.lanes]
    hall = _source(graph, "stereo")
    _desk(graph, piece, inputs, hall, wanted)
    graph.configure()
    hall.push(_frame(_hall(), "stereo", 0))
    hall.push(None)
    tracks = [lane.samples(piece.bpm, piece.beats) for lane in piece.lanes]
    for start in range(0, len(tracks[0]), RATE):
        for source, track in zip(inputs, tracks, strict=True):
            source.push(_frame(track[start : start + RATE], "mono", start))
        yield from _ready(graph)
    for source in inputs:
        source.push(None)
    yield from _ready(graph)


def _source(graph: Graph, layout: str) -> FilterContext:
    return graph.add_abuffer(
        sample_rate=RATE, format="flt", layout=layout, time_base=Fraction(1, RATE)
    )


def _desk(
    graph: Graph, piece: Piece, inputs: list[FilterContext], hall: FilterContext, wanted: str
) -> None:
    """Wire the mixing desk: every lane to its place, a part of all to the hall, soft ends."""
    mix = graph.add("amix", f"inputs={len(inputs)}:normalize=0")
    for number, (source, lane) in enumerate(zip(inputs, piece.lanes, strict=True)):
        place = graph.add("pan", _pan(lane))
        source.link_to(place)
        place.link_to(mix, 0, number)
    split = graph.add("asplit", "2")
    echo = graph.add("afir", "dry=1:wet=1:irnorm=-1")
    both = graph.add("amix", f"inputs=2:normalize=0:duration=first:weights=1 {piece.room}")
    mix.link_to(split)
    split.link_to(both, 0, 0)
    split.link_to(echo, 1, 0)
    hall.link_to(echo, 0, 1)
    echo.link_to(both, 0, 1)
    seconds = piece.beats * 60 / piece.bpm
    graph.link_nodes(
        both,
        graph.add("highpass", "f=35"),
        graph.add("volume", f"{piece.gain}"),
        graph.add("alimiter", "limit=0.85:level=0:attack=8:release=120"),
        graph.add("afade", "t=in:d=0.4"),
        graph.add("afade", f"t=out:st={seconds - 3:.3f}:d=3:curve=qsin"),
        graph.add("aformat", f"{wanted}:channel_layouts=stereo"),
        graph.add("abuffersink"),
    )


def _pan(lane: Lane) -> str:
    """Equal power from left to right."""
    angle = (lane.place + 1) * math.pi / 4
    left, right = lane.gain * math.cos(angle), lane.gain * math.sin(angle)
    return f"stereo|c0={left:.4f}*c0|c1={right:.4f}*c0"


def _frame(samples: array[float], layout: str, start: int) -> AudioFrame:
    frame = AudioFrame("flt", layout, len(samples) // (2 if layout == "stereo" else 1))
    frame.sample_rate = RATE
    frame.time_base = Fraction(1, RATE)
    frame.pts = start
    frame.planes[0].update(samples.tobytes())
    return frame


def _ready(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            yield cast("AudioFrame", graph.pull())
        except (NotYet, EOFError):
            return


@cache
def _hall() -> array[float]:
    """How a hall answers a clap: noise that dies in 1.7 seconds, different at each ear."""
    random = Random("hall")
    count = int(1.7 * RATE)
    late = int(0.012 * RATE)
    answer = array("f", bytes(8 * count))
    for ear in (0, 1):
        value = 0.0
        for at in range(late, count):
            value += 0.35 * (random.uniform(-1, 1) - value)
            answer[2 * at + ear] = 0.09 * value * math.exp(-6.9 * at / count)
    return answer
