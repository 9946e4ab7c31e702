"""Playlists, and what a player fetches with nothing but an address."""

from __future__ import annotations

import asyncio
import base64
import re
from typing import Any
from urllib.parse import urljoin

import av
import pytest

from db.database import Database
from streaming import Busy
from tests.subsonic.samples import film
from tests.subsonic.test_podcasts import downloaded
from tests.support import tones, videos
from tests.support.api import Api
from tests.support.shelf import Shelf

CONTENT_TYPE = "application/vnd.apple.mpegurl"


async def playlist(api: Api, **given: Any) -> list[str]:
    """The lines of an answer."""
    answer = await api.raw("hls.m3u8", **given)
    assert (answer.status, answer.content_type) == (200, CONTENT_TYPE)
    return (await answer.text()).splitlines()


def addresses(lines: list[str], base: str = "/rest/hls.m3u8") -> list[str]:
    return [urljoin(base, line) for line in lines if not line.startswith("#")]


async def status(api: Api, address: str) -> int:
    return (await api.client.get(address)).status


@pytest.mark.parametrize("name", ["hls", "hls.m3u8", "hls.view", "hls.m3u8.view"])
async def test_a_song_is_a_playlist_of_segments(guest: Api, name: str) -> None:
    answer = await guest.raw(name, id=await guest.id_of("Beta"), bitRate=96)
    lines = (await answer.text()).splitlines()
    lengths = [float(found) for found in re.findall(r"#EXTINF:([\d.]+)", "\n".join(lines))]
    assert sum(lengths) == pytest.approx(6, abs=0.1)
    (address,) = addresses(lines)
    segment = await guest.client.get(address)
    assert (segment.status, segment.content_type) == (200, "audio/aac")
    assert segment.headers["Access-Control-Allow-Origin"] == "*"
    heard = tones.hear(await segment.read())
    assert heard.codec == "aac"
    assert heard.seconds == pytest.approx(6, abs=0.06)


async def test_several_rates_are_a_choice_of_playlists(guest: Api) -> None:
    lines = await playlist(guest, id=await guest.id_of("Beta"), bitRate=["64", "128", "64"])
    assert sum(line.startswith("#EXT-X-STREAM-INF") for line in lines) == 2
    for address in addresses(lines):
        variant = await guest.client.get(address)
        assert variant.content_type == CONTENT_TYPE
        (segment,) = addresses((await variant.text()).splitlines(), address)
        assert await status(guest, segment) == 200


async def test_a_video_comes_in_the_sizes_asked_for(guest: Api) -> None:
    lines = await playlist(guest, id=await film(guest), bitRate=["1000@48x48", "300"])
    assert "RESOLUTION=48x32" in lines[2]
    assert "RESOLUTION=96x64" in lines[4]
    small = await guest.client.get(addresses(lines)[0])
    segments = addresses((await small.text()).splitlines(), addresses(lines)[0])
    assert len(segments) == 2
    answer = await guest.client.get(segments[1])
    assert answer.content_type == "video/mp2t"


async def test_players_play_a_song_and_a_video_to_the_end(guest: Api) -> None:
    for thing, seconds in ((await guest.id_of("Beta"), 6), (await film(guest), videos.SECONDS)):
        path = (await guest.raw("hls.m3u8", id=thing, bitRate=200)).url
        times = await asyncio.to_thread(_play, str(path))
        for found in times.values():
            assert max(found) - min(found) == pytest.approx(seconds, abs=0.15)
            assert found == sorted(found)


def _play(address: str) -> dict[str, list[float]]:
    """Times of all frames that FFmpeg's player of HLS finds, by kind of stream."""
    found: dict[str, list[float]] = {}
    with av.open(address) as container:
        for packet in container.demux():
            frames: list[Any] = list(packet.decode())
            for frame in frames:
                found.setdefault(packet.stream.type, []).append(float(frame.time))
    return found


async def test_an_episode_of_a_podcast_is_played_too(guest: Api, library: Shelf) -> None:
    episode = (await downloaded(guest, library))["streamId"]
    address, *_ = addresses(await playlist(guest, id=episode))
    assert tones.hear(await (await guest.client.get(address)).read()).codec == "aac"


async def test_a_segment_is_made_once_and_then_kept(guest: Api) -> None:
    (address,) = addresses(await playlist(guest, id=await guest.id_of("Beta")))
    first = await (await guest.client.get(address)).read()
    again = await guest.client.get(address, headers={"Range": "bytes=0-9"})
    assert (again.status, await again.read()) == (206, first[:10])


