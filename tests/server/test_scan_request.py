"""A scan as the command line asks for it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from conf.settings import MusicFolder, Settings
from db.database import Database
from server.exits import USAGE, ExitError
from server.scan_request import Wish, fulfil
from tests.support.audio import Song, write


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    for name in ("A/B", "C"):
        write(tmp_path / "Music" / name / "x.mp3", Song(title=name, artist="Ann"))
    (tmp_path / "Music/link").symlink_to("A")
    (tmp_path / "Music/out").symlink_to(tmp_path)
    folders = (MusicFolder(path=tmp_path / "Music", name="Music"),)
    return msgspec.structs.replace(
        settings, library=msgspec.structs.replace(settings.library, folders=folders)
    )


def wish(*paths: str, folder: str | None = "Music") -> Wish:
    return Wish(folder, paths, full=False, accept_removals=False, wait=True)


@pytest.mark.parametrize(
    ("paths", "songs"),
    [((), 2), (("A",), 1), (("A/", "C"), 2), (("A", "."), 2), (("link",), 1), (("gone",), 0)],
)
async def test_a_part_of_a_folder_is_named_by_its_path(
    database: Database, settings: Settings, paths: tuple[str, ...], songs: int
) -> None:
    await fulfil(database, settings, wish(*paths), alone=True)
    assert await database.pool.fetchval("select count(*) from tracks") == songs


async def test_a_whole_path_does_as_well(
    database: Database, settings: Settings, tmp_path: Path
) -> None:
    await fulfil(database, settings, wish(str(tmp_path / "Music/A/B")), alone=True)
    row = await database.scans.latest()
    assert row is not None
    assert (row.folders, row.seen) == ([b"A/B"], 1)


@pytest.mark.parametrize("path", ["..", "../Music2", "/", "out", "A/../.."])
async def test_what_lies_outside_is_refused(
    database: Database, settings: Settings, path: str
) -> None:
    with pytest.raises(ExitError, match="does not lie in") as raised:
        await fulfil(database, settings, wish(path), alone=True)
    assert raised.value.code == USAGE
    assert await database.scans.latest() is None


async def test_a_path_needs_a_folder_to_count_from(database: Database, settings: Settings) -> None:
    with pytest.raises(ExitError, match="name it with --folder"):
        await fulfil(database, settings, wish("A", folder=None), alone=True)
