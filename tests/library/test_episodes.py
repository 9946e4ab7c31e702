"""Episodes from their addresses to files."""

from __future__ import annotations

import asyncio
import errno
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web

import library.episodes
from conf.settings import Data, Outbound, Podcasts, Settings
from db.database import Database
from db.rows import EpisodeRow
from library.episodes import Episodes, folder
from library.fetch import Fetcher
from library.hearing import Heard
from library.tags.facts import Answer, Facts, Sound
from tests.support.audio import Song, made
from tests.support.podcasts import Site, item, listed, wanted
from tests.support.sandboxes import ThreadSandbox

SOUND = made("mp3", Song(title="One", seconds=2))


class Shelf:
    """A site with an episode, and what downloads it."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.database = database
        self.site = Site()
        self.settings = settings
        self.fetcher = Fetcher(Outbound(allow_networks=("127.0.0.1",), timeout=2))
        self.sandbox = ThreadSandbox()
        self.row: EpisodeRow

    @property
    def folder(self) -> Path:
        return folder(self.settings)

    @property
    def episodes(self) -> Episodes:
        return Episodes(self.database, self.settings, self.fetcher, self.sandbox)

    def use(self, **sections: Any) -> None:
        self.settings = msgspec.structs.replace(self.settings, **sections)

    async def have(self, page: Any = SOUND, **more: Any) -> None:
        """An episode that is this page."""
        self.site.pages["one"] = page
        (self.row,) = await listed(self.database, item(url=self.site.url("one"), **more))

    async def download(self) -> EpisodeRow:
        """From the wish to what became of it."""
        await self.episodes.download(await wanted(self.database, self.row.id))
        row = await self.database.podcasts.episode(self.row.id)
        assert row is not None
        return row

    async def message(self) -> str:
        text: str = await self.database.pool.fetchval(
            "select message from episodes where id = $1", self.row.id
        )
        return text

    def files(self) -> list[str]:
        there = (path for path in self.folder.rglob("*") if path.is_file())
        return sorted(str(path.relative_to(self.folder)) for path in there)


@pytest.fixture
async def shelf(database: Database, settings: Settings) -> AsyncIterator[Shelf]:
    made = Shelf(database, settings)
    await made.site.start()
    yield made
    await made.fetcher.close()
    await made.site.close()


async def test_an_episode_becomes_a_file_and_its_facts(shelf: Shelf) -> None:
    await shelf.have()
    row = await shelf.download()
    assert (row.status, row.size, row.suffix, row.content_type) == ("completed", len(SOUND), "mp3", "audio/mpeg")  # fmt: skip
    assert 1.9 < row.duration < 2.2
    assert row.bit_rate > 0
    assert row.path == f"{row.channel_id}/{row.id}.mp3".encode()
    assert shelf.files() == [f"{row.channel_id}/{row.id}.mp3"]
    assert (shelf.folder / row.path.decode()).read_bytes() == SOUND


async def test_a_file_is_what_it_is_and_not_what_the_feed_says(shelf: Shelf) -> None:
    await shelf.have(made("opus", Song(title="O")), suffix="mp3", content_type="audio/mpeg")
    row = await shelf.download()
    assert (row.status, row.content_type) == ("completed", "audio/ogg")
    assert shelf.files() == [f"{row.channel_id}/{row.id}.{row.suffix}"]


async def test_a_film_stays_one(shelf: Shelf) -> None:
    await shelf.have(
        made("m4a", Song(title="F")), suffix="mp4", content_type="video/mp4", video=True
    )
    row = await shelf.download()
    assert (row.status, row.suffix, row.content_type) == ("completed", "mp4", "video/mp4")


async def test_what_is_no_sound_is_not_kept(shelf: Shelf) -> None:
    await shelf.have(b"<html>Please pay</html>" * 100)
    assert (await shelf.download()).status == "error"
    assert "nothing that sounds" in await shelf.message()
    assert shelf.files() == []


@pytest.mark.parametrize("error", [TimeoutError(), ChildProcessError("it died"), RuntimeError("x")])
async def test_a_file_that_kills_its_reader_is_not_kept(shelf: Shelf, error: Exception) -> None:
    await shelf.have()
    shelf.sandbox.answers["library.hearing:hear"] = error
    assert (await shelf.download()).status == "error"
    assert shelf.files() == []


async def test_absurd_headers_do_not_reach_the_lists(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Sound(duration=float("nan"), bit_rate=2**40)
    answer = Answer(Facts(content_type="audio/mpeg", sound=sound))
    monkeypatch.setattr("library.tags.reader.read_file", lambda *_: answer)
    await shelf.have()
    row = await shelf.download()
    assert (row.status, row.duration, row.bit_rate) == ("completed", 0.0, 0)


async def test_a_reason_that_no_database_holds_is_told_all_the_same(shelf: Shelf) -> None:
    heard = msgspec.msgpack.encode(Heard(reason="bad \0 thing"))
    shelf.sandbox.answers["library.hearing:hear"] = heard
    await shelf.have()
    assert (await shelf.download()).status == "error"
    assert "bad  thing" in await shelf.message()


async def test_what_is_gone_is_an_error_and_what_may_come_back_is_tried_again(shelf: Shelf) -> None:
    await shelf.have(web.Response(status=404))
    assert (await shelf.download()).status == "error"
    assert await shelf.message() == "127.0.0.1 answered with status 404."
    shelf.site.pages["one"] = web.Response(status=503)
    for failures in range(4):
        assert (await shelf.download()).status == "downloading"
        await shelf.database.pool.execute("update episodes set due = now()")
        row = await shelf.database.pool.fetchrow("select failures from episodes")
        assert row[0] == failures + 1
    assert (await shelf.download()).status == "error"


async def test_an_episode_that_is_too_large_is_not_kept(shelf: Shelf) -> None:
    shelf.use(podcasts=Podcasts(max_episode_bytes=1000))
    await shelf.have()
    assert (await shelf.download()).status == "error"
    assert "more than 1,000 bytes" in await shelf.message()
    assert shelf.files() == []


@pytest.mark.attack("X75")
async def test_no_episode_takes_the_last_room(shelf: Shelf) -> None:
    data = Data(dir=shelf.settings.data.dir, min_free_bytes=2**62)
    shelf.use(data=data)
    await shelf.have()
    assert (await shelf.download()).status == "error"
    assert "min_free_bytes" in await shelf.message()
    assert shelf.files() == []
    assert shelf.site.asked == []


@pytest.mark.attack("X75")
async def test_a_full_disk_is_told_and_leaves_nothing(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(library.episodes, "_write_all", full)
    await shelf.have()
    assert (await shelf.download()).status == "error"
    assert await shelf.message() == "The disk is full."
    assert shelf.files() == []


async def test_a_folder_that_is_none_is_told(shelf: Shelf, tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("")
    shelf.use(podcasts=Podcasts(dir=place))
    await shelf.have()
    assert (await shelf.download()).status == "error"
    assert str(place) in await shelf.message()


async def test_a_download_that_nobody_wants_any_more_stops(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.episodes, "_RENEW_EVERY", 0.0)
    begun = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(10_000))
                begun.set()
                await asyncio.sleep(0.01)
        except ConnectionError:
            return response

    await shelf.have(endless)
    running = asyncio.create_task(shelf.download())
    await begun.wait()
    assert await shelf.database.podcasts.delete_episode(shelf.row.id)
    assert (await running).status == "deleted"
    assert shelf.files() == []


async def test_files_without_an_episode_are_removed_and_others_are_not(shelf: Shelf) -> None:
    assert await shelf.episodes.sweep() == 0
    await shelf.have()
    row = await shelf.download()
    home = shelf.folder / str(row.channel_id)
    for name in ("notes.txt", f"{row.id}.mp3.bak", "00.mp3", "cover.jpg"):
        (home / name).write_bytes(b"mine")
    (shelf.folder / "music").mkdir()
    (shelf.folder / "music/1.mp3").write_bytes(b"mine")
    for name in (f"{row.id}.ogg", f"{row.id}.1.part.mp3", "99999.mp3", "99999.3.part.mp3"):
        (home / name).write_bytes(b"left over")
    (shelf.folder / "99999").mkdir()
    shutil.copy(home / f"{row.id}.mp3", shelf.folder / f"99999/{row.id}.mp3")
    assert await shelf.episodes.sweep() == 5
    assert shelf.files() == sorted(
        ["music/1.mp3", *(f"{row.channel_id}/{name}" for name in
         ("notes.txt", f"{row.id}.mp3", f"{row.id}.mp3.bak", "00.mp3", "cover.jpg"))]
    )  # fmt: skip
    assert not (shelf.folder / "99999").exists()


@pytest.mark.parametrize("what", ["episode", "channel"])
async def test_what_is_deleted_loses_its_file(shelf: Shelf, what: str) -> None:
    await shelf.have()
    row = await shelf.download()
    if what == "episode":
        await shelf.database.podcasts.delete_episode(row.id)
    else:
        await shelf.database.podcasts.delete_channel(row.channel_id)
    assert await shelf.episodes.sweep() == 1
    assert list(shelf.folder.iterdir()) == []


async def test_what_is_being_downloaded_is_not_swept_away(shelf: Shelf) -> None:
    await shelf.have()
    job = await wanted(shelf.database, shelf.row.id)
    home = shelf.folder / str(job.channel_id)
    home.mkdir(parents=True)
    for turn in (job.turn, job.turn + 1):
        (home / f"{job.id}.{turn}.part.mp3").write_bytes(b"part")
    (home / f"{job.id}.mp3").write_bytes(b"whole, and not yet noted")
    assert await shelf.episodes.sweep() == 1
    assert shelf.files() == [
        f"{job.channel_id}/{job.id}.{job.turn}.part.mp3",
        f"{job.channel_id}/{job.id}.mp3",
    ]
