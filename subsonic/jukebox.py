"""The jukebox: an app as the remote control of a player on the server.

There is one jukebox with one list. Songs of libraries that the caller may not see are left out of
what is told, and places in the list are counted without them.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from msgspec.structs import asdict, replace

from db.rows import JukeboxRow, TrackRow
from subsonic import entries
from subsonic.endpoint import Call, endpoint
from subsonic.errors import BadParameterError, GenericError, NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.jukebox import JukeboxPlaylist, JukeboxStatus

_LONGEST_LIST = 10_000
_TRIES = 10


class Action(Enum):
    """What to do with the jukebox."""

    GET = "get"
    STATUS = "status"
    SET = "set"
    START = "start"
    STOP = "stop"
    SKIP = "skip"
    ADD = "add"
    CLEAR = "clear"
    REMOVE = "remove"
    SHUFFLE = "shuffle"
    SET_GAIN = "setGain"


@dataclass(frozen=True)
class Wish:
    """An action and what it needs. `place` is one in the whole list."""

    tracks: Sequence[int] = ()
    place: int = -1
    offset: float = 0.0
    gain: float = 0.0


@endpoint(
    "jukeboxControl",
    key="jukeboxStatus",
    keys={JukeboxPlaylist: "jukeboxPlaylist"},
    role="jukebox",
)
async def jukebox_control(
    call: Call,
    *,
    action: Action,
    id: tuple[str, ...] = (),
    index: int | None = None,
    offset: int = 0,
    gain: float | None = None,
) -> JukeboxStatus | JukeboxPlaylist:
    """Play, stop, skip, edit the list; `get` returns the list too.

    `set` lets a song go on that is in the new list. `skip` and `remove` need `index`, `setGain` needs
    `gain` from 0 to 1; `offset` is in seconds.
    """
    if action in (Action.SKIP, Action.REMOVE) and index is None:
        raise BadParameterError(f"The action '{action.value}' needs the parameter 'index'.")
    if action is Action.SET_GAIN and not (gain is not None and 0 <= gain <= 1):
        raise BadParameterError("The action 'setGain' needs the parameter 'gain', from 0 to 1.")
    tracks = [parse(one, Kind.TRACK).number for one in id]
    for _ in range(_TRIES):
        row, seen = await _state(call, tracks)
        place = -1 if index is None else _place(row, seen, index)
        wish = Wish(tracks, place, max(0, offset), gain or 0.0)
        wished = _ACTIONS[action](row, wish)
        if wished == row or await call.services.db.jukebox.put(wished):
            return _answer(wished, seen, whole=action is Action.GET)
    raise GenericError("Too many people use the jukebox at once. Try again.")


async def _state(call: Call, tracks: Sequence[int]) -> tuple[JukeboxRow, dict[int, TrackRow]]:
    """The jukebox, and those of its songs and of these that the caller may see."""
    row = await call.services.db.jukebox.get()
    if not row.available:
        raise GenericError("No server plays a jukebox here: the setting jukebox.output is 'off'.")
    seen = await call.services.db.tracks.as_asked([*{*row.tracks, *tracks}], call.user)
    if any(track not in seen for track in tracks):
        raise NotFoundError
    return row, seen


def _places(row: JukeboxRow, seen: dict[int, TrackRow]) -> list[int]:
    return [place for place, track in enumerate(row.tracks) if track in seen]


def _place(row: JukeboxRow, seen: dict[int, TrackRow], index: int) -> int:
    places = _places(row, seen)
    if not 0 <= index < len(places):
        raise BadParameterError(f"The list has {len(places)} songs: there is no index {index}.")
    return places[index]


def _answer(row: JukeboxRow, seen: dict[int, TrackRow], *, whole: bool) -> JukeboxStatus:
    places = _places(row, seen)
    known = row.current in places
    status = JukeboxStatus(
        current_index=places.index(row.current) if known else -1,
        playing=row.playing,
        gain=round(row.gain, 3),
        position=int(row.position) if known else 0,
    )
    if not whole:
        return status
    songs = [entries.song(seen[row.tracks[place]]) for place in places]
    return JukeboxPlaylist(**asdict(status), entry=songs)


# What an action makes of the state. Where the sound has to jump, the turn rises.


def _jump(row: JukeboxRow, current: int, *, playing: bool, position: float = 0.0) -> JukeboxRow:
    if not row.tracks:
        current, playing = -1, False
    return replace(row, current=current, playing=playing, position=position, turn=row.turn + 1)


def _as_it_is(row: JukeboxRow, _: Wish) -> JukeboxRow:
    return row


def _set(row: JukeboxRow, wish: Wish) -> JukeboxRow:
    playing = row.tracks[row.current] if row.current >= 0 else None
    filled = replace(row, tracks=_bounded(wish.tracks))
    if playing in wish.tracks:
        return replace(filled, current=wish.tracks.index(playing))
    return _jump(filled, 0, playing=False)


def _start(row: JukeboxRow, _: Wish) -> JukeboxRow:
    if row.playing or not row.tracks:
        return row
    return _jump(row, max(0, row.current), playing=True, position=row.position)


def _stop(row: JukeboxRow, _: Wish) -> JukeboxRow:
    return _jump(row, row.current, playing=False, position=row.position) if row.playing else row


def _skip(row: JukeboxRow, wish: Wish) -> JukeboxRow:
    return _jump(row, wish.place, playing=True, position=wish.offset)


def _add(row: JukeboxRow, wish: Wish) -> JukeboxRow:
    tracks = _bounded([*row.tracks, *wish.tracks])
    return replace(row, tracks=tracks, current=max(0, row.current) if tracks else -1)


def _clear(row: JukeboxRow, _: Wish) -> JukeboxRow:
    return _jump(replace(row, tracks=[]), -1, playing=False)


def _remove(row: JukeboxRow, wish: Wish) -> JukeboxRow:
    tracks = [track for place, track in enumerate(row.tracks) if place != wish.place]
    shorter = replace(row, tracks=tracks)
    if wish.place > row.current:
        return shorter
    if wish.place < row.current:
        return replace(shorter, current=row.current - 1)
    last = row.current == len(tracks)
    return _jump(shorter, 0 if last else row.current, playing=row.playing and not last)


def _shuffle(row: JukeboxRow, _: Wish) -> JukeboxRow:
    """The song that plays comes first."""
    if row.current < 0:
        return row
    others = [track for place, track in enumerate(row.tracks) if place != row.current]
    random.shuffle(others)
    return replace(row, tracks=[row.tracks[row.current], *others], current=0)


def _set_gain(row: JukeboxRow, wish: Wish) -> JukeboxRow:
    return replace(row, gain=wish.gain)


def _bounded(tracks: Sequence[int]) -> list[int]:
    if len(tracks) > _LONGEST_LIST:
        raise BadParameterError(f"The jukebox takes {_LONGEST_LIST:,} songs at most.")
    return list(tracks)


_ACTIONS: dict[Action, Callable[[JukeboxRow, Wish], JukeboxRow]] = {
    Action.GET: _as_it_is,
    Action.STATUS: _as_it_is,
    Action.SET: _set,
    Action.START: _start,
    Action.STOP: _stop,
    Action.SKIP: _skip,
    Action.ADD: _add,
    Action.CLEAR: _clear,
    Action.REMOVE: _remove,
    Action.SHUFFLE: _shuffle,
    Action.SET_GAIN: _set_gain,
}
