"""Several files of one recording: Beta, a FLAC, stands for Alpha, an MP3, as if they were the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from db.database import Database
from db.users import Change
from tests.support.api import Api
from tests.support.shelf import Shelf

MP3 = {"container": "mp3", "audioCodec": "mp3", "protocol": "http"}
PLAYS_MP3 = {
    "name": "app", "platform": "test", "transcodingProfiles": [MP3],
    "directPlayProfiles": [{"containers": ["mp3"], "audioCodecs": ["mp3"], "protocols": ["http"]}],
}  # fmt: skip
ALPHA, BETA = "Ada/First/01 Alpha.mp3", "Ada/First/02 Beta.flac"


@pytest.fixture(scope="module")
def library(library: Shelf) -> Shelf:
    settings = library.settings
    merged = structs.replace(settings.library, duplicates="merge")
    return replace(library, settings=structs.replace(settings, library=merged))


@pytest.fixture
async def ids(guest: Api, stocked: Database) -> tuple[str, str]:
    """The MP3's and the FLAC's."""
    mp3, flac = await guest.id_of("Alpha"), await guest.id_of("Beta")
    await stocked.pool.execute(
        "update tracks set twin_of = $1, missing_since = 'infinity' where id = $2",
        int(flac[3:]),
        int(mp3[3:]),
    )
    await stocked.pool.execute("update tracks set bit_rate = 900 where id = $1", int(flac[3:]))
    return mp3, flac


async def test_any_of_the_ids_streams_what_suits_and_downloads_its_own_file(
    guest: Api, stocked: Database, library: Shelf, ids: tuple[str, str]
) -> None:
    mp3, flac = ids
    alpha, beta = (library.music / ALPHA).read_bytes(), (library.music / BETA).read_bytes()
    for id in ids:
        for given, expected in (
            ({}, beta),
            ({"format": "raw"}, beta),
            ({"maxBitRate": 320}, alpha),
            ({"format": "mp3"}, alpha),
        ):
            answer = await guest.raw("stream", {"Range": "bytes=0-"}, id=id, **given)
            assert answer.status == 206
            assert await answer.read() == expected
        song = await guest.get("getSong", id=id)
        assert (song["id"], song["suffix"], song["size"]) == (flac, "flac", len(beta))
    assert await (await guest.raw("download", id=mp3)).read() == alpha
    assert await (await guest.raw("download", id=flac)).read() == beta
    await stocked.users.change("guest", Change(max_bit_rate=320))
    assert await (await guest.raw("stream", id=flac)).read() == alpha
    assert await (await guest.raw("stream", id=flac, format="opus")).read() not in (alpha, beta)


async def test_a_decision_offers_the_file_that_an_app_can_play(
    guest: Api, stocked: Database, library: Shelf, ids: tuple[str, str]
) -> None:
    alpha = (library.music / ALPHA).read_bytes()
    for id in ids:
        media = {"mediaId": id, "mediaType": "song"}
        decision = await guest.post("getTranscodeDecision", PLAYS_MP3, **media)
        assert (decision["canDirectPlay"], decision["canTranscode"]) == (False, True)
        assert "ContainerNotSupported" in decision["transcodeReason"]
        assert decision["sourceStream"]["codec"] == "flac"
        assert decision["transcodeStream"]["codec"] == "mp3"
        agreed = {**media, "transcodeParams": decision["transcodeParams"]}
        answer = await guest.raw("getTranscodeStream", {"Range": "bytes=10-"}, **agreed)
        assert (answer.status, await answer.read()) == (206, alpha[10:])
        later = await guest.raw("getTranscodeStream", **agreed, offset=1)
        assert (later.status, later.content_type) == (200, "audio/mpeg")
    await stocked.users.change("guest", Change(max_bit_rate=32))
    assert (await guest.raw("getTranscodeStream", **agreed)).status == 410
    decision = await guest.post("getTranscodeDecision", PLAYS_MP3, **media)
    assert decision["transcodeStream"]["audioBitrate"] == 32000
    agreed["transcodeParams"] = decision["transcodeParams"]
    assert (await guest.raw("getTranscodeStream", **agreed)).status == 200


async def test_lists_have_the_song_once_and_marks_are_of_all_files(
    guest: Api, ids: tuple[str, str]
) -> None:
    mp3, flac = ids
    await guest.get("star", id=mp3)
    await guest.get("scrobble", id=mp3)
    starred = (await guest.get("getStarred2"))["song"]
    assert [(song["id"], song["playCount"]) for song in starred] == [(flac, 1)]
    made = await guest.get("createPlaylist", name="P", songId=[mp3, flac])
    assert [song["id"] for song in made["entry"]] == [flac, flac]
    assert (await guest.get("search3", query="Alpha")).get("song", []) == []
    await guest.get("unstar", id=flac)
    assert (await guest.get("getStarred2"))["song"] == []
