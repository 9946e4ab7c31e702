"""Decisions of `plan`, row by row."""

from __future__ import annotations

import math
from typing import Any

import pytest
from msgspec.structs import replace

from conf.settings import Transcoding
from db.cards import TrackCard
from db.rows import FileRow
from streaming.plan import Direct, Transcode, Wanted, choose, plan

CARD = TrackCard(title="", album="", artist="", album_artist="", path="")


def a_song(suffix: str, bit_rate: int, **facts: Any) -> FileRow:
    given = {"size": bit_rate * 125 * 200, "duration": 200.0, **facts}
    return FileRow(
        1,
        b"/m",
        b"s",
        mtime_ns=1,
        suffix=suffix,
        content_type="",
        bit_rate=bit_rate,
        card=CARD,
        **given,
    )


def decide(
    song: FileRow, format: str | None = None, rate: int = 0, limit: int = 0, **wanted: Any
) -> str:
    """The decision in short: `direct`, `mp3 128`, `flac`, with `@5.0` for an offset."""
    mode = wanted.pop("mode", "on")
    default = wanted.pop("default", "mp3")
    settings = Transcoding(mode=mode, default_format=default)
    choice = plan(song, Wanted(format, rate, **wanted), limit, settings)
    if isinstance(choice, Direct):
        return "direct"
    assert isinstance(choice, Transcode)
    rate_text = "" if choice.profile.lossless else f" {choice.rate}"
    return choice.profile.name + rate_text + (f" @{choice.offset}" if choice.offset else "")


MP3, FLAC, OGG = a_song("mp3", 256), a_song("flac", 900), a_song("ogg", 160)
M4A, ALAC, OPUS, APE = (
    a_song("m4a", 256),
    a_song("m4a", 850),
    a_song("opus", 96),
    a_song("ape", 800),
)


@pytest.mark.parametrize(
    ("song", "format", "rate", "limit", "expected"),
    [
        # raw is untouched, whatever else is said
        (FLAC, "raw", 64, 64, "direct"),
        (FLAC, "RAW", 0, 0, "direct"),
        # no format: the original unless a ceiling is below it
        (FLAC, None, 0, 0, "direct"),
        (FLAC, None, -5, 0, "direct"),
        (MP3, None, 256, 0, "direct"),
        (MP3, None, 320, 0, "direct"),
        (MP3, None, 128, 0, "mp3 128"),
        (FLAC, None, 320, 0, "mp3 320"),
        (FLAC, "", 96, 0, "mp3 96"),
        (FLAC, None, 2_000_000_000, 0, "direct"),
        # the user's own ceiling counts like the app's
        (FLAC, None, 0, 128, "mp3 128"),
        (FLAC, None, 320, 128, "mp3 128"),
        (FLAC, None, 96, 128, "mp3 96"),
        (MP3, None, 0, 320, "direct"),
        (FLAC, "flac", 0, 128, "mp3 128"),
        # a format that the song has already
        (MP3, "mp3", 0, 0, "direct"),
        (a_song("mp3", 128), "mp3", 320, 0, "direct"),
        (MP3, "mp3", 128, 0, "mp3 128"),
        (FLAC, "flac", 0, 0, "direct"),
        (OPUS, "ogg", 0, 0, "direct"),
        (OGG, "ogg", 0, 0, "direct"),
        (OGG, "vorbis", 0, 0, "direct"),
        (OGG, "opus", 0, 0, "opus 192"),
        (M4A, "aac", 0, 0, "direct"),
        (M4A, "m4a", 256, 0, "direct"),
        (APE, "ape", 0, 0, "direct"),
        (a_song("MP3", 256), "Mp3", 0, 0, "direct"),
        # another format
        (FLAC, "mp3", 0, 0, "mp3 192"),
        (FLAC, "mp3", 320, 0, "mp3 320"),
        (FLAC, "opus", 0, 0, "opus 192"),
        (FLAC, "opus", 510, 0, "opus 256"),
        (FLAC, "ogg", 64, 0, "opus 64"),
        (FLAC, "aac", 128, 0, "aac 128"),
        (ALAC, "m4a", 0, 0, "m4a 192"),
        (APE, "flac", 0, 0, "flac"),
        (APE, "flac", 320, 0, "mp3 320"),
        (OPUS, "mp3", 0, 0, "mp3 192"),
        (OPUS, "mp3", 320, 0, "mp3 192"),
        (OPUS, "mp3", 64, 0, "mp3 64"),
        (M4A, "mp3", 320, 0, "mp3 256"),
        # rates between mp3's steps go down, never up
        (FLAC, "mp3", 150, 0, "mp3 128"),
        (FLAC, "mp3", 1, 0, "mp3 8"),
        (FLAC, "mp3", 1000, 0, "mp3 320"),
        # unknown formats and dressed-up names
        (FLAC, "wibble", 0, 0, "direct"),
        (FLAC, "wibble", 128, 0, "mp3 128"),
        (FLAC, "mp3_rg", 128, 0, "mp3 128"),
        (FLAC, "opus_128_car", 0, 0, "opus 192"),
    ],
)  # fmt: skip
def test_a_request_is_answered_as_the_protocol_says(
    song: FileRow, format: str | None, rate: int, limit: int, expected: str
) -> None:
    assert decide(song, format, rate, limit) == expected


