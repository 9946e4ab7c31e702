"""Decoding and encoding with PyAV.

Imported in a worker thread, when the first transcode starts: it costs 23 MB and a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from fractions import Fraction
from itertools import chain
from typing import Any, cast

import av
import structlog
from av.audio.fifo import AudioFifo
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from streaming.errors import Unplayable
from streaming.files import Opened
from streaming.job import Copy, Job
from streaming.pipe import Pipe
from streaming.profiles import LAYOUTS

log = structlog.get_logger()

# PyAV 18, the last for Python 3.11, fails on tags that are no UTF-8 and chooses threads itself.
_OLD = int(av.__version__.partition(".")[0]) < 19
_LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if _OLD else {}
_ONE_THREAD: dict[str, Any] = {} if _OLD else {"threads": 1}

_FLUSH_EACH_PACKET = 0x200
_EARLY_PACKETS = 16
_PREROLL = 0.25
"""Seconds decoded before an offset: mp3 and Opus need what came before to sound right."""


def encode(job: Job, pipe: Pipe, begun: Callable[[], None]) -> None:
    """Transcode into the pipe, and into the job's copy; raises what stopped it.

    `begun` is called when the listener has the first sound.
    """
    with open_source(job.source, job.suffix) as container:
        stream = _sound(container)
        begin = _seek(container, stream, job.begin + job.offset)
        decoder = _Decoder(container, stream)
        frames = _after(decoder.frames(), begin)
        first = next(frames, None)
        if not decoder.count:
            raise Unplayable("Nothing in the file can be decoded.")
        with closing(_Output(job, pipe, stream, begun)) as out:
            for frame, lead in chain([first] if first else [], frames):
                out.write(frame, lead)
                if out.full:
                    break
            out.finish(whole=not decoder.broken_off)


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
        stream = _sound(container)
        begin = _seek(container, stream, span[0])
        decoder = _Decoder(container, stream)
        shaper = Shaper(form, layout, rate, samples(*span, rate))
        for frame, lead in _after(decoder.frames(), begin):
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
    return cast("InputContainer", container)


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


def _sound(container: InputContainer) -> AudioStream:
    for stream in container.streams.audio:
        # Without a context there is no decoder for it.
        if stream.codec_context:
            stream.codec_context.thread_count = 1
            return stream
    raise Unplayable("There is no sound in the file that can be decoded.")


def _seek(container: InputContainer, stream: AudioStream, offset: float) -> float:
    """Go near the offset; returns it on the stream's own clock."""
    base = stream.time_base
    origin = float(stream.start_time * base) if stream.start_time and base else 0.0
    if offset > _PREROLL:
        # What cannot be sought is decoded from its start instead.
        with suppress(av.FFmpegError, OSError):
            container.seek(int((origin + offset - _PREROLL) * 1_000_000))
    return origin + offset


class _Decoder:
    """Decodes on over what is damaged."""

    def __init__(self, container: InputContainer, stream: AudioStream) -> None:
        self._packets = container.demux(stream)
        self.count = 0
        self.broken_off = False

    def frames(self) -> Iterator[AudioFrame]:
        for packet in self._demux():
            with suppress(av.FFmpegError, ValueError):
                for frame in packet.decode():
                    if frame.samples:
                        self.count += 1
                        yield frame

    def _demux(self) -> Iterator[Packet[AudioStream]]:
        while True:
            try:
                yield next(self._packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError, ValueError):
                self.broken_off = True
                return


def _after(frames: Iterable[AudioFrame], begin: float) -> Iterator[tuple[AudioFrame, float]]:
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

    def __init__(self, form: str, layout: str, rate: int, most: int | None = None) -> None:
        self.most = most
        """How many samples to give at most; None: all there are."""
        self._form, self._layout, self._rate = form, layout, rate
        self._kind: tuple[str, str, int] | None = None
        self._resampler = AudioResampler(form, layout, rate, **_ONE_THREAD)
        self._cut = 0
        self._samples = 0

    def shape(self, frame: AudioFrame, lead: float = 0.0) -> Iterator[AudioFrame]:
        """Frames of the right form; `lead` seconds are left out at the beginning."""
        kind = (frame.format.name, frame.layout.name, frame.sample_rate)
        if kind != self._kind:
            yield from self.flush()
            self._kind = kind
            self._resampler = AudioResampler(self._form, self._layout, self._rate, **_ONE_THREAD)
        self._cut += round(lead * self._rate)
        frame.pts = None
        yield from self._number(self._resampler.resample(frame))

    def flush(self) -> Iterator[AudioFrame]:
        """What the resampler still holds."""
        if self._kind is not None:
            yield from self._number(self._resampler.resample(None))

    @property
    def full(self) -> bool:
        """Whether nothing more will come."""
        return self.most is not None and self._samples >= self.most

    def _number(self, frames: Iterable[AudioFrame | None]) -> Iterator[AudioFrame]:
        for frame in frames:
            rest = self._without_rest(self._without_lead(frame)) if frame else None
            if rest is not None:
                rest.pts, rest.time_base = self._samples, Fraction(1, self._rate)
                self._samples += rest.samples
                yield rest

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


