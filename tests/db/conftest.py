"""Data folders and servers on them; a library to be filled by hand, and somebody who sees it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conf.settings import Database
from db import database as databases
from db.embedded import Embedded
from db.rows import UserRow
from tests.support import postgres, rows
from tests.support.servers import (
    Make,
    copy_tree,
)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a stopped cluster, to copy: making one takes seconds."""
    folder = tmp_path_factory.mktemp("embedded") / "data"
    embedded = Embedded(folder, Database(), postgres.CARELESS)
    embedded.start()
    embedded.stop()
    return folder


@pytest.fixture
def data(whole: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own, with a stopped cluster."""
    folder = tmp_path / "data"
    copy_tree(whole, folder)
    return folder


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes servers, which are stopped after the test."""
    made: list[Embedded] = []

    def one(folder: Path, settings: Database | None = None, **tuning: str) -> Embedded:
        made.append(Embedded(folder, settings or Database(), postgres.CARELESS | tuning))
        return made[-1]

    yield one
    for embedded in made:
        embedded.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
async def music(database: databases.Database) -> rows.Hand:
    """An empty library."""
    return await rows.hand(database)


@pytest.fixture
async def ann(database: databases.Database, music: rows.Hand) -> UserRow:
    """Somebody who sees that library and none that is made later."""
    return await rows.person(database)
