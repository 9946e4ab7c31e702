"""The embedded PostgreSQL server: made at the first start, stopped last, reachable by us alone.

It listens on a socket in the data folder, which only its user can enter, and asks for a password
even there. Started by root, it runs as an unprivileged user who need not be able to reach the data
folder: it gets an open one, and calls that `/proc/self/fd/N`.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import structlog

from conf.settings import Database, Secret
from db import binaries, cluster, folder, orphans
from db.binaries import ENVIRONMENT, NOBODY, Account, Binaries
from db.errors import DataFolderError, EmbeddedError, OtherVersionError

log = structlog.get_logger()

_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET = 107
_LOG_BYTES = 256 * 1024
_LOG_LINES = 12
_PR_SET_PDEATHSIG = 1
# Recovery after a power cut reads and replays up to max_wal_size, on a slow card.
_START_SECONDS = 600.0
_ATTACH_SECONDS = 60.0
_REPORT_SECONDS = 10.0
_STOP_SECONDS = 8.0
# Two pieces of its journal, and its small files.
_LEAST_FREE = 9 * 1024 * 1024

# For a machine with 1 GB that does other things too: about 10 MB when idle.
_PROFILE = {
    "autovacuum_max_workers": "1",
    "effective_cache_size": "256MB",
    "jit": "off",
    "log_checkpoints": "off",
    # Failed statements are the business of the one who sent them, and logged there.
    "log_min_messages": "log",
    "log_timezone": "UTC",
    "maintenance_work_mem": "32MB",
    "max_logical_replication_workers": "0",
    "max_parallel_maintenance_workers": "0",
    "max_parallel_workers": "0",
    "max_parallel_workers_per_gather": "0",
    # Little to replay after a power cut, and still a scan is not held up by checkpoints.
    "max_wal_size": "192MB",
    "min_wal_size": "32MB",
    # `replica` writes hardly more than `minimal` (only bulk loads into new tables differ), and a
    # backup can be taken while the server runs.
    "max_wal_senders": "2",
    "wal_level": "replica",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_directories": ".",
    "unix_socket_permissions": "0700",
}


class Embedded:
    """One server on one data folder. All of it blocks; `start` is for the main thread.

    The server ends when the process that started it does. `tuning` overrides settings of PostgreSQL.
    """

    def __init__(
        self, data_dir: Path, settings: Database, tuning: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir.expanduser().absolute()
        self.cluster = self.data_dir / "postgres"
        self.log_file = self.data_dir / "postgres.log"
        self._password_file = self.data_dir / "postgres.password"
        self._claim = folder.Claim(self.data_dir)
        self._settings = settings
        self._tuning = dict(tuning or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._reach = -1

    def start(self) -> Secret:
        """Start the server, making it first if need be; returns its DSN. Raises StartError."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("the server would end with this thread: start it in the main thread")
        folder.prepare(self.data_dir)
        self._claim.take()
        try:
            account = _account(self.cluster, self.data_dir)
            programs = binaries.find(self._settings.bin_dir)
            programs = binaries.runnable(programs, account)
            self._prepare(programs, account)
            self._launch(programs, account)
        except OSError as error:
            self.stop()
            raise folder.refusal(self.data_dir, error) from error
        except BaseException:
            self.stop()
            raise
        return self._dsn()

    def restart(self) -> Secret:
        """Start it again after it has ended; a database that has vanished is not made anew."""
        self.stop()
        if not self.cluster.is_dir():
            raise DataFolderError(f"{self.cluster} is gone. Is a disk not mounted?")
        return self.start()

    def attach(self) -> Secret | None:
        """The DSN of the server that another process runs on this data, waited for; None if none does."""
        until = time.monotonic() + _ATTACH_SECONDS
        while self._claim.is_taken() and time.monotonic() < until:
            if _is_ready(self.cluster) and orphans.running(self.cluster):
                return self._dsn()
            time.sleep(0.1)
        return None

    @property
    def pid(self) -> int | None:
        """The server's process, while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if self._process and running else None

    def check(self) -> None:
        """Raise EmbeddedError if the server is gone; keep its log small. To be called now and then."""
        _shorten(self.log_file)
        if self.pid is None:
            raise EmbeddedError(f"The embedded PostgreSQL has ended.\n{self._last_words()}")

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Stop the server, at once if it takes longer than this, and let go of the data. Twice is harmless."""
        if self._process is not None:
            _end(self._process, seconds)
            self._process = None
            log.info("embedded postgresql stopped")
        if self._reach >= 0:
            os.close(self._reach)
            self._reach = -1
        self._claim.release()

    def _prepare(self, programs: Binaries, account: Account | None) -> None:
        """See to it that there is a cluster of ours, of this version, whose password we know."""
        if not self.cluster.exists():
            password = cluster.new_password()
            self._keep_password(password)
            cluster.make(self.cluster, programs, account, password)
            return
        self._check_owner(account.uid if account else os.geteuid())
        self._check_version(programs.major)
        orphans.clear(self.cluster)
        if not self._password_file.exists():
            log.warning("the database password was lost; setting a new one")
            password = cluster.new_password()
            cluster.set_password(self.cluster, programs, account, password)
            self._keep_password(password)

    def _check_owner(self, uid: int) -> None:
        owner = folder.owner(self.cluster)[0]
        if os.geteuid() in (0, owner) and not (self.cluster / "PG_VERSION").is_file():
            raise DataFolderError(
                f"{self.cluster} holds something that is no database. Move it away, or choose another "
                "data folder (--data)."
            )
        if owner != uid:
            raise DataFolderError(
                f"The database in {self.cluster} belongs to user {owner}, and this is user {uid}. "
                "Start Dulcian as that user."
            )

    def _check_version(self, major: int) -> None:
        written = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        if written != str(major):
            raise OtherVersionError(
                f"The database in {self.cluster} was written by PostgreSQL {written}, and this is "
                f"PostgreSQL {major}. Set database.bin_dir to the programs of PostgreSQL {written}."
            )

    def _keep_password(self, password: str) -> None:
        self._password_file.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(self._password_file, flags, 0o600), "w", encoding="ascii") as file:
            file.write(password)
            file.flush()
            os.fsync(file.fileno())
        folder.give(self._password_file, folder.owner(self.data_dir))

    def _launch(self, programs: Binaries, account: Account | None) -> None:
        options = account.options if account else {}
        _shorten(self.log_file)
        with (
            cluster.handed_over(self.cluster) as (fd, name),
            open(self.log_file, "ab", opener=_private) as output,
        ):
            folder.give(self.log_file, folder.owner(self.data_dir))
            # A session of its own: Ctrl-C on the terminal is for us, who stop it last.
            self._process = subprocess.Popen(
                [programs.program("postgres"), "-D", name, *self._arguments(programs.major)],
                cwd="/", env=ENVIRONMENT, pass_fds=[fd], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=_end_with_parent,  # noqa: PLW1509 - it is one system call
                **options,  # type: ignore[call-overload]
            )  # fmt: skip
        self._wait_until_ready(self._process)

    def _arguments(self, major: int) -> list[str]:
        own = {
            "max_connections": str(self._settings.max_connections),
            "shared_buffers": self._settings.shared_buffers,
        }
        if major >= 18:
            own["io_method"] = "sync"  # the default keeps three more processes
        given = _PROFILE | own | self._tuning
        return [part for name, value in given.items() for part in ("-c", f"{name}={value}")]

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        began = reported = time.monotonic()
        while not _is_ready(self.cluster, process.pid):
            now = time.monotonic()
            if process.poll() is not None or now - began > _START_SECONDS:
                raise self._no_start()
            if now - reported > _REPORT_SECONDS:
                reported = now
                log.info("postgresql is still starting", seconds=round(now - began))
            time.sleep(0.02)
        log.info("embedded postgresql started", pid=process.pid, folder=str(self.cluster))

    def _no_start(self) -> DataFolderError | EmbeddedError:
        free = shutil.disk_usage(self.data_dir).free
        if free < _LEAST_FREE:
            return DataFolderError(
                f"The disk of {self.data_dir} is full: {free >> 20} MB are free, and PostgreSQL needs "
                f"{_LEAST_FREE >> 20} MB to start. Make room. More may stand in {self.log_file}."
            )
        return EmbeddedError(
            f"The embedded PostgreSQL did not start. Its log, {self.log_file}, ends with\n"
            f"{self._last_words()}"
        )

    def _last_words(self) -> str:
        try:
            text = self.log_file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            return f"(not readable: {error.strerror})"
        return "\n".join(text.splitlines()[-_LOG_LINES:])

    def _dsn(self) -> Secret:
        password = self._password_file.read_text(encoding="ascii")
        host = quote(self._socket_folder())
        return Secret(
            f"postgresql://{cluster.ROLE}:{password}@/{cluster.ROLE}?host={host}&port=5432"
        )

    def _socket_folder(self) -> str:
        """The cluster by a name that a socket address can hold."""
        place = os.fsencode(self.cluster)
        plain = place.isascii() and b"," not in place
        if plain and len(place) + 1 + len(_SOCKET) <= _LONGEST_SOCKET:
            return str(self.cluster)
        # Ours and our children's, gone when we are; others cannot follow it.
        if self._reach < 0:
            self._reach = os.open(self.cluster, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return f"/proc/{os.getpid()}/fd/{self._reach}"


def _account(place: Path, data_dir: Path) -> Account | None:
    """Whom PostgreSQL runs as when we are root: the data's owner, else nobody."""
    if os.geteuid() != 0:
        return None
    for kept in (place, data_dir):
        if kept.exists() and (found := folder.owner(kept))[0] != 0:
            return Account(*found)
    return NOBODY


def _end_with_parent() -> None:
    """Ask for a fast shutdown at the end of the thread that started us, even by SIGKILL."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGINT)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _is_ready(place: Path, pid: int | None = None) -> bool:
    """What pg_ctl looks at: the eighth line of the server's own pid file."""
    try:
        text = (place / "postmaster.pid").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    lines = text.splitlines()
    mine = pid is None or lines[:1] == [str(pid)]
    return mine and len(lines) >= 8 and lines[7].strip() == "ready"


def _shorten(file: Path) -> None:
    """Keep the second half of a log that has grown; the server appends, so it need not know."""
    try:
        if file.stat().st_size <= _LOG_BYTES:
            return
        with file.open("r+b") as log_file:
            log_file.seek(-_LOG_BYTES // 2, os.SEEK_END)
            log_file.readline()
            kept = log_file.read()
            log_file.seek(0)
            log_file.write(kept)
            log_file.truncate()
    except FileNotFoundError:
        pass


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Fast shutdown; then at once, which costs a recovery at the next start and no data."""
    for signal_number, patience in ((signal.SIGINT, seconds), (signal.SIGQUIT, 2.0)):
        process.send_signal(signal_number)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            log.warning("postgresql is slow to stop", seconds=patience)
        else:
            return
    process.kill()
    process.wait()
