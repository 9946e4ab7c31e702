"""What every room's tests stand on: a real PostgreSQL, and a database of one's own, empty or stocked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conf.settings import Data, Settings
from tests.support import postgres

if TYPE_CHECKING:
    from db.database import Database
    from tests.support.chromium import Window
    from tests.support.shelf import Shelf


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A superuser's DSN on a server of this test process, with the template made."""
    with (
        postgres.place(tmp_path_factory.mktemp("postgres")) as folder,
        postgres.server(folder) as url,
    ):
        postgres.make_template(url)
        yield url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """The DSN of a migrated, empty database, for one test."""
    with postgres.clone(postgres_url) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose data folder is the test's own."""
    return Settings(data=Data(dir=tmp_path / "data"))


@pytest.fixture
async def database(database_url: str, settings: Settings) -> AsyncIterator[Database]:
    """An open database; its bus is not started."""
    from db.database import Database

    settings.data.dir.mkdir(exist_ok=True)
    opened = await Database.open(database_url, settings)
    yield opened
    await opened.close()


@pytest.fixture(scope="session")
def library(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """The shelf, scanned."""
    from tests.support import shelf

    return shelf.make(tmp_path_factory.mktemp("shelf"), postgres_url)


@pytest.fixture
def stocked_url(postgres_url: str, library: Shelf) -> Iterator[str]:
    """The DSN of a database that knows the shelf, for one test."""
    from tests.support import shelf

    with postgres.clone(postgres_url, shelf.TEMPLATE) as url:
        yield url


@pytest.fixture
async def stocked(stocked_url: str, library: Shelf) -> AsyncIterator[Database]:
    """That database, open; its bus is not started."""
    from db.database import Database

    opened = await Database.open(stocked_url, library.settings)
    yield opened
    await opened.close()


@pytest.fixture
async def window() -> AsyncIterator[Window]:
    """A real browser; it must have nothing to complain about."""
    from tests.support import chromium

    async with chromium.window() as opened:
        yield opened
        assert opened.complaints == []
