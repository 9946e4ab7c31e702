"""Encoding with PyAV: from a job to what a listener and the cache get.

Imported in a worker thread, when the first transcode starts: it costs 23 MB and a tenth of a second.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, suppress
from itertools import chain
from typing import Any, cast

import av
import structlog
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet

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
from streaming.errors import Unplayable
from streaming.flac import with_length
from streaming.job import Copy, Job
from streaming.pipe import Pipe
from streaming.profiles import LAYOUTS

log = structlog.get_logger()

_FLUSH_EACH_PACKET = 0x200
_EARLY_PACKETS = 32
_BATCH = 16 * 1024
"""Samples that go through resampler and encoder in one piece. Frames of mp3 by themselves cost a
twentieth more, and keep the interpreter's lock from others twice as long."""
_SLACK = 16 * 1024 * 1024
_MOST_LOSSLESS = 5_000_000
"""Bytes of a second without loss: eight channels, or two at the highest rates."""
_INDEX = 400
"""Bytes for each second in the index of an MP4; about half of them are used."""
_INDEX_HEAD = 16 * 1024


def encode(job: Job, pipe: Pipe, begun: Callable[[], None]) -> None:
    """Transcode into the pipe, and into the job's copy; raises what stopped it.

    `begun` is called when the listener has the first sound.
    """
    with telling(), open_source(job.source, job.suffix) as container:
        stream = sound_of(container)
        begin = seek(container, stream, job.begin + job.offset)
        decoder = Decoder(container, stream, pipe.still_wanted)
        frames = after(decoder.frames(), begin)
        first = next(frames, None)
        if not decoder.count:
            raise Unplayable("Nothing in the file can be decoded.")
        with closing(_Output(job, pipe, stream, begun)) as out:
            for frame, lead in chain([first] if first else [], frames):
                out.write(frame, lead)
                if out.full:
                    break
            out.finish(whole=not decoder.broken_off)


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
        most = samples(begin, job.end, rate)
        self._shaper = Shaper(form, layout, rate, most, job.gain or 0.0)
        end = begin + job.seconds if job.cut and profile.lossless else 0.0
        self._outlet = _Outlet(pipe, samples(begin, end, rate) or 0)
        self._live = _muxer(self._outlet, job, profile.under_way)
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
                    self._shaper.batch = _BATCH
                    self._begun()
            if self._kept and not self._kept.write(packet):
                self._kept = None


class _Outlet:
    """What FFmpeg writes to. Without `seek` it is a stream; shut, it swallows a last trailer."""

    def __init__(self, pipe: Pipe, total: int) -> None:
        self._pipe, self._total = pipe, total
        self.shut = False

    def write(self, data: bytes) -> int:
        data, self._total = with_length(data, self._total), 0
        return len(data) if self.shut else self._pipe.write(data)


class _Kept:
    """The copy for the cache. It can be sought in, so that the header tells length and padding."""

    def __init__(self, job: Job, copy: Copy, template: AudioStream) -> None:
        self._copy = copy
        self._muxer = _muxer(copy.file, job, _for_a_file(job))
        self._stream = self._muxer.add_stream_from_template(template)
        self._mp3 = job.profile.muxer == "mp3"
        lossless = job.profile.lossless
        self._most = _SLACK + (
            int(job.seconds * _MOST_LOSSLESS) if lossless else 2 * job.expected_bytes
        )
        self._longest = self._latest = 0

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
        if self._mp3 and self._is_surplus(packet.duration or 0):
            return True
        packet.stream = self._stream
        try:
            self._muxer.mux(packet)
            self._refuse_endless()
        except (av.FFmpegError, OSError) as error:
            self._give_up(error)
            return False
        return True

    def _refuse_endless(self) -> None:
        """A file may hold days of sound where it promised seconds."""
        if self._copy.file.tell() > self._most:
            raise OSError(errno.EFBIG, "the song is far longer than its file says")

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

    def _is_surplus(self, duration: int) -> bool:
        """Whether it is an mp3 frame without sound after one that has ended early.

        The head tells only what the last frame has too much, so that has to be the early one.
        """
        if not duration and 0 < self._latest < self._longest:
            return True
        self._longest, self._latest = max(self._longest, duration), duration
        return False

    def _give_up(self, error: Exception) -> None:
        log.warning("a transcoded song cannot be kept", reason=str(error))
        self.discard()


def _muxer(file: Any, job: Job, more: Mapping[str, str]) -> OutputContainer:
    options = {"flush_packets": "0", **job.profile.muxing, **more}
    out = av.open(file, mode="w", format=job.profile.muxer, container_options=options)
    out.metadata.update(job.tags)
    return out


def _for_a_file(job: Job) -> dict[str, str]:
    """An MP4 begins with its index, so that players need not look for it at the end."""
    if job.profile.muxer != "mp4" or not job.seconds:
        return {}
    tags = sum(map(len, job.tags.values()))
    return {"moov_size": str(_INDEX_HEAD + 4 * tags + int(job.seconds * _INDEX))}


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
