"""Songs above a user's ceiling say what becomes of them, wherever they are listed."""

from __future__ import annotations

from typing import Any

import pytest

from conf.settings import Transcoding
from db.database import Database
from subsonic.app import AUTHENTICATOR
from subsonic.ceiling import announced
from subsonic.models.lists import NowPlaying, NowPlayingEntry, Songs
from subsonic.models.media import Child
from tests.support.api import Api


def song(bit_rate: int | None, **more: Any) -> Child:
    given = {"suffix": "flac", "size": 2_000_000, "duration": 16, "is_dir": False, **more}
    return Child(id="tr-1", title="A", bit_rate=bit_rate, **given)


def suffix(one: Child, limit: int, **transcoding: Any) -> str | None:
    (told,) = announced(Songs(song=[one]), limit, Transcoding(**transcoding)).song
    assert isinstance(told, Child)
    return told.transcoded_suffix


@pytest.mark.parametrize(
    ("bit_rate", "limit", "expected"),
    [(900, 0, None), (900, 128, "mp3"), (128, 128, None), (129, 128, "mp3"), (None, 128, "mp3"), (None, 1000, None)],
)  # fmt: skip
def test_a_song_above_the_ceiling_says_what_it_becomes(
    bit_rate: int | None, limit: int, expected: str | None
) -> None:
    assert suffix(song(bit_rate), limit) == expected


@pytest.mark.parametrize("mode", ["off", "cache-only"])
def test_nothing_is_promised_that_may_not_be_sent(mode: str) -> None:
    assert suffix(song(900), 128, mode=mode) is None


def test_the_operators_format_is_the_one_that_is_told() -> None:
    assert suffix(song(900), 128, default_format="opus") == "opus"


@pytest.mark.parametrize(
    "more", [{"is_dir": True}, {"is_video": True}, {"suffix": None}, {"content_type": "video/mp4"}]
)
def test_what_is_no_song_says_nothing(more: dict[str, Any]) -> None:
    assert suffix(song(900, **more), 128) is None


def test_the_answer_is_the_same_object_for_who_has_no_ceiling() -> None:
    answer = Songs(song=[song(900)])
    assert announced(answer, 0, Transcoding()) is answer
    assert announced(None, 128, Transcoding()) is None


def test_songs_deep_inside_and_of_other_kinds_are_told_too() -> None:
    entry = NowPlayingEntry(
        id="tr-1", title="A", is_dir=False, suffix="flac", bit_rate=900, username="ann",
        minutes_ago=0, player_id=1,
    )  # fmt: skip
    told = announced(NowPlaying(entry=[entry]), 128, Transcoding())
    assert isinstance(told.entry[0], NowPlayingEntry)
    assert (told.entry[0].username, told.entry[0].transcoded_suffix) == ("ann", "mp3")


async def test_what_is_told_is_what_a_plain_stream_sends(guest: Api, stocked: Database) -> None:
    await stocked.pool.execute("update users set max_bit_rate = 64 where name = 'guest'")
    assert guest.client.app is not None
    guest.client.app[AUTHENTICATOR].forget()
    album = await guest.get("getAlbum", id=await guest.id_of("First", "album"))
    beta = next(one for one in album["song"] if one["title"] == "Beta")
    assert (beta["suffix"], beta["transcodedSuffix"]) == ("flac", "mp3")
    answer = await guest.raw("stream", id=beta["id"])
    assert answer.content_type == beta["transcodedContentType"] == "audio/mpeg"
    found = await guest.get("search3", query="Beta")
    assert found["song"][0]["transcodedSuffix"] == "mp3"
