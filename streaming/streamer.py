"""The door for sound: decides, opens, transcodes or sends, and knows who is listening."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace

import structlog
from aiohttp import hdrs, web

from conf.settings import Settings
from db.bundles import BundledRow
from db.rows import FileRow
from streaming.allowance import Allowances, Anybody, Listener, spend
from streaming.archive import pieces
from streaming.bundle import Bundle, Bundled, bundle
from streaming.cache import CachedTranscoder, cache_of
from streaming.direct import DURATION, Content, disposition, send
from streaming.errors import Gone
from streaming.files import Opened, open_inside, suffix_of
from streaming.gain import gain_for
from streaming.hls import Cut, Rendition, profile
from streaming.job import Job, Part, key_of, part_key, tags_of
from streaming.limits import Limits
from streaming.listeners import Listeners
from streaming.live import Live, estimate_of, headers_of, tag_of
from streaming.names import clean
from streaming.plan import Direct, Transcode, Wanted, choose, part
from streaming.transcode import LiveTranscoder

log = structlog.get_logger()

_CLOSING = 2.0
NOBODY = Anybody()


class Streamer:
    """Sends songs. Every method answers completely: what it returns has been sent already."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.transcoding
        self.limits = Limits(
            self._settings.workers or _cores(), self._settings.per_user, self._settings.queue
        )
        self._allowances = Allowances(settings.streaming)
        self._encoders = LiveTranscoder(self.limits)
        self._transcoder = CachedTranscoder(self._encoders, cache_of(settings.data, "songs"))
        self.listeners = Listeners()

    @property
    def active(self) -> int:
        """Answers with sound under way, transcoded or not."""
        return len(self.listeners)

    @property
    def transcodes_running(self) -> int:
        """Encoders at work now."""
        return self.limits.running

    @property
    def transcodes_queued(self) -> int:
        """Transcodes that wait for a worker."""
        return self.limits.queued

    @property
    def cache_hits(self) -> int:
        """Transcodes that were found in the cache."""
        return self._transcoder.hits

    @property
    def cache_misses(self) -> int:
        """Whole songs that had to be transcoded."""
        return self._transcoder.misses

    @property
    def cache_joined(self) -> int:
        """Transcodes that were heard from an encoder at work for somebody else."""
        return self._transcoder.joined

    @property
    def transcodes_stuck(self) -> int:
        """Encoders that hang and were given up."""
        return len(self._encoders.stuck)

    async def respond(
        self,
        request: web.Request,
        file: FileRow,
        wanted: Wanted,
        user: Listener,
        others: Sequence[FileRow] = (),
    ) -> web.StreamResponse:
        """Send a song as `choose` decides. Raises `Gone` or `Busy` before anything is sent.

        `others` are more files of the same recording.
        """
        chosen = choose((file, *others), wanted, user.max_bit_rate, self._settings)
        file, choice = chosen.file, chosen.way
        if others:
            log.debug("one of several files", song=file.id, reason=chosen.reason)
        with self._listening(request, user):
            if isinstance(choice, Direct):
                return await self._as_it_is(request, file, wanted, user)
            opened = await asyncio.to_thread(open_inside, file.root, file.path)
            job = _job(file, opened, choice, user, self._gain(file))
            answer = await self._kept(request, file, job)
            if answer is not None:
                return answer
            if self._settings.mode == "cache-only":
                opened.file.close()
                return await self._as_it_is(request, chosen.spare, wanted, user)
            return await self._live(request, file, job, wanted.estimate)

    async def _as_it_is(
        self, request: web.Request, file: FileRow, wanted: Wanted, user: Listener
    ) -> web.StreamResponse:
        """Send an original; a part of a file is cut out of it."""
        if file.cut:
            return await self._part(request, file, wanted, user)
        opened = await asyncio.to_thread(open_inside, file.root, file.path)
        return await send(request, _original(file, opened))

    async def transcode(
        self, request: web.Request, file: FileRow, choice: Transcode, user: Listener
    ) -> web.StreamResponse:
        """Send a song as it was decided before. Raises `Gone` or `Busy` before anything is sent."""
        with self._listening(request, user):
            opened = await asyncio.to_thread(open_inside, file.root, file.path)
            job = _job(file, opened, choice, user, self._gain(file))
            return await self._exactly(request, file, job)

    async def has(self, file: FileRow, choice: Transcode) -> bool:
        """Whether a transcode is there already. Raises `Gone`."""
        opened = await asyncio.to_thread(open_inside, file.root, file.path)
        with opened.file:
            job = _job(file, opened, choice, NOBODY, self._gain(file))
            found = await self._transcoder.find(job)
        if found is not None:
            found.file.close()
        return found is not None

    async def download(
        self, request: web.Request, file: FileRow, name: str = "", user: Listener = NOBODY
    ) -> web.StreamResponse:
        """Send the original under its name, or another. Raises `Gone` before anything is sent.

        Of a part of a file, just that part.
        """
        if file.cut:
            name = name or os.path.basename(file.card.path)  # noqa: PTH119
            return await self._part(request, file, Wanted(), user, name)
        with self._listening(request, user):
            opened = await asyncio.to_thread(open_inside, file.root, file.path)
            name = name or os.fsdecode(os.path.basename(file.path))  # noqa: PTH119
            return await send(request, _original(file, opened, disposition(name)))

    async def archive(
        self,
        request: web.Request,
        kind: Bundled,
        files: Sequence[BundledRow],
        name: str,
        user: Listener,
    ) -> web.StreamResponse:
        """Send files as one ZIP with this name. Raises `Gone` or `Busy` before anything is sent."""
        with self._listening(request, user):
            packed = await asyncio.to_thread(bundle, kind, files)
            response = web.StreamResponse(headers=_archived(name))
            response.content_length = packed.size
            await response.prepare(request)
            if request.method != hdrs.METH_HEAD:
                await _pack(request, response, packed)
            return response

    async def segment(
        self, request: web.Request, file: FileRow, rendition: Rendition, number: int, user: Listener
    ) -> web.StreamResponse:
        """Send one segment of HLS. Raises `Gone` or `Busy` before anything is sent."""
        with self._listening(request, user):
            cut = Cut.of(file, rendition)
            if not 0 <= number < cut.count:
                raise Gone("There is no such segment.")
            opened = await asyncio.to_thread(open_inside, file.root, file.path)
            part = cut.part(number, rendition)
            job = _segment(file, opened, rendition, part, user, self._gain(file))
            return await self._exactly(request, file, job)

    async def _part(
        self, request: web.Request, file: FileRow, wanted: Wanted, user: Listener, name: str = ""
    ) -> web.StreamResponse:
        """Send a part of a file, whether or not the server transcodes."""
        choice = part(file, wanted, self._settings)
        with self._listening(request, user):
            opened = await asyncio.to_thread(open_inside, file.root, file.path)
            job = replace(_job(file, opened, choice, user), name=name)
            answer = await self._kept(request, file, job)
            return (
                answer
                if answer is not None
                else await self._live(request, file, job, wanted.estimate)
            )

    async def close(self, grace: float) -> None:
        """Let those who listen go on for `grace` seconds, then cut them off; end all encoders."""
        await self.listeners.until_idle(grace)
        self.listeners.dismiss(self.listeners.now())
        await self._transcoder.close()
        await self.listeners.until_idle(_CLOSING)

    def _gain(self, file: FileRow) -> float | None:
        return gain_for(file.gains, self._settings.replay_gain)

    @contextmanager
    def _listening(self, request: web.Request, user: Listener) -> Iterator[None]:
        if request in self.listeners:
            yield
            return
        with self._allowances.stream(request, user), self.listeners.listening(request, user.id):
            yield

    async def _exactly(self, request: web.Request, file: FileRow, job: Job) -> web.StreamResponse:
        """Send what was asked for and nothing in its place."""
        answer = await self._kept(request, file, job)
        if answer is None and self._settings.mode != "on":
            job.source.file.close()
            raise Gone("The server does not transcode, and has not kept what it once did.")
        return answer if answer is not None else await self._live(request, file, job)

    async def _kept(
        self, request: web.Request, file: FileRow, job: Job
    ) -> web.StreamResponse | None:
        """Send it from the cache; None: it is not there, and the job's source still open."""
        with ExitStack() as ours:
            ours.callback(job.source.file.close)
            found = await self._transcoder.find(job)
            if found is not None:
                return await send(request, _finished(file, job, found))
            ours.pop_all()
        return None

    async def _live(
        self, request: web.Request, file: FileRow, job: Job, estimate: bool = False
    ) -> web.StreamResponse:
        """Send what an encoder makes; the job's source is taken over."""
        with ExitStack() as ours:
            ours.callback(job.source.file.close)
            if request.method == hdrs.METH_HEAD:
                return await _announce(request, job, estimate)
            tap = await self._transcoder.start(job)
            ours.pop_all()
        with closing(tap):
            live = Live(request, job, tap, kept=self._transcoder.keeps(job), estimate=estimate)
            found = await self._transcoder.find(job) if await live.settled() else None
            if found is None:
                return await live.send()
        return await send(request, _finished(file, job, found))


