"""Where streams are cut, the playlists that say so, and segments that join."""

from __future__ import annotations

import asyncio
import io
import itertools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import msgspec
import pytest
from aiohttp import web
from pytest_aiohttp import AiohttpClient

from db.cards import TrackCard, VideoCard
from db.rows import FileRow, VideoFileRow
from streaming import Streamer, hls
from streaming.allowance import Anybody
from streaming.errors import Unplayable
from streaming.files import open_regular
from streaming.hls import Cut, Rendition
from streaming.job import Job
from streaming.pipe import Pipe
from streaming.segment import encode
from tests.support import tones, videos
from tests.support.chromium import Window

Row = Callable[..., FileRow]
SECONDS = 25.3
EPOCH = 10.0


@pytest.fixture(scope="session")
def halls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`long.*`, songs of three segments, and `film.*`."""
    folder = tmp_path_factory.mktemp("halls")
    sound = tones.stairs(SECONDS)
    for suffix in ("flac", "mp3", "opus", "m4a"):
        tones.write(folder / f"long.{suffix}", sound)
    for suffix in ("mp4", "mkv", "webm", "ts"):
        videos.write(folder / f"film.{suffix}", 14, ("eng", "fra"))
    return folder


def song_row(folder: Path, suffix: str, **facts: Any) -> FileRow:
    card = TrackCard(title="", album="", artist="", album_artist="", path="", sampling_rate=44100)
    name = f"long.{suffix}".encode()
    row = FileRow(1, bytes(folder), name, 1, 1, suffix, "", SECONDS, 256, card)
    return msgspec.structs.replace(row, **facts)


def film_row(folder: Path, suffix: str = "mp4", **facts: Any) -> VideoFileRow:
    card = TrackCard(title="", album="", artist="", album_artist="", path="")
    row = VideoFileRow(
        1, bytes(folder), f"film.{suffix}".encode(), 1, 1, suffix, "", 14.0, 900, card,
        0.0, 0.0, None, *videos.SIZE, VideoCard(path=""),
    )  # fmt: skip
    return msgspec.structs.replace(row, **facts)


async def made(file: FileRow, rendition: Rendition, number: int) -> bytes:
    """A segment, encoded alone."""
    part = Cut.of(file, rendition).part(number, rendition)
    source = open_regular(file.root + b"/" + file.path)
    pipe = Pipe(10**9)
    tap = pipe.join()
    assert tap is not None
    job = Job(
        source,
        file.suffix,
        hls.profile(rendition),
        rendition.rate,
        0.0,
        10.0,
        Anybody(1),
        "",
        part=part,
    )
    with source.file:
        await asyncio.to_thread(encode, job, pipe, lambda: None)
    pipe.finish()
    data = b""
    while more := await tap.read():
        data += more
    return data


async def whole(file: FileRow, rendition: Rendition) -> list[bytes]:
    return [await made(file, rendition, n) for n in range(Cut.of(file, rendition).count)]


def bare(segment: bytes) -> bytes:
    """The AAC frames of a segment, without the tag before them."""
    assert segment.startswith(b"ID3")
    return segment[segment.index(b"\xff\xf1") :]


@pytest.mark.parametrize("duration", [0.01, 9.99, 10.0, 10.0078, 10.01, 25.3, 3600.0, 1e9])
@pytest.mark.parametrize("rate", [44100, 48000, 0])
def test_lengths_add_up_to_the_duration(tmp_path: Path, duration: float, rate: int) -> None:
    row: FileRow = film_row(tmp_path, duration=duration)
    rendition = hls.video(film_row(tmp_path), 500)
    if rate:
        card = msgspec.structs.replace(song_row(tmp_path, "mp3").card, sampling_rate=rate)
        row, rendition = song_row(tmp_path, "mp3", duration=duration, card=card), hls.song(128)
    cut = Cut.of(row, rendition)
    lengths = cut.lengths()
    assert sum(lengths) == pytest.approx(min(duration, 24 * 3600), abs=0.001)
    assert len(lengths) == cut.count <= 15000
    assert all(0 <= length <= 10.1 for length in lengths)
    parts = [cut.part(number, rendition) for number in range(cut.count)]
    for one, following in itertools.pairwise(parts):
        assert one.stop == following.first
        assert one.end == pytest.approx(following.begin)
    assert all(part.first < part.stop for part in parts)


def test_a_playlist_says_what_players_need() -> None:
    text = hls.media([6.0, 6.0, 1.25], lambda number: f"{number}.ts")
    assert text.splitlines() == [
        "#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:6", "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD", "#EXTINF:6.000000,", "0.ts", "#EXTINF:6.000000,", "1.ts",
        "#EXTINF:1.250000,", "2.ts", "#EXT-X-ENDLIST",
    ]  # fmt: skip


def test_a_master_playlist_tells_what_each_needs() -> None:
    text = hls.master([Rendition(128), Rendition(1000, (480, 320))], lambda one: f"{one.rate}")
    assert text.splitlines()[2:] == [
        '#EXT-X-STREAM-INF:BANDWIDTH=128000,CODECS="mp4a.40.2"',
        "128",
        '#EXT-X-STREAM-INF:BANDWIDTH=1000000,CODECS="avc1.4d401f,mp4a.40.2",RESOLUTION=480x320',
        "1000",
    ]


@pytest.mark.parametrize(
    ("size", "rate", "box", "expected"),
    [
        ((1920, 1080), 1000, (480, 360), (480, 270)),
        ((1920, 800), 1000, None, (1152, 480)),
        ((640, 360), 5000, None, (640, 360)),
        ((640, 360), 1000, (9999, 9999), (640, 360)),
        ((1080, 1920), 2000, (720, 720), (404, 720)),
        ((3, 1), 1, None, (16, 16)),
        ((32768, 1), 10**6, (1, 1), (16, 16)),
    ],
)
def test_pictures_fit_and_are_never_blown_up(
    tmp_path: Path, size: tuple[int, int], rate: int, box: Any, expected: tuple[int, int]
) -> None:
    row = film_row(tmp_path, width=size[0], height=size[1])
    assert hls.video(row, rate, box).size == expected


def test_without_a_rate_a_video_gets_what_suits_it(tmp_path: Path) -> None:
    rates = {
        height: hls.video(film_row(tmp_path, width=1000, height=height, bit_rate=8000), 0).rate
        for height in (240, 480, 1080)
    }
    assert rates == {240: 500, 480: 1800, 1080: 4000}
    assert hls.video(film_row(tmp_path, height=1080, bit_rate=700), 0).rate == 700


@pytest.mark.parametrize("suffix", ["flac", "mp3", "opus", "m4a"])
async def test_segments_of_a_song_join_to_what_was_encoded_at_once(
    halls: Path, suffix: str
) -> None:
    row, rendition = song_row(halls, suffix), hls.song(320)
    joined = tones.hear(b"".join(map(bare, await whole(row, rendition))))
    assert len(joined.samples) == (-(-round(SECONDS * 44100) // 1024) + 1) * 1024
    source = tones.hear((halls / f"long.{suffix}").read_bytes())
    if source.rate == joined.rate:
        differences = [
            abs(a - b) for a, b in zip(joined.samples[1024:], source.samples, strict=False)
        ]
        # At the cuts it is as near to the source as everywhere else.
        assert max(differences[2048 : 25 * 44100]) < 700


async def test_a_segment_is_marked_with_its_time(halls: Path) -> None:
    row, rendition = song_row(halls, "flac"), hls.song(128)
    segment = await made(row, rendition, 2)
    at = segment.index(b"com.apple.streaming.transportStreamTimestamp\0") + 45
    ticks = int.from_bytes(segment[at : at + 8], "big")
    assert ticks / 90000 == pytest.approx(2 * Cut.of(row, rendition).step, abs=0.001)


async def test_a_song_that_ends_early_is_filled_up_with_silence(halls: Path) -> None:
    row, rendition = song_row(halls, "flac", duration=45.0), hls.song(128)
    heard = [tones.hear(bare(segment)) for segment in await whole(row, rendition)]
    assert sum(len(one.samples) for one in heard) == pytest.approx(45 * 44100, abs=2048)
    assert max(map(abs, heard[-1].samples)) == 0


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "webm", "ts"])
async def test_segments_of_a_video_hold_their_own_seconds(halls: Path, suffix: str) -> None:
    row = film_row(halls, suffix)
    rendition = hls.video(row, 300)
    pictures: list[tuple[float, int]] = []
    sounds: list[float] = []
    for segment in await whole(row, rendition):
        with av.open(io.BytesIO(segment), "r") as container:
            first = next(container.demux(video=0))
            assert first.is_keyframe
        with av.open(io.BytesIO(segment), "r") as container:
            assert container.streams.video[0].codec_context.name == "h264"
            for packet in container.demux():
                frames: list[Any] = list(packet.decode())
                for frame in frames:
                    if packet.stream.type == "audio":
                        sounds.append(frame.time - EPOCH)
                    else:
                        shade = bytes(frame.reformat(format="gray").planes[0])[500]
                        pictures.append((frame.time - EPOCH, shade))
    assert len(pictures) == pytest.approx(140, abs=1)
    for time, shade in pictures:
        assert abs(shade - videos.luma(time + 0.001)) <= 20
    steps = [after - before for before, after in itertools.pairwise(sounds)]
    assert max(steps) == pytest.approx(1024 / 48000, abs=0.001)
    assert sounds[0] == pytest.approx(0, abs=0.03)
    assert sounds[-1] == pytest.approx(14, abs=0.05)


@pytest.mark.parametrize("rate", [250, 600])
async def test_no_segment_needs_more_than_the_playlist_says(tmp_path: Path, rate: int) -> None:
    """However hard it is to encode: players choose by that, and stop to play if it is not true."""
    videos.write_noise(tmp_path / "film.mp4", 6)
    row = film_row(tmp_path, duration=6.0)
    segment = await made(row, hls.video(row, rate), 0)
    assert 0.8 <= len(segment) * 8 / 6 / (rate * 1000) <= 1.05


@pytest.fixture
async def address(aiohttp_client: AiohttpClient, streamer: Streamer, halls: Path) -> str:
    """Where a song and a film are: `song/64,128.m3u8` is both rates, `page/song/64` what plays it."""

    def named(request: web.Request, rate: str) -> tuple[FileRow, Rendition]:
        if request.match_info["thing"] == "song":
            return song_row(halls, "flac"), hls.song(int(rate))
        film = film_row(halls)
        return film, hls.video(film, int(rate))

    async def playlist(request: web.Request) -> web.Response:
        rates = request.match_info["rates"].split(",")
        found = [named(request, rate) for rate in rates]
        row, one = found[0]
        if len(found) > 1:
            text = hls.master([each for _, each in found], lambda each: f"{each.rate}.m3u8")
        else:
            suffix = hls.profile(one).suffix
            lengths = Cut.of(row, one).lengths()
            text = hls.media(lengths, lambda number: f"{rates[0]}/{number}.{suffix}")
        return web.Response(text=text, content_type=hls.CONTENT_TYPE)

    async def segment(request: web.Request) -> web.StreamResponse:
        row, one = named(request, request.match_info["rate"])
        return await streamer.segment(
            request, row, one, int(request.match_info["number"]), Anybody(1)
        )

    async def page(request: web.Request) -> web.Response:
        icon, source = '<link rel="icon" href="data:,">', f"/{request.match_info['path']}.m3u8"
        player = f'<video id="player" src="{source}"></video>'
        return web.Response(text=f"<!doctype html>{icon}{player}", content_type="text/html")

    app = web.Application()
    app.router.add_get("/page/{path:.*}", page)
    app.router.add_get("/{thing}/{rates}.m3u8", playlist)
    app.router.add_get("/{thing}/{rate}/{number}.{suffix}", segment)
    return str((await aiohttp_client(app)).make_url("/"))


async def test_a_player_finds_no_gap_between_segments_and_all_rates_of_a_choice(
    address: str,
) -> None:
    for path, seconds, streams in (("song/64,128", SECONDS, 2), ("film/200,500", 14, 4)):
        found = await asyncio.to_thread(_play, f"{address}{path}.m3u8")
        assert len(found) == streams, path
        for frames in found.values():
            (first, _), (last, length) = frames[0], frames[-1]
            assert last + length - first == pytest.approx(seconds, abs=0.12)
            for (time, length), (following, _) in itertools.pairwise(frames):
                assert following - time == pytest.approx(length, abs=0.002)


def _play(address: str) -> dict[int, list[tuple[float, float]]]:
    """Times and lengths of all frames that FFmpeg's player of HLS finds, by stream."""
    found: dict[int, list[tuple[float, float]]] = {}
    with av.open(address) as container:
        for packet in container.demux():
            frames: list[Any] = list(packet.decode())
            for frame in frames:
                heard = isinstance(frame, av.AudioFrame)
                length = frame.samples / frame.sample_rate if heard else 1 / videos.FPS
                found.setdefault(packet.stream.index, []).append((float(frame.time), length))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "seconds", "border"), [("song/64,128", SECONDS, 10), ("film/200,500", 14.0, 6)]
)
async def test_a_browser_plays_over_the_border_of_segments_seeks_and_comes_to_the_end(
    address: str, window: Window, path: str, seconds: float, border: float
) -> None:
    """Chromium plays HLS by itself since its version 142."""
    page = window.page
    await page.goto(f"{address}page/{path}")
    can = await page.evaluate("player.canPlayType('application/vnd.apple.mpegurl')")
    if not can:
        pytest.skip("needs a newer Chromium")
    await page.evaluate("player.playbackRate = 8, player.play()")
    await window.until(f"player.currentTime > {border + 1}")
    await page.evaluate("player.pause(), player.currentTime = 5")
    await window.until("!player.seeking && player.readyState >= 3")
    assert await page.evaluate("player.currentTime") == pytest.approx(5, abs=0.2)
    await page.evaluate("player.play()")
    await window.until("player.ended")
    assert await page.evaluate("player.duration") == pytest.approx(seconds, abs=0.1)
    assert await page.evaluate("player.currentTime") == pytest.approx(seconds, abs=0.1)
    assert await page.evaluate("player.error") is None


