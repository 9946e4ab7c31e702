"""What is behind the address of a share: a page that plays its songs to anybody who has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import aiohttp_jinja2
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from db.errors import DatabaseError
from db.rows import FileRow, ShareRow, TrackRow, UserRow
from db.shares import MOST_SONGS
from streaming import Busy, Gone, Wanted
from streaming.links import base_url
from streaming.plan import for_browser
from web import display, view
from web.site import SITE

_COVER_SIZE = 600
_POLICY = "Content-Security-Policy"
HEADERS = view.HEADERS | {
    _POLICY: f"{view.HEADERS[_POLICY]}; media-src 'self'",
    # The address is the key: no other site is told it, no search engine keeps it.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@dataclass(frozen=True)
class Opened:
    """A share whose address works, and its owner, with whose eyes it is looked at."""

    share: ShareRow
    owner: UserRow


@dataclass(frozen=True)
class Song:
    """A line of the page. `content_type` is that of the sound at `url`."""

    url: str
    cover: str
    content_type: str
    title: str
    artist: str
    album: str
    seconds: float


SharePage = Callable[[web.Request, Opened], Awaitable[web.StreamResponse]]


def setup(app: web.Application) -> None:
    """Add `/share/*`. No session is looked at here and no cookie set."""
    for path, page in (("", _show), ("/stream/{song}", _stream), ("/cover/{song}", _cover)):
        app.router.add_get("/share/{token}" + path, _public(page))
    app.on_response_prepare.append(_guard_media)


def _public(page: SharePage) -> Handler:
    """Every address that does not work gets the same answer, whatever the reason."""

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            response = await page(request, await _open(request))
        except (Gone, _NothingError):
            response = view.message(
                request,
                "Nothing to hear here",
                "This link is not valid, or not any more. Ask whoever sent it for a new one.",
                status=404,
            )
        except Busy as error:
            response = view.message(request, "Too much to do", str(error), status=429)
            response.headers[hdrs.RETRY_AFTER] = str(error.retry_after)
        except DatabaseError:
            away = "Try again in a moment."
            response = view.message(request, "The database does not answer", away, status=503)
        if not response.prepared:
            response.headers.update(HEADERS)
        return response

    return answer


async def _guard_media(request: web.Request, response: web.StreamResponse) -> None:
    """Sound and covers are sent elsewhere; they are kept from other sites and from search engines."""
    if request.path.startswith("/share/"):
        for name in ("Referrer-Policy", "X-Robots-Tag", "Cross-Origin-Resource-Policy"):
            response.headers[name] = HEADERS[name]


async def _open(request: web.Request) -> Opened:
    db = request.app[SITE].db
    share = await db.shares.opened(request.match_info["token"])
    owner = await db.users.by_id(share.user_id) if share else None
    if share is None or owner is None:
        raise _NothingError
    return Opened(share, owner)


async def _show(request: web.Request, opened: Opened) -> web.Response:
    """The page. Looking at it is a visit; what programs do before (HEAD) is none."""
    site, share = request.app[SITE], opened.share
    rows = (await site.db.shares.songs([share.id], opened.owner)).get(share.id, [])
    if request.method == hdrs.METH_GET:
        await site.db.shares.visit(share.id)
    songs = _songs(rows, f"/share/{request.match_info['token']}", opened.owner.max_bit_rate)
    context = {
        "title": share.description or _name(songs),
        "songs": songs,
        "summary": _summary(songs, share),
        "base": base_url(request, site.settings.server.public_url),
        "most": MOST_SONGS,
    }
    return aiohttp_jinja2.render_template("share.html", request, context)


async def _stream(request: web.Request, opened: Opened) -> web.StreamResponse:
    """A song, as a stream of the owner; `?format=mp3` where the browser plays nothing else."""
    owner = opened.owner
    file, *others = await _files(request, opened)
    plain = request.query.get("format") == "mp3"
    wanted = Wanted(format="mp3" if plain else for_browser(file, owner.max_bit_rate))
    streamer = request.app[SITE].streamer
    return await streamer.respond(request, file, wanted, owner, others)


async def _cover(request: web.Request, opened: Opened) -> web.StreamResponse:
    """The cover of a song, in one size."""
    file = await _song(request, opened)
    picture = await request.app[SITE].db.pictures.of("track", file.id, opened.owner)
    images = request.app[SITE].images
    return await images.respond(request, picture, _COVER_SIZE, file.card.album)


async def _song(request: web.Request, opened: Opened) -> FileRow:
    """The song that was asked for, if it is in the share now."""
    return (await _files(request, opened))[0]


async def _files(request: web.Request, opened: Opened) -> list[FileRow]:
    """Its file, and others of the recording where one is shown for all of them."""
    db, text = request.app[SITE].db, request.match_info["song"]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    if not await db.shares.holds(opened.share.id, number, opened.owner):
        raise _NothingError
    if request.app[SITE].settings.library.duplicates == "merge":
        files = await db.tracks.files(number, opened.owner)
    else:
        file = await db.tracks.file(number, opened.owner)
        files = [file] if file else []
    if not files:
        raise _NothingError
    return files


class _NothingError(Exception):
    """There is no such share, or it has no such song."""


def _songs(rows: Sequence[TrackRow], at: str, limit: int) -> list[Song]:
    """The lines; songs with the same picture name it by the same address."""
    pictured = {row.picture_id: row.id for row in reversed(rows)}
    songs = []
    for row in rows:
        card = row.card
        songs.append(
            Song(
                url=f"{at}/stream/{row.id}",
                cover=f"{at}/cover/{pictured[row.picture_id] if row.picture_id else row.id}",
                content_type="audio/mpeg" if for_browser(row, limit) else row.content_type,
                title=card.title,
                artist=card.artist,
                album=card.album,
                seconds=row.duration,
            )
        )
    return songs


def _name(songs: Sequence[Song]) -> str:
    """What a share without a description is called."""
    if len(songs) == 1:
        return songs[0].title
    albums = {song.album for song in songs}
    return albums.pop() if len(albums) == 1 else "Shared music"


def _summary(songs: Sequence[Song], share: ShareRow) -> str:
    artists = {song.artist for song in songs}
    parts = [
        artists.pop() if len(artists) == 1 else "",
        display.counted(len(songs), "song"),
        display.clock(sum(song.seconds for song in songs)),
        f"until {share.expires:%-d %B %Y}" if share.expires else "",
    ]
    return " · ".join(part for part in parts if part)
