"""What the commands have in common: their options, their settings, the database they work on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from conf import Loaded, Settings, load
from conf.fields import Raw
from conf.settings import Logging

if TYPE_CHECKING:
    from db.database import Database

C = TypeVar("C", bound=Callable[..., Any])
T = TypeVar("T")


def common(command: C) -> C:
    """`--config` and `--data`, which every command takes."""
    config = click.option(
        "--config", type=click.Path(path_type=Path), metavar="FILE",
        help="Settings; else $DULCIAN_CONFIG, ./dulcian.yaml or dulcian.yaml in the data folder.",
    )  # fmt: skip
    data = click.option(
        "--data", metavar="DIR", help="Data folder (data.dir); ~/.local/share/dulcian if not said."
    )
    return config(data(command))


def settings_of(config: Path | None, data: str | None, **overrides: Raw | None) -> Loaded:
    """Everything that was said; `server_listen=…` stands for `server.listen`. Raises ConfigError."""
    said = {name.replace("_", ".", 1): value for name, value in overrides.items()}
    given = {"data.dir": data, **said}
    return load(config, os.environ, {name: value for name, value in given.items() if value})


def quiet(logging: Logging) -> Logging:
    """For short commands: what goes well is not worth a log line."""
    return msgspec.structs.replace(logging, level="warning") if logging.level == "info" else logging


def with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run something short on the database of a running server, or on one started for it."""
    from server import logs
    from server.postgres import for_command

    logs.configure(quiet(settings.logging))
    with for_command(settings) as postgres:
        return run_on(postgres.dsn, settings, work)


def run_on(dsn: str, settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run something on a database that is there."""
    from db.database import Database

    async def run() -> T:
        db = await Database.open(dsn, settings)
        try:
            return await work(db)
        finally:
            await db.close()

    return asyncio.run(run())
