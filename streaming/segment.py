"""One segment of HLS: encoded by itself, and fitting to its neighbours to the very sample.

Imported in a worker thread, like `encode`. A segment is small: it is made whole, then handed over.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from typing import Any, cast

import av
import structlog
from av.audio.frame import AudioFrame
from av.container import InputContainer
from av.filter import Graph
from av.packet import Packet
from av.video.frame import VideoFrame

from streaming.decode import MOST_LOST, Shaper, open_source, samples, telling
from streaming.errors import Unplayable
from streaming.hls import VIDEO_SAMPLE_RATE, level
from streaming.job import Job, Part
from streaming.pipe import Closed, Pipe
from streaming.profiles import LAYOUTS

log = structlog.get_logger()

_FRAME = 1024
_LEAD = 4
"""Frames that are encoded before a segment and thrown away, so that it sounds as if there was no cut."""
_BACK = (0.5, 10.0, 60.0)
"""Seconds decoded before all that: decoders, too, need what came before, and some very much."""
_LATE = 0.5
_EPOCH = 10.0
"""What MPEG-TS counts from; nothing then lies before 0."""
_CLOCK = 90_000
_SOUND_RATE = 128
_PACKET, _PAYLOAD, _PES = 188, 184, 16
"""Bytes of a packet of MPEG-TS, how many of them carry something, and the head of a frame in them."""
_FILLING = 25_000
"""What the ends of pictures leave empty in packets, in bit/s."""
_SHARE = 0.9
"""The rest is the heads of packets, and what the encoder may be late in saving."""
_LEAST_PICTURE_BITS = 50_000
_TURNS = {
    90: (("transpose", "cclock"),),
    180: (("hflip", ""), ("vflip", "")),
    270: (("transpose", "clock"),),
}
"""Filters by degrees against the clock."""
_MOST_PIXELS = 4096 * 2304
"""Decoders hold up to 16 pictures at once, which of larger ones is more than a server may have."""
_MOST_HELD = 4096
_OWNER = b"com.apple.streaming.transportStreamTimestamp\0"


def encode(job: Job, pipe: Pipe, begun: Callable[[], None]) -> None:
    """Make the segment, keep it, and write it into the pipe."""
    part = cast("Part", job.part)
    if part.begin:
        # Whoever hears the first segment waits for it; the others are asked for in advance.
        begun()
    with telling(), open_source(job.source, job.suffix) as container:
        data = _Segment(job, part, container, pipe).made()
    _keep(job, data)
    pipe.write(data)


def _keep(job: Job, data: bytes) -> None:
    copy = job.copy() if job.copy else None
    if copy is None:
        return
    try:
        copy.file.write(data)
        copy.commit()
    except OSError as error:
        log.warning("a segment cannot be kept", reason=str(error))
        copy.discard()


_Decoded = tuple[Any, Any, float]
"""A stream, a frame of it, and the seconds since the beginning."""


class _Segment:
    """Decodes what is needed of a file, and encodes it."""

    def __init__(self, job: Job, part: Part, container: InputContainer, pipe: Pipe) -> None:
        self._part, self._container, self._pipe, self._cut = part, container, pipe, job.begin
        video = container.streams.video if part.size else ()
        self._seen = next((stream for stream in video if _decodes(stream)), None)
        heard = [stream for stream in container.streams.audio if _decodes(stream)]
        self._heard = heard[min(part.track, len(heard) - 1)] if heard else None
        if (self._seen or self._heard) is None or (part.size and self._seen is None):
            raise Unplayable("There is nothing in the file that can be decoded.")
        self._file = io.BytesIO()
        options = {
            "mpegts_copyts": "1", "mpegts_flags": "initial_discontinuity",
            # What is in the stream is told once in a segment, not ten times a second.
            "pat_period": "60", "sdt_period": "60",
        }  # fmt: skip
        self._out = av.open(
            self._file,
            "w",
            format=job.profile.muxer,
            container_options=options if part.size else {},
        )
        self._pictures = _Pictures(self._out, job, part, part.size) if part.size else None
        self._sound = _Sound(self._out, job, part) if self._heard else None

    def made(self) -> bytes:
        """The segment."""
        with self._out:
            self._out.start_encoding()
            self._out.mux(list(self._packets()))
        data = self._file.getvalue()
        return data if self._pictures else _timestamp(self._part) + data

    def _packets(self) -> Iterator[Packet[Any]]:
        """Encoded, in no order: the muxer interleaves them."""
        for stream, frame, time in self._frames():
            if stream is self._seen and self._pictures:
                yield from self._pictures.write(frame, time)
            elif self._sound:
                yield from self._sound.write(frame, time)
        if self._pictures:
            yield from self._pictures.finish()
        if self._sound:
            yield from self._sound.finish()

    def _frames(self) -> Iterator[_Decoded]:
        """Decoded frames with their times, from a little before the segment on."""
        origin = self._origin()
        begin = self._sound.begin if self._sound else self._part.begin
        place_of = begin + self._cut
        for back in _BACK:
            if place_of > _BACK[0]:
                # What cannot be sought is decoded from its start instead. In MPEG-TS only a time
                # before the start leads there.
                place = origin + (place_of - back if place_of > back else -1.0)
                with suppress(av.FFmpegError, OSError):
                    self._container.seek(int(place * 1_000_000))
            decoded = self._decoded(origin)
            held = self._until_seen(decoded)
            if place_of <= back or back == _BACK[-1] or self._in_time(held):
                yield from held
                yield from decoded
                return

    def _until_seen(self, decoded: Iterator[_Decoded]) -> list[_Decoded]:
        """Frames to the first picture, if there is one in this segment."""
        held: list[_Decoded] = []
        for found in decoded if self._seen else ():
            held.append(found)
            if found[0] is self._seen or found[2] > self._part.end or len(held) >= _MOST_HELD:
                break
        return held

    def _in_time(self, held: list[_Decoded]) -> bool:
        """Whether seeking led far enough back to see the segment's beginning."""
        if self._seen is None:
            return True
        return bool(held) and held[-1][0] is self._seen and held[-1][2] < self._part.begin + _LATE

    def _decoded(self, origin: float) -> Iterator[_Decoded]:
        streams = [stream for stream in (self._seen, self._heard) if stream]
        demuxed = self._container.demux(*streams)
        lost = 0
        while not self._complete() and lost <= MOST_LOST:
            if self._pipe.closed:
                raise Closed
            try:
                packet = next(demuxed)
            except (StopIteration, av.FFmpegError, OSError, ValueError):
                return
            if self._enough(packet.stream):
                continue
            lost += 1
            with suppress(av.FFmpegError, ValueError):
                frames: list[Any] = list(packet.decode())
                for frame in frames:
                    lost = 0
                    if frame.time is not None:
                        yield packet.stream, frame, frame.time - origin - self._cut

    def _origin(self) -> float:
        """When the file's own clock begins."""
        if self._seen is None and self._heard is not None:
            start, base = self._heard.start_time, self._heard.time_base
            return float(start * base) if start and base else 0.0
        return (self._container.start_time or 0) / 1_000_000

    def _enough(self, stream: Any) -> bool:
        maker: _Pictures | _Sound | None = self._pictures if stream is self._seen else self._sound
        return maker is None or maker.sated

    def _complete(self) -> bool:
        return all(maker.sated for maker in (self._pictures, self._sound) if maker)


