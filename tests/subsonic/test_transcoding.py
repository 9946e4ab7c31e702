"""Transcodes agreed on beforehand, from the decision to the last byte."""

from __future__ import annotations

import time
from typing import Any

import pytest

from db.database import Database
from subsonic.app import AUTHENTICATOR
from tests.subsonic.samples import BODIES
from tests.support import tones
from tests.support.api import Api, Params

NAME = "getTranscodeDecision"
INFO = BODIES[NAME]


async def song(app: Api, title: str = "Beta") -> Params:
    return {"mediaId": await app.id_of(title), "mediaType": "song"}


async def agreed(app: Api, title: str = "Beta", **info: Any) -> Params:
    """What to ask for a stream with."""
    given = await song(app, title)
    decision = await app.post(NAME, {**INFO, **info}, **given)
    return {**given, "transcodeParams": decision["transcodeParams"]}


async def status(app: Api, **given: Any) -> int:
    answer = await app.raw("getTranscodeStream", **given)
    if answer.status >= 400:
        error = (await answer.json())["subsonic-response"]["error"]
        assert error["code"]
        assert error["message"]
    return answer.status


async def test_a_decision_tells_what_there_is_what_there_will_be_and_why(guest: Api) -> None:
    decision = await guest.post(NAME, INFO, **await song(guest))
    assert (decision["canDirectPlay"], decision["canTranscode"]) == (False, True)
    assert decision["transcodeReason"] == ["ContainerNotSupported"]
    source, target = decision["sourceStream"], decision["transcodeStream"]
    assert (source["container"], source["codec"], source["audioBitdepth"]) == ("flac", "flac", 16)
    assert (source["audioChannels"], source["audioSamplerate"]) == (2, 44100)
    assert target == {
        "protocol": "http", "container": "mp3", "codec": "mp3", "audioChannels": 2,
        "audioBitrate": 64000, "audioSamplerate": 44100,
    }  # fmt: skip


async def test_what_was_decided_on_is_sent_and_then_has_ranges(guest: Api) -> None:
    given = await agreed(guest)
    live = await guest.raw("getTranscodeStream", **given)
    assert (live.status, live.content_type) == (200, "audio/mpeg")
    heard = tones.hear(await live.read())
    assert (heard.codec, heard.rate) == ("mp3float", 44100)
    assert heard.seconds == pytest.approx(6, abs=0.1)
    kept = await guest.raw("getTranscodeStream", {"Range": "bytes=0-99"}, **given)
    assert (kept.status, len(await kept.read())) == (206, 100)
    plain = await guest.raw("stream", id=given["mediaId"], format="mp3", maxBitRate=64)
    assert plain.headers["ETag"] == kept.headers["ETag"]


async def test_an_offset_starts_later_in_whatever_was_decided_on(guest: Api) -> None:
    mono = {"container": "flac", "audioCodec": "flac", "protocol": "http", "maxAudioChannels": 1}
    given = await agreed(guest, transcodingProfiles=[mono], maxTranscodingAudioBitrate=0)
    for offset, seconds in ((0, 6), (2, 4), (99, 0), (-3, 6), ("nan", 6)):
        answer = await guest.raw("getTranscodeStream", **given, offset=offset)
        assert answer.status == 200
        data = await answer.read()
        if seconds:
            heard = tones.hear(data)
            assert heard.channels == 1
            assert heard.seconds == pytest.approx(seconds, abs=0.01)


async def test_a_song_that_can_be_played_is_said_to_be(guest: Api) -> None:
    decision = await guest.post(NAME, INFO, **await song(guest, "Dvořák"))
    assert decision["canDirectPlay"]
    assert decision["transcodeReason"] == []


async def test_where_nothing_can_be_made_the_reason_is_told(guest: Api) -> None:
    decision = await guest.post(NAME, {**INFO, "transcodingProfiles": []}, **await song(guest))
    assert not decision["canTranscode"]
    assert decision["errorReason"]
    assert "transcodeParams" not in decision
    assert "transcodeStream" not in decision


async def test_the_users_ceiling_holds_in_decisions_and_for_those_made_before(
    guest: Api, stocked: Database
) -> None:
    before = await agreed(guest)
    await limit(guest, stocked, 48)
    assert await status(guest, **before) == 410
    decision = await guest.post(NAME, INFO, **await song(guest))
    assert "UserBitrateLimited" in decision["transcodeReason"]
    assert decision["transcodeStream"]["audioBitrate"] == 48000


async def limit(app: Api, stocked: Database, rate: int) -> None:
    await stocked.pool.execute("update users set max_bit_rate = $1 where name = $2", rate, app.name)
    assert app.client.app is not None
    app.client.app[AUTHENTICATOR].forget()


@pytest.mark.attack("X05")
async def test_what_was_agreed_on_with_others_or_for_other_songs_is_refused(
    guest: Api, api: Api
) -> None:
    given, theirs = await agreed(guest), await agreed(api)
    assert await status(guest, **{**given, "transcodeParams": theirs["transcodeParams"]}) == 400
    other = await guest.id_of("Alpha")
    assert await status(guest, **{**given, "mediaId": other}) == 400
    hidden = await agreed(api, "Secret")
    assert await status(guest, **hidden) == 400


