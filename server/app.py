"""The composition root: the parts of the program put together into one web application."""

from __future__ import annotations

from aiohttp import web, web_response

from conf.settings import Settings
from db.database import Database
from library.lyrics import LyricsReader
from server.connections import HEAD_SECONDS, prompt
from server.health import Health
from server.metrics import Metrics, Now, Totals
from server.observe import observer
from server.proxies import behind
from server.sandbox import Sandbox
from streaming import Images, Streamer
from subsonic import Services
from subsonic import setup as set_up_protocol
from subsonic.app import AUTHENTICATOR
from web import setup as set_up_pages

HEALTH = web.AppKey("health", Health)
METRICS = web.AppKey("metrics", Metrics)
SERVICES = web.AppKey("services", Services)

# aiohttp names itself and its version and Python's on every answer, also to what is no HTTP.
web_response.SERVER_SOFTWARE = "Dulcian"  # type: ignore[attr-defined]


def build(settings: Settings, db: Database, sandbox: Sandbox) -> web.Application:
    """Everything that answers HTTP. The caller starts the bus after this, and closes the parts."""
    app = web.Application(
        client_max_size=settings.server.max_request_bytes,
        middlewares=[behind(settings.server.trusted_proxies, settings.auth.proxy_header)],
    )
    streamer, images = Streamer(settings), Images(settings, sandbox)
    services = Services(settings, db, streamer, images, LyricsReader(sandbox), sandbox)
    app[SERVICES] = services
    app[HEALTH] = health = Health(db, settings.data.dir)
    app[METRICS] = metrics = Metrics(db, settings.metrics.token, lambda: _now(app))
    app.middlewares.append(observer(metrics.figures, settings.logging.slow_request))
    app.middlewares.append(prompt)
    app.router.add_routes(health.routes())
    if settings.metrics.enabled:
        app.router.add_get("/metrics", metrics.answer)
    set_up_protocol(app, services)
    set_up_pages(app, services)
    return app


def _now(app: web.Application) -> Now:
    streamer = app[SERVICES].streamer
    return Now(
        streams=streamer.active,
        running=streamer.transcodes_running,
        queued=streamer.transcodes_queued,
        stuck=streamer.transcodes_stuck,
        totals=Totals(
            refused=app[AUTHENTICATOR].refused,
            hits=streamer.cache_hits,
            joined=streamer.cache_joined,
        ),
    )


def runner(app: web.Application, settings: Settings) -> web.AppRunner:
    """An application runner for real clients: long requests, and handlers that end with them."""
    return web.AppRunner(
        app,
        handle_signals=False,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=1.0,
        keepalive_timeout=HEAD_SECONDS,
        lingering_time=2.0,
        auto_decompress=False,  # no app packs requests; a few bytes could become gigabytes
        max_line_size=settings.server.max_url_bytes,
        max_field_size=64 * 1024,
    )
