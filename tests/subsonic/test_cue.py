"""Tracks of a cue sheet are songs like any other, for every endpoint that lists or sends them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin

import pytest

from conf.settings import MusicFolder
from db.database import Database
from library import scan
from tests.subsonic.samples import BODIES
from tests.support import tones
from tests.support.api import Api, Params
from tests.support.audio import Song, write
from tests.support.cue import sheet
from tests.support.sandboxes import ThreadSandbox
from tests.support.shelf import Shelf

TRACKS = [("Uno", "00:00:00"), ("Due", "00:01:37"), ("Tre", "00:04:00")]
SPANS = [(0, 1 + 37 / 75), (1 + 37 / 75, 4), (4, 6)]


@pytest.fixture
async def image(api: Api, library: Shelf, stocked: Database, tmp_path: Path) -> bytes:
    """An album of three tracks in one file, in a library that only the administrator sees."""
    music = tmp_path / "Discs"
    path = write(music / "Whole/Disc.wav", Song(seconds=6))
    (music / "Whole/Disc.cue").write_text(sheet(TRACKS, "Disc.wav"))
    (music / "Whole/Disc.lrc").write_text("[00:01.00]Words of everything\n")
    folders = [MusicFolder(path=one) for one in (library.music, library.music.parent / "Hidden")]
    await stocked.libraries.sync([*folders, MusicFolder(path=music)])
    await stocked.scans.request()
    job = await stocked.scans.claim()
    assert job is not None
    await scan(stocked, library.settings, job, ThreadSandbox())
    return path.read_bytes()


async def test_they_are_listed_with_lengths_and_names_of_their_own(api: Api, image: bytes) -> None:
    album = await api.get("getAlbum", id=await api.id_of("Whole", "album"))
    songs = album["song"]
    assert [song["title"] for song in songs] == ["Uno", "Due", "Tre"]
    assert [song["track"] for song in songs] == [1, 2, 3]
    assert [song["duration"] for song in songs] == [1, 3, 2]
    assert (album["songCount"], album["duration"]) == (3, 6)
    assert {(song["suffix"], song["contentType"]) for song in songs} == {("flac", "audio/flac")}
    assert len({song["path"] for song in songs}) == 3
    assert sum(song["size"] for song in songs) == pytest.approx(len(image), rel=0.02)
    folder = await api.get("getMusicDirectory", id=songs[0]["parent"])
    assert [child["title"] for child in folder["child"]] == ["Uno", "Due", "Tre"]


async def test_they_are_streamed_and_downloaded_without_loss(api: Api, image: bytes) -> None:
    whole = tones.hear(image).samples
    for (title, _), (begin, end) in zip(TRACKS, SPANS, strict=True):
        id = await api.id_of(title)
        for endpoint in ("stream", "download"):
            answer = await api.raw(endpoint, id=id)
            assert (answer.status, answer.content_type) == (200, "audio/flac")
            heard = tones.hear(await answer.read())
            assert heard.samples == whole[round(begin * 44100) : round(end * 44100)]
            assert (heard.tags["title"], heard.tags["album"]) == (title, "Whole")
        assert f"{title}.flac" in answer.headers["Content-Disposition"]


async def test_they_are_sought_in_made_smaller_and_cut_into_segments(
    api: Api, image: bytes
) -> None:
    id = await api.id_of("Due")
    later = await api.raw("stream", id=id, timeOffset=2, format="raw")
    seconds = SPANS[1][1] - SPANS[1][0]
    assert tones.hear(await later.read()).seconds == pytest.approx(seconds - 2, abs=0.001)
    small = await api.raw("stream", id=id, format="mp3", maxBitRate=64)
    assert tones.hear(await small.read()).seconds == pytest.approx(seconds, abs=0.1)
    text = await (await api.raw("hls.m3u8", id=id)).text()
    lengths = [float(found) for found in re.findall(r"#EXTINF:([\d.]+)", text)]
    assert sum(lengths) == pytest.approx(seconds, abs=0.001)
    (segment,) = [line for line in text.splitlines() if not line.startswith("#")]
    answer = await api.client.get(urljoin("/rest/hls.m3u8", segment))
    heard = tones.hear(await answer.read())
    assert heard.seconds == pytest.approx(seconds, abs=0.06)


async def test_no_app_is_told_to_play_the_file_as_it_is(api: Api, image: bytes) -> None:
    info: Params = BODIES["getTranscodeDecision"] | {
        "directPlayProfiles": [{"containers": ["flac"], "audioCodecs": ["flac"], "protocols": ["http"]}]
    }  # fmt: skip
    given: Params = {"mediaId": await api.id_of("Due"), "mediaType": "song"}
    decision = await api.post("getTranscodeDecision", info, **given)
    assert (decision["canDirectPlay"], decision["canTranscode"]) == (False, True)
    assert decision["transcodeReason"] == ["PartOfFile"]
    stream = await api.raw(
        "getTranscodeStream", **given, transcodeParams=decision["transcodeParams"]
    )
    heard = tones.hear(await stream.read())
    assert heard.seconds == pytest.approx(SPANS[1][1] - SPANS[1][0], abs=0.1)


async def test_words_beside_the_file_are_not_theirs(api: Api, image: bytes) -> None:
    id = await api.id_of("Due")
    assert not (await api.get("getLyricsBySongId", id=id)).get("structuredLyrics")
    assert not (await api.get("getLyrics", artist="Ada", title="Due")).get("value")


async def test_they_stay_hidden_with_their_library(api: Api, guest: Api, image: bytes) -> None:
    id = await api.id_of("Due")
    for endpoint in ("stream", "download", "hls", "getSong"):
        assert await guest.error(endpoint, id=id) == 70


async def test_marks_and_playlists_hold_single_tracks(api: Api, image: bytes) -> None:
    id = await api.id_of("Due")
    await api.get("star", id=id)
    starred = await api.get("getStarred2")
    assert [song["title"] for song in starred["song"]] == ["Due"]
    made = await api.get("createPlaylist", name="Mix", songId=[id, id])
    assert [song["id"] for song in made["entry"]] == [id, id]
