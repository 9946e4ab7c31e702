"""Decoding with PyAV: from a file to sound in the form that is wanted, over whatever is damaged.

Imported in a worker thread or another process, as `encode` is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any, cast

import av
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.filter import Graph
from av.packet import Packet

from streaming.errors import Unplayable
from streaming.files import Opened

# PyAV 18, the last for Python 3.11, fails on tags that are no UTF-8 and chooses threads itself.
_OLD = int(av.__version__.partition(".")[0]) < 19
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if _OLD else {}
_ONE_THREAD: dict[str, Any] = {} if _OLD else {"threads": 1}
_PREROLL = 0.25
"""Seconds decoded before an offset: mp3 and Opus need what came before to sound right."""
_HIGHEST_RATE = 3_000_000
"""Hertz. The tables that change a rate grow with it: a header of 200 MHz would take gigabytes."""
_MOST_CHANNELS = 64
MOST_LOST = 50_000
"""Packets on end without any sound: some files promise millions, in a few kilobytes."""


def decoded(
    source: Opened,
    suffix: str,
    span: tuple[float, float],
    form: str,
    layout: str,
    rate: int,
) -> Iterator[AudioFrame]:
    """The sound of a file from one second to another (0: the end), in one form.

    Raises Unplayable before the first frame.
    """
    with open_source(source, suffix) as container:
        stream = sound_of(container)
        begin = seek(container, stream, span[0])
        decoder = Decoder(container, stream)
        shaper = Shaper(form, layout, rate, samples(*span, rate))
        for frame, lead in after(decoder.frames(), begin):
            yield from shaper.shape(frame, lead)
            if shaper.full:
                return
        if not decoder.count:
            raise Unplayable("Nothing in the file can be decoded.")
        yield from shaper.flush()


def samples(begin: float, end: float, rate: int) -> int | None:
    """How many samples lie between two seconds, such that parts join without a gap; None: all."""
    return max(0, round(end * rate) - round(begin * rate)) if end else None


def open_source(source: Opened, suffix: str) -> InputContainer:
    """Open a file for decoding; `Unplayable` for what FFmpeg does not know."""
    try:
        # A file that calls itself a playlist must not make FFmpeg open others.
        options = {"protocol_whitelist": "none"}
        container = av.open(_Input(source, suffix), mode="r", container_options=options, **_LENIENT)
    except (av.FFmpegError, OSError) as error:
        raise Unplayable(f"The file cannot be decoded: {error.strerror}.") from error
    except (ValueError, MemoryError) as error:
        raise Unplayable(f"The file cannot be decoded: {_said(error)}.") from error
    return cast("InputContainer", container)


@contextmanager
def telling() -> Iterator[None]:
    """What decoders and filters refuse is `Unplayable`; nothing else that goes wrong is."""
    try:
        yield
    except (av.FFmpegError, ValueError, MemoryError) as error:
        raise Unplayable(f"The file cannot be decoded: {_said(error)}.") from error


def _said(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than there is for it"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


class _Input:
    """A file with a name that says only what helps to recognise its format."""

    def __init__(self, source: Opened, suffix: str) -> None:
        self.name = "song." + "".join(c for c in suffix if c.isascii() and c.isalnum())
        self.read, self.tell = source.file.read, source.file.tell
        self._seek = source.file.seek

    def seek(self, offset: int, whence: int = 0) -> int:
        """Damaged files make FFmpeg seek to before their beginning; -1 tells it that it cannot."""
        try:
            return self._seek(offset, whence)
        except OSError:
            return -1


def sound_of(container: InputContainer) -> AudioStream:
    """The first stream of sound; `Unplayable` where there is none."""
    for stream in container.streams.audio:
        # Without a context there is no decoder for it.
        if stream.codec_context:
            stream.codec_context.thread_count = 1
            return stream
    raise Unplayable("There is no sound in the file that can be decoded.")


def seek(container: InputContainer, stream: AudioStream, offset: float) -> float:
    """Go near the offset; returns it on the stream's own clock."""
    base = stream.time_base
    origin = float(stream.start_time * base) if stream.start_time and base else 0.0
    if offset > _PREROLL:
        # What cannot be sought is decoded from its start instead.
        with suppress(av.FFmpegError, OSError):
            container.seek(int((origin + offset - _PREROLL) * 1_000_000))
    return origin + offset


