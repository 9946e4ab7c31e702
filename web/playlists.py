"""Playlists: listed, taken along as files, deleted; smart ones made and changed as the rules they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import structlog
from aiohttp import hdrs, web

from db.errors import UnfitError
from db.playlists import PlaylistRow
from db.rows import TrackRow, UserRow
from db.smart_rules import DEFAULT_LIMIT, FIELDS, OPERATORS, SORTS, Rules, dump, parse
from library.playlists import file_name, write_m3u8
from streaming.direct import disposition
from web.display import counted
from web.forms import Form
from web.rights import may, member
from web.site import SITE
from web.view import Refusal, page, see

log = structlog.get_logger()

_SHOWN = 20
_LONGEST_NAME = 250
_EXAMPLE = """\
{
  "all": [
    {"field": "genre", "operator": "is", "value": "Rock"},
    {"any": [
      {"field": "rating", "operator": "gt", "value": 3},
      {"field": "loved", "operator": "is", "value": true}
    ]}
  ],
  "sort": [{"by": "random"}],
  "limit": 100
}"""
_DONE: Mapping[str, str] = {
    "added": "The playlist is there. Apps show it like any other.",
    "changed": "The changes are saved.",
    "deleted": "The playlist is deleted.",
    "picture": "The playlist has that picture now. Apps show it when they look again.",
    "removed": "The picture is removed.",
}


@dataclass(frozen=True)
class Draft:
    """The form of a smart playlist, as it is filled in."""

    name: str = ""
    rules: str = _EXAMPLE
    public: bool = False
    error: str = ""
    preview: str = ""
    songs: Sequence[TrackRow] = ()


async def show_playlists(request: web.Request) -> web.Response:
    """The list, and the form for a smart one."""
    user = await member(request)
    return await _list_page(request, user, Draft(), done=request.query.get("done", ""))


async def add_playlist(request: web.Request, form: Form) -> web.Response:
    """Make a smart playlist, or show what would be in it."""
    user = await member(request)
    draft = _draft(form)
    try:
        rules = parse(draft.rules)
        if "preview" in form:
            return await _list_page(request, user, await _previewed(request, user, draft, rules))
        made = await request.app[SITE].db.smart.add(user, _name(draft), rules, public=draft.public)
    except UnfitError as error:
        return await _list_page(request, user, _failed(draft, error))
    log.info("smart playlist made", user=user.name, playlist=made)
    return see(f"/playlists/{made}?done=added")


async def show_playlist(request: web.Request) -> web.Response:
    """One playlist."""
    user, row = await named_playlist(request)
    return await playlist_page(request, user, row, done=request.query.get("done", ""))


async def change_playlist(request: web.Request, form: Form) -> web.Response:
    """Give a smart playlist other rules, or show what they would choose."""
    user, row = await named_playlist(request, change=True)
    draft = _draft(form)
    try:
        rules = parse(draft.rules)
        if "preview" in form:
            draft = await _previewed(request, user, draft, rules)
            return await playlist_page(request, user, row, draft)
        done = await request.app[SITE].db.smart.change(
            row.id, user, _name(draft), rules, public=draft.public
        )
    except UnfitError as error:
        return await playlist_page(request, user, row, _failed(draft, error))
    if not done:
        raise no_such_playlist()
    return see(f"/playlists/{row.id}?done=changed")


async def delete_playlist(request: web.Request, form: Form) -> web.Response:
    """Delete a playlist, if that was confirmed."""
    user, row = await named_playlist(request, change=True)
    if "sure" not in form:
        raise Refusal(
            400, "Nothing is deleted", "Tick the box if you are sure.", back=f"/playlists/{row.id}"
        )
    await request.app[SITE].db.playlists.delete(row.id, user)
    log.info("playlist deleted", user=user.name, playlist=row.id)
    return see("/playlists?done=deleted")


async def export_playlist(request: web.Request) -> web.Response:
    """The playlist as a file, with paths as they are in the music folders."""
    user = await member(request)
    db = request.app[SITE].db
    row = await db.playlists.open(_number(request), user)
    if row is None:
        raise no_such_playlist()
    songs = await db.tracks.in_order(row.songs, user)
    cards = [(song.duration, song.card) for song in songs]
    text = write_m3u8(
        row.name, ((seconds, card.artist, card.title, card.path) for seconds, card in cards)
    )
    return web.Response(
        body=text.encode("utf-8", "replace"),
        headers={
            hdrs.CONTENT_TYPE: "audio/x-mpegurl; charset=utf-8",
            hdrs.CONTENT_DISPOSITION: disposition(file_name(row.name)),
        },
    )


def _number(request: web.Request) -> int:
    return int(request.match_info["playlist"].removeprefix("pl-"))


async def named_playlist(
    request: web.Request, *, change: bool = False
) -> tuple[UserRow, PlaylistRow]:
    """Who asks, and the playlist that the address names."""
    user = await member(request)
    row = await request.app[SITE].db.playlists.get(_number(request), user)
    if row is None:
        raise no_such_playlist()
    if change and not _theirs(user, row):
        raise Refusal(403, "Not yours", f"The playlist belongs to {row.owner}.", back="/playlists")
    return user, row


def _theirs(user: UserRow, row: PlaylistRow) -> bool:
    return row.user_id == user.id or may(user, "admin")


def no_such_playlist() -> Refusal:
    """Of a playlist that is not there, or not for whoever asks."""
    return Refusal(404, "No such playlist", "Perhaps it was deleted.", back="/playlists")


def _draft(form: Form) -> Draft:
    return Draft(
        form.get("name", "").replace("\0", "").strip(), form.get("rules", ""), "public" in form
    )


def _name(draft: Draft) -> str:
    if not draft.name or len(draft.name) > _LONGEST_NAME:
        raise UnfitError(f"A playlist needs a name, of {_LONGEST_NAME} characters at most.")
    return draft.name


def _failed(draft: Draft, error: UnfitError) -> Draft:
    return Draft(draft.name, draft.rules, draft.public, error=str(error))


async def _previewed(request: web.Request, user: UserRow, draft: Draft, rules: Rules) -> Draft:
    """With the eyes of the one who asks: an administrator sees no marks of the owner's here."""
    db = request.app[SITE].db
    songs = await db.smart.preview(user, rules)
    return Draft(
        draft.name,
        draft.rules,
        draft.public,
        preview=f"These rules choose {counted(len(songs), 'song')} now.",
        songs=await db.tracks.in_order(songs[:_SHOWN], user),
    )