@pytest.mark.parametrize(
    ("song", "format", "rate", "offset", "expected"),
    [
        (MP3, "raw", 0, 30, "direct"),
        (MP3, None, 0, 0, "direct"),
        (MP3, None, 0, -3, "direct"),
        (MP3, None, 0, math.nan, "direct"),
        (MP3, None, 0, 30, "mp3 256 @30"),
        (a_song("mp3", 245), None, 0, 30, "mp3 256 @30"),
        (a_song("mp3", 245), None, 250, 30, "mp3 224 @30"),
        (FLAC, None, 0, 30, "flac @30"),
        (FLAC, "flac", 1000, 30, "flac @30"),
        (FLAC, None, 128, 30, "mp3 128 @30"),
        (APE, None, 0, 30, "flac @30"),
        (OGG, None, 0, 30, "opus 160 @30"),
        (OPUS, None, 0, 30, "opus 96 @30"),
        (M4A, None, 0, 30, "aac 256 @30"),
        (a_song("wma", 128), None, 0, 30, "mp3 128 @30"),
        (MP3, None, 0, 500, "mp3 256 @200.0"),
        (MP3, None, 0, math.inf, "mp3 256 @200.0"),
    ],
)  # fmt: skip
def test_an_offset_is_honoured_in_the_songs_own_format_where_there_is_an_encoder(
    song: FileRow, format: str | None, rate: int, offset: float, expected: str
) -> None:
    assert decide(song, format, rate, time_offset=offset) == expected


def test_without_transcoding_the_original_goes_out_whatever_was_asked() -> None:
    assert decide(FLAC, "mp3", 64, 64, mode="off", time_offset=9) == "direct"


def test_what_cannot_be_in_the_cache_goes_out_as_it_is_when_only_the_cache_may_answer() -> None:
    assert decide(FLAC, "mp3", 64, mode="cache-only", time_offset=9) == "direct"
    assert decide(FLAC, "mp3", 64, mode="cache-only") == "mp3 64"


def test_the_default_format_is_the_operators() -> None:
    assert decide(FLAC, None, 96, default="opus") == "opus 96"
    assert decide(FLAC, "flac", 96, default="aac") == "aac 96"


def test_a_rate_that_the_tags_do_not_tell_is_reckoned_from_the_size() -> None:
    unknown = a_song("mp3", 0, size=200 * 125 * 128)
    assert decide(unknown, None, 128) == "direct"
    assert decide(unknown, None, 96) == "mp3 96"
    assert decide(a_song("mp3", 0, size=9, duration=0.0), None, 96) == "mp3 96"


