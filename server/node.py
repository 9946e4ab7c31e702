"""One serving process: the web application, started and drained."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
from typing import Any

from aiohttp import web

from conf.settings import Settings
from db.database import Database
from server.app import HEALTH, METRICS, SERVICES, build, runner
from server.connections import Connections, raise_file_limit
from server.metrics import SHARED
from server.proxies import Proxies
from server.sandbox import Sandbox

_SAMPLE_EVERY = 5.0
_BACKLOG = 512


class Node:
    """Serves on sockets that are bound already."""

    def __init__(self, settings: Settings, db: Database, sockets: list[socket.socket]) -> None:
        self._settings = settings
        self._db = db
        self._sockets = sockets
        self.sandbox = Sandbox(os.cpu_count() or 1, settings.server.sandbox_bytes)
        self.app = build(settings, db, self.sandbox)
        self._runner = runner(self.app, settings)

    async def start(self) -> None:
        """Hear the other nodes, then answer."""
        asyncio.get_running_loop().set_exception_handler(_told)
        await self._db.bus.start()
        await self._runner.setup()
        self._watch_connections()
        # What is alive now stays so: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        self.app[HEALTH].started = True
        for bound in self._sockets:
            await web.SockSite(self._runner, bound, backlog=_BACKLOG).start()

    def _watch_connections(self) -> None:
        given = self._settings.server
        most, proxies = given.connections_per_address, Proxies(given.trusted_proxies)
        if self._runner.server is not None:
            Connections(most, proxies, raise_file_limit()).watch(self._runner.server)

    async def drain(self) -> None:
        """Tell the load balancer, take no more, and let songs go on for the time of grace."""
        self.app[HEALTH].stopping = True
        for site in tuple(self._runner.sites):
            await site.stop()
        try:
            await self.app[SERVICES].streamer.close(self._settings.server.shutdown_grace)
        finally:
            await self._runner.cleanup()
            await self.sandbox.close()

    def transcodes(self) -> bool:
        """Whether somebody waits for sound that is made now."""
        streamer = self.app[SERVICES].streamer
        return streamer.transcodes_running + streamer.transcodes_queued > 0

    async def sample(self) -> None:
        """With several processes each notes its figures now and then, whoever is asked for them."""
        while True:
            if SHARED in os.environ:
                self.app[METRICS].sample()
            await asyncio.sleep(_SAMPLE_EVERY)


def _told(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Leave out what asyncio says of a file whose sending was cut off: it is meant to be."""
    cut_off = "_call_connection_lost" in context["message"]
    if not (cut_off and isinstance(context.get("exception"), asyncio.InvalidStateError)):
        loop.default_exception_handler(context)
