"""Podcasts as apps see them. Nothing is fetched here: there is no worker."""

from __future__ import annotations

from typing import Any

import pytest

from library.episodes import folder
from tests.support.api import Api
from tests.support.audio import Song, made
from tests.support.pictures import picture, see
from tests.support.podcasts import DAY, WHEN, claimed, complete, feed, item, listed, wanted
from tests.support.shelf import Shelf

URL = "https://feeds.example/talk?token=a"
SOUND = made("mp3", Song(title="One", seconds=3))
WRITES: list[tuple[str, dict[str, Any]]] = [
    ("refreshPodcasts", {}),
    ("createPodcastChannel", {"url": URL}),
    ("deletePodcastChannel", {"id": "ch-1"}),
    ("deletePodcastEpisode", {"id": "ep-1"}),
    ("downloadPodcastEpisode", {"id": "ep-1"}),
]


async def downloaded(api: Api, library: Shelf, title: str = "One") -> dict[str, Any]:
    """An episode with its file."""
    (row,) = await listed(api.database, item(title))
    place = folder(library.settings) / f"{row.channel_id}/{row.id}.mp3"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(SOUND)
    assert await complete(api.database, await wanted(api.database, row.id), size=len(SOUND))
    found: dict[str, Any] = await api.get("getPodcastEpisode", id=f"ep-{row.id}")
    return found


async def test_without_podcasts_the_lists_are_empty(guest: Api) -> None:
    assert await guest.get("getPodcasts") == {"channel": []}
    assert await guest.get("getNewestPodcasts") == {"episode": []}


async def test_a_new_channel_is_listed_at_once(api: Api, guest: Api) -> None:
    for _ in range(2):
        assert await api.get("createPodcastChannel", url=f" {URL}#top") is None
    (channel,) = (await guest.get("getPodcasts"))["channel"]
    assert channel == {"id": channel["id"], "url": URL, "status": "new", "episode": []}
    assert channel["id"].startswith("ch-")


@pytest.mark.attack("X60", "X64")
@pytest.mark.parametrize(
    "url", ["", "example.org", "file:///etc/passwd", "http://127.0.0.1/", "http://[::1]/", "http://0177.0.0.1/",
            "http://169.254.169.254/", "http://u:p@example.org/", "http://example.org:22/", "https://" + "x" * 3000]
)  # fmt: skip
async def test_an_address_that_is_never_asked_is_refused_at_once(api: Api, url: str) -> None:
    assert await api.error("createPodcastChannel", url=url) == 10
    assert (await api.get("getPodcasts"))["channel"] == []


async def test_channels_come_with_episodes_or_without_and_one_alone(guest: Api) -> None:
    job = await claimed(guest.database, URL)
    await guest.database.podcasts.save(
        job, feed(item("Old"), item("New", published=WHEN + DAY), title="Ärger", image="https://x/p"),
        (b"h", picture(600, 400)), ("", ""), 3600, newest=0, most=9,
    )  # fmt: skip
    await listed(guest.database, item("Other"), title="Zoo")
    both = (await guest.get("getPodcasts"))["channel"]
    assert {channel["title"] for channel in both} == {"Zoo", "Ärger"}
    (channel,) = (await guest.get("getPodcasts", id=f"ch-{job.id}"))["channel"]
    assert channel["status"] == "completed"
    assert channel["coverArt"] == channel["id"]
    assert channel["originalImageUrl"] == "https://x/p"
    assert [one["title"] for one in channel["episode"]] == ["New", "Old"]
    bare = (await guest.get("getPodcasts", includeEpisodes="false"))["channel"]
    assert [("episode" in one) for one in bare] == [False, False]
    for id in ("ch-99999", "ep-1", "tr-1", "x"):
        assert await guest.error("getPodcasts", id=id) == 70


