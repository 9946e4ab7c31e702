"""What is told of a folder that changes: real folders, the real system.

Music/
├── A/  a.mp3
├── B/
└── .trash/
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import os
import resource
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from library import inotify, watch
from library.inotify import Inotify, NoWatchesError
from library.watch import Change, Watch

IGNORED = (".*", "@eaDir")
Watched = Callable[..., Awaitable[asyncio.Queue[Change]]]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    for name in ("A", "B", ".trash"):
        (tmp_path / "Music" / name).mkdir(parents=True)
    (tmp_path / "Music/A/a.mp3").write_bytes(b"x")
    return tmp_path / "Music"


@pytest.fixture
async def watched(music: Path) -> AsyncIterator[Watched]:
    """Watches until the test is over; what is told comes in the queue."""
    running: list[asyncio.Task[None]] = []

    async def begin(quiet: float = 0.2, longest: float = 60.0) -> asyncio.Queue[Change]:
        told: asyncio.Queue[Change] = asyncio.Queue()
        one = Watch(bytes(music), IGNORED, quiet, longest)

        async def follow() -> None:
            async for change in one.changes():
                told.put_nowait(change)

        running.append(asyncio.create_task(follow()))
        while not one.size:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
        return told

    yield begin
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def folders(told: asyncio.Queue[Change]) -> tuple[bytes, ...]:
    change = await asyncio.wait_for(told.get(), 20)
    assert change.age >= 0
    return change.folders


async def gathered(told: asyncio.Queue[Change], *wanted: bytes) -> None:
    """All of these are told of, at once or one after the other, and nothing else."""
    found: set[bytes] = set()
    while found < set(wanted):
        found |= set(await folders(told))
    assert found == set(wanted)


async def test_a_file_that_changes_is_a_folder_to_be_scanned(watched: Watched, music: Path) -> None:
    told = await watched()
    (music / "A/a.mp3").write_bytes(b"y")
    assert await folders(told) == (b"A",)
    os.utime(music / "A/a.mp3", (1, 1))
    assert await folders(told) == (b"A",)
    (music / "A/a.mp3").unlink()
    assert await folders(told) == (b"A",)


async def test_a_tree_that_comes_is_told_of_and_watched(watched: Watched, music: Path) -> None:
    """However fast it comes: what lies in it was there before anybody could watch it."""
    told = await watched()
    for index in range(10):
        (music / f"C/D/{index}").mkdir(parents=True)
        (music / f"C/D/{index}/x.mp3").write_bytes(b"x")
    assert b"C" in await folders(told)
    while not told.empty():
        told.get_nowait()
    await asyncio.sleep(0.5)
    while not told.empty():
        told.get_nowait()
    (music / "C/D/7/y.mp3").write_bytes(b"y")
    assert await folders(told) == (b"C/D/7",)


async def test_a_folder_that_moves_is_told_of_at_both_places(watched: Watched, music: Path) -> None:
    told = await watched()
    (music / "A").rename(music / "B/A2")
    await gathered(told, b"A", b"B/A2")
    (music / "B/A2/b.mp3").write_bytes(b"x")
    assert await folders(told) == (b"B/A2",)


async def test_a_folder_that_goes_is_told_of(watched: Watched, music: Path) -> None:
    told = await watched()
    shutil.rmtree(music / "A")
    assert await folders(told) == (b"A",)


async def test_names_need_not_be_text(watched: Watched, music: Path) -> None:
    told = await watched()
    place = music / os.fsdecode(b"A/Caf\xe9")
    place.mkdir()
    assert await folders(told) == (b"A/Caf\xe9",)
    (place / os.fsdecode(b"\xff.mp3")).write_bytes(b"x")
    assert await folders(told) == (b"A/Caf\xe9",)


async def test_what_a_scan_passes_over_is_passed_over(watched: Watched, music: Path) -> None:
    told = await watched()
    (music / ".trash/x.mp3").write_bytes(b"x")
    (music / "A/@eaDir").mkdir()
    (music / "A/.half.mp3.Xy12").write_bytes(b"x")
    (music / "A/notes.txt").write_bytes(b"x")
    (music / "A/a.mp3").read_bytes()
    (music / "B/.ndignore").write_text("x")
    assert await folders(told) == (b"B",)


async def test_links_out_of_the_library_are_not_followed(
    watched: Watched, music: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (music / "A/link").symlink_to(tmp_path / "outside")
    told = await watched()
    (tmp_path / "outside/x.mp3").write_bytes(b"x")
    (music / "B/y.mp3").write_bytes(b"x")
    assert await folders(told) == (b"B",)


async def test_a_file_at_the_top_is_everything(watched: Watched, music: Path) -> None:
    told = await watched()
    (music / "x.mp3").write_bytes(b"x")
    assert await folders(told) == ()


async def test_what_is_still_being_written_is_waited_for(watched: Watched, music: Path) -> None:
    told = await watched(quiet=1.0)
    with (music / "A/long.mp3").open("wb", buffering=0) as file:
        for _ in range(12):
            file.write(b"x" * 1000)
            await asyncio.sleep(0.15)
            assert told.empty()
    assert await folders(told) == (b"A",)
    assert told.empty()


async def test_what_never_becomes_quiet_is_not_waited_for_for_ever(
    watched: Watched, music: Path
) -> None:
    told = await watched(quiet=30.0, longest=1.0)

    async def write() -> None:
        with (music / "A/long.mp3").open("ab", buffering=0) as file:
            while True:
                file.write(b"x")
                await asyncio.sleep(0.05)

    writing = asyncio.create_task(write())
    assert await folders(told) == (b"A",)
    writing.cancel()


async def test_when_too_much_happens_everything_is_scanned(
    watched: Watched, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_MOST_FOLDERS", 5)
    told = await watched()
    for index in range(20):
        (music / f"n{index}").mkdir()
    assert await folders(told) == ()


async def test_an_overflow_is_everything(watched: Watched, music: Path) -> None:
    one = Watch(bytes(music), IGNORED, 0.0)
    events = Inotify()
    one._event(events, inotify.Event(-1, inotify.OVERFLOW, b""))
    events.close()
    assert one.size == 3
    assert one._due() is not None


async def test_a_library_that_goes_ends_the_watch_and_is_scanned(
    watched: Watched, music: Path
) -> None:
    told = await watched()
    shutil.move(music, music.parent / "Elsewhere")
    while await folders(told) != ():
        pass


async def test_a_library_that_comes_back_is_scanned(music: Path) -> None:
    one = Watch(bytes(music), IGNORED, 0.1)
    first = one.changes()
    shutil.move(music, music.parent / "away")
    with pytest.raises(OSError, match="No such file"):
        await anext(first)
    shutil.move(music.parent / "away", music)
    second = one.changes()
    assert await anext(second) == Change((), 0.0)
    await second.aclose()


class Few:
    """A C library on a system that allows two watches."""

    def __init__(self, library: Any) -> None:
        self._library = library
        self._left = 2

    def inotify_add_watch(self, *args: Any) -> int:
        self._left -= 1
        if self._left >= 0:
            return int(self._library.inotify_add_watch(*args))
        ctypes.set_errno(errno.ENOSPC)
        return -1


async def test_too_few_watches_are_told_with_advice(music: Path) -> None:
    def source() -> Inotify:
        events = Inotify()
        events._library = Few(events._library)
        return events

    before = open_files()
    with pytest.raises(NoWatchesError) as raised:
        await anext(Watch(bytes(music), IGNORED, source=source).changes())
    assert "(fs.inotify.max_user_watches). More are had by `sudo sysctl" in str(raised.value)
    assert open_files() <= before


async def test_an_idle_watch_costs_no_processor_time(watched: Watched, music: Path) -> None:
    for index in range(300):
        (music / f"{index // 20}/{index}").mkdir(parents=True)
    told = await watched()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw
    await asyncio.sleep(3)
    # Nobody woke up, but for the clocks of the test.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw - before < 40
    assert told.empty()


async def test_a_watch_ends_while_it_looks_around(music: Path) -> None:
    for index in range(500):
        (music / f"{index}").mkdir()
    before = open_files()
    task = asyncio.create_task(anext(Watch(bytes(music), IGNORED).changes()))
    await asyncio.sleep(0.001)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    assert done
    assert open_files() <= before