@pytest.mark.attack("X05")
async def test_only_addresses_that_were_given_out_are_answered(guest: Api) -> None:
    lines = await playlist(guest, id=await film(guest), bitRate=300)
    one, two = addresses(lines)
    body, _, signature = one.partition("token=")[2].partition(".")
    forged = base64.urlsafe_b64encode(b'["vi-1",1,9999999999,[300,[96,64],0],0]').decode()
    for wrong in (
        one[:-1] + ("A" if one[-1] != "A" else "B"),
        f"/rest/hls/0.ts?token={forged.rstrip('=')}.{signature}",
        f"/rest/hls/0.ts?token={body}.",
        f"/rest/hls/0.m3u8?token={body}.{signature}",
        "/rest/hls/0.ts?token=" + "x" * 5000,
        "/rest/hls/0.ts?token=%C3%A4.%F0",
        "/rest/hls/0.ts",
        "/rest/hls/0.ts?" + two.partition("token=")[2],
    ):
        assert await status(guest, wrong) == 404, wrong
    assert await status(guest, one) == 200


@pytest.mark.attack("X05")
async def test_an_address_ends_after_a_day(guest: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    (address,) = addresses(await playlist(guest, id=await guest.id_of("Beta")))
    now = time.time()
    monkeypatch.setattr("subsonic.hls.time.time", lambda: now + 23 * 3600)
    assert await status(guest, address) == 200
    monkeypatch.setattr("subsonic.hls.time.time", lambda: now + 25 * 3600)
    assert await status(guest, address) == 404


@pytest.mark.attack("X03", "X04", "X24")
@pytest.mark.parametrize(
    "change",
    [
        "update users set enabled = false where name = 'guest'",
        "update users set roles = '{settings}' where name = 'guest'",
        "delete from user_libraries",
        "delete from users where name = 'guest'",
        "delete from credentials",
        "update credentials set expires = now()",
        "update tracks set missing_since = now()",
    ],
)
async def test_an_address_ends_with_the_right_to_listen(
    guest: Api, stocked: Database, change: str
) -> None:
    (address,) = addresses(await playlist(guest, id=await guest.id_of("Beta")))
    await stocked.pool.execute(change)
    assert await status(guest, address) == 404


async def test_mistakes_are_told_as_errors(guest: Api, api: Api, stocked: Database) -> None:
    beta = await guest.id_of("Beta")
    for rate in ("x", "1e3", "-1", "100@", "100@1x", "9" * 40):
        assert await guest.error("hls", id=beta, bitRate=rate) == 10, rate
    assert await guest.error("hls") == 10
    assert await guest.error("hls", id=await api.id_of("Secret")) == 70
    assert await guest.error("hls", id=await film(guest), audioTrack="2") == 70
    assert await guest.error("hls", id=await film(guest), audioTrack="x" * 999) == 70
    await stocked.pool.execute("update tracks set duration = 0")
    assert await guest.error("hls", id=beta) == 0


async def test_extreme_wishes_are_bounded(guest: Api, stocked: Database) -> None:
    beta, video = await guest.id_of("Beta"), await film(guest)
    lines = await playlist(guest, id=beta, bitRate=[str(rate) for rate in range(8, 200)])
    assert sum(line.startswith("#EXT-X-STREAM-INF") for line in lines) <= 20
    lines = await playlist(guest, id=video, bitRate=["999999@99999x99999", "1@1x1", "0"])
    assert "BANDWIDTH=20000000," in lines[2]
    assert "RESOLUTION=96x64" in lines[2]
    await stocked.pool.execute("update videos set duration = 1e9")
    assert len(addresses(await playlist(guest, id=video))) == 24 * 600


async def test_a_users_limit_holds_for_songs(guest: Api, stocked: Database) -> None:
    await stocked.pool.execute("update users set max_bit_rate = 64 where name = 'guest'")
    beta = await guest.id_of("Beta")
    for lines in (
        await playlist(guest, id=beta, bitRate=[320, 32]),
        await playlist(guest, id=beta, bitRate=[0, 32]),
    ):
        assert "BANDWIDTH=64000," in lines[2]
        assert "BANDWIDTH=32000," in lines[4]


async def test_a_player_is_told_to_wait_when_too_much_is_made(
    guest: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Busy("Too many songs are being transcoded.")

    monkeypatch.setattr("streaming.limits.Limits.admit", busy)
    # A rate that no other test asks for: what is in the cache need not be made.
    (address,) = addresses(await playlist(guest, id=await guest.id_of("Beta"), bitRate=72))
    answer = await guest.client.get(address)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "5")


async def test_a_file_that_is_gone_is_no_segment(
    guest: Api, stocked: Database, library: Shelf
) -> None:
    lines = await playlist(guest, id=await film(guest), bitRate=300)
    await stocked.pool.execute("update videos set path = 'Various/nothing.mp4'")
    assert await status(guest, addresses(lines)[0]) == 404


async def test_players_of_any_page_may_ask_first(guest: Api) -> None:
    answer = await guest.client.options("/rest/hls/0.ts")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert (await guest.client.post("/rest/hls/0.ts")).status == 405
