"""A PostgreSQL server for tests, and databases on it that are clones of a migrated one."""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from conf.settings import Database
from db.embedded import Embedded
from db.migrate import migrate

TEMPLATE = "template"
MEMORY, ROOM = Path("/dev/shm"), 4 * 1024**3
INSTALLED = [
    folder
    for version in range(15, 19)
    if (folder := Path(f"/usr/lib/postgresql/{version}/bin")).is_dir()
]
"""Debian's packages of the versions we support, the oldest first."""
OTHERS = [pytest.param(folder, id=folder.parent.name) for folder in INSTALLED] or [
    pytest.param(None, id="other", marks=pytest.mark.skip("Debian's postgresql is not installed"))
]
"""Servers to run tests on besides the one that is part of Dulcian, as parameters of a fixture."""
# What makes a server fast and its data worthless after a crash.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@contextmanager
def place(otherwise: Path) -> Iterator[Path]:
    """A folder in memory, where a clone's seven hundred files cost a fifth; without room, the other one."""
    if not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        yield otherwise
        return
    with tempfile.TemporaryDirectory(prefix="dulcian-tests-", dir=MEMORY) as folder:
        yield Path(folder)


@contextmanager
def server(data_dir: Path, bin_dir: Path | None = None) -> Iterator[str]:
    """A running server; gives the DSN of a superuser, in the database `postgres`."""
    embedded = Embedded(data_dir, Database(max_connections=100, bin_dir=bin_dir), CARELESS)
    dsn = embedded.start()
    try:
        yield as_superuser(dsn)
    finally:
        embedded.stop()


@contextmanager
def tcp_server(data_dir: Path, bin_dir: Path | None) -> Iterator[str]:
    """A server as others run them, on 127.0.0.1 with a password; gives the DSN of its role `dulcian`."""
    port = free_port()
    network = {"listen_addresses": "127.0.0.1", "port": str(port)}
    embedded = Embedded(data_dir, Database(bin_dir=bin_dir), CARELESS)
    dsn = embedded.start()
    embedded.stop()
    with (embedded.cluster / "pg_hba.conf").open("a") as file:
        file.write("host all all 127.0.0.1/32 scram-sha-256\n")
    embedded = Embedded(data_dir, Database(bin_dir=bin_dir), CARELESS | network)
    embedded.start()
    try:
        password = urlsplit(dsn).password
        yield f"postgresql://dulcian:{password}@127.0.0.1:{port}/dulcian"
    finally:
        embedded.stop()


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def on_database(dsn: str, name: str) -> str:
    """The same server and role, another database."""
    return re.sub(r"(//[^/]*/)[^?]*", rf"\g<1>{name}", dsn, count=1)


def end_connections(admin: str, dsn: str, which: str = "true") -> None:
    """End the connections to a database, of those the ones that `which` (on pg_stat_activity) picks."""
    name = f"'{database_of(dsn)}'"
    run(
        admin,
        "select pg_terminate_backend(pid, 10000) from pg_stat_activity"  # noqa: S608
        f" where datname = {name} and {which}",
    )


def database_of(dsn: str) -> str:
    """The name of the database."""
    return urlsplit(dsn).path[1:]


def run(dsn: str, *statements: str) -> None:
    """Run statements, each by itself."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def make_template(admin: str) -> None:
    """A migrated database to clone."""
    run(admin, f"create database {TEMPLATE} owner dulcian")
    migrate(as_role(on_database(admin, TEMPLATE)))


@contextmanager
def clone(admin: str, template: str = TEMPLATE) -> Iterator[str]:
    """A database of its own; gives the DSN of an ordinary role."""
    name = f"t_{secrets.token_hex(6)}"
    # Files are copied as they are, which takes a third of the time of going through the server's log.
    run(admin, f"create database {name} template {template} strategy file_copy owner dulcian")
    try:
        yield as_role(on_database(admin, name))
    finally:
        run(admin, f"drop database if exists {name} with (force)")


def as_superuser(dsn: str) -> str:
    """The same server as its superuser, who has the role's password."""
    return on_database(dsn, "postgres").replace("//dulcian:", "//postgres:")


def as_role(dsn: str) -> str:
    """The same database as the program's own role."""
    return dsn.replace("//postgres:", "//dulcian:")