async def _announce(request: web.Request, job: Job, estimate: bool) -> web.StreamResponse:
    """Answer `HEAD`; nothing is encoded for that."""
    response = web.StreamResponse(headers=headers_of(job))
    if estimate and not job.profile.lossless:
        response.content_length = estimate_of(job)
    await response.prepare(request)
    return response


async def _pack(request: web.Request, response: web.StreamResponse, packed: Bundle) -> None:
    """Send an archive; nothing is read that has not been asked for."""
    parts = pieces(packed.entries)
    try:
        while data := await asyncio.to_thread(next, parts, b""):
            await spend(request, len(data))
            await response.write(data)
    except Gone as error:
        # No archive is better than one that lacks a song and does not say so.
        log.warning("an archive broke off", reason=str(error))
        if request.transport is not None:
            request.transport.abort()
        return
    finally:
        # A step that still runs in its thread lets go of its file by itself.
        with suppress(ValueError):
            parts.close()
    await response.write_eof()


def _original(file: FileRow, opened: Opened, attachment: str = "") -> Content:
    headers = {DURATION: f"{file.duration:.3f}"}
    if attachment:
        headers[hdrs.CONTENT_DISPOSITION] = attachment
    etag = f'"{file.id:x}-{opened.size:x}-{opened.mtime_ns:x}"'
    return Content(opened.file, opened.size, file.content_type, etag, opened.mtime_ns, headers)