class _Output:
    """Encodes once, and writes each packet for the listener and, while that works, for the cache."""

    def __init__(
        self, job: Job, pipe: Pipe, source: AudioStream, begun: Callable[[], None]
    ) -> None:
        profile, shape = job.profile, job.shape
        rate = shape.sample_rate or profile.sample_rate(
            source.codec_context.sample_rate or 44100, job.rate
        )
        layout = _layout(job, source)
        form = _sample_format(job, source)
        begin = job.begin + job.offset
        self._shaper = Shaper(form, layout, rate, samples(begin, job.end, rate))
        self._outlet = _Outlet(pipe)
        self._live = _muxer(self._outlet, job)
        stream = self._live.add_stream(
            profile.codec, rate=rate, layout=layout, options=dict(profile.options)
        )
        self._stream = cast("AudioStream", stream)
        self._stream.codec_context.format = form
        self._stream.codec_context.thread_count = 1
        if not profile.lossless:
            self._stream.bit_rate = profile.bits(job.rate)
        # The first packets go out one by one, so that the listener hears something at once; then
        # in buffers full, which is a hundred calls a song in place of ten thousand.
        self._early, self._begun = _EARLY_PACKETS, begun
        self._live.flags |= _FLUSH_EACH_PACKET
        self._live.start_encoding()
        self._kept = _Kept.of(job, self._stream)

    def write(self, frame: AudioFrame, lead: float) -> None:
        for shaped in self._shaper.shape(frame, lead):
            self._mux(self._stream.encode(shaped))

    @property
    def full(self) -> bool:
        """Whether the song has ended, although its file goes on."""
        return self._shaper.full

    def finish(self, *, whole: bool) -> None:
        """Everything was written; `whole` is whether it was all of the song."""
        for shaped in self._shaper.flush():
            self._mux(self._stream.encode(shaped))
        self._mux(self._stream.encode(None))
        self._live.close()
        if self._kept and whole:
            self._kept.finish()
            self._kept = None

    def close(self) -> None:
        """Let go of everything, finished or not."""
        self._outlet.shut = True
        # After a failed write closing fails too, which is no news.
        with suppress(av.FFmpegError, OSError):
            self._live.close()
        if self._kept:
            self._kept.discard()

    def _mux(self, packets: Iterable[Packet[AudioStream]]) -> None:
        for packet in packets:
            self._live.mux(packet)
            if self._early:
                self._early -= 1
                if not self._early:
                    self._live.flags &= ~_FLUSH_EACH_PACKET
                    self._begun()
            if self._kept and not self._kept.write(packet):
                self._kept = None


class _Outlet:
    """What FFmpeg writes to. Without `seek` it is a stream; shut, it swallows a last trailer."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self.shut = False

    def write(self, data: bytes) -> int:
        return len(data) if self.shut else self._pipe.write(data)


class _Kept:
    """The copy for the cache. It can be sought in, so that the header tells length and padding."""

    def __init__(self, job: Job, copy: Copy, template: AudioStream) -> None:
        self._copy = copy
        self._muxer = _muxer(copy.file, job)
        self._stream = self._muxer.add_stream_from_template(template)

    @classmethod
    def of(cls, job: Job, template: AudioStream) -> _Kept | None:
        copy = job.copy() if job.copy else None
        if copy is None:
            return None
        try:
            return cls(job, copy, template)
        except (av.FFmpegError, OSError) as error:
            log.warning("a transcoded song cannot be kept", reason=str(error))
            copy.discard()
            return None

    def write(self, packet: Packet[AudioStream]) -> bool:
        """False when that failed and the copy is given up; the listener goes on listening."""
        packet.stream = self._stream
        try:
            self._muxer.mux(packet)
        except (av.FFmpegError, OSError) as error:
            self._give_up(error)
            return False
        return True

    def finish(self) -> None:
        try:
            self._muxer.close()
            self._copy.commit()
        except (av.FFmpegError, OSError) as error:
            self._give_up(error)

    def discard(self) -> None:
        with suppress(av.FFmpegError, OSError):
            self._muxer.close()
        self._copy.discard()

    def _give_up(self, error: Exception) -> None:
        log.warning("a transcoded song cannot be kept", reason=str(error))
        self.discard()


def _muxer(file: Any, job: Job) -> OutputContainer:
    options = {"flush_packets": "0"}
    out = av.open(file, mode="w", format=job.profile.muxer, container_options=options)
    out.metadata.update(job.tags)
    return out


def _layout(job: Job, source: AudioStream) -> str:
    """One or two channels; in place of an original that is cut, as many as it has."""
    found = source.codec_context.layout
    if job.cut and job.profile.lossless and not job.shape.channels and 0 < found.nb_channels <= 8:
        return found.name
    return LAYOUTS[job.shape.channels or job.profile.channels(job.rate)]


def _sample_format(job: Job, source: AudioStream) -> str:
    """What the encoder is fed; more than 16 bits stay more than 16 bits where nothing is lost."""
    deep = job.profile.lossless and source.codec_context.format.name in {"s32", "s32p"}
    return "s32" if deep and job.shape.bit_depth != 16 else job.profile.sample_format
