"""`dulcian user`: accounts."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from conf import Settings
from conf.sources import user_name
from db.rows import UserRow
from server.commands.options import common, settings_of, with_database
from server.exits import USAGE, ExitError

if TYPE_CHECKING:
    from db.database import Database

T = TypeVar("T")

VARIABLE = "DULCIAN_PASSWORD"


@click.group()
def user() -> None:
    """Add, list and delete accounts, and change passwords."""


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make an administrator.")
@common
def add(name: str, admin: bool, config: Path | None, data: str | None) -> None:
    """Add an account. The password is taken from DULCIAN_PASSWORD or standard input."""
    settings = settings_of(config, data).settings
    if not name.strip() or not name.isprintable():
        raise ExitError(USAGE, "A name needs letters, and may not hold control characters.")
    password = _password()
    made = _changed(
        settings, "user created", name, lambda db: db.users.add(name.strip(), password, admin)
    )
    click.echo(f"Added the {_kind(made)} {made.name}.")


@user.command("list")
@common
def list_(config: Path | None, data: str | None) -> None:
    """List the accounts."""
    for row in with_database(settings_of(config, data).settings, lambda db: db.users.all()):
        click.echo(f"{row.name}\t{_kind(row)}" + ("" if row.enabled else "\tswitched off"))


@user.command()
@click.argument("name")
@common
def passwd(name: str, config: Path | None, data: str | None) -> None:
    """Change a password. The new one is taken from DULCIAN_PASSWORD or standard input."""
    settings = settings_of(config, data).settings
    password = _password()
    _changed(settings, "password changed", name, lambda db: db.users.set_password(name, password))
    click.echo(f"Changed the password of {name}.")


@user.command()
@click.argument("name")
@common
def delete(name: str, config: Path | None, data: str | None) -> None:
    """Delete an account with its stars, ratings and plays. The last administrator stays."""
    settings = settings_of(config, data).settings
    _changed(settings, "user deleted", name, lambda db: db.users.delete(name))
    click.echo(f"Deleted {name}.")


@user.command()
@click.argument("name")
@click.option("--streams", type=click.IntRange(0), metavar="N", help="Streams at the same time.")
@click.option("--rate", type=click.IntRange(0), metavar="KBIT", help="kbit/s over all of them.")
@click.option("--transcodes", type=click.IntRange(0), metavar="N", help="Transcodes at once.")
@click.option("--bit-rate", type=click.IntRange(0), metavar="KBIT", help="Most for one song.")
@click.option("--as-configured", is_flag=True, help="Of the first three, forget what is not named.")
@common
def limit(
    name: str,
    streams: int | None,
    rate: int | None,
    transcodes: int | None,
    bit_rate: int | None,
    as_configured: bool,
    config: Path | None,
    data: str | None,
) -> None:
    """Say how much a user is sent, on each node; 0: without a limit. It counts at once."""
    from db.users import BIT_RATES, Change, Limits

    if bit_rate is not None and bit_rate not in BIT_RATES:
        raise ExitError(USAGE, f"A bit rate is one of {', '.join(map(str, BIT_RATES))}.")
    settings = settings_of(config, data).settings
    said = Limits(streams=streams, rate=rate, transcodes=transcodes)

    async def work(db: Database) -> UserRow:
        row = await db.users.by_name(name)
        before = Limits() if row is None or as_configured else Limits.of(row)
        change = Change(limits=said.over(before), max_bit_rate=bit_rate)
        return await db.users.change(name, change)

    row = _changed(settings, "user changed", name, work)
    click.echo(f"{row.name}: {', '.join(_limits(row))}.")


def _limits(row: UserRow) -> Iterator[str]:
    for what, number in (
        ("streams at once", row.max_streams),
        ("kbit/s over all", row.max_rate),
        ("transcodes at once", row.max_transcodes),
        ("kbit/s of a song", row.max_bit_rate),
    ):
        yield f"{what} {'as configured' if number is None else number or 'without a limit'}"


def _changed(
    settings: Settings, event: str, name: str, change: Callable[[Database], Awaitable[T]]
) -> T:
    """Change an account, and note who did: the one who is signed in to this machine."""
    from db.audit import By

    by = By(user_name(), "", "command line")

    async def work(db: Database) -> T:
        done = await change(db)
        await db.audit.note(event, by, subject=name.strip())
        return done

    return with_database(settings, work)


def _password() -> str:
    """Never from the command line, which everybody on the machine can read."""
    given = os.environ.get(VARIABLE)
    if given is None and sys.stdin.isatty():
        given = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    if given is None:
        given = sys.stdin.readline().rstrip("\r\n")
    if not given:
        raise ExitError(
            USAGE, f"The password is empty: set {VARIABLE}, or write it to standard input."
        )
    return given


def _kind(row: UserRow) -> str:
    return "administrator" if "admin" in row.roles else "user"