class _Sound:
    """The AAC frames of a segment, as they are when the whole is encoded at once."""

    def __init__(self, out: Any, job: Job, part: Part) -> None:
        self._part, self._rate = part, part.sample_rate
        bits = job.profile.bits(min(job.rate, _sound_rate(job.rate)) if part.size else job.rate)
        channels = 2 if part.size else job.profile.channels(job.rate)
        layout = LAYOUTS[channels]
        self._layout = layout
        self._shaper = Shaper("fltp", layout, self._rate, gain=job.gain or 0.0)
        self._stream = out.add_stream("aac", rate=self._rate, layout=layout)
        self._stream.codec_context.thread_count = 1
        self._stream.bit_rate = bits
        self._next = max(0, part.first - _LEAD)
        self.begin = self._next * _FRAME / self._rate
        # What comes after the end of a part of a file belongs to the next song.
        self._shaper.most = samples(job.begin + self.begin, job.end, self._rate)
        self._started = False

    @property
    def complete(self) -> bool:
        return self._next >= self._part.stop

    @property
    def sated(self) -> bool:
        """Whether nothing more has to be decoded."""
        return self.complete or self._shaper.full

    def write(self, frame: AudioFrame, time: float) -> Iterator[Packet[Any]]:
        """A decoded frame."""
        lead = self.begin - time
        if not self._started:
            if lead >= frame.samples / frame.sample_rate:
                return
            self._started = True
            if lead < 0:
                yield from self._silence(round(-lead * self._rate))
        else:
            lead = 0.0
        yield from self._encode(self._shaper.shape(frame, max(0.0, lead)))

    def finish(self) -> Iterator[Packet[Any]]:
        """Where the sound ends too early there is silence, so that every segment is as long as told."""
        self._shaper.most = None
        while not self.complete:
            yield from self._silence(_FRAME * 16)

    def _silence(self, samples: int) -> Iterator[Packet[Any]]:
        while samples > 0 and not self.complete:
            frame = AudioFrame(
                format="fltp", layout=self._layout, samples=min(samples, _FRAME * 16)
            )
            frame.sample_rate = self._rate
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            samples -= frame.samples
            yield from self._encode(self._shaper.shape(frame))

    def _encode(self, frames: Iterator[AudioFrame]) -> Iterator[Packet[Any]]:
        for frame in frames:
            for packet in self._stream.encode(frame):
                number = self._next
                self._next += 1
                if self._part.first <= number < self._part.stop:
                    yield self._timed(packet, number)

    def _timed(self, packet: Packet[Any], number: int) -> Packet[Any]:
        """The first frame holds no sound yet, so the second is the one of the time 0."""
        packet.time_base = Fraction(1, self._rate)
        packet.pts = packet.dts = round((_EPOCH * self._rate) + (number - 1) * _FRAME)
        return packet


