"""A scan that somebody asks for on the command line: handed to a server, or done here."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

import click

from conf.fields import absolute
from conf.settings import Settings
from db.database import Database
from db.rows import LibraryRow, ScanRow
from server.exits import FAILED, USAGE, ExitError
from server.progress import follow
from server.scanning import bury, run_scan

_PATIENCE = 2.5
_EVERY = 0.25


@dataclass(frozen=True)
class Wish:
    """What is asked for. `wait`: until it is over, not only until a server has begun."""

    folder: str | None
    paths: tuple[str, ...]
    full: bool
    accept_removals: bool
    wait: bool


async def fulfil(db: Database, settings: Settings, wish: Wish, *, alone: bool) -> None:
    """Have the scan done. `alone`: no server can be there to do it."""
    if alone and settings.library.folders:
        await db.libraries.sync(settings.library.folders)
    library = await _library(db, wish.folder)
    folders = _inside(library, wish.paths)
    asked = await db.scans.request(
        library.id if library else None,
        folders=folders,
        complete=wish.full,
        accept_removals=wish.accept_removals,
    )
    if alone or not await _taken(db, asked):
        await _do(db, settings, asked, alone=alone)
    elif wish.wait:
        await follow(db, settings.logging, asked.id)
    else:
        click.echo("The server scans.")
        return
    _report(await db.scans.get(asked.id))


async def _library(db: Database, folder: str | None) -> LibraryRow | None:
    """The library of that name or path; None for all."""
    if folder is None:
        return None
    known = await db.libraries.all()
    path = os.fsencode(absolute(folder, Path.cwd()))
    for library in known:
        if library.name == folder or library.path == path:
            return library
    names = ", ".join(library.name for library in known) or "none; library.folders is empty"
    raise ExitError(USAGE, f"There is no music folder '{folder}'. There are: {names}.")


def _inside(library: LibraryRow | None, paths: tuple[str, ...]) -> list[bytes]:
    """Folders of a library, counted from it; a folder that is gone may be named, too."""
    if not paths:
        return []
    if library is None:
        raise ExitError(USAGE, "--path counts from a music folder: name it with --folder.")
    root = Path(os.fsdecode(library.path))
    found = []
    for text in paths:
        place = absolute(text, root)
        real = os.path.realpath(place)
        if place != root and not real.startswith(os.path.realpath(root).rstrip("/") + "/"):
            raise ExitError(USAGE, f"{place} does not lie in {root}.")
        found.append(b"" if place == root else os.fsencode(os.path.relpath(place, root)))
    return [] if b"" in found else found


async def _taken(db: Database, asked: ScanRow) -> bool:
    """Whether a server has begun with it, or with another scan before it."""
    for _ in range(int(_PATIENCE / _EVERY)):
        latest = await db.scans.latest()
        if latest is None or latest.id != asked.id or latest.state != "queued":
            return True
        await asyncio.sleep(_EVERY)
    return False


async def _do(db: Database, settings: Settings, asked: ScanRow, *, alone: bool) -> None:
    """Run what waits, up to the scan that was asked for."""
    await bury(db, alone=alone)
    while (job := await db.scans.claim()) is not None:
        following = asyncio.create_task(follow(db, settings.logging, job.id))
        try:
            await run_scan(db, settings, job)
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
        if job.id == asked.id:
            break


def _report(row: ScanRow | None) -> None:
    """Say how it went; a scan that was refused or failed is this command's failure too."""
    if row is None or row.state not in {"done", "refused", "failed"}:
        raise ExitError(FAILED, "The scan did not run: another one is under way. Try again later.")
    if row.state != "done":
        raise ExitError(FAILED, row.message)
    click.echo(row.message)
