"""`dulcian migrate`: the tables of the database."""

from __future__ import annotations

from pathlib import Path

import click

from server.commands.options import common, quiet, settings_of
from server.exits import FAILED, OCCUPIED, USAGE, ExitError


@click.command()
@click.option(
    "--check", is_flag=True, help="Only say whether the tables are up to date (exit 0 or 1)."
)
@click.option("--plan", is_flag=True, help="Only print the SQL that would be run.")
@click.option(
    "--down", type=click.IntRange(min=1), metavar="N",
    help="Undo the last N migrations, with all that is in their tables.",
)  # fmt: skip
@click.option("--yes", is_flag=True, help="With --down: do not ask.")
@common
def migrate(
    check: bool, plan: bool, down: int | None, yes: bool, config: Path | None, data: str | None
) -> None:
    """Bring the tables of the database up to date. `serve` does so by itself."""
    if check + plan + (down is not None) > 1:
        raise ExitError(USAGE, "Choose one of --check, --plan and --down.")
    from db import migrate as migrations
    from server import logs
    from server.postgres import for_command

    settings = settings_of(config, data).settings
    logs.configure(quiet(settings.logging))
    with for_command(settings, migrated=False) as postgres:
        if check:
            _check(migrations.pending(postgres.dsn))
        elif plan:
            for step in migrations.plan(postgres.dsn):
                click.echo(f"-- {step.name}\n{step.sql}")
        elif down is not None:
            _may_undo(yes, occupied=postgres.embedded is None and not settings.database.url)
            _list("Undone", migrations.down(postgres.dsn, down))
        else:
            _list("Applied", migrations.migrate(postgres.dsn))


def _check(pending: list[str]) -> None:
    if pending:
        raise ExitError(FAILED, "To be applied: " + ", ".join(pending))
    click.echo("The tables are up to date.")


def _may_undo(yes: bool, *, occupied: bool) -> None:
    if occupied:
        raise ExitError(OCCUPIED, "A server is running on this data. Stop it first.")
    if not yes:
        click.confirm("This deletes what is in those tables. Go on?", abort=True, err=True)


def _list(what: str, names: list[str]) -> None:
    for name in names:
        click.echo(f"{what} {name}.")
    if not names:
        click.echo("There was nothing to do.")
