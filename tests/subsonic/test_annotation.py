"""Stars, ratings and plays."""

from __future__ import annotations

from typing import Any

import pytest

from db.database import Database
from tests.support.api import Api


async def test_a_star_is_ones_own_and_keeps_its_date(guest: Api, api: Api) -> None:
    song = await guest.id_of("Alpha")
    await guest.get("star", id=song)
    starred = (await guest.get("getSong", id=song))["starred"]
    await guest.get("star", id=song)
    assert (await guest.get("getSong", id=song))["starred"] == starred
    assert "starred" not in await api.get("getSong", id=song)


async def test_unstar_takes_the_star_away_and_nothing_else(guest: Api) -> None:
    song, album = await guest.id_of("Alpha"), await guest.id_of("First", "album")
    await guest.get("setRating", id=song, rating=4)
    await guest.get("star", id=song, albumId=album)
    await guest.get("unstar", id=song)
    got = await guest.get("getSong", id=song)
    assert "starred" not in got
    assert got["userRating"] == 4
    assert "starred" in await guest.get("getAlbum", id=album)
    await guest.get("unstar", id=song)


async def test_one_unknown_id_leaves_the_others_unstarred(guest: Api) -> None:
    song = await guest.id_of("Alpha")
    assert await guest.error("star", id=[song, "tr-99999"]) == 70
    assert "starred" not in await guest.get("getSong", id=song)


@pytest.mark.parametrize("endpoint", ["star", "unstar"])
async def test_starring_nothing_or_nonsense_is_an_error(guest: Api, endpoint: str) -> None:
    assert await guest.error(endpoint) == 10
    assert await guest.error(endpoint, id="co-1") == 70
    assert await guest.error(endpoint, albumId="x") == 70


@pytest.mark.parametrize(
    ("title", "kind"), [("Alpha", "song"), ("First", "album"), ("Ada", "artist")]
)
async def test_ratings_are_ones_own_and_their_average_is_everybodys(
    guest: Api, api: Api, title: str, kind: str
) -> None:
    item = await guest.id_of(title, kind)
    endpoint = {"song": "getSong", "album": "getAlbum", "artist": "getArtist"}[kind]
    await guest.get("setRating", id=item, rating=5)
    await api.get("setRating", id=item, rating=2)
    got = await guest.get(endpoint, id=item)
    assert (got["userRating"], got["averageRating"]) == (5, 3.5)
    await guest.get("setRating", id=item, rating=0)
    got = await guest.get(endpoint, id=item)
    assert "userRating" not in got
    assert got["averageRating"] == 2


@pytest.mark.parametrize("given", [{}, {"rating": "6"}, {"rating": "-1"}, {"rating": "good"}])
async def test_a_rating_out_of_range_is_an_error(guest: Api, given: dict[str, Any]) -> None:
    assert await guest.error("setRating", id=await guest.id_of("Alpha"), **given) == 10


async def test_a_play_counts_for_the_song_and_its_album(guest: Api, api: Api) -> None:
    song = await guest.id_of("Alpha")
    await guest.get("scrobble", id=song, time=1_600_000_000_000)
    await guest.get("scrobble", id=song)
    got = await guest.get("getSong", id=song)
    assert got["playCount"] == 2
    assert got["played"] > "2026"
    album = await guest.get("getAlbum", id=got["albumId"])
    assert (album["playCount"], album["played"]) == (2, got["played"])
    assert (await api.get("getSong", id=song))["playCount"] == 0


async def test_a_backlog_in_one_call_counts_each_at_its_time_and_once(guest: Api) -> None:
    alpha, beta = await guest.id_of("Alpha"), await guest.id_of("Beta")
    given = {
        "id": [alpha, beta, alpha],
        "time": [1_500_000_000_000, 1_500_000_001_000, 1_500_000_002_000],
    }
    await guest.get("scrobble", **given)
    await guest.get("scrobble", **given)
    got = await guest.get("getSong", id=alpha)
    assert (got["playCount"], got["played"]) == (2, "2017-07-14T02:40:02.000Z")
    assert (await guest.get("getAlbum", id=got["albumId"]))["playCount"] == 3


async def test_songs_that_are_gone_do_not_spoil_a_backlog(guest: Api) -> None:
    alpha = await guest.id_of("Alpha")
    await guest.get("scrobble", id=["tr-99999", alpha], time=[1, 2])
    assert (await guest.get("getSong", id=alpha))["playCount"] == 1
    assert await guest.error("scrobble", id="tr-99999") == 70


