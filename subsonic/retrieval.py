"""Media retrieval: songs and pictures as bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from aiohttp import web

from db.rows import FileRow, PictureRow, StoredPictureRow, VideoFileRow
from streaming import Bundled, Wanted
from subsonic import podcasts
from subsonic.endpoint import Call, clamp, endpoint
from subsonic.errors import GenericError, NotFoundError
from subsonic.ids import Id, Kind, parse

Pictures: TypeAlias = "Sequence[PictureRow | StoredPictureRow]"

_MOST_RATE = 10_000
_MOST_FILES = 10_000
_LONGEST = 7 * 24 * 3600


@endpoint("stream", role="stream", scope="stream", raw=True)
async def stream(
    call: Call,
    *,
    id: str,
    max_bit_rate: int = 0,
    format: str | None = None,
    time_offset: float = 0.0,
    estimate_content_length: bool = False,
) -> web.StreamResponse:
    """Send a song, transcoded where format or rate ask for it; a video as it is. Never a play.

    Of several files of one recording (`library.duplicates`), the best that will do goes as it is.
    """
    wanted = Wanted(
        format=format,
        max_bit_rate=clamp(max_bit_rate, _MOST_RATE),
        time_offset=max(0.0, min(time_offset, _LONGEST)),
        estimate=estimate_content_length,
    )
    file, *others = await files_of(call, id)
    if isinstance(file, VideoFileRow) or file.content_type.startswith("video/"):
        # Smaller versions of a video, and other beginnings, are what `hls` is for.
        wanted = Wanted(format="raw")
    return await call.services.streamer.respond(call.request, file, wanted, call.user, others)


@endpoint("download", role="download", scope="read", raw=True)
async def download(call: Call, *, id: str) -> web.StreamResponse:
    """Send the original file with this id, of a song or video, or of an episode under its title.

    A track of a cue sheet is cut out of its file, lossless if that is. An album, artist, playlist or
    folder comes as a ZIP of its files, with a known length; the file of a cue sheet is in it whole.
    """
    wanted = parse(id, *_FILES, *_WHOLE)
    if wanted.kind in _WHOLE:
        return await _archive(call, wanted)
    file = await file_of(call, id)
    name = f"{file.card.title}.{file.suffix}" if wanted.kind is Kind.EPISODE else ""
    return await call.services.streamer.download(call.request, file, name, call.user)


@endpoint("getCoverArt", scope="stream", raw=True)
async def get_cover_art(call: Call, *, id: str, size: int | None = None) -> web.StreamResponse:
    """Send a picture by its own id or by that of what it belongs to.

    What exists without a picture gets a drawn one: apps ask with plain ids too. What stands behind
    `_` only makes apps ask anew.
    """
    wanted = parse(id.partition("_")[0], Kind.PICTURE, *_TITLES)
    pictures = await _PICTURES.get(wanted.kind, _picture)(call, wanted)
    title = "" if pictures else await _title(call, wanted)
    return await call.services.images.mosaic(call.request, pictures, size, title)


async def file_of(call: Call, id: str) -> FileRow:
    """The file of something that can be streamed; raises NotFoundError."""
    wanted = parse(id, *_FILES)
    file = await _FILES[wanted.kind](call, wanted.number)
    if file is None:
        raise NotFoundError
    return file


async def files_of(call: Call, id: str) -> list[FileRow]:
    """The same, with the other files of a recording, where one is shown for all of them."""
    if call.services.settings.library.duplicates == "merge":
        kind, number = parse(id, *_FILES)
        files = await call.services.db.tracks.files(number, call.user) if kind is Kind.TRACK else []
        if files:
            return files
    return [await file_of(call, id)]


async def _archive(call: Call, wanted: Id) -> web.StreamResponse:
    kind, title = _WHOLE[wanted.kind], await _title(call, wanted)
    if kind == "playlist":
        # What its rules choose now.
        await call.services.db.playlists.open(wanted.number, call.user)
    files = await call.services.db.bundles.files(kind, wanted.number, call.user, _MOST_FILES + 1)
    if not files:
        raise NotFoundError("There are no songs in it to download.")
    if len(files) > _MOST_FILES:
        raise GenericError(f"These are more than {_MOST_FILES} songs. Download them in parts.")
    return await call.services.streamer.archive(call.request, kind, files, title, call.user)


async def _track_file(call: Call, number: int) -> FileRow | None:
    return await call.services.db.tracks.file(number, call.user)


async def _video_file(call: Call, number: int) -> FileRow | None:
    return await call.services.db.videos.file(number, call.user)


async def _episode_file(call: Call, number: int) -> FileRow | None:
    row = await call.services.db.podcasts.episode(number)
    return podcasts.file(call.services.settings, row) if row else None


async def _picture(call: Call, wanted: Id) -> Pictures:
    kind = wanted.kind.name.lower()
    picture = await call.services.db.pictures.of(kind, wanted.number, call.user)
    return [picture] if picture else []


async def _podcast_picture(call: Call, wanted: Id) -> Pictures:
    picture = await call.services.db.podcasts.picture(wanted.kind.name.lower(), wanted.number)
    return [picture] if picture else []


async def _playlist_pictures(call: Call, wanted: Id) -> Pictures:
    db = call.services.db
    own = await db.playlist_pictures.of(wanted.number, call.user)
    return [own] if own else await db.pictures.of_playlist(wanted.number, call.user)


async def _title(call: Call, wanted: Id) -> str:
    """What to write on a drawn picture; raises NotFoundError for what does not exist."""
    titled = _TITLES.get(wanted.kind)
    title = await titled(call, wanted.number) if titled else None
    if title is None:
        raise NotFoundError
    return title


async def _track(call: Call, number: int) -> str | None:
    row = await call.services.db.tracks.get(number, call.user)
    return row.card.album if row else None


async def _album(call: Call, number: int) -> str | None:
    row = await call.services.db.albums.get(number, call.user)
    return row.card.name if row else None


async def _artist(call: Call, number: int) -> str | None:
    row = await call.services.db.artists.get(number, call.user)
    return row.name if row else None


async def _folder(call: Call, number: int) -> str | None:
    row = await call.services.db.folders.get(number, call.user)
    return row.name if row else None


async def _video(call: Call, number: int) -> str | None:
    row = await call.services.db.videos.get(number, call.user)
    return row.title if row else None


async def _channel(call: Call, number: int) -> str | None:
    rows = await call.services.db.podcasts.channels(number)
    return rows[0].title or rows[0].url if rows else None


async def _episode(call: Call, number: int) -> str | None:
    row = await call.services.db.podcasts.episode(number)
    return row.channel if row else None


async def _playlist(call: Call, number: int) -> str | None:
    row = await call.services.db.playlists.get(number, call.user)
    return row.name if row else None


_FILES: dict[Kind, Callable[[Call, int], Awaitable[FileRow | None]]] = {
    Kind.TRACK: _track_file,
    Kind.VIDEO: _video_file,
    Kind.EPISODE: _episode_file,
}
_WHOLE: dict[Kind, Bundled] = {
    Kind.ALBUM: "album",
    Kind.ARTIST: "artist",
    Kind.PLAYLIST: "playlist",
    Kind.FOLDER: "folder",
}
_PICTURES: dict[Kind, Callable[[Call, Id], Awaitable[Pictures]]] = {
    Kind.CHANNEL: _podcast_picture,
    Kind.EPISODE: _podcast_picture,
    Kind.PLAYLIST: _playlist_pictures,
}
_TITLES: dict[Kind, Callable[[Call, int], Awaitable[str | None]]] = {
    Kind.TRACK: _track,
    Kind.ALBUM: _album,
    Kind.ARTIST: _artist,
    Kind.FOLDER: _folder,
    Kind.VIDEO: _video,
    Kind.CHANNEL: _channel,
    Kind.EPISODE: _episode,
    Kind.PLAYLIST: _playlist,
}
