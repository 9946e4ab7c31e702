"""How loud a song is, by EBU R128 as ReplayGain 2.0 asks for. Runs in a child of a sandbox.

The peak is that of the samples: true peaks cost more than twice as much in all, and what players do
with a peak, keep samples from being cut off, needs no more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction

import msgspec
from av.audio.frame import AudioFrame
from av.error import BlockingIOError as Hungry
from av.filter import Graph

from db.cards import Loudness
from streaming.decode import (
    Decoder,
    Shaper,
    after,
    open_source,
    samples,
    seek,
    sound_of,
    telling,
)
from streaming.errors import Gone, Unplayable
from streaming.files import Opened, open_inside
from streaming.orders import Measure, Measured

_REFERENCE = -18.0
"""LUFS at which ReplayGain 2.0 has all songs played."""
_SILENCE = -70.0
"""What is quieter is not measured, says the standard."""
_FILTERS = (
    ("ebur128", "metadata=1:peak=none"),
    ("astats", "metadata=1:measure_perchannel=none:measure_overall=Peak_level"),
    ("abuffersink", None),
)
_LEVEL, _PEAK = "lavfi.r128.I", "lavfi.astats.Overall.Peak_level"
_HIGHEST_RATE = 48000
_LEAST_WORK = 0.05
"""Seconds of work after which there is a pause, if not the whole core may be used."""


def measure(payload: bytes) -> bytes:
    """Target of the sandbox: a `Measure` in, a `Measured` out."""
    _stand_back()
    order = msgspec.msgpack.decode(payload, type=Measure)
    try:
        opened = open_inside(order.root, order.path)
        with opened.file:
            answer = Measured(_measured(opened, order))
    except Unplayable as error:
        answer = Measured(Loudness(reason=str(error)))
    except Gone as error:
        answer = Measured(Loudness(reason=str(error)), gone=True)
    return msgspec.msgpack.encode(answer)


def _stand_back() -> None:
    """Run when nothing else wants to, and read from disks when nothing else does."""
    with suppress(OSError, AttributeError):
        os.nice(19)
        # The kernel takes the disk's priority from this one.
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _measured(opened: Opened, order: Measure) -> Loudness:
    with telling(), open_source(opened, order.suffix) as container:
        stream = sound_of(container)
        begin = seek(container, stream, order.begin)
        decoder = Decoder(container, stream)
        context = stream.codec_context
        rate = min(context.sample_rate or 44100, _HIGHEST_RATE)
        layout = context.layout.name if context.layout.nb_channels else "stereo"
        shaper = Shaper("dbl", layout, rate, samples(order.begin, order.end, rate))
        meter = _Meter(layout, rate)
        for frame, lead in _paced(after(decoder.frames(), begin), order.budget):
            meter.hear(shaper.shape(frame, lead))
            if shaper.full:
                break
        if not decoder.count:
            raise Unplayable("Nothing in the file can be decoded.")
        meter.hear(shaper.flush())
        return meter.read()


class _Meter:
    """The filter, and what it said last."""

    def __init__(self, layout: str, rate: int) -> None:
        self._found: dict[str, str] = {}
        self._graph = Graph()
        # Else each song leaves threads behind, until the collector comes by.
        self._graph.threads = 1
        source = self._graph.add_abuffer(
            format="dbl", layout=layout, sample_rate=rate, time_base=Fraction(1, rate)
        )
        self._graph.link_nodes(source, *(self._graph.add(*one) for one in _FILTERS)).configure()

    def hear(self, frames: Iterable[AudioFrame]) -> None:
        for frame in frames:
            self._graph.push(frame)
            self._pull()

    def read(self) -> Loudness:
        """What all of it was like."""
        self._graph.push(None)
        self._pull()
        level, peak = (float(self._found.get(name, "-inf")) for name in (_LEVEL, _PEAK))
        if not level > _SILENCE:
            return Loudness(reason="It is silent, or shorter than can be measured.")
        return Loudness(
            track_gain=round(_REFERENCE - level, 2), track_peak=round(10 ** (peak / 20), 6)
        )

    def _pull(self) -> None:
        with suppress(Hungry, EOFError):
            while True:
                self._found |= self._graph.pull().metadata


def _paced(
    frames: Iterator[tuple[AudioFrame, float]], budget: int
) -> Iterator[tuple[AudioFrame, float]]:
    """Sleep between frames as long as the budget asks for."""
    rest = 100 / max(1, min(budget, 100)) - 1
    begun = time.thread_time()
    for frame in frames:
        yield frame
        worked = time.thread_time() - begun
        if worked >= _LEAST_WORK:
            time.sleep(worked * rest)
            begun = time.thread_time()