async def test_an_episode_is_a_child_and_more(guest: Api) -> None:
    (row,) = await listed(guest.database, item("One"))
    found = await guest.get("getPodcastEpisode", id=f"ep-{row.id}")
    created = found.pop("created")
    assert created.endswith("Z")
    assert found == {
        "id": f"ep-{row.id}", "isDir": False, "title": "One", "album": "Talk", "artist": "Talk",
        "year": 2025, "genre": "Podcast", "size": 1000, "contentType": "audio/mpeg", "suffix": "mp3",
        "duration": 60, "isVideo": False, "type": "podcast", "channelId": f"ch-{row.channel_id}",
        "description": "About One", "status": "new", "publishDate": "2025-01-06T10:00:00.000Z",
    }  # fmt: skip
    assert await guest.error("getPodcastEpisode", id="ep-99999") == 70
    assert await guest.error("getPodcastEpisode") == 10


async def test_the_newest_episodes_are_counted_and_counts_are_cut(guest: Api) -> None:
    await listed(guest.database, *(item(f"{n}", published=WHEN + n * DAY) for n in range(30)))
    titles = [one["title"] for one in (await guest.get("getNewestPodcasts"))["episode"]]
    assert titles == [f"{n}" for n in range(29, 9, -1)]
    for count, expected in ((1, 1), (0, 0), (-5, 0), (10**18, 30)):
        assert len((await guest.get("getNewestPodcasts", count=count))["episode"]) == expected


async def test_a_wish_changes_the_status_at_once(api: Api) -> None:
    (row,) = await listed(api.database, item())
    id = f"ep-{row.id}"
    assert await api.get("downloadPodcastEpisode", id=id) is None
    assert (await api.get("getPodcastEpisode", id=id))["status"] == "downloading"
    assert await api.get("deletePodcastEpisode", id=id) is None
    assert (await api.get("getPodcastEpisode", id=id))["status"] == "deleted"
    assert await api.get("deletePodcastChannel", id=f"ch-{row.channel_id}") is None
    assert await api.error("getPodcastEpisode", id=id) == 70
    for name, given in WRITES[2:]:
        wrong = given["id"].replace("1", "99999")
        assert await api.error(name, id=wrong) == 70
        assert await api.error(name, id="tr-1") == 70
        assert await api.error(name) == 10


async def test_without_the_role_nothing_can_be_changed(guest: Api) -> None:
    from subsonic.app import AUTHENTICATOR

    (row,) = await listed(guest.database, item())
    await guest.database.pool.execute(
        "update users set roles = '{stream,settings}' where name = 'guest'"
    )
    assert guest.client.app is not None
    guest.client.app[AUTHENTICATOR].forget()
    for name, given in WRITES:
        assert await guest.error(name, **given) == 50
    assert (await guest.get("getPodcastEpisode", id=f"ep-{row.id}"))["status"] == "new"


async def test_a_downloaded_episode_is_heard_and_transcoded(guest: Api, library: Shelf) -> None:
    found = await downloaded(guest, library)
    assert (found["status"], found["streamId"]) == ("completed", found["id"])
    whole = await guest.raw("stream", id=found["streamId"])
    assert (whole.status, whole.content_type) == (200, "audio/mpeg")
    assert await whole.read() == SOUND
    part = await guest.raw("stream", {"Range": "bytes=10-19"}, id=found["streamId"])
    assert (part.status, await part.read()) == (206, SOUND[10:20])
    other = await guest.raw("stream", id=found["streamId"], format="opus", maxBitRate=64)
    assert (other.status, other.content_type) == (200, "audio/ogg")
    assert (await other.read())[:4] == b"OggS"


async def test_an_episode_is_downloaded_under_its_title(guest: Api, library: Shelf) -> None:
    found = await downloaded(guest, library, 'A "title"/../\r\nX: y')
    answer = await guest.raw("download", id=found["id"])
    assert await answer.read() == SOUND
    assert "X" not in answer.headers
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "title" in answer.headers["Content-Disposition"]
    assert "/" not in answer.headers["Content-Disposition"]


