"""The program that plays the jukebox: `python -m streaming.player OUTPUT DEVICE`.

Orders come and events go as lines of JSON (`streaming.jukebox`).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any, BinaryIO

import av
import av.filter
import msgspec
from av.audio.frame import AudioFrame

from streaming.decode import decoded
from streaming.errors import Gone
from streaming.files import open_inside
from streaming.jukebox import Event, Order
from streaming.speakers import BYTES_PER_SAMPLE, FORM, LAYOUT, RATE, MuteError, Speaker, speaker

_IDLE = 5.0


class Desk:
    """Where orders lie: the newest one counts."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._order: Order | None = None
        self._closed = False
        self.gain = 1.0

    def read(self, lines: BinaryIO) -> None:
        """Take orders until the pipe ends."""
        for line in lines:
            self._take(msgspec.json.decode(line, type=Order))
        with self._changed:
            self._closed = True
            self._order = None
            self._changed.notify()

    def _take(self, order: Order) -> None:
        with self._changed:
            if order.do == "gain":
                self.gain = order.gain
            else:
                self._order = order if order.do == "play" else None
                self._changed.notify()

    def wait(self, seconds: float) -> bool:
        """Whether there is an order before that much time has gone."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed or self._order is not None, seconds)

    @property
    def order(self) -> Order | None:
        """What is to be played now."""
        return self._order

    @property
    def closed(self) -> bool:
        """Whether there will be no more orders."""
        return self._closed

    def finish(self, order: Order) -> bool:
        """Put an order away; False: another one lies there already."""
        with self._changed:
            mine = self._order is order
            if mine:
                self._order = None
            return mine


class Loudness:
    """Makes frames softer."""

    def __init__(self) -> None:
        self._gain = 1.0
        self._graph: Any = None

    def apply(self, frame: AudioFrame, gain: float) -> AudioFrame:
        """The frame at this gain; the filter is made anew when the gain changes."""
        if gain == 1.0:
            return frame
        if self._graph is None or gain != self._gain:
            self._gain, self._graph = gain, _volume(gain)
        self._graph.push(frame)
        softer: AudioFrame = self._graph.pull()
        return softer


def _volume(gain: float) -> Any:
    graph = av.filter.Graph()
    source = graph.add_abuffer(format=FORM, sample_rate=RATE, layout=LAYOUT)
    volume = graph.add("volume", f"volume={gain:.4f}:precision=fixed")
    sink = graph.add("abuffersink")
    source.link_to(volume)
    volume.link_to(sink)
    graph.configure()
    return graph


def run(desk: Desk, output: Speaker, events: BinaryIO) -> None:
    """Play what is ordered until the desk is closed. A silent device is given back after a while."""
    loudness = Loudness()
    while not desk.closed:
        order = desk.order
        if order is None:
            if not desk.wait(_IDLE):
                output.close()
            continue
        event = _play(order, desk, output, loudness)
        if event is None:
            output.cut()
        elif desk.finish(order):
            events.write(msgspec.json.encode(event) + b"\n")
            events.flush()


def _play(order: Order, desk: Desk, output: Speaker, loudness: Loudness) -> Event | None:
    """Play one song; None when another order came."""
    try:
        for frame in _frames(order):
            if desk.order is not order:
                return None
            softer = loudness.apply(frame, desk.gain)
            output.write(bytes(softer.planes[0])[: softer.samples * BYTES_PER_SAMPLE])
    except Gone as error:
        return Event(order.turn, "unplayable", str(error))
    except MuteError as error:
        return Event(order.turn, "mute", str(error))
    return Event(order.turn, "played")


def _frames(order: Order) -> Iterator[AudioFrame]:
    opened = open_inside(order.root, order.path)
    with closing(opened.file):
        yield from decoded(opened, order.suffix, (order.offset, order.end), FORM, LAYOUT, RATE)


def main() -> None:
    """Play until standard input ends."""
    desk = Desk()
    threading.Thread(target=desk.read, args=(sys.stdin.buffer,), daemon=True).start()
    with closing(speaker(sys.argv[1], sys.argv[2])) as output:
        run(desk, output, sys.stdout.buffer)


if __name__ == "__main__":
    main()
