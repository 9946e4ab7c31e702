from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from db import binaries, cluster
from db.errors import DataFolderError
from db.migrate import ROOT
from tests.support import postgres
from tests.support.servers import (
    Make,
    as_root,
    ask,
    copy_tree,
    user_of,
)


def test_a_first_start_makes_a_cluster_that_checks_its_pages_and_sorts_alike_everywhere(
    tmp_path: Path, make: Make
) -> None:
    dsn = make(tmp_path / "data").start()
    assert ask(dsn, "show data_checksums") == "on"
    assert ask(dsn, "show server_encoding") == "UTF8"
    assert ask(dsn, "select lower('ÄÉ') || ('b' < 'Á')") == "äétrue"
    assert ask(postgres.as_superuser(dsn), "show wal_segment_size") == "4MB"


def test_half_a_cluster_of_an_interrupted_first_start_is_made_anew(
    tmp_path: Path, make: Make
) -> None:
    half = tmp_path / "data" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert ask(make(tmp_path / "data").start(), "select 1") == 1
    assert not half.exists()


@as_root
def test_a_full_disk_is_named_before_anything_is_made(tmp_path: Path, make: Make) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with pytest.raises(DataFolderError, match=r"is full: \d MB are free"):
            make(disk / "data").start()
        assert not (disk / "data" / "postgres").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@as_root
def test_root_starts_it_as_the_owner_of_the_data_even_if_that_user_has_no_name(
    tmp_path: Path, make: Make
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    os.chown(folder, 54321, 54321)
    embedded = make(folder)
    assert ask(embedded.start(), "select 1") == 1
    assert embedded.pid
    assert user_of(embedded.pid) == 54321
    assert {path.stat().st_uid for path in folder.iterdir()} == {54321}


ORDINARY = """
import encodings.ascii, encodings.idna, os, socket, sys, tempfile, traceback
from pathlib import Path
import structlog
from conf.settings import Database
from db import cluster, embedded, errors
cluster.WRAPPERS = tuple(map(Path, sys.argv[4:]))
os.setgroups([])
os.setgid(int(sys.argv[3]))
os.setuid(int(sys.argv[2]))
server = embedded.Embedded(Path(sys.argv[1]), Database(), {"fsync": "off"})
try:
    dsn = server.start()
except errors.StartError as error:
    print("refused:", error)
else:
    print("started as", Path(f"/proc/{server.pid}").stat().st_uid)
    socket.socket(socket.AF_UNIX).connect(f"{server.cluster}/.s.PGSQL.5432")
    server.stop()
"""


def start_as(uid: int, folder: Path, *wrappers: Path) -> str:
    """What becomes of a start by an ordinary user."""
    try:
        binaries.find(None).version_for(binaries.Account(uid, uid))
    except PermissionError:
        pytest.skip("the installed package is out of other users' reach")
    command = [sys.executable, "-c", ORDINARY, str(folder), str(uid), str(uid)]
    done = subprocess.run(
        [*command, *map(str, wrappers)],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}, cwd="/",
    )  # fmt: skip
    return done.stdout + done.stderr


@as_root
def test_an_ordinary_user_starts_it_as_themself(open_folder: Path) -> None:
    folder = open_folder / "data"
    folder.mkdir()
    os.chown(folder, 65534, 65534)
    assert "started as 65534" in start_as(65534, folder)


@as_root
def test_an_ordinary_user_is_told_of_a_folder_that_is_not_theirs(
    open_folder: Path, whole: Path
) -> None:
    assert "Give this user the right to write there" in start_as(65534, open_folder / "data")
    copy_tree(whole, open_folder / "data")
    os.chown(open_folder / "data", 12345, 12345)
    for name in ("postgres.password", "postgres.log", "dulcian.lock"):
        os.chown(open_folder / "data" / name, 12345, 12345)
    assert "belongs to user 65534, and this is user 12345" in start_as(12345, open_folder / "data")


@as_root
def test_an_ordinary_user_without_a_name_is_told_what_helps(open_folder: Path) -> None:
    folder = open_folder / "data"
    folder.mkdir()
    os.chown(folder, 54321, 54321)
    answer = start_as(54321, folder)
    assert "User 54321 has no name on this machine" in answer
    assert "libnss-wrapper" in answer


@as_root
def test_an_ordinary_user_without_a_name_gets_one_from_libnss_wrapper(open_folder: Path) -> None:
    wrapper = next(
        (path for root in cluster.WRAPPERS for path in root.glob("**/libnss_wrapper.so*")), None
    )
    if wrapper is None:
        pytest.skip("libnss-wrapper is not installed")
    folder = open_folder / "data"
    folder.mkdir()
    os.chown(folder, 54321, 54321)
    assert "started as 54321" in start_as(54321, folder, wrapper.parent)
