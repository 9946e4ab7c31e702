"""`dulcian doctor`: what is not in order here."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands.options import common, settings_of
from server.exits import FAILED

_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@click.command()
@common
def doctor(config: Path | None, data: str | None) -> None:
    """Examine machine, settings, folders, database and port; exit 1 if something must be mended."""
    import msgspec

    from server import logs
    from server.doctor import examine

    loaded = settings_of(config, data)
    logs.configure(msgspec.structs.replace(loaded.settings.logging, level="error"))
    failed = False
    for finding in examine(loaded.settings, loaded.exposed):
        state = click.style(f"{finding.state:<4}", fg=_COLOURS[finding.state])
        click.echo(f"{state}  {finding.subject:<12} {finding.text}")
        failed |= finding.state == "fail"
    if failed:
        click.get_current_context().exit(FAILED)
