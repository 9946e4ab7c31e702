"""What may be wrong with this machine, and what to do about it."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conf.settings import Settings
from conf.sources import user_name
from db import external, folder, migrate
from db.database import Database
from db.embedded import Embedded
from db.errors import DatabaseError
from db.folder import Claim
from library.rights import unreadable
from server import ports
from server.exits import ExitError
from web.directory import Directory
from web.ldap import DirectoryError
from web.provider import ProviderError, provider_of

_LITTLE = 1024**3
_TOO_LITTLE = 100 * 1024**2
_PATIENCE = 5.0

Asking = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Finding:
    """One line: how it stands, with what, and what to do."""

    state: Literal["ok", "warn", "fail"]
    subject: str
    text: str


def examine(settings: Settings, exposed: Iterable[Path] = ()) -> Iterator[Finding]:
    """All findings, one after the other. `exposed`: files with secrets that others may read."""
    for check in _CHECKS:
        yield from check(settings)
    for file in exposed:
        yield Finding("warn", "secrets", f"Everybody here may read {file}: chmod o-r it.")


def _python(_settings: Settings) -> Iterator[Finding]:
    running = "{}.{}.{}".format(*sys.version_info)
    if sys.version_info < (3, 12):
        advice = "3.12 and newer encode MP3 more than twice as fast"
        yield Finding("warn", "python", f"{running} works; {advice}.")
    else:
        yield Finding("ok", "python", running)


def _encoders(_settings: Settings) -> Iterator[Finding]:
    try:
        from streaming.encoders import missing

        lacking = missing()
    except ImportError as error:
        yield Finding("fail", "encoders", f"PyAV cannot be loaded ({error}). Install Dulcian anew.")
        return
    if lacking:
        yield Finding(
            "fail", "encoders", f"No encoder for {', '.join(lacking)}. Install PyAV's wheel."
        )
    else:
        yield Finding("ok", "encoders", "mp3, opus, aac and flac")


def _clock(_settings: Settings) -> Iterator[Finding]:
    """A machine without a battery wakes up in the past."""
    installed = Path(__file__).stat().st_mtime
    if time.time() < installed - 86400:
        now = time.strftime("%Y-%m-%d %H:%M")
        yield Finding("fail", "clock", f"It says {now}, which is past. Set it, or start NTP.")
    else:
        yield Finding("ok", "clock", time.strftime("%Y-%m-%d %H:%M %Z"))


def _data_folder(settings: Settings) -> Iterator[Finding]:
    place = settings.data.dir
    kind = folder.network_kind(place)
    if kind is not None and not settings.database.url:
        advice = "PostgreSQL may lose data there; choose a local disk (data.dir)"
        yield Finding(
            "fail", "data folder", f"{place} is on a network file system ({kind}): {advice}."
        )
        return
    problem = _not_writable(place)
    if problem:
        yield Finding(
            "fail", "data folder", f"{problem} Choose another (data.dir), or mend its rights."
        )
        return
    yield Finding(
        "ok", "data folder", f"{place}{'' if place.exists() else ' (made at the first start)'}"
    )
    yield _free(place)
    key = place / "secret.key"
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        yield Finding("warn", "secret key", f"Others may read {key}: chmod 600 it.")


def _cache_folder(settings: Settings) -> Iterator[Finding]:
    place = settings.data.cache_dir
    if place is not None:
        problem = _not_writable(place)
        yield Finding("fail", "cache", problem) if problem else Finding("ok", "cache", str(place))


def _free(place: Path) -> Finding:
    free = shutil.disk_usage(_existing(place)).free
    text = f"{free / 1024**3:.1f} GB free"
    if free < _TOO_LITTLE:
        return Finding("fail", "disk", f"{text}: the database cannot grow. Make room.")
    if free < _LITTLE:
        return Finding("warn", "disk", f"{text}: little for database and cache. Make room soon.")
    return Finding("ok", "disk", text)


def _existing(place: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(one for one in (place, *place.parents) if os.access(one, os.F_OK))


def _not_writable(place: Path) -> str:
    """Why nothing can be written in a folder, or nothing."""
    nearest = _existing(place)
    if not nearest.is_dir():
        return f"{nearest} is not a folder."
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"The user {user_name()} may not write in {nearest}."
    return ""


def _music(settings: Settings) -> Iterator[Finding]:
    if not settings.library.folders:
        yield Finding(
            "warn", "music", "No music folder is set: library.folders, or serve --music DIR."
        )
    for music in settings.library.folders:
        problem = unreadable(music.path)
        place = str(music.path)
        yield Finding("fail", "music", problem) if problem else Finding("ok", "music", place)


def _port(settings: Settings) -> Iterator[Finding]:
    listen = settings.server.listen
    try:
        for opened in ports.take(listen, shared=False):
            opened.close()
    except ExitError as error:
        if Claim(settings.data.dir).is_taken():
            yield Finding("ok", "port", f"{listen} is taken, and Dulcian is running")
        else:
            yield Finding("fail", "port", str(error))
        return
    yield Finding("ok", "port", f"{listen} is free")


def _database(settings: Settings) -> Iterator[Finding]:
    try:
        if settings.database.url:
            dsn = external.address(settings.database)
            asyncio.run(external.reach(dsn, min(_PATIENCE, settings.database.wait)))
            yield from _tables(dsn, settings)
        else:
            yield from _embedded(settings)
    except DatabaseError as error:
        yield Finding("fail", "database", " ".join(str(error).split()))


def _embedded(settings: Settings) -> Iterator[Finding]:
    embedded = Embedded(settings.data.dir, settings.database)
    if not embedded.cluster.exists():
        yield Finding("ok", "database", "embedded; made at the first start")
        return
    try:
        dsn = embedded.attach() or embedded.start()
        yield from _tables(dsn, settings)
    finally:
        embedded.stop()


def _tables(dsn: str, settings: Settings) -> Iterator[Finding]:
    pending = migrate.pending(dsn)
    if pending:
        names = ", ".join(pending)
        yield Finding("warn", "database", f"Reachable; the next start applies {names}.")
        return
    yield Finding(
        "ok", "database", f"PostgreSQL {asyncio.run(_version(dsn, settings))}, tables up to date"
    )


def _sign_in(settings: Settings) -> Iterator[Finding]:
    """Whoever else says who people are: a provider, a directory."""
    provider = provider_of(settings)
    if provider is not None:
        name = provider.settings.issuer
        yield _answered("provider", name, asyncio.run(_reason(provider.metadata, provider.close)))
    if settings.ldap.url:
        directory = Directory(settings.ldap)
        yield _answered("directory", settings.ldap.url, asyncio.run(_reason(directory.check)))


def _answered(subject: str, name: str, reason: str) -> Finding:
    if reason:
        return Finding("fail", subject, f"Nobody can sign in with {name}: {reason}")
    return Finding("ok", subject, f"{name} answers")


async def _reason(ask: Asking, close: Asking | None = None) -> str:
    """Nothing, or why there is no answer."""
    try:
        async with asyncio.timeout(_PATIENCE):
            await ask()
    except TimeoutError:
        return f"no answer within {_PATIENCE:g} seconds"
    except (ProviderError, DirectoryError) as error:
        return str(error)
    finally:
        if close is not None:
            await close()
    return ""


async def _version(dsn: str, settings: Settings) -> str:
    db = await Database.open(dsn, settings)
    try:
        async with db.pool.acquire() as connection:
            version = connection.get_server_version()
        return f"{version.major}.{version.minor}"
    finally:
        await db.close()


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _python, _encoders, _clock, _data_folder, _cache_folder, _music, _port, _database,
    _sign_in,
)  # fmt: skip