async def test_telling_what_plays_now_counts_nothing(guest: Api) -> None:
    song = await guest.id_of("Alpha")
    await guest.get("scrobble", id=song, submission="False")
    assert (await guest.get("getSong", id=song))["playCount"] == 0
    assert len((await guest.get("getNowPlaying"))["entry"]) == 1


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, 10),
        ({"id": "tr-1", "time": ["1", "2"]}, 0),
        ({"id": "tr-1", "time": "soon"}, 10),
        ({"id": "tr-1", "time": "-5"}, 10),
        ({"id": "tr-1", "time": 10**20}, 10),
        ({"id": "tr-1", "submission": "perhaps"}, 10),
    ],
)
async def test_a_scrobble_that_cannot_be_read_is_an_error(
    guest: Api, given: dict[str, Any], code: int
) -> None:
    assert await guest.error("scrobble", **given) == code


async def report(app: Api, song: str, state: str, at: int = 0, **more: Any) -> None:
    given = {"mediaId": song, "mediaType": "song", "positionMs": at, "state": state, **more}
    assert await app.get("reportPlayback", **given) is None


async def test_a_report_is_seen_by_everybody_with_its_position(guest: Api, api: Api) -> None:
    song = await guest.id_of("Beta")
    await report(guest, song, "starting")
    await report(guest, song, "playing", 1500, playbackRate=1.25)
    [entry] = (await api.get("getNowPlaying"))["entry"]
    assert (entry["id"], entry["username"], entry["state"]) == (song, "guest", "playing")
    assert (entry["minutesAgo"], entry["playbackRate"]) == (0, 1.25)
    assert 1500 <= entry["positionMs"] <= 6000
    await report(guest, song, "stopped", 2000)
    assert (await api.get("getNowPlaying"))["entry"] == []
    assert (await guest.get("getSong", id=song))["playCount"] == 0


async def test_listening_counts_a_play_unless_the_report_is_for_show(
    guest: Api, stocked: Database
) -> None:
    song = await guest.id_of("Beta")
    for ignore, plays in (("true", 0), ("false", 1)):
        await report(guest, song, "starting")
        await report(guest, song, "playing")
        await stocked.pool.execute("update now_playing set reported = reported - interval '4 s'")
        await report(guest, song, "stopped", 4000, ignoreScrobble=ignore)
        assert (await guest.get("getSong", id=song))["playCount"] == plays


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mediaId": ""}, 10),
        ({"mediaType": ""}, 10),
        ({"mediaType": "film"}, 10),
        ({"positionMs": ""}, 10),
        ({"positionMs": "-1"}, 10),
        ({"positionMs": "soon"}, 10),
        ({"state": ""}, 10),
        ({"state": "dancing"}, 10),
        ({"playbackRate": "nan"}, 10),
        ({"playbackRate": "inf"}, 10),
        ({"mediaId": "tr-99999"}, 70),
        ({"mediaId": "al-1"}, 70),
        ({"mediaId": "nonsense"}, 70),
        ({"mediaType": "podcast"}, 70),
        ({"mediaType": "podcast", "mediaId": "ep-99999"}, 70),
    ],
)
async def test_a_report_of_nothing_or_nonsense_is_an_error(
    guest: Api, change: dict[str, Any], code: int
) -> None:
    given = {"mediaId": await guest.id_of("Beta"), "mediaType": "song", "positionMs": 0}
    assert await guest.error("reportPlayback", **{**given, "state": "playing", **change}) == code
    assert (await guest.get("getNowPlaying"))["entry"] == []


async def test_a_report_of_a_hidden_song_is_not_found(guest: Api, api: Api) -> None:
    given = {"mediaId": await api.id_of("Secret"), "mediaType": "song", "positionMs": 0}
    assert await guest.error("reportPlayback", **given, state="playing") == 70


@pytest.mark.parametrize("rate", ["0", "-3", "1e300"])
async def test_absurd_rates_and_positions_break_nothing(guest: Api, rate: str) -> None:
    song = await guest.id_of("Beta")
    await report(guest, song, "playing", 2**62, playbackRate=rate)
    [entry] = (await guest.get("getNowPlaying"))["entry"]
    assert entry["positionMs"] == pytest.approx(6000, abs=100)
