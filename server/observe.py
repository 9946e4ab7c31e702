"""One look at each request: counted, timed, and told of when it was slow."""

from __future__ import annotations

import asyncio
import time

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from server.metrics import Figures
from subsonic.app import ENDPOINT
from subsonic.endpoint import ENDPOINTS

log = structlog.get_logger()

_LEFT = 499  # what others call a client that did not wait for the answer


def observer(figures: Figures, slow: float) -> Middleware:
    """The outermost middleware. A log line has the path and never the query, which may hold a password."""
    counters: dict[tuple[str, int], _Count] = {}

    @web.middleware
    async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        status = 500
        try:
            response = await handler(request)
            status = response.status
        except web.HTTPException as answer:
            status = answer.status
            raise
        except (asyncio.CancelledError, ConnectionError):
            status = _LEFT
            raise
        finally:
            name = request.get(ENDPOINT, "other")
            took = time.perf_counter() - began
            if (name, status) not in counters:
                counters[name, status] = _Count(figures, name, status)
            counters[name, status].add(took)
            if took >= slow and name in ENDPOINTS and not ENDPOINTS[name].raw:
                log.info(
                    "slow request", path=request.path[:200], seconds=round(took, 3), status=status
                )
        return response

    return observe


class _Count:
    """The figures of one endpoint and status, looked up once."""

    def __init__(self, figures: Figures, name: str, status: int) -> None:
        media = name in ENDPOINTS and ENDPOINTS[name].raw
        self._requests = figures.requests.labels(name, str(status))
        self._duration = None if media else figures.duration.labels(name)

    def add(self, seconds: float) -> None:
        self._requests.inc()
        if self._duration is not None:
            self._duration.observe(seconds)
