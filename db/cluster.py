"""A new database cluster: made aside, and given its name when it is whole."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import structlog

from db import folder
from db.binaries import ENVIRONMENT, NOBODY, Account, Binaries
from db.errors import DataFolderError, EmbeddedError

log = structlog.get_logger()

ROLE = "dulcian"
_ROOM = 96 * 1024 * 1024
_ACCESS = "# Everybody shows the password, and nobody comes over the network.\n" + "".join(
    f"local {database} all scram-sha-256\n" for database in ("all", "replication")
)
WRAPPERS = (Path("/usr/lib"), Path("/usr/lib64"), Path("/usr/local/lib"))
"""Where libnss_wrapper may be."""


def make(cluster: Path, programs: Binaries, account: Account | None, password: str) -> None:
    """Make the cluster, with a role and a database for us; raises StartError."""
    free = shutil.disk_usage(cluster.parent).free
    if free < _ROOM:
        raise DataFolderError(
            f"The disk of {cluster.parent} is full: {free >> 20} MB are free, and a new database "
            f"needs {_ROOM >> 20} MB. Make room, or choose another folder (--data)."
        )
    log.info("making the database, once", folder=str(cluster), version=programs.version)
    fresh = cluster.with_name(f"{cluster.name}.new")
    maker = account if account is None or _has_name(account.uid) else NOBODY
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        _make_private(fresh, maker)
        _fill(fresh, programs, maker)
        set_password(fresh, programs, maker, password, new=True)
        if account and maker != account:
            _give_all(fresh, account)
        fresh.rename(cluster)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    _flush(cluster.parent)


def set_password(
    cluster: Path, programs: Binaries, account: Account | None, password: str, *, new: bool = False
) -> None:
    """Set our password, while no server runs on the cluster."""
    verb = "create role {} login" if new else "alter role {}"
    statements = [
        f"{verb.format(ROLE)} password '{password}'",
        f"alter role postgres password '{password}'",
        *([f"create database {ROLE} owner {ROLE}"] if new else []),
    ]
    options = ["-c", "log_min_error_statement=panic", "-c", "log_checkpoints=off", "template1"]
    command: list[str | Path] = [programs.program("postgres"), "--single", *options]
    _run(command, cluster, account, "\n".join(statements) + "\n")


@contextmanager
def handed_over(cluster: Path) -> Iterator[tuple[int, str]]:
    """The cluster for a child that may not be able to go there: an open folder, and its name."""
    fd = os.open(cluster, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield fd, f"/proc/self/fd/{fd}"
    finally:
        os.close(fd)


def new_password() -> str:
    """A password that needs no quoting anywhere."""
    return secrets.token_hex(24)


def _make_private(place: Path, account: Account | None) -> None:
    place.mkdir(mode=0o700)
    if account:
        os.chown(place, account.uid, account.gid)
    if not folder.is_private(place):
        raise DataFolderError(
            f"The file system of {place.parent} keeps no rights of users (exFAT or NTFS?), which "
            "PostgreSQL needs. Choose a folder on a Linux file system (--data)."
        )


def _fill(cluster: Path, programs: Binaries, account: Account | None) -> None:
    # Without a locale of the machine: the same order everywhere, also after an upgrade of its libc.
    locale = ["--locale=C"]
    if programs.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    options = ["-U", "postgres", "-E", "UTF8", *locale, "--data-checksums", "--wal-segsize=4"]
    command: list[str | Path] = [
        programs.program("initdb"),
        *options,
        "--auth=peer",
        "--no-instructions",
    ]
    _run(command, cluster, account)
    # Until here nobody could come in: no server has run that listens.
    access = os.open(cluster / "pg_hba.conf", os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    with os.fdopen(access, "w", encoding="ascii") as file:
        file.write(_ACCESS)


def _run(
    command: Sequence[str | Path], cluster: Path, account: Account | None, text: str = ""
) -> None:
    options = account.options if account else {}
    uid = account.uid if account else os.geteuid()
    with _named(uid) as user, handed_over(cluster) as (fd, name):
        done = subprocess.run(
            command, cwd="/", env=ENVIRONMENT | user | {"PGDATA": name}, input=text, text=True,
            check=False, pass_fds=[fd], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            **options,  # type: ignore[call-overload]
        )  # fmt: skip
    if done.returncode or "ERROR: " in done.stderr:
        raise EmbeddedError(
            f"The database in {cluster.parent} could not be made: "
            f"{Path(command[0]).name} said\n{done.stderr.strip()}"
        )


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


@contextmanager
def _named(uid: int) -> Iterator[dict[str, str]]:
    """The environment that gives a user without a name one (`docker run --user 1234`): initdb insists."""
    if _has_name(uid):
        yield {}
        return
    libraries = (path for place in WRAPPERS for path in place.glob("**/libnss_wrapper.so*"))
    if (library := next(libraries, None)) is None:
        raise EmbeddedError(
            f"User {uid} has no name on this machine (/etc/passwd), which PostgreSQL needs to make a "
            "database. Add one, install libnss-wrapper, or start as root on a data folder of that user."
        )
    with tempfile.NamedTemporaryFile("w", prefix="dulcian-passwd-", encoding="ascii") as names:
        names.write(f"{ROLE}:x:{uid}:{uid}::/:/bin/false\n")
        names.flush()
        Path(names.name).chmod(0o644)
        wrapper = {"NSS_WRAPPER_PASSWD": names.name, "NSS_WRAPPER_GROUP": "/etc/group"}
        yield wrapper | {"LD_PRELOAD": str(library)}


def _give_all(cluster: Path, account: Account) -> None:
    for place in (cluster, *cluster.rglob("*")):
        os.chown(place, account.uid, account.gid, follow_symlinks=False)


def _flush(place: Path) -> None:
    fd = os.open(place, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
