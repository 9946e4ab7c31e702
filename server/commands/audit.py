"""`dulcian audit`: who came in, and who changed which account."""

from __future__ import annotations

from pathlib import Path

import click

from db.rows import AuditRow
from server.commands.options import common, settings_of, with_database
from server.redact import one_line


@click.command()
@click.option(
    "--lines", type=click.IntRange(1, 100_000), default=50, show_default=True, help="How many."
)
@common
def audit(lines: int, config: Path | None, data: str | None) -> None:
    """Print sign-ins and changes of accounts, the newest last; auth.audit_days says how long they stay."""
    settings = settings_of(config, data).settings
    for row in reversed(with_database(settings, lambda db: db.audit.page(lines))):
        click.echo(_line(row))


def _line(row: AuditRow) -> str:
    """Columns between tabs; names from outside cannot end the line or the column."""
    when = row.at.astimezone().isoformat(" ", "seconds")
    columns = (row.event, row.outcome, row.way, row.address, row.actor, row.subject, row.detail)
    return "\t".join([when, *map(one_line, columns)])