async def test_what_is_not_downloaded_cannot_be_heard(guest: Api, library: Shelf) -> None:
    (row,) = await listed(guest.database, item())
    for endpoint in ("stream", "download"):
        assert await guest.error(endpoint, id=f"ep-{row.id}") == 70
        assert await guest.error(endpoint, id="ep-99999") == 70
    found = await downloaded(guest, library)
    await guest.database.pool.execute("update episodes set path = path || '.gone'::bytea")
    assert await guest.error("stream", id=found["id"]) == 70


async def test_a_channel_and_its_episodes_have_a_picture(guest: Api) -> None:
    job = await claimed(guest.database, URL)
    await guest.database.podcasts.save(
        job, feed(item()), (b"hash", picture(600, 400)), ("", ""), 3600, newest=0, most=9
    )
    (row,) = await guest.database.podcasts.episodes(job.id)
    assert (await guest.get("getPodcastEpisode", id=f"ep-{row.id}"))["coverArt"] == f"ch-{job.id}"
    for id in (f"ch-{job.id}", f"ep-{row.id}"):
        answer = await guest.raw("getCoverArt", id=id, size=300)
        assert see(await answer.read()).size == (300, 200)


async def test_without_a_picture_there_is_a_drawn_one(guest: Api) -> None:
    (row,) = await listed(guest.database, item())
    for id in (f"ch-{row.channel_id}", f"ep-{row.id}"):
        answer = await guest.raw("getCoverArt", id=id, size=100)
        assert see(await answer.read()).size == (100, 100)
    for id in ("ch-99999", "ep-99999"):
        assert await guest.error("getCoverArt", id=id) == 70


async def test_a_scrobbled_episode_is_no_error_and_counts_no_song(guest: Api) -> None:
    (row,) = await listed(guest.database, item())
    song = await guest.id_of("Beta")
    for submission in ("true", "false"):
        await guest.get("scrobble", id=f"ep-{row.id}", submission=submission)
    assert (await guest.get("getNowPlaying"))["entry"] == []
    times = [1_600_000_000_000, 1_600_000_100_000]
    await guest.get("scrobble", id=[f"ep-{row.id}", song], time=times)
    assert (await guest.get("getSong", id=song))["playCount"] == 1
    assert (await guest.get("getSong", id=song))["played"].startswith("2020-09-13T12:28:20")


async def test_how_far_one_is_in_an_episode_is_ones_own(guest: Api, api: Api) -> None:
    (row,) = await listed(guest.database, item())
    song, id = await guest.id_of("Beta"), f"ep-{row.id}"
    await guest.get("createBookmark", id=song, position=1)
    await guest.get("createBookmark", id=id, position=61_000, comment="so far")
    first, second = (await guest.get("getBookmarks"))["bookmark"]
    assert (first["position"], first["comment"], first["entry"]["id"]) == (61_000, "so far", id)
    assert first["entry"]["channelId"] == f"ch-{row.channel_id}"
    assert second["entry"]["id"] == song
    assert (await guest.get("getPodcastEpisode", id=id))["bookmarkPosition"] == 61_000
    for found in (
        (await guest.get("getPodcasts"))["channel"][0],
        await guest.get("getNewestPodcasts"),
    ):
        assert found["episode"][0]["bookmarkPosition"] == 61_000
    assert "bookmarkPosition" not in await api.get("getPodcastEpisode", id=id)
    assert (await api.get("getBookmarks"))["bookmark"] == []
    await guest.get("deleteBookmark", id=id)
    assert len((await guest.get("getBookmarks"))["bookmark"]) == 1
    assert await guest.error("createBookmark", id="ep-99999", position=1) == 70


async def test_a_bookmark_goes_with_its_channel(guest: Api) -> None:
    (row,) = await listed(guest.database, item())
    await guest.get("createBookmark", id=f"ep-{row.id}", position=1)
    await guest.get("deletePodcastChannel", id=f"ch-{row.channel_id}")
    assert (await guest.get("getBookmarks"))["bookmark"] == []
    assert await guest.database.pool.fetchval("select count(*) from marks") == 0


async def test_the_extension_is_told(guest: Api) -> None:
    names = [one["name"] for one in await guest.get("getOpenSubsonicExtensions")]
    assert "getPodcastEpisode" in names
