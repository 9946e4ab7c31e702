"""Log lines: readable on a terminal, JSON otherwise, and never a credential in them."""

from __future__ import annotations

import logging
import sys
from types import TracebackType
from typing import TextIO, cast

import msgspec
import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web import RequestPayloadError
from structlog.typing import EventDict, Processor

from conf.settings import Logging
from server.redact import clean_event


class _StandardError:
    """Whatever is standard error now: a progress display puts itself in its place."""

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()


def on_terminal() -> bool:
    """Whether somebody looks at standard error."""
    return sys.stderr.isatty()


def readable(settings: Logging, *, terminal: bool) -> bool:
    """Whether lines are for people."""
    return settings.format == "console" or (settings.format == "auto" and terminal)


def _json(_logger: object, _method: str, event: EventDict) -> str:
    first = {name: event.pop(name, "") for name in ("timestamp", "level", "event")}
    return msgspec.json.encode(first | event).decode()  # type: ignore[operator]


def _unhandled(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """An error that nobody foresaw ends the process with a line like all others."""
    structlog.get_logger().critical("unhandled error", exc_info=(kind, error, trace))


def _renderers(settings: Logging, *, terminal: bool) -> list[Processor]:
    if not readable(settings, terminal=terminal):
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        return [stamp, structlog.processors.format_exc_info, clean_event, _json]
    stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
    console = structlog.dev.ConsoleRenderer(
        colors=terminal,
        pad_event_to=0,
        # What a client made up stands behind what is ours, and cannot pass for it.
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,
    )
    return [stamp, structlog.processors.format_exc_info, clean_event, console]


def _of_ours(record: logging.LogRecord) -> bool:
    """Whether a line of the HTTP library is about us: strangers who send what is no HTTP fill no log."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, (HttpProcessingError, RequestPayloadError, ConnectionError))


def configure(settings: Logging, *, terminal: bool | None = None) -> None:
    """Set up structlog, and send the standard library's loggers the same way.

    `terminal` is said for a process whose lines another one passes on to it.
    """
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    shared: list[Processor] = [structlog.stdlib.add_log_level]
    renderers = _renderers(settings, terminal=on_terminal() if terminal is None else terminal)
    output = cast("TextIO", _StandardError())
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=output),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(output)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("aiohttp.server").addFilter(_of_ours)
    logging.captureWarnings(capture=True)
    sys.excepthook = _unhandled
    # Says at debug level which selector it uses, whenever a loop starts.
    logging.getLogger("asyncio").setLevel(max(level, logging.INFO))
