"""Lines for people and lines for programs."""

from __future__ import annotations

import json
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from aiohttp.http_exceptions import BadStatusLine
from aiohttp.web import RequestPayloadError

from conf.settings import Logging
from server import logs

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Logging is the whole process's: leave it as it was."""
    root = logging.getLogger()
    handlers, level, hook = root.handlers[:], root.level, sys.excepthook
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    sys.excepthook = hook
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def _fail(text: str) -> None:
    raise ValueError(text)


def lines(capsys: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_program_reads_json(capsys: Capture) -> None:
    """Standard error is no terminal here: one object per line, time and event first."""
    logs.configure(Logging())
    structlog.get_logger().info("scan finished", library="Music", added=3)
    (line,) = lines(capsys)
    assert list(line)[:3] == ["timestamp", "level", "event"]
    assert (line["event"], line["library"], line["added"]) == ("scan finished", "Music", 3)


def test_people_read_text(capsys: Capture) -> None:
    """Asked for, or on a terminal."""
    logs.configure(Logging(format="console"))
    structlog.get_logger().warning("disk is full", free=0)
    text = capsys.readouterr().err
    assert "disk is full" in text
    assert "free=0" in text
    assert not text.startswith("{")


def test_the_level_counts_for_all(capsys: Capture) -> None:
    """Also for libraries that use the standard library's loggers."""
    logs.configure(Logging(level="warning"))
    structlog.get_logger().info("hidden")
    logging.getLogger("aiohttp.server").info("hidden")
    logging.getLogger("aiohttp.server").warning("shown %s", "x")
    (line,) = lines(capsys)
    assert (line["event"], line["logger"]) == ("shown x", "aiohttp.server")


@pytest.mark.parametrize("format_", ["json", "console"])
@pytest.mark.attack("X90")
def test_no_credential_in_any_line(capsys: Capture, format_: str) -> None:
    """Not in values, not in messages of libraries, not in tracebacks."""
    logs.configure(Logging(format=format_))  # type: ignore[arg-type]
    log = structlog.get_logger()
    log.info("request", query="u=ann&p=hunter2&t=hunter2&s=hunter2", token="hunter2")
    logging.getLogger("aiohttp.server").warning("bad line %r", b"GET /rest/ping?apiKey=hunter2")
    try:
        _fail("cannot read 'password=hunter2'")
    except ValueError:
        log.exception("failed")
        logging.getLogger("aiohttp.server").exception("p=hunter2")
    text = capsys.readouterr().err
    assert "hunter2" not in text
    assert text.count("***") >= 6


@pytest.mark.attack("X39")
@pytest.mark.parametrize("format_", ["json", "console"])
@pytest.mark.attack("X39")
def test_nobody_writes_lines_of_their_own(capsys: Capture, format_: str) -> None:
    """A client's name, or an error's text, cannot end the line and begin another."""
    logs.configure(Logging(format=format_))  # type: ignore[arg-type]
    forged = 'x\r\n{"event":"all is well"}\x1b[2K\u2028\udcff'
    structlog.get_logger().info("sign-in refused", user=forged)
    try:
        _fail(forged)
    except ValueError:
        structlog.get_logger().exception("failed")
    text = capsys.readouterr().err
    assert not [line for line in text.splitlines() if line.startswith('{"event":"all')]
    assert "\x1b[2K" not in text


def test_a_warning_is_a_line(capsys: Capture) -> None:
    """Python's warnings go the same way."""
    logs.configure(Logging(format="json"))
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old way", UserWarning, stacklevel=1)
    assert "old way" in lines(capsys)[0]["event"]


def test_an_unforeseen_error_is_a_line(capsys: Capture) -> None:
    """Whoever reads JSON need not read tracebacks beside it."""
    logs.configure(Logging(format="json"))
    error = KeyError("x")
    sys.excepthook(KeyError, error, None)
    (line,) = lines(capsys)
    assert (line["event"], line["level"]) == ("unhandled error", "critical")
    assert "KeyError" in line["exception"]


@pytest.mark.attack("X71")
def test_what_strangers_do_wrong_fills_no_log(capsys: Capture) -> None:
    """Of the HTTP library only what is our mistake is told."""
    logs.configure(Logging(format="json"))
    log = logging.getLogger("aiohttp.server")
    for error in (BadStatusLine("x"), RequestPayloadError("x"), ConnectionResetError("x")):
        log.error("theirs", exc_info=error)
    log.error("ours", exc_info=KeyError("x"))
    log.error("plain")
    assert [line["event"] for line in lines(capsys)] == ["ours", "plain"]