class Decoder:
    """Decodes on over what is damaged; `count` frames, and `broken_off` where the file ends too early.

    `check` is called for each packet, and may raise.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: AudioStream,
        check: Callable[[], None] = lambda: None,
    ) -> None:
        self._packets = container.demux(stream)
        self._check = check
        self.count = 0
        self.broken_off = False

    def frames(self) -> Iterator[AudioFrame]:
        """Frames with sound in them."""
        lost = 0
        for packet in self._demux():
            lost += 1
            with suppress(av.FFmpegError, ValueError):
                for frame in packet.decode():
                    if frame.samples:
                        lost = 0
                        self.count += 1
                        yield frame
            if lost > MOST_LOST:
                self.broken_off = True
                return

    def _demux(self) -> Iterator[Packet[AudioStream]]:
        while True:
            self._check()
            try:
                yield next(self._packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError, ValueError):
                self.broken_off = True
                return


def after(frames: Iterable[AudioFrame], begin: float) -> Iterator[tuple[AudioFrame, float]]:
    """Frames from a time on, and how many seconds of each lie before it (only the first has any)."""
    started = False
    at = 0.0
    for frame in frames:
        if started:
            yield frame, 0.0
            continue
        at = frame.time if frame.time is not None else at
        end = at + frame.samples / frame.sample_rate
        if end > begin:
            started = True
            yield frame, max(0.0, begin - at)
        at = end


class Shaper:
    """Brings frames of any kind, changing even, into the one form the encoder was opened with."""

    def __init__(
        self, form: str, layout: str, rate: int, most: int | None = None, gain: float = 0.0
    ) -> None:
        self.most = most
        """How many samples to give at most; None: all there are."""
        self.batch = 0
        """How many samples of the source to gather before they are given on: calls cost more than sound."""
        self._gathered = AudioFifo()
        self._tick = Fraction(1, rate)
        self._form, self._layout, self._rate = form, layout, rate
        self._kind: tuple[str, str, int] | None = None
        self._resampler = AudioResampler(form, layout, rate, **_ONE_THREAD)
        self._volume = Volume(form, layout, rate, gain) if gain else None
        self._cut = 0
        self._samples = 0

    def shape(self, frame: AudioFrame, lead: float = 0.0) -> Iterator[AudioFrame]:
        """Frames of the right form; `lead` seconds are left out at the beginning."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            _refuse_absurd(frame)
            yield from self.flush()
            self._kind = kind
            self._resampler = AudioResampler(self._form, self._layout, self._rate, **_ONE_THREAD)
        self._cut += round(lead * self._rate)
        frame.pts = None
        if self.batch:
            self._gathered.write(frame)
            if self._gathered.samples >= self.batch:
                yield from self._given()
        else:
            yield from self._number(self._resampler.resample(frame))

    def flush(self) -> Iterator[AudioFrame]:
        """What was gathered, and what the resampler still holds."""
        if self._kind is not None:
            yield from self._given()
            yield from self._number(self._resampler.resample(None))
            self._gathered = AudioFifo()

    def _given(self) -> Iterator[AudioFrame]:
        """What was gathered."""
        if (frame := self._gathered.read()) is not None:
            yield from self._number(self._resampler.resample(frame))

    @property
    def full(self) -> bool:
        """Whether nothing more will come."""
        return self.most is not None and self._samples >= self.most

    def _number(self, frames: Iterable[AudioFrame | None]) -> Iterator[AudioFrame]:
        for frame in frames:
            rest = self._without_rest(self._without_lead(frame)) if frame else None
            if rest is not None:
                rest.pts, rest.time_base = self._samples, self._tick
                self._samples += rest.samples
                yield self._volume.apply(rest) if self._volume else rest

    def _without_lead(self, frame: AudioFrame) -> AudioFrame | None:
        drop = min(self._cut, frame.samples)
        if not drop:
            return frame
        self._cut -= drop
        fifo = AudioFifo()
        frame.pts = None
        fifo.write(frame)
        fifo.read(drop)
        return fifo.read()

    def _without_rest(self, frame: AudioFrame | None) -> AudioFrame | None:
        if frame is None or self.most is None or self._samples + frame.samples <= self.most:
            return frame
        if self.full:
            return None
        fifo = AudioFifo()
        frame.pts = None
        fifo.write(frame)
        return fifo.read(self.most - self._samples)


def _refuse_absurd(frame: AudioFrame) -> None:
    rate, channels = frame.sample_rate, frame.layout.nb_channels
    if not 0 < rate <= _HIGHEST_RATE or not 0 < channels <= _MOST_CHANNELS:
        raise Unplayable(f"Sound of {channels} channels at {rate} Hz is not decoded.")


class Volume:
    """Makes frames of one form louder or quieter, by so many dB."""

    def __init__(self, form: str, layout: str, rate: int, gain: float) -> None:
        # Reckoned in fractions whatever the form is, and brought back into it.
        steps = [
            ("volume", f"volume={gain:.2f}dB:precision={'double' if form == 's32' else 'float'}"),
            ("aformat", f"sample_fmts={form}"),
            ("abuffersink", None),
        ]
        self._graph = Graph()
        self._graph.threads = 1
        source = self._graph.add_abuffer(
            format=form, layout=layout, sample_rate=rate, time_base=Fraction(1, rate)
        )
        self._graph.link_nodes(source, *(self._graph.add(*step) for step in steps)).configure()

    def apply(self, frame: AudioFrame) -> AudioFrame:
        """The same sound; a frame goes in, a frame comes out."""
        self._graph.push(frame)
        return cast("AudioFrame", self._graph.pull())
