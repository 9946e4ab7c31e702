"""The child process of `db.migrate`: yoyo and its driver live here, and only while they are needed.

When the parent has left, the migration at hand is finished, and none is begun.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict

from db.migrate import Message, Request, migration_names

LOCK = (0x64756C63, 0x6D696772)
"""The advisory lock of those who migrate."""
_POLL = 0.1
_PARENT = 1
_EXISTS = "select to_regclass('_yoyo_migration') is not null"
_MAY_CREATE = "select has_schema_privilege(current_schema(), 'create')"
_APPLIED = "select migration_id from _yoyo_migration order by applied_at_utc, migration_id"


class RefusalError(Exception):
    """Ends the work with an error of that kind in the parent."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def main() -> None:
    """Read a request from standard input, write messages to standard output."""
    with suppress(BrokenPipeError):
        if asked := sys.stdin.buffer.read():
            answer(msgspec.json.decode(asked, type=Request))


def answer(request: Request) -> None:
    """Do it, and say what came of it. Raises BrokenPipeError when the parent has left."""
    try:
        say(Message(names=ACTIONS[request.action](request)))
    except RefusalError as error:
        say(Message(error=error.kind, text=str(error)))
    except psycopg.Error as error:
        say(Message(error="MigrationError", text=f"PostgreSQL said: {error}"))


def say(message: Message) -> None:
    """Tell the parent; nothing stays in a buffer when it has left."""
    os.write(_PARENT, msgspec.json.encode(message) + b"\n")


def check_parent() -> None:
    """Raise BrokenPipeError when the parent has left."""
    pipe = select.poll()
    pipe.register(_PARENT, 0)
    if pipe.poll(0):
        raise BrokenPipeError


def pending(request: Request) -> list[str]:
    """What `db.migrate.pending` answers; changes nothing, and needs no right to."""
    with psycopg.connect(request.dsn, autocommit=True) as connection:
        return _pending(connection, request)


def apply(request: Request) -> list[str]:
    """Apply, one by one, what is pending once we hold the lock."""
    with _locked(request) as connection:
        names = _pending(connection, request)
        if names:
            _check_rights(connection)
            _apply(request, names)
        return names


def down(request: Request) -> list[str]:
    """Undo the newest."""
    with _locked(request) as connection:
        _pending(connection, request)
        return _undo(request)


ACTIONS = {"apply": apply, "pending": pending, "down": down}


def _check_rights(connection: psycopg.Connection[Any]) -> None:
    if not _one(connection, _MAY_CREATE):
        raise RefusalError(
            "MigrationError",
            "The database role needs the right to make tables: make it the owner of the database, or "
            "`grant create on schema public` to it.",
        )


def _apply(request: Request, names: list[str]) -> None:
    with _yoyo(request) as (backend, migrations):
        for migration in backend.to_apply(migrations):
            if migration.id in names:
                say(Message(news="applying a migration", name=migration.id))
                with _blamed(migration.id):
                    backend.apply_one(migration)


def _undo(request: Request) -> list[str]:
    with _yoyo(request) as (backend, migrations):
        undone = list(backend.to_rollback(migrations))[: request.count]
        for migration in undone:
            say(Message(news="undoing a migration", name=migration.id))
            with _blamed(migration.id):
                backend.rollback_one(migration)
        return [migration.id for migration in undone]


def _pending(connection: psycopg.Connection[Any], request: Request) -> list[str]:
    """Names of files not applied; refuses a database with migrations that we have no file for."""
    files = migration_names(Path(request.folder))
    applied: list[str] = []
    if _one(connection, _EXISTS):
        applied = [name for (name,) in connection.execute(_APPLIED)]
    if unknown := [name for name in applied if name not in files]:
        raise RefusalError(
            "NewerSchemaError",
            f"This database was changed by a newer Dulcian ({', '.join(unknown)}). Install that "
            "version, or restore a backup from before the change.",
        )
    return [name for name in files if name not in applied]


@contextmanager
def _locked(request: Request) -> Iterator[psycopg.Connection[Any]]:
    """Hold the lock. It is polled: a waiting statement would deadlock with `create index concurrently`."""
    with psycopg.connect(request.dsn, autocommit=True) as connection:
        until = time.monotonic() + request.wait
        told = False
        while not _one(connection, "select pg_try_advisory_lock(%s, %s)", LOCK):
            if time.monotonic() > until:
                raise RefusalError(
                    "MigrationError",
                    "Another node has been migrating this database for "
                    f"{request.wait:.0f} seconds. Look at its log, then start again.",
                )
            if not told:
                told = True
                say(Message(news="waiting for another node that migrates"))
            check_parent()
            time.sleep(_POLL)
        yield connection


def _one(connection: psycopg.Connection[Any], sql: str, values: tuple[int, ...] = ()) -> bool:
    row = connection.execute(sql.encode(), values).fetchone()
    return bool(row and row[0])


@contextmanager
def _yoyo(request: Request) -> Iterator[tuple[Any, Any]]:
    """The tool on this database; its lock, a row that a killed process leaves behind, is taken away."""
    from yoyo import get_backend, read_migrations
    from yoyo.exceptions import BadMigration

    # Its name goes into a log table; asking DNS for it may take half a minute.
    socket.getfqdn = lambda name="": name or socket.gethostname()
    with get_backend(_address(request.dsn)) as backend:
        backend.break_lock()
        try:
            yield backend, read_migrations(request.folder)
        except BadMigration as error:
            raise RefusalError("MigrationError", str(error)) from error


def _address(dsn: str) -> str:
    """The DSN as yoyo reads it: all that libpq understands, as arguments."""
    arguments = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value}
    database = arguments.pop("dbname", "")
    return f"postgresql+psycopg:///{database}?{urlencode(arguments)}"


@contextmanager
def _blamed(name: str) -> Iterator[None]:
    """Say which migration an error comes from."""
    try:
        yield
    except psycopg.errors.LockNotAvailable as error:
        raise RefusalError(
            "MigrationError",
            f"The migration {name} waited too long for a table that is in use: {error}. Nothing of it is "
            "changed; start again, or stop the other nodes first.",
        ) from error
    except psycopg.Error as error:
        raise RefusalError("MigrationError", f"The migration {name} failed: {error}") from error


if __name__ == "__main__":
    main()