def _pretty(rules: Rules) -> str:
    return msgspec.json.format(dump(rules), indent=2)


async def _list_page(
    request: web.Request, user: UserRow, draft: Draft, done: str = ""
) -> web.Response:
    rows = await request.app[SITE].db.playlists.readable(user)
    return await _answer(request, "playlists.html", user, draft, done, playlists=rows)


async def playlist_page(
    request: web.Request,
    user: UserRow,
    row: PlaylistRow,
    draft: Draft | None = None,
    *,
    done: str = "",
    wrong: str = "",
) -> web.Response:
    """The page of a playlist; `wrong` says what is wrong with its picture."""
    if draft is None:
        rules = await request.app[SITE].db.smart.rules(row.id) if row.smart else None
        draft = Draft(row.name, _pretty(rules) if rules else "", row.public)
    return await _answer(
        request,
        "playlist.html",
        user,
        draft,
        done,
        status=400 if wrong else 200,
        playlist=row,
        theirs=_theirs(user, row),
        picture=row.picture_hash and row.picture_hash.hex()[:16],
        wrong=wrong,
    )


async def _answer(
    request: web.Request,
    template: str,
    user: UserRow,
    draft: Draft,
    done: str,
    *,
    status: int = 200,
    **more: object,
) -> web.Response:
    return await page(
        request,
        template,
        status=400 if draft.error else status,
        user=user,
        admin=may(user, "admin"),
        draft=draft,
        done=_DONE.get(done, ""),
        fields=FIELDS,
        operators=OPERATORS,
        sorts=SORTS,
        default_limit=DEFAULT_LIMIT,
        **more,
    )