class _Pictures:
    """The pictures of a segment in H.264; the first needs no other."""

    def __init__(self, out: Any, job: Job, part: Part, size: tuple[int, int]) -> None:
        self._part, self._size = part, size
        bits = _picture_bits(job.rate)
        options = {
            "preset": "veryfast", "profile": "main", "level": str(int(level(min(size)), 16) / 10),
            "bf": "0", "g": "9999", "maxrate": str(bits), "bufsize": str(bits // 2),
        }  # fmt: skip
        self._stream = out.add_stream("libx264", rate=30, options=options)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"
        self._stream.bit_rate = bits
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.time_base = Fraction(1, _CLOCK)
        self._before: VideoFrame | None = None
        self._turning: Graph | None = None
        self._last = -1
        self.sated = False

    def write(self, frame: VideoFrame, time: float) -> Iterator[Packet[Any]]:
        """A decoded frame."""
        if time < self._part.begin - 0.5 / _CLOCK:
            self._before = frame
        elif time < self._part.end - 0.5 / _CLOCK:
            yield from self._encode(frame, time)
        else:
            self.sated = True

    def finish(self) -> Iterator[Packet[Any]]:
        """Where no picture changes, the last one is still shown."""
        if self._last < 0 and self._before is not None:
            yield from self._encode(self._before, self._part.begin)
        if self._last >= 0:
            yield from self._stream.encode(None)
        self.sated = True

    def _encode(self, frame: VideoFrame, time: float) -> Iterator[Packet[Any]]:
        stamp = round((time + _EPOCH) * _CLOCK)
        if stamp <= self._last:
            return
        self._last = stamp
        picture = self._upright(frame)
        picture.pts, picture.time_base = stamp, Fraction(1, _CLOCK)
        # What kind of picture it was in the file says nothing of what it is to be here.
        picture.pict_type = av.video.frame.PictureType.NONE
        yield from self._stream.encode(picture)

    def _upright(self, frame: VideoFrame) -> VideoFrame:
        """In the size and form that is encoded; telephones film lying down and note how to turn it."""
        turn = _TURNS.get(frame.rotation % 360)
        width, height = self._size
        if turn is None:
            return frame.reformat(width, height, format="yuv420p")
        if frame.rotation % 180:
            width, height = height, width
        small = frame.reformat(width, height, format="yuv420p")
        if self._turning is None:
            self._turning = _graph(small, turn)
        small.time_base = Fraction(1, _CLOCK)
        self._turning.push(small)
        return cast("VideoFrame", self._turning.pull())


def _graph(frame: VideoFrame, turn: Sequence[tuple[str, str]]) -> Graph:
    """Filters that turn frames such as this one."""
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=Fraction(1, _CLOCK)
    )
    nodes = [source, *(graph.add(*one) for one in turn), graph.add("buffersink")]
    for node, following in pairwise(nodes):
        node.link_to(following)
    graph.configure()
    return graph


def _sound_rate(rate: int) -> int:
    """What the sound of a video gets of its rate, in kbit/s."""
    return max(48, min(_SOUND_RATE, rate // 6))


def _picture_bits(rate: int) -> int:
    """What pictures get of a video's kbit/s, in bit/s: players count on all of it being no more.

    MPEG-TS fills up packets of 188 bytes for each frame of sound and each picture.
    """
    frame = _sound_rate(rate) * 125 * _FRAME / VIDEO_SAMPLE_RATE
    heard = math.ceil((frame + _PES) / _PAYLOAD) * _PACKET * 8 * VIDEO_SAMPLE_RATE / _FRAME
    return max(_LEAST_PICTURE_BITS, int((rate * 1000 - heard - _FILLING) * _SHARE))


def _decodes(stream: Any) -> bool:
    """Whether there is a decoder for it; a cover is no video, nor is what is too large."""
    codec = stream.codec_context
    if not codec or stream.disposition & stream.disposition.attached_pic:
        return False
    if stream.type == "video" and codec.width * codec.height > _MOST_PIXELS:
        return False
    codec.thread_count = 1
    codec.options = {"max_pixels": str(_MOST_PIXELS)}
    return True


def _timestamp(part: Part) -> bytes:
    """An ID3 tag that tells when the sound begins, as HLS wants it before bare AAC."""
    time = round(part.first * _FRAME * _CLOCK / part.sample_rate) % 2**33
    body = _OWNER + time.to_bytes(8, "big")
    frame = b"PRIV" + _synchsafe(len(body)) + b"\0\0" + body
    return b"ID3\4\0\0" + _synchsafe(len(frame)) + frame


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))
