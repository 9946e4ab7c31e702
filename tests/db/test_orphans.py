from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from db import binaries, cluster
from db.migrate import ROOT
from tests.support import postgres
from tests.support.servers import (
    Make,
    ask,
    gone,
)

STARTER = """
import sys, time
from pathlib import Path
from conf.settings import Database
from db.embedded import Embedded
embedded = Embedded(Path(sys.argv[1]), Database())
dsn = embedded.start()
print(embedded.pid, dsn, flush=True)
time.sleep(600)
"""


def start_elsewhere(folder: Path, program: str = STARTER) -> tuple[subprocess.Popen[str], int, str]:
    """A server started by another process of ours: that process, the server's id, its DSN."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdout
    for line in process.stdout:
        pid, _, dsn = line.strip().partition(" ")
        if pid.isdigit():
            return process, int(pid), dsn
    raise AssertionError("it did not start")


def test_a_killed_parent_takes_the_server_along_and_nothing_committed_is_lost(
    data: Path, make: Make
) -> None:
    process, pid, dsn = start_elsewhere(data)
    with process:
        postgres.run(dsn, "create table kept as select 7 as number")
        process.kill()
        assert gone(pid)
    assert ask(make(data).start(), "select number from kept") == 7


def test_a_killed_server_recovers_at_the_next_start(data: Path, make: Make) -> None:
    process, pid, dsn = start_elsewhere(data)
    with process:
        postgres.run(dsn, "create table kept as select 7 as number")
        os.kill(pid, signal.SIGKILL)
        process.kill()
    assert ask(make(data).start(), "select number from kept") == 7


def run_alone(folder: Path) -> subprocess.Popen[bytes]:
    """A server on the data that belongs to no living Dulcian."""
    place = folder / "postgres"
    owner = place.stat()
    options = binaries.Account(owner.st_uid, owner.st_gid).options if os.geteuid() == 0 else {}
    with cluster.handed_over(place) as (fd, name):
        process: subprocess.Popen[bytes] = subprocess.Popen(
            [binaries.find(None).program("postgres"), "-D", name, "-k", ".", "-h", ""],
            cwd="/", env=binaries.ENVIRONMENT, pass_fds=[fd], stderr=subprocess.DEVNULL,
            **options,  # type: ignore[call-overload]
        )  # fmt: skip
    pid_file = place / "postmaster.pid"
    until = time.monotonic() + 30
    while not (pid_file.exists() and "ready" in pid_file.read_text()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


def test_a_server_that_was_left_behind_is_stopped(data: Path, make: Make) -> None:
    with run_alone(data) as orphan:
        assert ask(make(data).start(), "select 1") == 1
        assert orphan.wait(30) == 0


def test_a_pid_file_that_names_another_program_is_not_believed(data: Path, make: Make) -> None:
    place = data / "postgres"
    owner = place.stat()
    options = {"user": owner.st_uid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "600"], cwd="/", **options) as other:  # type: ignore[call-overload]
        pid_file = place / "postmaster.pid"
        pid_file.write_text(f"{other.pid}\n{place}\n1700000000\n5432\n.\n\n 1 2\nready   \n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        assert ask(make(data).start(), "select 1") == 1
        assert other.poll() is None
        other.kill()