def among(files: str, format: str | None = None, rate: int = 0, limit: int = 0, **more: Any) -> str:
    """Which of `flac mp3 low opus wma cut` goes, and as what: `mp3 direct`, `flac to mp3 128`."""
    mode = more.pop("mode", "on")
    given = [replace(COPIES[name], id=number) for number, name in enumerate(files.split())]
    choice = choose(given, Wanted(format, rate, **more), limit, Transcoding(mode=mode))
    name, way = files.split()[choice.file.id], choice.way
    assert choice.reason
    if isinstance(way, Direct):
        return f"{name} direct"
    assert choice.spare.id in range(len(given))
    spare = files.split()[choice.spare.id]
    lossless = way.profile.lossless
    return f"{name} to {way.profile.name}{'' if lossless else f' {way.rate}'}, or {spare}"


COPIES = {
    "flac": FLAC, "mp3": MP3, "low": a_song("mp3", 96), "opus": OPUS, "wma": a_song("wma", 128),
    "deep": replace(a_song("flac", 2900), card=replace(CARD, codec="flac", bit_depth=24)),
    "cut": replace(FLAC, begin=3.0),
}  # fmt: skip


@pytest.mark.parametrize(
    ("files", "asked", "expected"),
    [
        # The best there is where nothing is said, whichever was asked for.
        ("mp3 flac", {}, "flac direct"),
        ("flac mp3 deep", {}, "deep direct"),
        ("low mp3 opus", {}, "mp3 direct"),
        ("mp3 flac", {"format": "raw", "rate": 64, "limit": 64}, "flac direct"),
        ("mp3 cut", {}, "cut direct"),
        # A file that fits goes in place of a transcode.
        ("flac mp3", {"rate": 320}, "mp3 direct"),
        ("flac mp3", {"limit": 256}, "mp3 direct"),
        ("flac mp3 low", {"rate": 128}, "low direct"),
        ("flac mp3 low", {"rate": 2000}, "flac direct"),
        ("deep flac mp3", {"rate": 1000}, "flac direct"),
        ("flac mp3", {"format": "mp3"}, "mp3 direct"),
        ("flac opus mp3", {"format": "opus"}, "opus direct"),
        ("flac wma", {"format": "wma"}, "wma direct"),
        ("mp3 flac", {"format": "flac"}, "flac direct"),
        # None fits: the best is made smaller.
        ("mp3 flac", {"rate": 128}, "flac to mp3 128, or mp3"),
        ("mp3 flac", {"format": "opus"}, "flac to opus 192, or flac"),
        ("mp3 flac", {"rate": 320, "limit": 64}, "flac to mp3 64, or mp3"),
        ("flac mp3", {"rate": 320, "time_offset": 5}, "flac to mp3 320, or mp3"),
        ("flac mp3", {"time_offset": 5}, "flac to flac, or flac"),
        # Without transcoding the one that fits, or comes nearest.
        ("flac mp3 low", {"rate": 128, "mode": "off"}, "low direct"),
        ("flac mp3", {"rate": 128, "mode": "off"}, "mp3 direct"),
        ("mp3 flac", {"format": "opus", "mode": "off"}, "flac direct"),
        ("flac mp3", {"rate": 320, "time_offset": 5, "mode": "off"}, "mp3 direct"),
        # Where only what was kept is sent, a file that fits is as good.
        ("flac mp3", {"rate": 320, "mode": "cache-only"}, "mp3 direct"),
        ("flac mp3", {"rate": 128, "mode": "cache-only"}, "flac to mp3 128, or mp3"),
        ("flac mp3", {"rate": 320, "time_offset": 5, "mode": "cache-only"}, "mp3 direct"),
    ],
)
def test_of_several_files_the_best_that_will_do_goes_as_it_is(
    files: str, asked: dict[str, Any], expected: str
) -> None:
    assert among(files, **asked) == expected
