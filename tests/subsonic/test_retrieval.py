"""Songs and pictures as bytes; how they are made is tested in the room that makes them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from PIL import Image

from db.database import Database
from db.users import Change, Limits
from library import scan
from streaming.allowance import Allowances, Listener
from subsonic import retrieval
from tests.support import tones
from tests.support.api import Api
from tests.support.pictures import see
from tests.support.sandboxes import ThreadSandbox
from tests.support.shelf import Shelf


@pytest.fixture
def beta(library: Shelf) -> bytes:
    return (library.music / "Ada/First/02 Beta.flac").read_bytes()


async def test_a_stream_is_the_file_in_any_range(guest: Api, beta: bytes) -> None:
    song = await guest.id_of("Beta")
    whole = await guest.raw("stream", id=song)
    assert (whole.status, whole.content_type) == (200, "audio/flac")
    assert await whole.read() == beta
    part = await guest.raw("stream", {"Range": "bytes=100-199"}, id=song)
    assert part.status == 206
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(beta)}"
    assert await part.read() == beta[100:200]


async def test_a_stream_of_another_format_is_transcoded(guest: Api) -> None:
    answer = await guest.raw("stream", id=await guest.id_of("Beta"), format="mp3", maxBitRate=64)
    assert (answer.status, answer.content_type) == (200, "audio/mpeg")
    assert 30_000 < len(await answer.read()) < 70_000


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"format": "raw"}, "original"),
        ({"format": "raw", "maxBitRate": 64, "timeOffset": 3}, "original"),
        ({}, "original"),
        ({"maxBitRate": 0}, "original"),
        ({"maxBitRate": 9000}, "original"),
        ({"maxBitRate": -1}, "original"),
        ({"maxBitRate": 10**30}, "original"),
        ({"format": "flac"}, "original"),
        ({"format": "wibble"}, "original"),
        ({"converted": "true", "size": "320x240", "audioTrack": "1"}, "original"),
        ({"maxBitRate": 64}, "mp3 6"),
        ({"format": "wibble", "maxBitRate": 64}, "mp3 6"),
        ({"format": "flac", "maxBitRate": 64}, "mp3 6"),
        ({"format": "mp3"}, "mp3 6"),
        ({"format": "opus", "maxBitRate": 64}, "opus 6"),
        ({"format": "mp3", "maxBitRate": 64, "timeOffset": 2}, "mp3 4"),
        ({"format": "mp3", "maxBitRate": 64, "timeOffset": 2.5, "converted": "true"}, "mp3 3.5"),
        ({"timeOffset": 2}, "flac 4"),
        ({"timeOffset": 0}, "original"),
        ({"timeOffset": -5}, "original"),
    ],
)
async def test_a_stream_is_what_the_protocol_says_for_each_way_to_ask(
    guest: Api, beta: bytes, given: dict[str, Any], expected: str
) -> None:
    answer = await guest.raw("stream", id=await guest.id_of("Beta"), **given)
    assert answer.status == 200
    data = await answer.read()
    if expected == "original":
        assert data == beta
        return
    codec, seconds = expected.split()
    heard = tones.hear(data)
    assert heard.codec.removesuffix("float").removeprefix("lib") == codec
    assert heard.seconds == pytest.approx(float(seconds), abs=0.1)
    if "maxBitRate" in given:
        assert len(data) <= 64 * 125 * float(seconds) * 1.05 + 1500


@pytest.mark.parametrize("title", ["Alpha", "Beta", "Dvořák", "Émigré"])
async def test_an_offset_is_kept_for_every_kind_of_song_without_asking_for_a_format(
    guest: Api, title: str
) -> None:
    """`transcodeOffset` is listed: apps seek with it, whatever the song is."""
    song = await guest.get("getSong", id=await guest.id_of(title))
    answer = await guest.raw("stream", id=song["id"], timeOffset=0.2)
    assert answer.status == 200
    whole = tones.hear(await (await guest.raw("stream", id=song["id"])).read())
    late = tones.hear(await answer.read())
    assert late.seconds == pytest.approx(whole.seconds - 0.2, abs=0.08)


@pytest.mark.parametrize("offset", [0, 2])
async def test_an_estimated_length_is_near_the_truth_and_kept_to_the_byte(
    guest: Api, offset: int
) -> None:
    given: dict[str, Any] = {"format": "mp3", "maxBitRate": 128, "estimateContentLength": "true"}
    answer = await guest.raw("stream", id=await guest.id_of("Beta"), **given, timeOffset=offset)
    promised = int(answer.headers["Content-Length"])
    assert len(await answer.read()) == promised
    assert promised == pytest.approx(128 * 125 * (6 - offset), rel=0.1)


@pytest.mark.attack("X71")
async def test_a_limit_of_one_user_holds_at_once_and_leaves_others_alone(
    guest: Api, api: Api, stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Allowances.stream

    def one_more(self: Allowances, request: web.Request, listener: Listener) -> object:
        self._streams[listener.id] = 1  # as if something was being sent to everybody
        return plain(self, request, listener)

    monkeypatch.setattr(Allowances, "stream", one_more)
    id = await guest.id_of("Beta")
    assert (await guest.raw("stream", id=id)).status == 200
    await stocked.users.change("guest", Change(limits=Limits(streams=1)))
    for endpoint in ("stream", "download"):
        answer = await guest.raw(endpoint, id=id)
        told = await answer.json(content_type=None)
        assert (answer.status, answer.headers["Retry-After"]) == (429, "5")
        assert "1 streams are sent to you" in told["subsonic-response"]["error"]["message"]
    assert (await api.raw("stream", id=id)).status == 200


async def test_streaming_counts_no_play(guest: Api) -> None:
    song = await guest.id_of("Beta")
    await (await guest.raw("stream", id=song)).read()
    assert (await guest.get("getSong", id=song))["playCount"] == 0


async def test_a_download_is_the_original_under_its_name(guest: Api, beta: bytes) -> None:
    answer = await guest.raw("download", id=await guest.id_of("Beta"))
    assert await answer.read() == beta
    assert "02 Beta.flac" in answer.headers["Content-Disposition"]


async def _unpacked(answer: ClientResponse) -> dict[str, bytes]:
    assert (answer.status, answer.content_type) == (200, "application/zip")
    data = await answer.read()
    assert answer.content_length == len(data)
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        return {name: read.read(name) for name in read.namelist()}


async def test_an_album_is_downloaded_as_its_files_and_its_cover(
    guest: Api, library: Shelf, beta: bytes
) -> None:
    answer = await guest.raw("download", id=await guest.id_of("First", "album"))
    assert 'filename="First.zip"' in answer.headers["Content-Disposition"]
    found = await _unpacked(answer)
    assert set(found) == {"01 Alpha.mp3", "02 Beta.flac", "cover.png"}
    assert found["02 Beta.flac"] == beta
    assert found["cover.png"] == (library.music / "Ada/First/cover.png").read_bytes()
    found = await _unpacked(await guest.raw("download", id=await guest.id_of("Ünder", "album")))
    assert set(found) == {"Disc 1/01 Dvořák.opus", "Disc 2/01 Émigré.m4a"}


async def test_an_artist_a_folder_and_a_playlist_are_downloaded_whole(guest: Api) -> None:
    found = await _unpacked(await guest.raw("download", id=await guest.id_of("Ada", "artist")))
    assert {"1999 - Early/01 Gamma.mp3", "2001 - First/01 Alpha.mp3", "2001 - First/cover.png",
            "2005 - Mixed/01 One.mp3", "Loose/Loose.mp3"} <= set(found)  # fmt: skip
    song = await guest.get("getSong", id=await guest.id_of("Beta"))
    found = await _unpacked(await guest.raw("download", id=song["parent"]))
    assert set(found) == {"01 Alpha.mp3", "02 Beta.flac", "cover.png"}
    songs = [song["id"], await guest.id_of("One"), song["id"]]
    made = await guest.get("createPlaylist", name="Mine: all/of it", songId=songs)
    answer = await guest.raw("download", id=made["id"])
    assert "Mine_ all_of it.zip" in answer.headers["Content-Disposition"]
    assert set(await _unpacked(answer)) == {"01 Ada - Beta.flac", "02 Ada - One.mp3"}


async def test_an_archive_says_its_length_before_it_is_fetched(guest: Api) -> None:
    given = guest.signed({"id": await guest.id_of("First", "album")})
    answer = await guest.client.head("/rest/download", params=given)
    whole = await guest.raw("download", id=await guest.id_of("First", "album"))
    assert answer.headers["Content-Length"] == str(len(await whole.read()))


async def test_an_archive_holds_nothing_of_hidden_libraries_or_of_others(
    api: Api, guest: Api
) -> None:
    secret = await api.get("getSong", id=await api.id_of("Secret"))
    beta = await api.id_of("Beta")
    shared = await api.get("createPlaylist", name="Both", songId=[secret["id"], beta])
    for id in (secret["albumId"], secret["artistId"], secret["parent"], shared["id"]):
        assert await guest.error("download", id=id) == 70
    await api.get("updatePlaylist", playlistId=shared["id"], public="true")
    found = await _unpacked(await guest.raw("download", id=shared["id"]))
    assert set(found) == {"01 Ada - Beta.flac"}
    assert len(await _unpacked(await api.raw("download", id=shared["id"]))) == 2


async def test_where_there_is_nothing_to_hear_there_is_no_archive(api: Api) -> None:
    made = await api.get("createPlaylist", name="Empty")
    first = await api.get("getMusicDirectory", id=await _folder_of(api))
    for id in (made["id"], first["parent"], "al-99999", "ar-99999", "pl-99999", "fo-99999", "po-1"):
        assert await api.error("download", id=id) == 70


async def _folder_of(api: Api) -> str:
    """The folder `Ada`, right in a library."""
    song = await api.get("getSong", id=await api.id_of("Beta"))
    parent: str = (await api.get("getMusicDirectory", id=song["parent"]))["parent"]
    return parent


@pytest.mark.attack("X70")
async def test_what_is_too_much_for_one_archive_is_refused_before_it_begins(
    guest: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retrieval, "_MOST_FILES", 1)
    assert await guest.error("download", id=await guest.id_of("First", "album")) == 0


async def test_an_album_of_which_a_file_is_gone_comes_without_it(
    guest: Api, library: Shelf, tmp_path: Path
) -> None:
    file = library.music / "Ada/First/01 Alpha.mp3"
    aside = file.rename(tmp_path / "aside.mp3")
    try:
        found = await _unpacked(await guest.raw("download", id=await guest.id_of("First", "album")))
        assert set(found) == {"02 Beta.flac", "cover.png"}
    finally:
        aside.rename(file)


async def test_what_is_many_songs_is_not_streamed(guest: Api) -> None:
    assert await guest.error("stream", id=await guest.id_of("First", "album")) == 70


@pytest.mark.parametrize("endpoint", ["stream", "download"])
async def test_without_the_role_there_are_no_bytes(
    guest: Api, stocked: Database, endpoint: str
) -> None:
    song = await guest.id_of("Beta")
    await stocked.pool.execute("update users set roles = '{settings}' where name = 'guest'")
    await stocked.users.set_password("guest", guest.password)
    fresh = Api(guest.client, guest.name, guest.password)
    # A minute's memory of the account is emptied by the message that every change sends.
    from subsonic.app import AUTHENTICATOR

    assert guest.client.app is not None
    guest.client.app[AUTHENTICATOR].forget()
    assert await fresh.error(endpoint, id=song) == 50


async def test_a_song_whose_file_is_gone_is_not_found(
    guest: Api, library: Shelf, tmp_path: Path
) -> None:
    song = await guest.id_of("Loose")
    file = library.music / "Loose.mp3"
    aside = file.rename(tmp_path / "aside.mp3")
    try:
        assert await guest.error("stream", id=song) == 70
        assert await guest.error("download", id=song) == 70
    finally:
        aside.rename(file)


async def test_errors_of_binary_endpoints_come_in_the_format_asked_for(guest: Api) -> None:
    for endpoint in ("stream", "download", "getCoverArt"):
        url = f"/rest/{endpoint}.view"
        answer = await guest.client.get(url, params=guest.signed({"id": "tr-99999"}, "xml"))
        assert (answer.status, answer.content_type) == (200, "text/xml")
        assert b'code="70"' in await answer.read()
        answer = await guest.client.get(url, params=guest.signed({"id": "tr-99999"}))
        assert json.loads(await answer.read())["subsonic-response"]["error"]["code"] == 70


async def test_a_cover_comes_by_its_own_id_and_by_any_other(guest: Api) -> None:
    album = await guest.get("getAlbum", id=await guest.id_of("First", "album"))
    for id in (album["coverArt"], album["id"], album["song"][0]["id"], album["song"][0]["parent"]):
        answer = await guest.raw("getCoverArt", id=id, size=300)
        assert answer.status == 200
        assert see(await answer.read()).size == (300, 200)


async def test_a_cover_is_never_made_larger_and_is_known_again(guest: Api) -> None:
    album = await guest.get("getAlbum", id=await guest.id_of("First", "album"))
    answer = await guest.raw("getCoverArt", id=album["coverArt"], size=5000)
    assert see(await answer.read()).size == (600, 400)
    again = await guest.raw(
        "getCoverArt", {"If-None-Match": answer.headers["ETag"]}, id=album["coverArt"], size=5000
    )
    assert again.status == 304


async def test_what_has_no_picture_gets_a_drawn_one(guest: Api) -> None:
    for title, kind in (("Early", "album"), ("Gamma", "song"), ("Ada", "artist")):
        answer = await guest.raw("getCoverArt", id=await guest.id_of(title, kind), size=128)
        assert answer.status == 200
        assert see(await answer.read()).size == (128, 128)


@pytest.mark.parametrize("id", ["co-99999", "al-99999", "tr-99999", "nonsense", "pl-1"])
async def test_a_cover_of_nothing_is_not_found(guest: Api, id: str) -> None:
    assert await guest.error("getCoverArt", id=id) == 70


@pytest.mark.parametrize("size", ["-1", "0", "99999999999", "big"])
async def test_absurd_sizes_break_nothing(guest: Api, size: str) -> None:
    answer = await guest.raw("getCoverArt", id=await guest.id_of("First", "album"), size=size)
    assert answer.status == 200
    if size == "big":
        assert json.loads(await answer.read())["subsonic-response"]["error"]["code"] == 10
    else:
        assert max(see(await answer.read()).size) <= 600


async def test_a_hash_behind_an_id_is_passed_over(guest: Api) -> None:
    album = await guest.get("getAlbum", id=await guest.id_of("First", "album"))
    for id in (f"{album['coverArt']}_1a2b", f"{album['id']}_", f"{album['id']}_x_y"):
        answer = await guest.raw("getCoverArt", id=id, size=300)
        assert see(await answer.read()).size == (300, 200)
    assert await guest.error("getCoverArt", id="_1a2b") == 70


async def test_a_cover_that_is_replaced_or_goes_has_another_id_or_none(
    api: Api, library: Shelf, stocked: Database
) -> None:
    """As an app sees it that keeps what it has by id, and for ever."""
    cover = library.music / "Ada/First/cover.png"
    old = cover.read_bytes()
    album = await api.id_of("First", "album")
    before = await _covers(api, album)
    assert len(before) == 1
    try:
        Image.new("RGB", (300, 300), "gold").save(cover)
        await _scan(library, stocked)
        after = await _covers(api, album)
        assert len(after) == 1
        assert before != after
        answer = await api.raw("getCoverArt", id=next(iter(after)))
        assert see(await answer.read()).size == (300, 300)
        assert await api.error("getCoverArt", id=next(iter(before))) == 70
        cover.unlink()
        await _scan(library, stocked)
        assert await _covers(api, album) == set()
    finally:
        cover.write_bytes(old)


async def _covers(api: Api, album: str) -> set[str]:
    """Every cover that is named for an album, its songs and their folder."""
    found = await api.get("getAlbum", id=album)
    folder = await api.get("getMusicDirectory", id=found["song"][0]["parent"])
    listed = [found, *found["song"], *folder["child"]]
    return {each["coverArt"] for each in listed if "coverArt" in each}


async def _scan(library: Shelf, database: Database) -> None:
    await database.scans.request()
    job = await database.scans.claim()
    assert job is not None
    await scan(database, library.settings, job, ThreadSandbox())
