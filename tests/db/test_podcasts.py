"""Channels and episodes, and whose job it is to fetch them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from db import podcasts
from db.database import Database
from db.rows import ChannelJobRow, EpisodeRow
from tests.support.podcasts import DAY, WHEN, claimed, complete, feed, item, listed, save, wanted

URL = "https://feeds.example/talk"


async def later(database: Database) -> None:
    """All leases end, and the last look is an hour ago."""
    await database.pool.execute(
        "update channels set lease = now() - interval '1 s', tried = now() - interval '1 h'"
    )
    await database.pool.execute("update episodes set lease = now() - interval '1 s'")


async def one(database: Database, episode: int) -> EpisodeRow:
    row = await database.podcasts.episode(episode)
    assert row is not None
    return row


def titles(rows: list[EpisodeRow]) -> list[str]:
    return [row.title for row in rows]


async def test_a_channel_added_twice_is_one(database: Database) -> None:
    await asyncio.gather(*(database.podcasts.add(URL) for _ in range(5)))
    (row,) = await database.podcasts.channels()
    assert (row.url, row.title, row.status, row.pictured) == (URL, "", "new", False)


async def test_there_is_an_end_to_channels(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(podcasts, "MOST_CHANNELS", 1)
    assert await database.podcasts.add(URL)
    assert not await database.podcasts.add(f"{URL}2")
    assert await database.podcasts.add(URL)


async def test_each_due_channel_is_given_to_one_worker(database: Database) -> None:
    for number in range(3):
        await database.podcasts.add(f"{URL}{number}")
    jobs = await asyncio.gather(*(database.podcasts.claim_channel() for _ in range(5)))
    assert len({job.id for job in jobs if job}) == 3
    assert jobs.count(None) == 2
    assert {row.status for row in await database.podcasts.channels()} == {"downloading"}


async def test_a_job_whose_worker_died_is_given_to_another(database: Database) -> None:
    """And what the dead one may still have to say is not heard."""
    old = await claimed(database)
    assert await database.podcasts.claim_channel() is None
    await later(database)
    new = await database.podcasts.claim_channel()
    assert new is not None
    assert (new.id, new.turn) == (old.id, old.turn + 1)
    assert not await save(database, old, item())
    await database.podcasts.fail_channel(old, "Too late.", 0)
    await database.podcasts.unchanged(old, 0)
    await database.podcasts.release_channel(old)
    assert (await database.podcasts.channels())[0].status == "downloading"
    assert await save(database, new, item())
    assert (await database.podcasts.channels())[0].status == "completed"


async def test_a_job_given_back_is_there_at_once(database: Database) -> None:
    job = await claimed(database)
    await database.podcasts.release_channel(job)
    again = await database.podcasts.claim_channel()
    assert again is not None
    assert again.id == job.id


async def test_what_a_feed_says_is_in_the_lists(database: Database) -> None:
    job = await claimed(database, URL)
    assert await database.podcasts.save(
        job,
        feed(item("New", published=WHEN + DAY), item("Old"), image="https://x/p.jpg"),
        (b"hash", b"picture"),
        ('"tag"', "date"),
        0,
        newest=0,
        most=100,
    )
    (channel,) = await database.podcasts.channels(job.id)
    assert (channel.title, channel.description) == ("Talk", "Much talk")
    assert (channel.pictured, channel.image_url) == (True, "https://x/p.jpg")
    rows = await database.podcasts.episodes(job.id)
    assert titles(rows) == ["New", "Old"]
    assert rows[1].published.timestamp() == WHEN
    assert (rows[1].channel, rows[1].status, rows[1].path) == ("Talk", "new", None)
    for kind, number in (("channel", job.id), ("episode", rows[0].id)):
        picture = await database.podcasts.picture(kind, number)
        assert picture is not None
        assert (picture.id, picture.hash, picture.data) == (job.id, b"hash", b"picture")
    again = await database.podcasts.claim_channel()
    assert again is not None
    assert (again.etag, again.modified, again.pictured) == ('"tag"', "date", True)


async def test_episodes_keep_their_ids_and_their_state(database: Database) -> None:
    job = await claimed(database)
    await save(database, job, item("One"), item("Two", published=None))
    before = {row.title: row for row in await database.podcasts.episodes(job.id)}
    await complete(database, await wanted(database, before["One"].id))
    changed = item("One, renamed", guid="One", size=5, suffix="ogg")
    assert await save(database, job, changed, item("Two", published=None), item("Three"))
    after = {row.title: row for row in await database.podcasts.episodes(job.id)}
    assert after["One, renamed"].id == before["One"].id
    assert (after["One, renamed"].size, after["One, renamed"].suffix) == (2000, "mp3")
    assert after["One, renamed"].status == "completed"
    assert after["Two"].published == before["Two"].published


async def test_episodes_without_dates_stay_in_the_order_of_the_feed(database: Database) -> None:
    rows = await listed(database, *(item(name, published=None) for name in "ABC"))
    assert titles(rows) == ["A", "B", "C"]


async def test_the_oldest_beyond_the_bound_go_but_no_file_is_lost(database: Database) -> None:
    job = await claimed(database)
    await save(database, job, item("Kept", published=WHEN - DAY))
    (kept,) = await database.podcasts.episodes(job.id)
    await complete(database, await wanted(database, kept.id))
    await save(database, job, *(item(f"{n}", published=WHEN + n * DAY) for n in range(5)), most=2)
    assert titles(await database.podcasts.episodes(job.id)) == ["4", "3", "Kept"]


async def test_the_newest_are_downloaded_by_themselves_once(database: Database) -> None:
    job = await claimed(database)
    items = [item(f"{n}", published=WHEN - n * DAY) for n in range(4)]
    await save(database, job, *items, newest=2)
    rows = await database.podcasts.episodes(job.id)
    assert [row.status for row in rows] == ["downloading", "downloading", "new", "new"]
    assert await database.podcasts.delete_episode(rows[0].id)
    await save(database, job, *items, newest=2)
    assert (await one(database, rows[0].id)).status == "deleted"


async def test_what_somebody_asked_for_comes_first(database: Database) -> None:
    rows = await listed(database, item("A"), item("B"), item("C", published=WHEN - DAY), newest=2)
    job = await wanted(database, rows[2].id)
    assert job.url == "https://media.example/C.mp3"


async def test_only_what_nobody_asked_for_is_retired(database: Database) -> None:
    items = [item(f"{n}", published=WHEN - n * DAY) for n in range(4)]
    rows = await listed(database, *items, newest=3)
    await complete(database, await wanted(database, rows[3].id))
    for _ in range(3):
        job = await database.podcasts.claim_episode()
        assert job is not None
        assert await complete(database, job, keep=1)
    states = [row.status for row in await database.podcasts.episodes(rows[0].channel_id)]
    assert states == ["completed", "deleted", "deleted", "completed"]


async def test_a_download_ends_when_nobody_wants_it(database: Database) -> None:
    (row,) = await listed(database, item())
    job = await wanted(database, row.id)
    assert await database.podcasts.renew(job)
    await database.podcasts.delete_episode(row.id)
    assert not await database.podcasts.renew(job)
    assert not await complete(database, job)
    await database.podcasts.fail_episode(job, "Too late.", again=True, pause=0)
    assert (await one(database, row.id)).status == "deleted"


async def test_a_failed_download_waits_or_ends(database: Database) -> None:
    (row,) = await listed(database, item())
    job = await wanted(database, row.id)
    await database.podcasts.fail_episode(job, "Silence.", again=True, pause=0)
    again = await database.podcasts.claim_episode()
    assert again is not None
    assert again.failures == 1
    await database.podcasts.fail_episode(again, "Silence.", again=True, pause=60)
    assert await database.podcasts.claim_episode() is None
    assert (await one(database, row.id)).status == "downloading"
    await later(database)
    await database.pool.execute("update episodes set due = now()")
    last = await database.podcasts.claim_episode()
    assert last is not None
    await database.podcasts.fail_episode(last, "Gone.", again=False, pause=0)
    assert (await one(database, row.id)).status == "error"
    assert (await wanted(database, row.id)).failures == 0


@pytest.mark.attack("X78")
async def test_asking_again_does_not_shorten_a_wait(database: Database) -> None:
    """Neither a download's nor a channel's, however often one asks."""
    (row,) = await listed(database, item())
    job = await wanted(database, row.id)
    await database.podcasts.fail_episode(job, "Silence.", again=True, pause=600)
    for _ in range(3):
        assert await database.podcasts.download(row.id)
        await database.podcasts.refresh()
        await database.podcasts.add((await database.podcasts.channels())[0].url)
    assert await database.podcasts.claim_episode() is None
    assert await database.podcasts.claim_channel() is None
    await later(database)
    await database.podcasts.refresh()
    assert await database.podcasts.claim_channel() is not None


async def test_what_is_kept_is_what_has_a_file_or_will(database: Database) -> None:
    rows = await listed(database, item("A"), item("B"), item("C"))
    await complete(database, await wanted(database, rows[0].id))
    job = await wanted(database, rows[1].id)
    kept = {row.id: (row.turn, row.path) for row in await database.podcasts.kept()}
    path = f"{rows[0].channel_id}/{rows[0].id}.mp3".encode()
    assert kept == {rows[0].id: (1, path), rows[1].id: (job.turn, None)}


async def test_a_deleted_channel_takes_all_with_it(database: Database) -> None:
    (row,) = await listed(database, item())
    job = await wanted(database, row.id)
    assert await database.podcasts.delete_channel(row.channel_id)
    assert not await database.podcasts.delete_channel(row.channel_id)
    assert await database.podcasts.channels() == []
    assert await database.podcasts.newest(10) == []
    assert not await database.podcasts.renew(job)
    for action in (database.podcasts.download, database.podcasts.delete_episode):
        assert not await action(row.id)


async def test_a_channel_deleted_meanwhile_does_not_come_back(database: Database) -> None:
    job: ChannelJobRow = await claimed(database)
    await database.podcasts.delete_channel(job.id)
    assert not await save(database, job, item())
    assert await database.podcasts.channels() == []


async def test_the_newest_of_all_channels_come_first(database: Database) -> None:
    await listed(database, item("A"), item("C", published=WHEN + 2 * DAY))
    await listed(database, item("B", published=WHEN + DAY))
    assert titles(await database.podcasts.newest(2)) == ["C", "B"]
    assert await database.podcasts.newest(0) == []


@pytest.mark.parametrize(
    "action", ["refresh", "add", "download", "delete_episode", "delete_channel"]
)
async def test_workers_are_told(database: Database, action: str) -> None:
    (row,) = await listed(database, item())
    await later(database)
    told = asyncio.Event()
    database.bus.subscribe(podcasts.CHANNEL, lambda _: told.set())
    await database.bus.start()
    given: dict[str, list[Any]] = {"refresh": [], "add": [URL], "delete_channel": [row.channel_id]}
    await getattr(database.podcasts, action)(*given.get(action, [row.id]))
    await asyncio.wait_for(told.wait(), 10)
