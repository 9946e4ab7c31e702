"""The tables brought up to date, by a child process that takes its memory with it when it ends.

The migrations are `migrations/NAME.sql`, applied by yoyo in the order of their names;
`NAME.rollback.sql` undoes one. Any number of nodes may start at once: one applies, the others wait.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO, cast

import asyncpg
import msgspec
import structlog
from asyncpg.exceptions import InterfaceError, PostgresError

from conf.environment import without_settings
from db import errors
from db.errors import MigrationError, StartError

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "migrations"
WAIT = 900.0
"""How long to wait while another node migrates."""


class Request(msgspec.Struct):
    """What the child is to do: apply, list what is pending, or undo the last `count`."""

    action: str
    dsn: str
    folder: str
    count: int = 0
    wait: float = WAIT


class Message(msgspec.Struct):
    """What the child says: news while it works, at the end names or an error."""

    news: str = ""
    name: str = ""
    names: list[str] | None = None
    error: str = ""
    text: str = ""


class Step(msgspec.Struct, frozen=True):
    """A migration that is still to be applied."""

    name: str
    sql: str


def migrate(dsn: str, *, folder: Path = FOLDER, wait: float = WAIT) -> list[str]:
    """Apply what is pending; returns the names. Blocks. Raises MigrationError, NewerSchemaError."""
    if asyncio.run(_is_current(dsn, folder)):
        return []
    return _run(Request("apply", str(dsn), str(folder), wait=wait))


def pending(dsn: str, *, folder: Path = FOLDER) -> list[str]:
    """The names of the migrations that are still to be applied, in order."""
    return _run(Request("pending", str(dsn), str(folder)))


def plan(dsn: str, *, folder: Path = FOLDER) -> list[Step]:
    """The migrations that are still to be applied, with what they would do."""
    names = pending(dsn, folder=folder)
    return [Step(name, (folder / f"{name}.sql").read_text(encoding="utf-8")) for name in names]


def down(dsn: str, count: int, *, folder: Path = FOLDER, wait: float = WAIT) -> list[str]:
    """Undo the last migrations, the newest first, with all that is in their tables."""
    return _run(Request("down", str(dsn), str(folder), count=count, wait=wait))


async def _is_current(dsn: str, folder: Path) -> bool:
    """Whether every migration is applied and no other: the common case, told without a child.

    Any trouble is a no: the child will have it too, and explains it.
    """
    try:
        connection = await asyncpg.connect(dsn)
        try:
            rows = await connection.fetch("select migration_id from _yoyo_migration")
        finally:
            await connection.close()
    except (OSError, PostgresError, InterfaceError):
        return False
    return {row[0] for row in rows} == set(migration_names(folder))


def migration_names(folder: Path) -> list[str]:
    """The migrations there are, in order."""
    files = folder.glob("*.sql")
    return sorted(file.stem for file in files if not file.name.endswith(".rollback.sql"))


def _run(request: Request) -> list[str]:
    command = [sys.executable, "-P", "-m", "db.migrate_child"]
    # A group of its own: Ctrl-C on the terminal is for us; the child notices that nobody listens.
    with subprocess.Popen(
        command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
    ) as process:
        _tell(cast("IO[bytes]", process.stdin), request)
        answer = _listen(cast("IO[bytes]", process.stdout))
    if answer is None:
        raise MigrationError(f"The process that migrates has ended with {process.returncode}.")
    if answer.error:
        kind = getattr(errors, answer.error, MigrationError)
        raise kind(answer.text) if issubclass(kind, StartError) else MigrationError(answer.text)
    return answer.names or []


def _tell(pipe: IO[bytes], request: Request) -> None:
    """Hand over the request: its DSN holds a password, which is not for the command line."""
    with suppress(BrokenPipeError), pipe:  # a child that has died says so by its silence
        pipe.write(msgspec.json.encode(request))


def _listen(lines: IO[bytes]) -> Message | None:
    """Log the news; returns the answer, or None where there is none."""
    decode = msgspec.json.Decoder(Message).decode
    for message in map(decode, lines):
        if not message.news:
            return message
        log.info(message.news, **({"name": message.name} if message.name else {}))
    return None


def _environment() -> dict[str, str]:
    return without_settings() | {
        # yoyo asks who we are for each migration; a uid without a name cannot say.
        "LOGNAME": os.environ.get("LOGNAME") or "dulcian",
        # A statement that waits for a lock stops everybody who comes after it.
        "PGOPTIONS": "-c lock_timeout=30s -c statement_timeout=0 -c idle_session_timeout=0",
        "PGCONNECT_TIMEOUT": "20",
        "PGAPPNAME": "dulcian migrate",
        "PYTHONPATH": str(ROOT),
    }
