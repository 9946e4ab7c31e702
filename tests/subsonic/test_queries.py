"""How often each endpoint asks the database: a list is one round trip, however long it is."""

from __future__ import annotations

from typing import Any

import pytest

from db import queries
from subsonic.endpoint import ENDPOINTS
from tests.subsonic.samples import BODIES, SAMPLES
from tests.support.api import Api

COUNTS = {
    "ping": 0,
    "getLicense": 0,
    "getOpenSubsonicExtensions": 0,
    # Browsing
    "getMusicFolders": 1,
    "getIndexes": 4,  # when it changed; folders, loose songs, loose videos
    "getMusicDirectory": 4,  # the folder; folders, songs and videos in it
    "getGenres": 1,
    "getArtists": 1,
    "getArtist": 2,
    "getAlbum": 2,
    "getSong": 1,
    "getVideos": 1,
    "getVideoInfo": 1,
    # Lists
    "getAlbumList": 1,
    "getAlbumList2": 1,
    "getRandomSongs": 2,  # a small library: what the drawn ids miss is picked from all
    "getSongsByGenre": 1,
    "getNowPlaying": 1,
    "getStarred": 4,  # one for each kind
    "getStarred2": 3,
    # Searching
    "search": 2,
    "search2": 3,  # one for each kind
    "search3": 3,
    # Similarity
    "getArtistInfo": 3,
    "getArtistInfo2": 3,
    "getAlbumInfo": 2,
    "getAlbumInfo2": 2,
    "getSimilarSongs": 2,
    "getSimilarSongs2": 2,
    "getTopSongs": 1,
    # What people keep
    "getPlaylists": 1,
    "getPlaylist": 2,
    "getBookmarks": 3,  # one for each kind
    "getPlayQueue": 2,
    "getPlayQueueByIndex": 2,
    "savePlayQueue": 1,
    "savePlayQueueByIndex": 1,
    "createBookmark": 1,
    "star": 1,
    "unstar": 1,
    "scrobble": 1,
    "reportPlayback": 1,
    # Media
    "stream": 1,
    "download": 1,
    "hls": 1,
    "getCoverArt": 1,
    "getAvatar": 1,
    "getCaptions": 1,
    "getLyrics": 1,
    "getLyricsBySongId": 1,
    "getTranscodeDecision": 1,
    "getTranscodeStream": 1,
    # The rest
    "getShares": 2,  # shares, then the songs of all of them
    "getPodcasts": 2,  # podcasts, then the episodes of all of them
    "getNewestPodcasts": 1,
    "getPodcastEpisode": 1,
    "jukeboxControl": 2,
    "getInternetRadioStations": 1,
    "getChatMessages": 1,
    "getUser": 1,
    "getUsers": 1,
    "getScanStatus": 2,
}


class Counter:
    """How many statements were run."""

    def __init__(self) -> None:
        self.ran = 0

    def watch(self, monkeypatch: pytest.MonkeyPatch, kind: type, method: str) -> None:
        run = getattr(kind, method)

        async def counted(query: Any, on: Any, /, **given: Any) -> Any:
            self.ran += 1
            return await run(query, on, **given)

        monkeypatch.setattr(kind, method, counted)


@pytest.fixture
def counter(monkeypatch: pytest.MonkeyPatch) -> Counter:
    counter = Counter()
    for kind, method in (
        (queries.Rows, "__call__"),
        (queries.Rows, "first"),
        (queries.Value, "__call__"),
        (queries.Command, "__call__"),
    ):
        counter.watch(monkeypatch, kind, method)
    return counter


@pytest.mark.parametrize("name", COUNTS)
async def test_an_endpoint_asks_the_database_so_many_times(
    api: Api, counter: Counter, name: str
) -> None:
    given = await SAMPLES[name](api) if name in SAMPLES else {}
    await api.get("ping")
    counter.ran = 0
    await api.call(name, "json", given, BODIES.get(name))
    assert counter.ran == COUNTS[name]


def test_no_reading_endpoint_is_forgotten() -> None:
    reading = {name for name, one in ENDPOINTS.items() if name.startswith("get") and not one.raw}
    assert reading - set(COUNTS) == set()