def _finished(file: FileRow, job: Job, found: Opened) -> Content:
    """A transcode from the cache is a file like any other."""
    headers = {DURATION: f"{file.duration:.3f}"}
    if job.name:
        headers[hdrs.CONTENT_DISPOSITION] = disposition(job.name)
    kind = job.profile.content_type
    return Content(found.file, found.size, kind, tag_of(job), job.source.mtime_ns, headers)


def _job(
    file: FileRow, opened: Opened, choice: Transcode, user: Listener, gain: float | None = None
) -> Job:
    profile, rate, offset = choice.profile, choice.rate, choice.offset
    return Job(
        source=opened,
        suffix=suffix_of(file),
        profile=profile,
        rate=rate,
        offset=offset,
        seconds=max(0.0, file.duration - offset),
        user=user,
        key="" if offset else key_of(file, opened, profile, rate, choice.shape, gain),
        shape=choice.shape,
        tags=tags_of(file, gain),
        begin=file.begin,
        end=file.end,
        size=file.size if file.cut else 0,
        gain=gain,
    )


def _segment(
    file: FileRow,
    opened: Opened,
    rendition: Rendition,
    part: Part,
    user: Listener,
    gain: float | None = None,
) -> Job:
    kind = "video" if part.size else "song"
    item = f"{kind} {file.id}"
    if file.cut:
        item += f" {file.begin} {file.end}"
    return Job(
        source=opened,
        suffix=suffix_of(file),
        profile=profile(rendition),
        rate=rendition.rate,
        offset=0.0,
        seconds=part.end - part.begin,
        user=user,
        key=part_key(item, opened, rendition.rate, part, gain),
        part=part,
        begin=file.begin,
        end=file.end,
        gain=gain,
    )


def _archived(name: str) -> dict[str, str]:
    """What an archive is announced with."""
    return {
        hdrs.CONTENT_TYPE: "application/zip",
        hdrs.CONTENT_DISPOSITION: disposition(f"{clean(name)}.zip"),
        hdrs.ACCEPT_RANGES: "none",
        hdrs.CACHE_CONTROL: "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


def _cores() -> int:
    """Cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
