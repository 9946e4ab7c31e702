"""Decisions about apps that say what they can play, row by row."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conf.settings import Transcoding
from db.cards import TrackCard
from db.rows import FileRow
from streaming.client import ClientInfo
from streaming.decide import Decision, decide, instead
from streaming.profiles import Shape
from streaming.source import Source

FLAC = Source("flac", "flac", 900, "flac", 2, 44100, 16)
DEEP = Source("flac", "flac", 4000, "flac", 6, 96000, 24)
MP3 = Source("mp3", "mp3", 256, "mp3", 2, 44100)
ALAC = Source("mp4", "alac", 850, "m4a", 2, 44100, 16)
AAC = Source("mp4", "aac", 256, "m4a", 2, 44100)
WAV = Source("wav", "pcm", 1411, "wav", 2, 44100, 16)
UNKNOWN = Source("mka", "", 0, "mka")

ANY: dict[str, Any] = {"containers": [], "audioCodecs": [], "protocols": []}
TO_MP3 = {"container": "mp3", "audioCodec": "mp3", "protocol": "http"}
TO_OPUS = {"container": "ogg", "audioCodec": "opus", "protocol": "http"}
TO_FLAC = {"container": "flac", "audioCodec": "flac", "protocol": "http"}
TO_AAC = {"container": "aac", "audioCodec": "aac", "protocol": "http"}


def app(**given: Any) -> ClientInfo:
    text = msgspec.json.encode({"name": "x", "platform": "y", **given})
    return msgspec.json.decode(text, type=ClientInfo, strict=False)


def plays(*containers: str, codecs: Any = (), **more: Any) -> dict[str, Any]:
    return {"containers": containers, "audioCodecs": codecs, "protocols": ["http"], **more}


def must(codec: str, name: str, comparison: str, *values: Any, required: bool = True) -> Any:
    limit = {"name": name, "comparison": comparison, "values": values, "required": required}
    return {"type": "AudioCodec", "name": codec, "limitations": [limit]}


def ask(source: Source, user: int = 0, mode: Any = "on", **given: Any) -> Decision:
    return decide(source, app(**given), user, Transcoding(mode=mode))


def short(decision: Decision) -> str:
    """What will be made: format, rate, and what is not as usual."""
    made = decision.transcode
    if made is None:
        assert decision.error
        return "nothing"
    shape = made.shape
    parts = [made.profile.name, *([str(made.rate)] if made.rate else [])]
    parts += [f"{shape.channels}ch"] if shape.channels else []
    parts += [f"{shape.sample_rate}Hz"] if shape.sample_rate else []
    parts += [f"{shape.bit_depth}bit"] if shape.bit_depth else []
    return " ".join(parts)


@pytest.mark.parametrize(
    ("source", "profiles", "reasons"),
    [
        (FLAC, [plays("flac", codecs=["flac"])], ()),
        (FLAC, [ANY], ()),
        (FLAC, [plays("*", codecs=["*"], protocols=["*"])], ()),
        (FLAC, [plays("mp3,flac", codecs=["mp3, FLAC"])], ()),
        (FLAC, [plays("mp3"), plays("flac")], ()),
        (FLAC, [{}], ()),
        (FLAC, [], ("DirectPlayNotSupported",)),
        (FLAC, None, ("DirectPlayNotSupported",)),
        (FLAC, [plays("mp3")], ("ContainerNotSupported",)),
        (FLAC, [plays("mp3", codecs=["mp3"])], ("ContainerNotSupported", "AudioCodecNotSupported")),
        (FLAC, [plays("mp3", codecs=["mp3"]), plays(codecs=["aac"])], ("AudioCodecNotSupported",)),
        (FLAC, [plays("flac", protocols=["hls"])], ("ProtocolNotSupported",)),
        (DEEP, [plays("flac", maxAudioChannels=2)], ("AudioChannelsNotSupported",)),
        (DEEP, [plays("flac", maxAudioChannels=0)], ()),
        (DEEP, [plays("flac", maxAudioChannels=6)], ()),
        # the codec inside a container counts
        (ALAC, [plays("mp4", codecs=["aac"])], ("AudioCodecNotSupported",)),
        (ALAC, [plays("m4a", codecs=["alac"])], ()),
        (AAC, [plays("m4a", codecs=["mp4a.40.2"])], ()),
        (AAC, [plays("aac", codecs=["aac"])], ("ContainerNotSupported",)),
        (WAV, [plays("wav", codecs=["pcm_s16le"])], ()),
        (UNKNOWN, [plays("matroska")], ()),
        (UNKNOWN, [plays("matroska", codecs=["opus"])], ("AudioCodecNotSupported",)),
    ],
)  # fmt: skip
def test_a_song_is_played_as_it_is_where_a_profile_takes_it(
    source: Source, profiles: Any, reasons: tuple[str, ...]
) -> None:
    assert ask(source, directPlayProfiles=profiles).reasons == reasons


@pytest.mark.parametrize(
    ("source", "given", "user", "reasons"),
    [
        (MP3, {"maxAudioBitrate": 256_000}, 0, ()),
        (MP3, {"maxAudioBitrate": 256_999}, 256, ()),
        (MP3, {"maxAudioBitrate": 255_000}, 0, ("AudioBitrateNotSupported",)),
        (MP3, {"maxAudioBitrate": 0}, 0, ()),
        (MP3, {"maxAudioBitrate": -1}, 0, ()),
        (MP3, {"maxAudioBitrate": 5}, 0, ("AudioBitrateNotSupported",)),
        (MP3, {"maxTranscodingAudioBitrate": 64_000}, 0, ()),
        (MP3, {}, 192, ("UserBitrateLimited",)),
        (UNKNOWN, {}, 192, ("UserBitrateLimited",)),
        (MP3, {"codecProfiles": [must("mp3", "audioBitrate", "LessThanEqual", "320000")]}, 0, ()),
        (MP3, {"codecProfiles": [must("MPEG", "audioBitrate", "LessThanEqual", "128000")]}, 0,
         ("AudioBitrateNotSupported",)),
        (MP3, {"codecProfiles": [must("flac", "audioBitrate", "LessThanEqual", "1")]}, 0, ()),
        (DEEP, {"codecProfiles": [must("flac", "audioSamplerate", "LessThanEqual", 48000)]}, 0,
         ("AudioSamplerateNotSupported",)),
        (DEEP, {"codecProfiles": [must("flac", "audioSamplerate", "LessThanEqual", 48000, required=False)]}, 0, ()),
        (DEEP, {"codecProfiles": [must("flac", "audioBitdepth", "Equals", "16", "20")]}, 0,
         ("AudioBitdepthNotSupported",)),
        (DEEP, {"codecProfiles": [must("flac", "audioBitdepth", "equals", "16", "24")]}, 0, ()),
        (DEEP, {"codecProfiles": [must("flac", "audioChannels", "NotEquals", "6")]}, 0,
         ("AudioChannelsNotSupported",)),
        (FLAC, {"codecProfiles": [must("flac", "audioChannels", "GreaterThanEqual", 3)]}, 0,
         ("AudioChannelsNotSupported",)),
        # what is not known, or says nothing, is in nobody's way
        (MP3, {"codecProfiles": [must("mp3", "audioBitdepth", "LessThanEqual", 16)]}, 0, ()),
        (MP3, {"codecProfiles": [must("mp3", "audioProfile", "Equals", "LC")]}, 0, ()),
        (MP3, {"codecProfiles": [must("mp3", "audioBitrate", "Resembles", 1)]}, 0, ()),
        (MP3, {"codecProfiles": [must("mp3", "audioBitrate", "LessThanEqual")]}, 0, ()),
        (MP3, {"codecProfiles": [must("mp3", "audioBitrate", "LessThanEqual", "loud")]}, 0, ()),
        (MP3, {"codecProfiles": [{"type": "AudioCodec", "name": "mp3"}]}, 0, ()),
    ],
)  # fmt: skip
def test_limits_of_app_codec_and_user_stand_against_it(
    source: Source, given: dict[str, Any], user: int, reasons: tuple[str, ...]
) -> None:
    assert ask(source, user, directPlayProfiles=[ANY], **given).reasons == reasons


@pytest.mark.parametrize(
    ("source", "targets", "given", "user", "expected"),
    [
        # the first that can be made
        (FLAC, [TO_MP3, TO_OPUS], {}, 0, "mp3 192"),
        (FLAC, [TO_OPUS, TO_MP3], {}, 0, "opus 192"),
        (FLAC, [{**TO_MP3, "protocol": "hls"}, TO_AAC], {}, 0, "aac 192"),
        (FLAC, [{"container": "mp4", "audioCodec": "aac", "protocol": "http"}, TO_MP3], {}, 0, "m4a 192"),
        (FLAC, [{"container": "ogg", "audioCodec": "vorbis", "protocol": "http"}], {}, 0, "nothing"),
        (FLAC, [{"container": "opus", "audioCodec": "opus", "protocol": "*"}], {}, 0, "opus 192"),
        (FLAC, [{"container": "ADTS", "audioCodec": "aac", "protocol": ""}], {}, 0, "aac 192"),
        (FLAC, [{"container": "flac,mp3"}], {}, 0, "mp3 192"),
        (FLAC, [{}], {}, 0, "mp3 192"),
        (FLAC, [], {}, 0, "nothing"),
        (FLAC, None, {}, 0, "nothing"),
        (UNKNOWN, [TO_MP3], {}, 0, "mp3 192"),
        # ceilings
        (FLAC, [TO_MP3], {"maxTranscodingAudioBitrate": 64_000}, 0, "mp3 64"),
        (FLAC, [TO_MP3], {"maxAudioBitrate": 128_000, "maxTranscodingAudioBitrate": 0}, 0, "mp3 128"),
        (FLAC, [TO_MP3], {"maxTranscodingAudioBitrate": 999_000}, 0, "mp3 320"),
        (FLAC, [TO_MP3], {"maxTranscodingAudioBitrate": 320_000}, 96, "mp3 96"),
        (FLAC, [TO_MP3], {"maxTranscodingAudioBitrate": 7_999}, 0, "nothing"),
        (MP3, [TO_OPUS], {"maxTranscodingAudioBitrate": 320_000}, 0, "opus 256"),
        # lossless goes under a ceiling only when it is sure to fit
        (ALAC, [TO_FLAC], {}, 0, "flac"),
        (ALAC, [TO_FLAC], {"maxAudioBitrate": 1_000_000}, 0, "flac"),
        (WAV, [TO_FLAC, TO_MP3], {"maxAudioBitrate": 1_000_000}, 0, "mp3 320"),
        (MP3, [TO_FLAC], {}, 0, "flac"),
        (MP3, [TO_FLAC], {"maxAudioBitrate": 500_000}, 0, "nothing"),
        (DEEP, [TO_FLAC], {}, 320, "nothing"),
        # channels
        (FLAC, [{**TO_MP3, "maxAudioChannels": 1}], {}, 0, "mp3 192 1ch"),
        (FLAC, [{**TO_MP3, "maxAudioChannels": 6}], {}, 0, "mp3 192"),
        (FLAC, [{**TO_MP3, "maxAudioChannels": -1}, TO_OPUS], {}, 0, "opus 192"),
        (FLAC, [TO_MP3], {"maxAudioBitrate": 32_000}, 0, "mp3 32"),
        (FLAC, [TO_MP3], {"maxAudioBitrate": 32_000,
         "codecProfiles": [must("mp3", "audioChannels", "Equals", 2)]}, 0, "mp3 32 2ch"),
        (FLAC, [TO_MP3, TO_OPUS], {"codecProfiles": [must("mp3", "audioChannels", "Equals", 6)]}, 0, "opus 192"),
        (FLAC, [TO_MP3], {"codecProfiles": [must("mp3", "audioChannels", "Equals", 6, required=False)]}, 0, "mp3 192"),
        # sample rates: one of the same family, if there is one
        (DEEP, [TO_FLAC], {"codecProfiles": [must("flac", "audioSamplerate", "LessThanEqual", 48000)]}, 0, "flac 48000Hz"),
        (DEEP, [TO_FLAC], {"codecProfiles": [must("flac", "audioSamplerate", "Equals", 44100, 22050)]}, 0, "flac 44100Hz"),
        (FLAC, [TO_MP3], {"codecProfiles": [must("mp3", "audioSamplerate", "LessThanEqual", 24000)]}, 0, "mp3 192 22050Hz"),
        (FLAC, [TO_OPUS, TO_MP3], {"codecProfiles": [must("opus", "audioSamplerate", "LessThanEqual", 44100)]}, 0, "mp3 192"),
        (UNKNOWN, [TO_MP3], {"codecProfiles": [must("mp3", "audioSamplerate", "LessThanEqual", 48000)]}, 0, "mp3 192 44100Hz"),
        # depths
        (DEEP, [TO_FLAC], {"codecProfiles": [must("flac", "audioBitdepth", "LessThanEqual", 16)]}, 0, "flac 16bit"),
        (DEEP, [TO_FLAC], {"codecProfiles": [must("flac", "audioBitdepth", "Equals", 8)]}, 0, "nothing"),
        # rates
        (FLAC, [TO_MP3], {"codecProfiles": [must("mp3", "audioBitrate", "LessThanEqual", 150_000)]}, 0, "mp3 128"),
        (FLAC, [TO_MP3], {"codecProfiles": [must("mp3", "audioBitrate", "GreaterThanEqual", 256_000)]}, 0, "mp3 256"),
        (FLAC, [TO_MP3], {"codecProfiles": [must("mp3", "audioBitrate", "GreaterThanEqual", 256_000)]}, 128, "nothing"),
        (FLAC, [TO_MP3], {"codecProfiles": [must("mp3", "audioBitrate", "LessThanEqual", "1e999", "nan")]}, 0, "mp3 192"),
    ],
)  # fmt: skip
def test_a_transcode_is_the_first_that_keeps_to_every_limit(
    source: Source, targets: Any, given: dict[str, Any], user: int, expected: str
) -> None:
    assert short(ask(source, user, transcodingProfiles=targets, **given)) == expected


def test_what_will_be_sent_is_told_before() -> None:
    limits = [must("flac", "audioSamplerate", "LessThanEqual", 48000)]
    target = ask(DEEP, transcodingProfiles=[TO_FLAC], codecProfiles=limits).target
    assert target is not None
    assert (target.container, target.codec, target.bit_rate) == ("flac", "flac", 0)
    assert (target.channels, target.sample_rate, target.bit_depth) == (2, 48000, 24)
    target = ask(DEEP, transcodingProfiles=[TO_AAC], maxAudioBitrate=40_000).target
    assert target is not None
    assert (target.container, target.codec, target.bit_rate) == ("aac", "aac", 40_000)
    assert (target.channels, target.sample_rate, target.bit_depth) == (1, 24000, 0)


def test_what_is_as_usual_shares_the_cache_with_plain_streams() -> None:
    limits = [
        must("mp3", "audioChannels", "LessThanEqual", 2),
        must("mp3", "audioSamplerate", "LessThanEqual", 48000),
    ]
    made = ask(FLAC, transcodingProfiles=[TO_MP3], codecProfiles=limits).transcode
    assert made is not None
    assert made.shape == Shape()


def test_a_server_that_does_not_transcode_says_so() -> None:
    decision = ask(FLAC, mode="off", directPlayProfiles=[ANY], transcodingProfiles=[TO_MP3])
    assert (decision.reasons, decision.transcode) == ((), None)
    assert "does not transcode" in decision.error


def test_an_app_may_leave_out_or_null_whatever_it_likes() -> None:
    nothing: dict[str, Any] = {
        "directPlayProfiles": None,
        "transcodingProfiles": None,
        "codecProfiles": None,
    }
    assert ask(FLAC, **nothing).reasons == ("DirectPlayNotSupported",)
    direct = {"containers": None, "audioCodecs": None, "protocols": None, "maxAudioChannels": None}
    assert ask(FLAC, directPlayProfiles=[direct]).reasons == ()


@pytest.mark.parametrize(
    ("suffix", "rate", "depth", "expected"),
    [
        ("m4a", 256, 0, ("mp4", "aac")),
        ("m4a", 256, 16, ("mp4", "alac")),
        ("M4A", 900, 0, ("mp4", "alac")),
        ("oga", 900, 16, ("ogg", "flac")),
        ("ogg", 160, 0, ("ogg", "vorbis")),
        ("opus", 96, 0, ("ogg", "opus")),
        ("mp3", 320, 16, ("mp3", "mp3")),
        ("xyz", 320, 0, ("xyz", "xyz")),
    ],
)
def test_the_codec_of_files_read_long_ago_is_told_by_what_else_is_known(
    suffix: str, rate: int, depth: int, expected: tuple[str, str]
) -> None:
    card = TrackCard(title="", album="", artist="", album_artist="", path="", bit_depth=depth)
    row = FileRow(1, b"", b"", 1, 1, suffix, "", 200.0, rate, card)
    source = Source.of(row)
    assert (source.container, source.codec) == expected
    assert source.lossless is (expected[1] in {"alac", "flac"})


def test_the_codec_that_was_read_counts() -> None:
    for suffix, rate, codec in (("m4a", 700, "aac"), ("m4a", 256, "alac"), ("ogg", 96, "opus")):
        card = TrackCard(title="", album="", artist="", album_artist="", path="", codec=codec)
        source = Source.of(FileRow(1, b"", b"", 1, 1, suffix, "", 200.0, rate, card))
        assert source.codec == codec
        assert source.lossless is (codec == "alac")


@pytest.mark.parametrize(
    ("source", "user", "given", "told"),
    [
        (MP3, 0, {"directPlayProfiles": [plays("mp3")]}, True),
        (MP3, 256, {"directPlayProfiles": [plays("mp3")]}, True),
        (MP3, 192, {"directPlayProfiles": [plays("mp3")]}, False),
        (MP3, 0, {"directPlayProfiles": [plays("ogg")]}, False),
        (MP3, 0, {"directPlayProfiles": [ANY], "maxAudioBitrate": 128_000}, False),
        (MP3, 0, {"directPlayProfiles": [ANY], "maxTranscodingAudioBitrate": 128_000}, False),
        (MP3, 0, {}, False),
    ],
)
def test_another_file_is_offered_in_place_of_a_transcode_if_the_app_plays_it(
    source: Source, user: int, given: dict[str, Any], told: bool
) -> None:
    stream = instead(source, app(**given), user)
    assert (stream is not None) == told
    if stream is not None:
        assert (stream.container, stream.codec, stream.bit_rate) == ("mp3", "mp3", 256_000)
