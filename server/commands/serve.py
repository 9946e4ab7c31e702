"""`dulcian serve`, and what it starts."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands.options import common, settings_of


@click.command()
@common
@click.option(
    "--music", multiple=True, metavar="DIR", help="A music folder; may be given several times."
)
@click.option("--listen", metavar="HOST:PORT", help="Where to listen; 0.0.0.0:5000 if not said.")
@click.option("--workers", metavar="N", help="Processes that share the port; 1 if not said.")
def serve(
    config: Path | None,
    data: str | None,
    music: tuple[str, ...],
    listen: str | None,
    workers: str | None,
) -> None:
    """Serve music until stopped by Ctrl-C or SIGTERM.

    The first start makes the data folder, starts the embedded PostgreSQL unless database.url names
    a server, and makes the first account from DULCIAN_ADMIN_USER and DULCIAN_ADMIN_PASSWORD; without
    them it prints a link where the first account is made.
    """
    from server import lifecycle

    loaded = settings_of(
        config, data,
        library_folders=list(music), server_listen=listen, server_workers=workers,
    )  # fmt: skip
    lifecycle.serve(loaded)


@click.command(hidden=True)
@click.argument("index")
def work(index: str) -> None:
    """Be one of several serving processes."""
    from server import lifecycle

    lifecycle.work()


@click.command(hidden=True)
@click.argument("scan")
def scan_job(scan: str) -> None:
    """Run a scan for a server."""
    from server import scanning

    scanning.scan_job()
