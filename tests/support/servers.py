"""What tests of the embedded server look at."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from db import binaries
from db.embedded import Embedded

Make = Callable[..., Embedded]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs to be root")


def packaged_elsewhere(place: Path) -> Path:
    """The programs of the package in another folder."""
    install = binaries.find(None).folder.parent
    for part in (Path(install.parent.name, install.name), Path(f"{install.parent.name}.libs")):
        if (found := install.parent.parent / part).is_dir():
            shutil.copytree(found, place / part, symlinks=True)
    return place / install.parent.name / install.name / "bin"


def copy_tree(source: Path, target: Path) -> None:
    """Copy with owners and rights."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def ask(dsn: str, question: str) -> object:
    """The first column of the first row."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def user_of(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def gone(pid: int, seconds: float = 30) -> bool:
    """Whether a process ends within the time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            return True
        if state == "Z":  # ended, and not yet collected by whoever adopted it
            return True
        time.sleep(0.02)
    return False
