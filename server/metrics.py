"""Figures for Prometheus. Labels are few and ours: nothing a client sends becomes one.

With several processes prometheus-client keeps them in files of a shared folder; it decides so when
it is imported, which is why this module is imported late.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import os
import time
from dataclasses import dataclass
from typing import Protocol

import structlog
from aiohttp import web
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from conf.settings import Secret
from db.audit import By, Outcome
from db.database import Database
from db.errors import DatabaseError
from db.rows import ScanRow
from db.tries import Caller, TooManyTriesError

log = structlog.get_logger()

SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable that names the folder shared by several processes."""
_BUCKETS = (0.005, 0.02, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)
_STATES = ("queued", "running", "done", "refused", "failed")
_SCANS = {
    "running": "1 while a scan runs.",
    "seen": "Songs and videos that the scan which runs, else the last one, has found.",
    "read": "Files that it has read.",
    "last_duration_seconds": "How long the scan took that ended last.",
    "last_finished_timestamp_seconds": "When it ended.",
}
_SELDOM = 300.0
_SCRAPER = "\0metrics"
"""The account under which tries at the token are counted."""
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class Figures:
    """All that is counted, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "dulcian_requests", "Requests answered.", ["endpoint", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.duration = Histogram(
            "dulcian_request_seconds", "Time to answer, media apart.", ["endpoint"],
            buckets=_BUCKETS, registry=self.registry,
        )  # fmt: skip
        self.refused = self._counter("sign_ins_refused", "Sign-ins refused.")
        self.hits = self._counter("cache_hits", "Transcoded songs taken from the cache.")
        self.joined = self._counter(
            "transcodes_joined", "Transcodes heard from an encoder at work."
        )
        self.streams = self._gauge("streams", "Songs being sent.")
        self.running = self._gauge("transcodes_running", "Transcodes running.")
        self.queued = self._gauge("transcodes_queued", "Transcodes waiting.")
        self.stuck = self._gauge("transcodes_stuck", "Transcodes that hang and were given up.")
        self.connections = self._gauge("database_connections", "Database connections open.")
        self.idle = self._gauge("database_connections_idle", "Database connections unused.")
        self.scan = self._gauge("scan_state", "1 for the state of the latest scan.", "state")
        self.scans = {
            name: Gauge(
                f"dulcian_scan_{name}", meaning, registry=self.registry,
                multiprocess_mode="mostrecent",
            )
            for name, meaning in _SCANS.items()
        }  # fmt: skip
        self.unmeasured = Gauge(
            "dulcian_loudness_waiting", "Songs whose loudness neither tags nor measuring tell.",
            registry=self.registry, multiprocess_mode="mostrecent",
        )  # fmt: skip
        self.library = self._gauge("library", "What the libraries hold.", "what")
        if SHARED not in os.environ:
            ProcessCollector(registry=self.registry)

    def _counter(self, name: str, meaning: str) -> Counter:
        return Counter(f"dulcian_{name}", meaning, registry=self.registry)

    def _gauge(self, name: str, meaning: str, label: str = "") -> Gauge:
        """A gauge; over several processes a plain one is summed, of a labelled one the newest counts."""
        return Gauge(
            f"dulcian_{name}",
            meaning,
            [label] if label else [],
            registry=self.registry,
            multiprocess_mode="mostrecent" if label else "livesum",
        )

    def render(self) -> bytes:
        """The text that Prometheus reads; milliseconds of work, so call it in a thread."""
        if SHARED not in os.environ:
            return generate_latest(self.registry)
        everywhere = CollectorRegistry()
        MultiProcessCollector(everywhere)  # type: ignore[no-untyped-call]
        return generate_latest(everywhere)


@dataclass
class Totals:
    """What only ever grows, as its owners count it."""

    refused: int = 0
    hits: int = 0
    joined: int = 0


@dataclass(frozen=True)
class Now:
    """How things stand in this process."""

    streams: int
    running: int
    queued: int
    stuck: int
    totals: Totals


class Source(Protocol):
    """Who knows how things stand."""

    def __call__(self) -> Now: ...


class Metrics:
    """`/metrics`: for whoever has the token; without one, for this machine itself."""

    def __init__(self, db: Database, token: Secret, source: Source) -> None:
        self.figures = Figures()
        self._db = db
        self._token = str.__str__(token)
        self._source = source
        self._seen = Totals()
        self._counted = -_SELDOM

    async def answer(self, request: web.Request) -> web.Response:
        """The figures of all processes."""
        if not await self._may_read(request):
            raise web.HTTPForbidden(
                text="The figures are for this machine, or for metrics.token.\n"
            )
        self.sample()
        await self._ask()
        body = await asyncio.to_thread(self.figures.render)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def sample(self) -> None:
        """Note how this process stands; several processes do so now and then, unasked."""
        now, figures, pool = self._source(), self.figures, self._db.pool
        figures.streams.set(now.streams)
        figures.running.set(now.running)
        figures.queued.set(now.queued)
        figures.stuck.set(now.stuck)
        figures.refused.inc(now.totals.refused - self._seen.refused)
        figures.hits.inc(now.totals.hits - self._seen.hits)
        figures.joined.inc(now.totals.joined - self._seen.joined)
        self._seen = now.totals
        figures.connections.set(pool.get_size())
        figures.idle.set(pool.get_idle_size())

    async def _ask(self) -> None:
        """What the database knows; without it the rest is still worth reading."""
        try:
            latest = await self._db.scans.latest()
            libraries = [library.id for library in await self._db.libraries.all()]
            totals = await self._db.libraries.totals(libraries)
            ended = await self._db.scans.latest_ended()
            await self._ask_seldom()
        except DatabaseError:
            return
        self._tell(latest, ended)
        for state in _STATES:
            self.figures.scan.labels(state).set(latest is not None and latest.state == state)
        for what in ("songs", "albums", "artists", "bytes", "seconds"):
            self.figures.library.labels(what).set(getattr(totals, what))

    async def _ask_seldom(self) -> None:
        """What takes the database long to count."""
        if time.monotonic() >= self._counted + _SELDOM:
            self._counted = time.monotonic()
            self.figures.unmeasured.set(await self._db.loudness.waiting())

    def _tell(self, latest: ScanRow | None, ended: ScanRow | None) -> None:
        """Of scans: of the one that runs, and the one that ended last."""
        scans = self.figures.scans
        if latest is not None:
            scans["running"].set(latest.state == "running")
            scans["seen"].set(latest.seen)
            scans["read"].set(latest.read)
        if ended is not None and ended.finished is not None:
            scans["last_finished_timestamp_seconds"].set(ended.finished.timestamp())
            if ended.started is not None:
                took = ended.finished - ended.started
                scans["last_duration_seconds"].set(took.total_seconds())

    async def _may_read(self, request: web.Request) -> bool:
        if not self._token:
            return _is_loopback(request.remote) and not any(map(request.headers.get, _FORWARDED))
        given = request.headers.get("Authorization", "")
        right = hmac.compare_digest(
            given.encode("utf-8", "surrogateescape"), f"Bearer {self._token}".encode()
        )
        caller = Caller(_SCRAPER, request.remote or "", given)
        if not (right and self._db.tries.knows(caller)):
            await self._count(caller, right=right)
        return right

    async def _count(self, caller: Caller, *, right: bool) -> None:
        """Guesses at the token wait as those at passwords do; without the database nobody waits."""
        try:
            counted = await self._db.tries.enter(caller)
            if right:
                await self._db.tries.forgive(counted, None)
            else:
                await self._note("refused", caller)
        except TooManyTriesError as error:
            await self._note("held", caller)
            raise web.HTTPTooManyRequests(
                text="Too many wrong tokens.\n", headers={"Retry-After": str(error.wait)}
            ) from None
        except DatabaseError:
            log.warning("a try at the figures could not be counted", address=caller.address)

    async def _note(self, outcome: Outcome, caller: Caller) -> None:
        await self._db.audit.note("sign-in", By("", caller.address, "metrics"), outcome=outcome)


def _is_loopback(address: str | None) -> bool:
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    return bool((getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback)
