"""What an earlier, killed Dulcian left on a cluster: servers still running, a pid file of the past."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

from db.errors import EmbeddedError

log = structlog.get_logger()

_PROCESSES = Path("/proc")
_PATIENCE = {signal.SIGINT: 60.0, signal.SIGQUIT: 15.0, signal.SIGKILL: 15.0}


def clear(cluster: Path) -> None:
    """Stop servers that run on the cluster, and remove pid files that name another program.

    Only for the holder of the data folder. Raises EmbeddedError if a server cannot be stopped.
    """
    for signal_number, seconds in _PATIENCE.items():
        if not _stopped(cluster, signal_number, seconds):
            continue
        # PostgreSQL takes any process with this pid for a server. We know that there is none.
        for name in ("postmaster.pid", ".s.PGSQL.5432.lock"):
            (cluster / name).unlink(missing_ok=True)
        return
    pids = ", ".join(map(str, _servers(cluster)))
    raise EmbeddedError(f"A PostgreSQL server on {cluster} does not stop. End process {pids}.")


def running(cluster: Path) -> bool:
    """Whether the server that the pid file names is there."""
    return _recorded(cluster) in set(_servers(cluster))


def _stopped(cluster: Path, signal_number: signal.Signals, seconds: float) -> bool:
    """Signal every server on the cluster, and wait for the end of all its processes."""
    until = time.monotonic() + seconds
    told = set[int]()
    while pids := set(_servers(cluster)):
        # A server's children end when it does.
        for pid in {pid for pid in pids if _parent(pid) not in pids} - told:
            log.info("stopping a server that was left behind", pid=pid)
            _tell(pid, signal_number)
            told.add(pid)
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _servers(cluster: Path) -> Iterator[int]:
    """PostgreSQL processes that work in the cluster, and the one that its pid file names."""
    recorded = _recorded(cluster)
    for place in _PROCESSES.glob("[0-9]*"):
        pid = int(place.name)
        if _works_in(place, cluster, certain=pid == recorded):
            yield pid


def _works_in(process: Path, cluster: Path, *, certain: bool) -> bool:
    """`certain` decides where we may not look: root in a container, at another user's process."""
    try:
        if process.stat().st_uid != cluster.stat().st_uid:
            return False
        if (process / "comm").read_text(encoding="utf-8", errors="replace").strip() != "postgres":
            return False
        return (process / "cwd").samefile(cluster)
    except PermissionError:
        return certain
    except OSError:  # it has just ended, or there is no cluster
        return False


def _recorded(cluster: Path) -> int | None:
    try:
        return int((cluster / "postmaster.pid").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _parent(pid: int) -> int:
    try:
        text = (_PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    return int(text.rpartition(")")[2].split()[1])


def _tell(pid: int, signal_number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)
