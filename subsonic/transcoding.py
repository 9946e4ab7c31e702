"""Transcodes that an app agrees on beforehand."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Sequence

import msgspec
from aiohttp import web

from db.rows import FileRow
from streaming.client import ClientInfo
from streaming.decide import Decision, Stream, decide, instead
from streaming.plan import Transcode, Wanted, begin_at
from streaming.profiles import BY_NAME, Shape
from streaming.source import Source
from subsonic.endpoint import Body, Call, endpoint
from subsonic.errors import BadParameterError, ExpiredError
from subsonic.ids import Media, parse_media
from subsonic.models.transcoding import StreamDetails, TranscodeDecision
from subsonic.retrieval import files_of

_PURPOSE = "transcode"
_VALID = 24 * 3600
"""Seconds: a queue that was decided on in the morning still plays in the evening."""
_OLD = "This was decided too long ago. Ask getTranscodeDecision again."
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
    file: int = 0
    """Which of several files of the recording; without a profile it goes as it is. 0: the only one."""


@endpoint("getTranscodeDecision", key="transcodeDecision", role="stream", scope="stream")
async def get_transcode_decision(
    call: Call, *, media_id: str, media_type: Media, client_info: Body[ClientInfo]
) -> TranscodeDecision:
    """Tell whether the app can play a song as it is, and offer a transcode.

    Another file of the recording (`library.duplicates`) that it can play is offered in its place.
    """
    files = await _files(call, media_id, media_type)
    file, *others = sorted(files, key=lambda one: Source.of(one).fidelity, reverse=True)
    settings = call.services.settings.transcoding
    decision = decide(Source.of(file), client_info, call.user.max_bit_rate, settings, cut=file.cut)
    other = _other(others, client_info, call.user.max_bit_rate) if decision.reasons else None
    if other is not None:
        twin, target = other
        params = _signed(call, _Agreed(call.user.id, media_id, "", 0, 0, 0, 0, _until(), twin.id))
        return _answer(dataclasses.replace(decision, target=target), "", params)
    choice, error = decision.transcode, decision.error
    if (
        choice
        and settings.mode == "cache-only"
        and not await call.services.streamer.has(file, choice)
    ):
        choice, error = None, _KEPT_ONLY
    return _answer(
        decision, error, None if choice is None else _params(call, media_id, file, choice)
    )


@endpoint("getTranscodeStream", role="stream", scope="stream", raw=True, plain=True)
async def get_transcode_stream(
    call: Call, *, media_id: str, media_type: Media, transcode_params: str, offset: float = 0.0
) -> web.StreamResponse:
    """Send what was decided on. Never counts as a play."""
    agreed = _agreed(call, media_id, transcode_params)
    files = await _files(call, media_id, media_type)
    file = next((one for one in files if one.id == agreed.file), None if agreed.file else files[0])
    if file is None or (not agreed.profile and not Source.of(file).fits(call.user.max_bit_rate)):
        raise ExpiredError(_OLD)
    streamer, begin = call.services.streamer, begin_at(offset, file.duration)
    if not agreed.profile:
        return await streamer.respond(call.request, file, Wanted(time_offset=begin), call.user)
    shape = Shape(agreed.channels, agreed.sample_rate, agreed.bit_depth)
    choice = Transcode(BY_NAME[agreed.profile], agreed.rate, begin, shape)
    return await streamer.transcode(call.request, file, choice, call.user)


async def _files(call: Call, id: str, kind: Media) -> list[FileRow]:
    parse_media(id, kind)
    return await files_of(call, id)


def _other(
    files: Sequence[FileRow], client: ClientInfo, user_limit: int
) -> tuple[FileRow, Stream] | None:
    """The first of these files that the app can play, and what to tell of it."""
    for file in files:
        stream = None if file.cut else instead(Source.of(file), client, user_limit)
        if stream is not None:
            return file, stream
    return None


def _params(call: Call, media: str, file: FileRow, choice: Transcode) -> str:
    shape = choice.shape
    agreed = _Agreed(
        call.user.id, media, choice.profile.name, choice.rate, shape.channels, shape.sample_rate,
        shape.bit_depth, _until(), file.id,
    )  # fmt: skip
    return _signed(call, agreed)


def _until() -> int:
    return int(time.time()) + _VALID


def _signed(call: Call, agreed: _Agreed) -> str:
    return call.services.db.secrets.sign(_PURPOSE, msgspec.json.encode(agreed).decode())


def _agreed(call: Call, media: str, params: str) -> _Agreed:
    """What was agreed on with this user, for this song."""
    text = call.services.db.secrets.verify(_PURPOSE, params)
    if text is None:
        raise BadParameterError(
            "Parameter 'transcodeParams' is none that getTranscodeDecision gave."
        )
    agreed = msgspec.json.decode(text, type=_Agreed)
    if (agreed.user, agreed.media) != (call.user.id, media):
        raise BadParameterError("Parameter 'transcodeParams' was given to another user or song.")
    limit = call.user.max_bit_rate
    lossy = agreed.profile and not BY_NAME[agreed.profile].lossless
    if agreed.until < time.time() or (limit and lossy and agreed.rate > limit):
        raise ExpiredError(_OLD)
    return agreed


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
