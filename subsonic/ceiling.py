"""What songs are sent as to a user whose ceiling is below them: told in every answer that has songs."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from conf.settings import Transcoding
from streaming.plan import plain
from streaming.source import rate_of
from subsonic.models.base import Model
from subsonic.models.media import Child


def announced(result: Any, limit: int, settings: Transcoding) -> Any:
    """The same answer; songs above the ceiling (kbit/s, 0: none) say what becomes of them.

    Only those who have a ceiling pay for this.
    """
    return _told(result, limit, settings) if limit and settings.mode == "on" else result


def _told(value: Any, limit: int, settings: Transcoding) -> Any:
    match value:
        case Child():
            return _song(value, limit, settings)
        case Model():
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            told = {name: _told(one, limit, settings) for name, one in fields.items()}
            return replace(value, **told)
        case list() | tuple():
            return [_told(one, limit, settings) for one in value]
    return value


def _song(song: Child, limit: int, settings: Transcoding) -> Child:
    seen = song.is_video or (song.content_type or "").startswith("video/")
    if song.is_dir or seen or not song.suffix:
        return song
    rate = rate_of(song.bit_rate or 0, song.size or 0, song.duration or 0)
    profile = plain(rate, limit, settings)
    if profile is None:
        return song
    return replace(
        song, transcoded_content_type=profile.content_type, transcoded_suffix=profile.suffix
    )
