"""HTTP Live Streaming: playlists for apps, and what players fetch after that without signing in.

What a playlist names carries a ticket of its own: signed, for one thing and one day, and as good as
the credential that the playlist was asked with.
"""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from urllib.parse import quote

import msgspec
from aiohttp import web

from db.rows import FileRow, UserRow, VideoFileRow
from streaming import Busy, Gone, hls
from streaming.hls import Cut, Rendition
from streaming.listeners import CREDENTIAL
from subsonic import podcasts
from subsonic.endpoint import Call, endpoint
from subsonic.errors import BadParameterError, GenericError, NotFoundError
from subsonic.ids import Kind, parse
from subsonic.services import Services

_BIT_RATE = re.compile(r"(\d{1,6})(?:@(\d{1,5})x(\d{1,5}))?", re.ASCII)
_MOST_RENDITIONS = 20
_DAY = 24 * 3600
_LONGEST_TICKET = 500
_PURPOSE = "segment"
_PLAYLIST = -1


class Ticket(msgspec.Struct, frozen=True, array_like=True):
    """What may be fetched with an address; the number is that of a segment."""

    id: str
    credential: int
    until: int
    rendition: Rendition
    number: int = _PLAYLIST


@endpoint("hls", role="stream", scope="stream", raw=True)
async def playlist(
    call: Call, *, id: str, bit_rate: tuple[str, ...] = (), audio_track: str | None = None
) -> web.Response:
    """Send a playlist: of segments, or with several bit rates of playlists to choose from."""
    if call.services.settings.transcoding.mode != "on":
        raise GenericError("This needs transcoding, which is switched off.")
    file = await _file(call.services, id, call.user)
    if file is None:
        raise NotFoundError
    if file.duration <= 0:
        raise GenericError("How long this is is not known, so it cannot be cut into segments.")
    renditions = _renditions(call, file, bit_rate, audio_track)
    tickets = [
        Ticket(id, call.credential.id, int(time.time()) + _DAY, rendition)
        for rendition in renditions
    ]
    if len(tickets) == 1:
        return _sent(_media(call.services, file, tickets[0], "hls/"))
    addresses = {
        ticket.rendition: _address(call.services, ticket, f"hls/{number}.m3u8")
        for number, ticket in enumerate(tickets)
    }
    return _sent(hls.master(renditions, addresses.__getitem__))


class Player:
    """Answers players, which know nothing but an address."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A segment or a playlist; 404 for all that is not as it was given out."""
        if request.method == "OPTIONS":
            return web.Response(status=204)
        if request.method not in {"GET", "HEAD"}:
            raise web.HTTPMethodNotAllowed(request.method, ("GET", "HEAD"))
        ticket = self._ticket(request)
        users = self._services.db.users
        user = await users.by_credential(ticket.credential) if ticket else None
        if ticket is None or user is None or not _may_stream(user):
            raise web.HTTPNotFound
        request[CREDENTIAL] = ticket.credential
        file = await _file(self._services, ticket.id, user)
        if file is None:
            raise web.HTTPNotFound
        try:
            return await self._answer(request, file, ticket, user)
        except Busy as busy:
            after = {"Retry-After": str(busy.retry_after)}
            return web.Response(status=429, text=str(busy), headers=after)
        except Gone as gone:
            raise web.HTTPNotFound(text=str(gone)) from gone

    async def _answer(
        self, request: web.Request, file: FileRow, ticket: Ticket, user: UserRow
    ) -> web.StreamResponse:
        if ticket.number == _PLAYLIST:
            return _sent(_media(self._services, file, ticket, ""))
        return await self._services.streamer.segment(
            request, file, ticket.rendition, ticket.number, user
        )

    def _ticket(self, request: web.Request) -> Ticket | None:
        """The ticket of an address, if it is one that was given out and still holds."""
        signed = request.query.get("token", "")
        if len(signed) > _LONGEST_TICKET or not signed.isascii():
            return None
        text = self._services.db.secrets.verify(_PURPOSE, signed)
        ticket = msgspec.json.decode(text, type=Ticket) if text else None
        if ticket is None or ticket.until < time.time():
            return None
        playlist = request.match_info["file"].endswith(".m3u8")
        return ticket if playlist == (ticket.number == _PLAYLIST) else None


def _may_stream(user: UserRow) -> bool:
    return user.enabled and bool({"stream", "admin"} & set(user.roles))


async def _file(services: Services, id: str, user: UserRow) -> FileRow | VideoFileRow | None:
    kind, number = parse(id, Kind.TRACK, Kind.VIDEO, Kind.EPISODE)
    if kind is Kind.VIDEO:
        return await services.db.videos.file(number, user)
    if kind is Kind.EPISODE:
        row = await services.db.podcasts.episode(number)
        return podcasts.file(services.settings, row) if row else None
    return await services.db.tracks.file(number, user)


def _renditions(
    call: Call, file: FileRow, bit_rates: Sequence[str], audio_track: str | None
) -> list[Rendition]:
    """Each once, in the order asked for; at least one."""
    wanted = [_bit_rate(text) for text in bit_rates[:_MOST_RENDITIONS]] or [(0, None)]
    if isinstance(file, VideoFileRow):
        track = _track(file, audio_track)
        found = [hls.video(file, rate, box, track) for rate, box in wanted]
    else:
        usual = call.services.settings.transcoding.default_bit_rate
        most = call.user.max_bit_rate
        rates = [rate or usual for rate, _ in wanted]
        found = [hls.song(min(rate, most) if most else rate) for rate in rates]
    return list(dict.fromkeys(found))


def _bit_rate(text: str) -> tuple[int, tuple[int, int] | None]:
    """A rate in kbit/s and a size, such as `1000@480x360`."""
    match = _BIT_RATE.fullmatch(text)
    if match is None:
        raise BadParameterError("Parameter 'bitRate' is a number, or such as 1000@480x360.")
    rate, width, height = (int(part) if part else 0 for part in match.groups())
    return rate, (width, height) if width and height else None


def _track(file: VideoFileRow, audio_track: str | None) -> int:
    if audio_track is None:
        return 0
    known = {str(number): number for number in range(len(file.video.audio))}
    if audio_track not in known:
        raise NotFoundError("There is no such audio track.")
    return known[audio_track]


def _media(services: Services, file: FileRow, ticket: Ticket, folder: str) -> str:
    rendition = ticket.rendition
    suffix = hls.profile(rendition).suffix

    def address(number: int) -> str:
        one = msgspec.structs.replace(ticket, number=number)
        return _address(services, one, f"{folder}{number}.{suffix}")

    return hls.media(Cut.of(file, rendition).lengths(), address)


def _address(services: Services, ticket: Ticket, path: str) -> str:
    text = msgspec.json.encode(ticket).decode()
    return f"{path}?token={quote(services.db.secrets.sign(_PURPOSE, text))}"


def _sent(text: str) -> web.Response:
    return web.Response(
        text=text, content_type=hls.CONTENT_TYPE, headers={"Cache-Control": "no-store"}
    )