async def test_the_sound_that_was_asked_for_is_heard(halls: Path) -> None:
    """The second is an octave higher: it goes twice as often through zero."""
    crossings = []
    for track in (0, 1):
        rendition = hls.video(film_row(halls), 500, track=track)
        heard = tones.hear(await made(film_row(halls), rendition, 1))
        loud = heard.samples[5000:100_000]
        crossings.append(sum(a < 0 <= b for a, b in itertools.pairwise(loud)))
    assert crossings[1] == pytest.approx(crossings[0] * 2, rel=0.02)


@pytest.mark.parametrize(
    ("degrees", "white"),
    [(0, (0.25, 0.5)), (90, (0.5, 0.75)), (180, (0.75, 0.5)), (-90, (0.5, 0.25))],
)
async def test_what_was_filmed_lying_down_is_turned(
    tmp_path: Path, degrees: int, white: tuple[float, float]
) -> None:
    videos.write_lying(tmp_path / "film.mp4", degrees)
    wide, high = videos.SIZE[::-1] if degrees % 180 else videos.SIZE
    row = film_row(tmp_path, duration=1.0, width=wide, height=high)
    with av.open(io.BytesIO(await made(row, hls.video(row, 300), 0)), "r") as container:
        frame = next(container.decode(video=0)).reformat(format="gray")
    assert (frame.width, frame.height) == (wide, high)
    plane = bytes(frame.planes[0])

    def shade(x: float, y: float) -> int:
        return plane[int(y * high) * frame.planes[0].line_size + int(x * wide)]

    assert shade(*white) > 200
    assert shade(1 - white[0], 1 - white[1]) < 50


async def test_a_cover_is_no_video_and_a_picture_no_song(halls: Path, tmp_path: Path) -> None:
    shutil.copy(halls / "long.flac", tmp_path / "film.mp4")
    row = film_row(tmp_path)
    with pytest.raises(Unplayable):
        await made(row, hls.video(row, 300), 0)
    (tmp_path / "film.mp4").write_bytes(b"#EXTM3U\nhttp://127.0.0.1:1/x.ts\n")
    with pytest.raises(Unplayable):
        await made(row, hls.video(row, 300), 0)
