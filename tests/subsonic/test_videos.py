"""Videos as apps see them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.subsonic.samples import film
from tests.support import videos
from tests.support.api import Api
from tests.support.pictures import see
from tests.support.shelf import Shelf


async def hidden(api: Api) -> str:
    """The id of the video that the guest may not see."""
    found = (await api.get("getVideos"))["video"]
    return str(next(one["id"] for one in found if one["title"] == "Hidden film"))


async def test_everybody_sees_the_videos_of_their_libraries(api: Api, guest: Api) -> None:
    assert [one["title"] for one in (await api.get("getVideos"))["video"]] == [
        "Film",
        "Hidden film",
    ]
    (video,) = (await guest.get("getVideos"))["video"]
    assert (video["isVideo"], video["type"], video["isDir"]) == (True, "video", False)
    assert (video["originalWidth"], video["originalHeight"]) == videos.SIZE
    assert (video["contentType"], video["suffix"]) == ("video/mp4", "mp4")
    assert (video["duration"], video["path"]) == (12, "Various/Film.mp4")


async def test_a_folder_lists_its_videos(guest: Api) -> None:
    (video,) = (await guest.get("getVideos"))["video"]
    children = (await guest.get("getMusicDirectory", id=video["parent"]))["child"]
    assert [one["title"] for one in children] == ["Mixed", "Film"]
    assert children[1] == video


async def test_what_can_be_chosen_in_a_video(guest: Api) -> None:
    info = await guest.get("getVideoInfo", id=await film(guest))
    assert [track["languageCode"] for track in info["audioTrack"]] == ["eng", "fra"]
    (captions,) = info["captions"]
    assert captions["name"] == "en"
    text = await (await guest.raw("getCaptions", id=captions["id"])).text()
    assert text == videos.CAPTIONS


async def test_captions_come_in_the_format_asked_for(guest: Api) -> None:
    video = await film(guest)
    plain = await guest.raw("getCaptions", id=video)
    assert (plain.content_type, await plain.text()) == ("application/x-subrip", videos.CAPTIONS)
    for_browsers = await guest.raw("getCaptions", id=video, format="vtt")
    assert for_browsers.content_type == "text/vtt"
    assert (await for_browsers.text()).startswith("WEBVTT\n\n00:00:01.000 --> ")
    odd = await guest.raw("getCaptions", id=video, format="ass")
    assert await odd.text() == videos.CAPTIONS


@pytest.mark.parametrize("endpoint", ["getVideoInfo", "getCaptions", "hls", "stream", "download"])
async def test_what_is_hidden_or_no_video_is_not_found(api: Api, guest: Api, endpoint: str) -> None:
    await api.get("getVideos")
    for wrong in (await hidden(api), "vi-99999", "vi-", "vi-9" * 99, "vi-1.9", "al-1"):
        response = await guest.raw(endpoint, id=wrong)
        assert (await response.json())["subsonic-response"]["error"]["code"] == 70, wrong
    assert await guest.error("getVideoInfo", id=await guest.id_of("Beta")) == 70
    assert await guest.error("getCaptions", id=(await film(guest)) + ".7") == 70
    assert await api.error("getCaptions", id=await hidden(api)) == 70


async def test_a_video_is_sent_as_it_is_in_any_range(guest: Api, library: Shelf) -> None:
    data = (library.music / "Various/Film.mp4").read_bytes()
    video = await film(guest)
    whole = await guest.raw("stream", id=video, maxBitRate=64, format="mp3", size="32x32")
    assert (whole.content_type, await whole.read()) == ("video/mp4", data)
    part = await guest.raw("stream", {"Range": "bytes=7-9"}, id=video)
    assert (part.status, await part.read()) == (206, data[7:10])
    download = await guest.raw("download", id=video)
    assert "Film.mp4" in download.headers["Content-Disposition"]
    assert await download.read() == data


async def test_a_video_without_a_picture_gets_a_drawn_one(guest: Api) -> None:
    answer = await guest.raw("getCoverArt", id=await film(guest), size=80)
    assert see(await answer.read()).size == (80, 80)


async def test_a_video_can_be_starred_and_rated(guest: Api, api: Api) -> None:
    video = await film(guest)
    await guest.get("star", id=video)
    await guest.get("setRating", id=video, rating=4)
    (mine,) = (await guest.get("getVideos"))["video"]
    assert mine["starred"]
    assert (mine["userRating"], mine["averageRating"]) == (4, 4)
    theirs: dict[str, Any] = (await api.get("getVideos"))["video"][0]
    assert "starred" not in theirs
    assert "userRating" not in theirs
    await guest.get("unstar", id=video)
    assert "starred" not in (await guest.get("getVideos"))["video"][0]
    assert await guest.error("star", id=await hidden(api)) == 70


async def test_a_video_keeps_its_bookmark(guest: Api, api: Api) -> None:
    song, video = await guest.id_of("Beta"), await film(guest)
    await guest.get("createBookmark", id=song, position=1)
    await guest.get("createBookmark", id=video, position=7000, comment="the duel")
    await guest.get("createBookmark", id=await guest.id_of("Alpha"), position=3)
    found = (await guest.get("getBookmarks"))["bookmark"]
    assert [one["entry"]["title"] for one in found] == ["Alpha", "Film", "Beta"]
    assert (found[1]["position"], found[1]["comment"]) == (7000, "the duel")
    assert (await guest.get("getVideos"))["video"][0]["bookmarkPosition"] == 7000
    assert not (await api.get("getBookmarks")).get("bookmark")
    assert await guest.error("createBookmark", id=await hidden(api), position=1) == 70
    await guest.get("deleteBookmark", id=video)
    assert len((await guest.get("getBookmarks"))["bookmark"]) == 2
