"""`dulcian secrets`: the key that passwords of apps are sealed with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conf.sources import user_name
from server.commands.options import common, settings_of, with_database

if TYPE_CHECKING:
    from db.database import Database

_STEP = 10_000
_DONE = (
    "Everything is sealed with another key now ({count:,} in all). A server that runs on this data uses "
    "it already.\n{rest}\nLinks to covers and players' tickets from before no longer work; apps get new "
    "ones by themselves. Backups from before need the old key."
)
_OF_FILE = "Nodes with data folders of their own need a copy of {path}."
_OF_SETTINGS = "Take the old key away from auth.secret_key, on every node."


@click.group()
def secrets() -> None:
    """Change the key that passwords of apps are sealed with."""


@secrets.command()
@common
def rotate(config: Path | None, data: str | None) -> None:
    """Seal everything with a new key, all or nothing; servers may run meanwhile.

    The key is `secret.key` in the data folder, where the old one stays beside the new one until all is
    done. Where auth.secret_key holds it, the command says what to prepare.
    """
    from db.audit import By

    settings = settings_of(config, data).settings
    shown = _Shown()

    async def work(db: Database) -> int:
        count = await db.sealing.rotate(shown)
        await db.audit.note("secret key changed", By(user_name(), "", "command line"))
        return count

    count = with_database(settings, work)
    rest = _OF_SETTINGS if settings.auth.secret_key else _OF_FILE
    path = settings.data.dir / "secret.key"
    click.echo(_DONE.format(count=count, rest=rest.format(path=path)))


class _Shown:
    """Tells how far it is, when it takes a while."""

    def __init__(self) -> None:
        self._next = _STEP

    def __call__(self, done: int, total: int) -> None:
        if done >= self._next:
            click.echo(f"{done:,} of {total:,}", file=sys.stderr)
            self._next = done + _STEP
