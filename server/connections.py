"""Who may hold how many connections, and how slowly a request may come in.

aiohttp takes every connection there is and waits for a body for ever: a few strangers who send a byte
a minute would have all of them. Songs and answers may be taken as slowly as a player likes.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections import Counter
from contextlib import suppress

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

from db.tries import network_of
from server.proxies import Proxies

log = structlog.get_logger()

HEAD_SECONDS = 75.0
"""How long a connection may be idle, or at its next request's head; proxies keep theirs for a minute."""
_LOOK_EVERY = 30.0
_LEAST = 4096
"""Bytes of a body between two looks."""
_TELL_EVERY = 60.0
_MOST_FILES = 65_536
_FOR_OTHERS = 128
"""Files that are not connections nor songs: the database, logs, processes."""


def raise_file_limit() -> int:
    """Let this process have as many open files as it is allowed; gives how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return wanted
    return _MOST_FILES if soft == resource.RLIM_INFINITY else soft


class Connections:
    """Counts the connections of a server by network; one too many is closed before it is read.

    Trusted proxies bring everybody's, and are not counted. A song takes a file besides its
    connection: all together get half of the files that the process may open.
    """

    def __init__(self, most: int, proxies: Proxies, files: int) -> None:
        self._most, self._proxies = most, proxies
        self._all = max(16, (files - _FOR_OTHERS) // 2)
        self._of: Counter[str] = Counter()
        self._told = -_TELL_EVERY

    def watch(self, server: web.Server) -> None:
        """Look at each connection of the server when it comes and when it goes."""
        made, lost, counted = server.connection_made, server.connection_lost, self._of
        known: dict[RequestHandler, str] = {}

        def come(handler: RequestHandler, transport: asyncio.Transport) -> None:
            made(handler, transport)
            network = self._network(transport)
            known[handler] = network
            counted[network] += 1
            if self._too_many(network, len(known)):
                transport.abort()

        def gone(handler: RequestHandler, exc: BaseException | None = None) -> None:
            network = known.pop(handler, None)
            if network is not None:
                counted[network] -= 1
                if not counted[network]:
                    del counted[network]
            lost(handler, exc)

        # aiohttp has no other place to ask whether a connection may stay.
        server.connection_made = come  # type: ignore[method-assign]
        server.connection_lost = gone  # type: ignore[method-assign]

    def _network(self, transport: asyncio.Transport) -> str:
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if isinstance(peer, tuple) else ""
        return "" if self._proxies.trusts(address) else network_of(address)

    def _too_many(self, network: str, together: int) -> bool:
        alone = bool(self._most and network) and self._of[network] > self._most
        if (alone or together > self._all) and time.monotonic() >= self._told + _TELL_EVERY:
            self._told = time.monotonic()
            log.warning(
                "too many connections", address=network, open=self._of[network], together=together,
                setting="server.connections_per_address",
            )  # fmt: skip
        return alone or together > self._all


@web.middleware
async def prompt(request: web.Request, handler: Handler) -> web.StreamResponse:
    """End a request whose body comes in drops."""
    if request.content.is_eof():
        return await handler(request)
    try:
        async with asyncio.timeout(None) as patience:
            watch = asyncio.create_task(_expect_body(request, patience))
            try:
                return await handler(request)
            finally:
                watch.cancel()
    except TimeoutError:
        if not patience.expired():
            raise
        raise web.HTTPRequestTimeout(text="The request came too slowly.\n") from None


async def _expect_body(request: web.Request, patience: asyncio.Timeout) -> None:
    body, had = request.content, -_LEAST
    while not body.is_eof():
        if body.total_bytes - had < _LEAST:
            patience.reschedule(0)
            return
        had = body.total_bytes
        await asyncio.sleep(_LOOK_EVERY)
