"""`dulcian scan`: look for changes in the music folders."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands.options import common, run_on, settings_of


@click.command()
@click.option("--full", is_flag=True, help="Read every file again, not only what changed.")
@click.option("--folder", metavar="NAME", help="Only this music folder, by name or path.")
@click.option(
    "--path",
    metavar="SUBDIR",
    multiple=True,
    help="With --folder: only this folder in it and what is below; may be given more than once.",
)
@click.option(
    "--accept-removals", is_flag=True,
    help="Believe that many songs are gone (library.removal_threshold).",
)  # fmt: skip
@click.option("--wait", is_flag=True, help="Return when the scan is over, not when it has begun.")
@common
def scan(
    full: bool,
    folder: str | None,
    path: tuple[str, ...],
    accept_removals: bool,
    wait: bool,
    config: Path | None,
    data: str | None,
) -> None:
    """Look for new, changed and vanished music.

    A running server does the work; without one it is done here, and the command waits for it.
    """
    from server import logs
    from server.postgres import for_command
    from server.scan_request import Wish, fulfil
    from server.scanning import unlimited

    settings = unlimited(settings_of(config, data).settings)
    wish = Wish(folder, path, full, accept_removals, wait)
    logs.configure(settings.logging)
    with for_command(settings) as postgres:
        alone = postgres.embedded is not None
        run_on(postgres.dsn, settings, lambda db: fulfil(db, settings, wish, alone=alone))
