"""Which artists are like others, and which songs of an artist are the ones to hear first.

All of it is worked out when it is asked for, from genres, from who is heard together on albums, and
from what listeners have in common; nothing outside the libraries of the asking user is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from db.queries import Executor, Sql
from db.rows import ArtistRow, TrackRow, UserRow

_SQL = Sql("similarity")
_ARTISTS = _SQL.rows("artists", ArtistRow)
_SONGS = _SQL.rows("songs", TrackRow)
_TOP = _SQL.rows("top", TrackRow)

_CIRCLE = 30
"""From how many artists near to the seeds a mix is drawn."""


class Similarity:
    """`seeds` are ids of artists; likeness is to all of them together."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def artists(self, seeds: Sequence[int], user: UserRow, size: int) -> list[ArtistRow]:
        """Artists like these, the nearest first."""
        return await _ARTISTS(
            self._on, user=user.id, libraries=user.libraries, seeds=seeds, artists=size
        )

    async def songs(
        self, seeds: Sequence[int], user: UserRow, size: int, without: Sequence[int] = ()
    ) -> list[TrackRow]:
        """A mix of songs of these artists and of artists like them, another one each time."""
        return await _SONGS(
            self._on,
            user=user.id,
            libraries=user.libraries,
            seeds=seeds,
            artists=_CIRCLE,
            size=size,
            without=without,
        )

    async def top(
        self, user: UserRow, size: int, *, artist: int | None = None, key: str | None = None
    ) -> list[TrackRow]:
        """The songs of an artist (by id or folded name) that everybody here plays most.

        Then those the user likes, then those of the newest albums; an unknown artist has none.
        """
        return await _TOP(
            self._on, user=user.id, libraries=user.libraries, size=size, artist=artist, key=key
        )
