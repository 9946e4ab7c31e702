"""A music folder, a real database, and a scanner that reads in this process."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

import library
from conf.settings import Library, MusicFolder, Settings
from db.database import Database
from db.rows import ProblemRow, ScanRow
from library.tags import Request

if TYPE_CHECKING:
    from tests.library.house import House


@dataclass
class InProcess:
    """A sandbox without walls; `trap` may raise for the paths of a batch."""

    trap: Callable[[list[bytes]], None] = lambda _: None
    read: list[bytes] = field(default_factory=list)

    async def call(self, target: str, payload: bytes, *, timeout: float = 30) -> bytes:  # noqa: ASYNC109
        module, _, function = target.partition(":")
        paths = msgspec.msgpack.decode(payload, type=Request).paths
        self.trap(paths)
        self.read += paths
        found: bytes = await asyncio.to_thread(
            getattr(importlib.import_module(module), function), payload
        )
        return found


class Shop:
    """One library on its way through scans."""

    def __init__(self, db: Database, settings: Settings, music: Path) -> None:
        self.db = db
        self.music = music
        self.sandbox = InProcess()
        self.settings = self.with_settings(settings)

    def with_settings(self, settings: Settings, **library: Any) -> Settings:
        folder = MusicFolder(path=self.music, name="Music")
        return msgspec.structs.replace(settings, library=Library(folders=(folder,), **library))

    def use(self, **library: Any) -> None:
        """Other settings of the scanner."""
        self.settings = self.with_settings(self.settings, **library)

    async def scan(
        self,
        *,
        complete: bool = False,
        accept_removals: bool = False,
        folders: Sequence[bytes] = (),
    ) -> ScanRow:
        """A scan from its request to its end."""
        self.sandbox.read.clear()
        music, *_ = await self.db.libraries.sync(self.settings.library.folders)
        await self.db.scans.request(
            music.id if folders else None,
            folders=folders,
            complete=complete,
            accept_removals=accept_removals,
        )
        job = await self.db.scans.claim()
        assert job is not None
        await library.scan(self.db, self.settings, job, self.sandbox)
        row = await self.db.scans.get(job.id)
        assert row is not None
        return row

    async def rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in await self.db.pool.fetch(query, *args)]

    async def tracks(self) -> dict[str, int]:
        """Ids of the songs that are there, by path."""
        rows = await self.rows("select path, id from tracks where missing_since is null")
        return {path.decode("utf-8", "replace"): row for path, row in rows}

    async def albums(self) -> dict[str, int]:
        """Ids of the albums that are there, by artist and name."""
        rows = await self.rows("select card, id from albums where missing_since is null")
        cards = [(msgspec.json.decode(card), row) for card, row in rows]
        return {f"{card['artist']} / {card['name']}": row for card, row in cards}

    async def card(self, path: str) -> dict[str, Any]:
        """The card of the song at a path."""
        ((card,),) = await self.rows(
            "select card from tracks where path = $1 and missing_since is null", path.encode()
        )
        found: dict[str, Any] = msgspec.json.decode(card)
        return found

    async def album_card(self, name: str) -> dict[str, Any]:
        rows = await self.rows("select card from albums where missing_since is null")
        cards = [msgspec.json.decode(card) for (card,) in rows]
        (found,) = [card for card in cards if card["name"] == name]
        return dict(found)

    async def problems(self) -> Sequence[ProblemRow]:
        return await self.db.scans.problems()


@pytest.fixture
async def shop(database: Database, settings: Settings, tmp_path: Path) -> AsyncIterator[Shop]:
    music = tmp_path / "Music"
    music.mkdir()
    yield Shop(database, settings, music)  # noqa: PT022


@pytest.fixture
async def house(database: Database, settings: Settings, tmp_path: Path) -> AsyncIterator[House]:
    """Two libraries, scanned, and marked all over."""
    from tests.library.house import House, furnish

    (tmp_path / "Music").mkdir()
    made = House(database, settings, tmp_path / "Music")
    await furnish(made)
    yield made  # noqa: PT022
