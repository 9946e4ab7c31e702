"""The database that a command works with: started here, or already running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from conf.settings import Settings
from db.embedded import Embedded
from db.external import wait_for_server
from db.folder import Claim, refusal
from db.migrate import migrate


@dataclass(frozen=True)
class Postgres:
    """Where the database is, and the server of it that this process started, if it did."""

    dsn: str
    embedded: Embedded | None = None


@contextmanager
def for_server(settings: Settings) -> Iterator[Postgres]:
    """Hold the data folder, start or await the database, bring its tables up to date.

    Raises db.errors.StartError. Belongs in the main thread, whose end the embedded server follows.
    """
    if not settings.database.url:
        with _started(settings, migrated=True) as postgres:
            yield postgres
        return
    try:
        settings.data.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise refusal(settings.data.dir, error) from error
    claim = Claim(settings.data.dir)
    claim.take()
    try:
        postgres = _awaited(settings)
        migrate(postgres.dsn)
        yield postgres
    finally:
        claim.release()


@contextmanager
def for_command(settings: Settings, *, migrated: bool = True) -> Iterator[Postgres]:
    """The database for a short command: that of a running server, else one started for the occasion."""
    if settings.database.url:
        yield _awaited(settings)
        return
    running = Embedded(settings.data.dir, settings.database)
    try:
        dsn = running.attach()
        if dsn:
            yield Postgres(dsn)
            return
    finally:
        running.stop()
    with _started(settings, migrated=migrated) as postgres:
        yield postgres


@contextmanager
def _started(settings: Settings, *, migrated: bool) -> Iterator[Postgres]:
    embedded = Embedded(settings.data.dir, settings.database)
    try:
        dsn = embedded.start()
        if migrated:
            migrate(dsn)
        yield Postgres(dsn, embedded)
    finally:
        embedded.stop()


def _awaited(settings: Settings) -> Postgres:
    return Postgres(wait_for_server(settings.database))


def refuse_second(settings: Settings) -> None:
    """Say so at once when another process serves from this data; raises AlreadyRunningError."""
    claim = Claim(settings.data.dir)
    if claim.is_taken():
        claim.take()
        claim.release()
