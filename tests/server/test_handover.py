"""What a child process is given."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from conf.settings import Library, Metrics, MusicFolder, Secret, Settings
from db.rows import ScanRow
from server.child import Task
from server.handover import pack, unpack


def test_a_task_arrives_as_it_was(settings: Settings) -> None:
    """Secrets, times, and paths that are no text."""
    strange = Path(os.fsdecode(b"/music/\xff \xe2\x82\xac"))
    library = Library(folders=(MusicFolder(path=strange),))
    given = msgspec.structs.replace(settings, library=library, metrics=Metrics(token=Secret("x")))
    moment = datetime(2026, 5, 6, tzinfo=UTC)
    scan = ScanRow(
        1,
        2,
        [b"Caf\xe9"],
        "running",
        False,
        True,
        "",
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        "",
        moment,
        moment,
        None,
    )
    task = Task(os.getpid(), given, Secret("postgresql://u:p@h/d"), "[::]:5000", scan)
    arrived = unpack(pack(task), Task)
    assert arrived == task
    assert os.fsencode(arrived.settings.library.folders[0].path) == b"/music/\xff \xe2\x82\xac"
    assert isinstance(arrived.settings.metrics.token, Secret)