@pytest.mark.attack("X05")
@pytest.mark.parametrize("params", ["bogus", "", ".", "a.b", "é.é", "x" * 5000, "[1]", "\0"])
async def test_what_nobody_gave_is_refused(guest: Api, params: str) -> None:
    assert await status(guest, **{**await song(guest), "transcodeParams": params}) == 400


@pytest.mark.attack("X05")
async def test_every_change_of_the_parameters_is_noticed(guest: Api) -> None:
    given = await agreed(guest)
    text = given["transcodeParams"]
    for at in range(0, len(text), 7):
        forged = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        assert await status(guest, **{**given, "transcodeParams": forged}) == 400


@pytest.mark.attack("X05")
async def test_what_was_signed_for_something_else_is_refused(guest: Api, stocked: Database) -> None:
    signed = stocked.secrets.sign("share", "1")
    assert await status(guest, **{**await song(guest), "transcodeParams": signed}) == 400


async def test_parameters_fit_into_an_address_as_they_are(guest: Api) -> None:
    text = (await agreed(guest))["transcodeParams"]
    assert len(text) < 200
    assert all(c.isascii() and (c.isalnum() or c in "-_.") for c in text)


@pytest.mark.attack("X05")
async def test_a_decision_holds_for_a_day(guest: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    given, now = await agreed(guest), time.time()
    for hours, expected in ((23, 200), (25, 410)):
        monkeypatch.setattr(time, "time", lambda hours=hours: now + hours * 3600)
        assert await status(guest, **given) == expected


async def test_a_song_taken_away_since_the_decision_is_not_found(
    guest: Api, stocked: Database
) -> None:
    given = await agreed(guest)
    await stocked.pool.execute("delete from user_libraries")
    assert guest.client.app is not None
    guest.client.app[AUTHENTICATOR].forget()
    assert await status(guest, **given) == 404


async def test_errors_of_the_stream_are_those_of_http_and_tell_why(guest: Api) -> None:
    given = await agreed(guest)
    for name, expected in (("mediaId", 400), ("mediaType", 400), ("transcodeParams", 400)):
        assert await status(guest, **{**given, name: ""}) == expected
    assert await status(guest, **{**given, "mediaType": "podcast"}) == 404
    assert await status(guest, **{**given, "offset": "soon"}) == 400
    # All other endpoints answer errors with 200; so do all to those who cannot sign in.
    assert await status(Api(guest.client, guest.name, "wrong"), **given) == 200
    assert await guest.error("stream", id="tr-99999") == 70


async def test_without_the_role_there_is_neither_decision_nor_sound(
    guest: Api, stocked: Database
) -> None:
    given = await agreed(guest)
    await stocked.pool.execute("update users set roles = '{settings}' where name = 'guest'")
    assert guest.client.app is not None
    guest.client.app[AUTHENTICATOR].forget()
    assert await status(guest, **given) == 403
    root = await guest.posted(NAME, INFO, mediaId=given["mediaId"], mediaType="song")
    assert root["error"]["code"] == 50


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mediaId": ""}, 10),
        ({"mediaType": ""}, 10),
        ({"mediaType": "film"}, 10),
        ({"mediaId": "tr-99999"}, 70),
        ({"mediaId": "al-1"}, 70),
        ({"mediaType": "podcast"}, 70),
        ({"mediaType": "podcast", "mediaId": "ep-99999"}, 70),
    ],
)
async def test_a_decision_on_nothing_or_nonsense_is_an_error(
    guest: Api, change: Params, code: int
) -> None:
    root = await guest.posted(NAME, INFO, **{**await song(guest), **change})
    assert root["error"]["code"] == code


async def test_a_hidden_song_is_not_decided_on(guest: Api, api: Api) -> None:
    root = await guest.posted(NAME, INFO, **await song(api, "Secret"))
    assert root["error"]["code"] == 70


async def test_a_decision_needs_json_by_post(guest: Api) -> None:
    given = await song(guest)
    root = await guest.answer(NAME, **given)
    assert root["error"]["code"] == 10
    assert "POST with JSON" in root["error"]["message"]
    form = await guest.client.post(f"/rest/{NAME}", data=guest.signed(given))
    assert (await form.json())["subsonic-response"]["error"]["code"] == 10
    bodies: list[Any] = [[], {}, {"name": "x"}, {**INFO, "codecProfiles": [{}]}, "x"]
    for body in bodies:
        assert (await guest.posted(NAME, body, **given))["error"]["code"] == 10
    huge = {**INFO, "more": "x" * 100_000}
    root = await guest.posted(NAME, huge, **given)
    assert "larger than" in root["error"]["message"]


@pytest.mark.attack("X70")
async def test_a_hundred_profiles_are_weighed_and_more_refused(guest: Api) -> None:
    """Each is held against the others: twenty thousand empty ones would keep the server busy."""
    given = await song(guest)
    for count, refused in ((100, False), (101, True), (20_000, True)):
        many: list[Any] = [{"container": "x"}] * count if count < 1000 else [{}] * count
        root = await guest.posted(NAME, {**INFO, "transcodingProfiles": many}, **given)
        assert ("error" in root) is refused
        if refused:
            assert root["error"]["code"] == 10
