"""Videos: lists of them, and what can be chosen in one."""

from __future__ import annotations

import asyncio

from aiohttp import web

from db.cards import AudioTrack as Track
from db.rows import VideoFileRow
from streaming import captions
from streaming.captions import Caption
from subsonic import entries, ids
from subsonic.endpoint import Call, endpoint
from subsonic.errors import NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.videos import AudioTrack, Captions, VideoInfo, Videos


@endpoint("getVideos", key="videos", scope="stream")
async def get_videos(call: Call) -> Videos:
    """List all videos by name."""
    rows = await call.services.db.videos.every(call.user)
    return Videos(video=[entries.video(row) for row in rows])


@endpoint("getVideoInfo", key="videoInfo", scope="stream")
async def get_video_info(call: Call, *, id: str) -> VideoInfo:
    """Return the captions and sounds of a video."""
    file = await _file(call, id)
    found = await asyncio.to_thread(captions.beside, file.root, file.path)
    own = ids.video(file.id)
    return VideoInfo(
        id=own,
        captions=[
            Captions(id=f"{own}.{number}", name=caption.name)
            for number, caption in enumerate(found)
        ],
        audio_track=[_track(number, track) for number, track in enumerate(file.video.audio)],
    )


@endpoint("getCaptions", scope="stream", raw=True)
async def get_captions(call: Call, *, id: str, format: str | None = None) -> web.Response:
    """Send captions, given by their own id or by that of the video, as `srt` or `vtt`."""
    video, _, number = id.partition(".")
    file = await _file(call, video)
    found = await asyncio.to_thread(captions.beside, file.root, file.path)
    caption = _choose(found, number, format)
    text = await asyncio.to_thread(captions.read, file.root, caption)
    suffix = format if format in captions.TYPES else caption.suffix
    if suffix != caption.suffix:
        text = await asyncio.to_thread(captions.convert, text, suffix)
    return web.Response(text=text, content_type=captions.TYPES[suffix], charset="utf-8")


def _choose(found: list[Caption], number: str, format: str | None) -> Caption:
    """The one with this number; without one the first, better in the format that is wanted."""
    if number:
        known = {str(place): caption for place, caption in enumerate(found)}
        found = [known[number]] if number in known else []
    if not found:
        raise NotFoundError("There are no such captions.")
    return next((one for one in found if one.suffix == format), found[0])


async def _file(call: Call, id: str) -> VideoFileRow:
    file = await call.services.db.videos.file(parse(id, Kind.VIDEO).number, call.user)
    if file is None:
        raise NotFoundError
    return file


def _track(number: int, track: Track) -> AudioTrack:
    name = track.name or " ".join(part for part in (track.language, track.codec) if part)
    return AudioTrack(id=str(number), name=name or None, language_code=track.language or None)
