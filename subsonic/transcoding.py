"""Transcodes that an app agrees on beforehand."""

from __future__ import annotations

import dataclasses
import time

import msgspec
from aiohttp import web

from db.rows import FileRow
from streaming.client import ClientInfo
from streaming.decide import Decision, Stream, decide
from streaming.plan import Transcode, begin_at
from streaming.profiles import BY_NAME, Shape
from streaming.source import Source
from subsonic.endpoint import Body, Call, endpoint
from subsonic.errors import BadParameterError, ExpiredError
from subsonic.ids import Media, parse_media
from subsonic.models.transcoding import StreamDetails, TranscodeDecision
from subsonic.retrieval import file_of

_PURPOSE = "transcode"
_VALID = 24 * 3600
"""Seconds: a queue that was decided on in the morning still plays in the evening."""
_KEPT_ONLY = "The server sends only transcodes that it has kept, and this is none of them."


class _Agreed(msgspec.Struct, frozen=True, array_like=True):
    """What `transcodeParams` says, to be signed: short, since it stands in addresses."""

    user: int
    media: str
    profile: str
    rate: int
    channels: int
    sample_rate: int
    bit_depth: int
    until: int


@endpoint("getTranscodeDecision", key="transcodeDecision", role="stream")
async def get_transcode_decision(
    call: Call, *, media_id: str, media_type: Media, client_info: Body[ClientInfo]
) -> TranscodeDecision:
    """Tell whether the app can play a song as it is, and offer a transcode."""
    file = await _file(call, media_id, media_type)
    settings = call.services.settings.transcoding
    decision = decide(Source.of(file), client_info, call.user.max_bit_rate, settings, cut=file.cut)
    choice, error = decision.transcode, decision.error
    if (
        choice
        and settings.mode == "cache-only"
        and not await call.services.streamer.has(file, choice)
    ):
        choice, error = None, _KEPT_ONLY
    return _answer(decision, error, None if choice is None else _params(call, media_id, choice))


@endpoint("getTranscodeStream", role="stream", raw=True, plain=True)
async def get_transcode_stream(
    call: Call, *, media_id: str, media_type: Media, transcode_params: str, offset: float = 0.0
) -> web.StreamResponse:
    """Send what was decided on. Never counts as a play."""
    choice = _agreed(call, media_id, transcode_params)
    file = await _file(call, media_id, media_type)
    choice = dataclasses.replace(choice, offset=begin_at(offset, file.duration))
    return await call.services.streamer.transcode(call.request, file, choice, call.user)


async def _file(call: Call, id: str, kind: Media) -> FileRow:
    parse_media(id, kind)
    return await file_of(call, id)


def _params(call: Call, media: str, choice: Transcode) -> str:
    shape, until = choice.shape, int(time.time()) + _VALID
    agreed = _Agreed(
        call.user.id, media, choice.profile.name, choice.rate, shape.channels, shape.sample_rate,
        shape.bit_depth, until,
    )  # fmt: skip
    return call.services.db.secrets.sign(_PURPOSE, msgspec.json.encode(agreed).decode())


def _agreed(call: Call, media: str, params: str) -> Transcode:
    """What was agreed on with this user, for this song."""
    text = call.services.db.secrets.verify(_PURPOSE, params)
    if text is None:
        raise BadParameterError(
            "Parameter 'transcodeParams' is none that getTranscodeDecision gave."
        )
    agreed = msgspec.json.decode(text, type=_Agreed)
    if (agreed.user, agreed.media) != (call.user.id, media):
        raise BadParameterError("Parameter 'transcodeParams' was given to another user or song.")
    limit, profile = call.user.max_bit_rate, BY_NAME[agreed.profile]
    if agreed.until < time.time() or (limit and not profile.lossless and agreed.rate > limit):
        raise ExpiredError("This was decided too long ago. Ask getTranscodeDecision again.")
    shape = Shape(agreed.channels, agreed.sample_rate, agreed.bit_depth)
    return Transcode(profile, agreed.rate, shape=shape)


def _answer(decision: Decision, error: str, params: str | None) -> TranscodeDecision:
    target = decision.target if params else None
    return TranscodeDecision(
        can_direct_play=not decision.reasons,
        can_transcode=params is not None,
        transcode_reason=decision.reasons,
        error_reason=error or None,
        transcode_params=params,
        source_stream=_details(decision.source),
        transcode_stream=None if target is None else _details(target),
    )


def _details(stream: Stream) -> StreamDetails:
    return StreamDetails(
        protocol="http",
        container=stream.container,
        codec=stream.codec,
        audio_channels=stream.channels or None,
        audio_bitrate=stream.bit_rate or None,
        audio_samplerate=stream.sample_rate or None,
        audio_bitdepth=stream.bit_depth or None,
    )
