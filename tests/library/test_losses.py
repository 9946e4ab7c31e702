"""Songs that are gone, disks that are away, and scans that are killed."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

import library
from tests.library.house import (
    ANIMALS,
    House,
    animal,
    bee,
)
from tests.support.audio import retag

MOST = 40


async def test_what_is_forgotten_takes_everything_along(house: House) -> None:
    songs = await house.songs()
    bee(house).unlink()
    await house.look()
    await house.db.pool.execute(
        "update tracks set missing_since = now() - interval '8 days' where missing_since is not null"
    )
    house.use(keep_missing_days=7)
    row = await house.look()
    assert row.message == "3 songs seen, 1 forgotten."
    marks, plays, playlists, queues, shares, _ = await house.kept()
    left = sorted(id_ for title, id_ in songs.items() if title != "Bee")
    assert [row[0] for row in marks] == left
    assert [row[0] for row in plays] == left
    assert playlists == [(left,)]
    assert queues == [(left, 1)]
    assert [row[0] for row in shares] == left


@pytest.mark.parametrize("empty", [True, False])
async def test_an_unmounted_library_is_refused_and_keeps_everything(
    house: House, *, empty: bool
) -> None:
    songs, kept = await house.tracks(), await house.kept()
    disk = house.music.rename(house.music.parent / "disk")
    if empty:
        house.music.mkdir()
    row = await house.look()
    assert row.state == "refused"
    assert await house.tracks() == songs
    if empty:
        house.music.rmdir()
    disk.rename(house.music)
    assert (await house.look()).message == "4 songs seen, nothing changed."
    assert await house.kept() == kept


async def test_songs_that_are_in_another_library_are_no_loss(house: House) -> None:
    """Everything goes: more than a scan would believe, if it were gone."""
    songs = await house.songs()
    for name in ("A", "B"):
        shutil.move(house.music / name, house.attic / name)
    row = await house.look()
    assert (row.state, row.moved, row.missing) == ("done", 4, 0)
    assert await house.songs() == songs


class KilledError(Exception):
    """The process ends here, and PostgreSQL takes back what was not committed."""


def rebuild(house: House, *, back: bool) -> None:
    """Rename, retag and move between libraries, all at once; and the same back again."""
    names = ("Ada", "Zoo") if back else ("Ada Lovelace", "The Zoo")
    for name in ANIMALS:
        (path,) = [*house.music.rglob(f"*{name}.mp3"), *house.attic.rglob(f"*{name}.mp3")]
        retag(path, animal(name, artist=names[0], album=names[1]))
        where = house.music / "A" if back or name == "Ant" else house.attic / "Animals"
        where.mkdir(exist_ok=True)
        shutil.move(path, where / path.name)
    solo = (house.music / "B/Solo.flac", house.music / "C.flac")
    solo[back].rename(solo[not back])


@pytest.mark.parametrize("committed", [True, False], ids=["after", "before"])
async def test_a_scan_that_is_killed_anywhere_loses_nothing(
    house: House, monkeypatch: pytest.MonkeyPatch, *, committed: bool
) -> None:
    songs, kept = await house.songs(), await house.kept()
    real = house.db.catalog.batch
    for last in range(MOST):
        rebuild(house, back=bool(last % 2))
        count = iter(range(MOST))

        def batch(library_id: int, *, last: int = last, count: Any = count) -> Any:
            return Dying(real(library_id), next(count) == last, committed=committed)

        monkeypatch.setattr(house.db.catalog, "batch", batch)
        await house.db.scans.request()
        job = await house.db.scans.claim()
        assert job is not None
        killed = False
        try:
            await library.scan(house.db, house.settings, job, house.sandbox)
        except KilledError:
            killed = True
        monkeypatch.setattr(house.db.catalog, "batch", real)
        row = await house.look()
        assert row.state == "done"
        assert (last, await house.songs()) == (last, songs)
        assert await house.kept() == kept
        stars = await house.starred("artist")
        assert set((await house.artists()).values()) <= stars
        if not killed:
            return
    raise AssertionError("a scan of four songs does not take so many batches")


class Dying:
    """A batch after which, or in which, the process is killed."""

    def __init__(self, real: Any, dies: bool, *, committed: bool) -> None:
        self._real, self._dies, self._committed = real, dies, committed

    async def __aenter__(self) -> Any:
        return await self._real.__aenter__()

    async def __aexit__(self, *about: Any) -> None:  # noqa: PYI036 - handed on
        if self._dies and not self._committed:
            error = KilledError()
            await self._real.__aexit__(KilledError, error, None)
            raise error
        await self._real.__aexit__(*about)
        if self._dies:
            raise KilledError
