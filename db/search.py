"""Finding songs, albums, artists and folders by their words and parts of words; without words, everything.

Apps that keep a copy of the library page through *everything*, so its order is the id's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Generic

import msgspec

from db.phrase import Phrase
from db.queries import Executor, Row, Rows, Sql
from db.rows import AlbumRow, ArtistRow, FolderRow, TrackRow, UserRow
from db.vocabulary import Vocabulary
from db.words import LEAST_INSIDE


class Pair(Generic[Row]):
    """The two ways to find things of one kind: by words, and all of them."""

    def __init__(self, noun: str, row: type[Row], by_letters: str = "found") -> None:
        self.found = Sql(noun).rows("found", row)
        self.found_by_letters = Sql(noun).rows(by_letters, row)
        self.everything = Sql(noun).rows("everything", row)


_TRACKS = Pair("tracks", TrackRow, "found_by_letters")
_ALBUMS = Pair("albums", AlbumRow)
_ARTISTS = Pair("artists", ArtistRow)
_FOLDERS = Pair("folders", FolderRow)
_SQL = Sql("tracks")
_COUNT_FOUND_NEWER = _SQL.value("count_found_newer", int)
_NEWER = _SQL.rows("newer", TrackRow)
_COUNT_NEWER = _SQL.value("count_newer", int)


class Cut(msgspec.Struct, frozen=True):
    """Which part of a list."""

    size: int
    offset: int


class Search:
    """What is asked for is text as people type it; every word must begin a word of the item.

    A word of three letters or more may also stand inside of one; several words only where nothing has
    them all at the beginnings of its own. The best comes first: the name itself, names that
    begin with the text, names with its words, items with its words in other fields, parts of words.
    """

    def __init__(self, on: Executor, vocabulary: Vocabulary, articles: Iterable[str]) -> None:
        self._on = on
        self._vocabulary = vocabulary
        self._articles = tuple(articles)

    async def tracks(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[TrackRow]:
        """Songs, by title, artist and album."""
        return await self._find(_TRACKS, text, user, libraries, cut, since=None)

    async def newer(
        self, text: str, since: datetime, user: UserRow, cut: Cut
    ) -> tuple[list[TrackRow], int]:
        """Songs that were added after a moment, and how many there are; without words the last ones first."""
        given: dict[str, Any] = {"libraries": user.libraries, "since": since}
        if not text:
            total = await _COUNT_NEWER(self._on, **given)
            page = {"user": user.id, "size": cut.size, "offset": cut.offset}
            return await _NEWER(self._on, **given, **page), total or 0
        phrase = Phrase(text, self._articles)
        if not phrase:
            return [], 0
        asked = await self._questions(phrase)
        total = 0
        for query in (asked["prefixes"], asked["parts"])[not phrase.several :]:
            total = total or await _COUNT_FOUND_NEWER(self._on, query=query, **given) or 0
        return await self._find(_TRACKS, text, user, user.libraries, cut, since=since), total

    async def albums(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[AlbumRow]:
        """Albums, by name and artist."""
        return await self._find(_ALBUMS, text, user, libraries, cut)

    async def artists(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[ArtistRow]:
        """Artists, by name; everything means those with albums of their own."""
        return await self._find(_ARTISTS, text, user, libraries, cut)

    async def folders(
        self, text: str, user: UserRow, libraries: Sequence[int], cut: Cut
    ) -> list[FolderRow]:
        """Folders at the top of a library, by name."""
        return await self._find(_FOLDERS, text, user, libraries, cut)

    async def _find(
        self,
        pair: Pair[Row],
        text: str,
        user: UserRow,
        libraries: Sequence[int],
        cut: Cut,
        **more: Any,
    ) -> list[Row]:
        given: dict[str, Any] = {
            "user": user.id,
            "libraries": libraries,
            "size": cut.size,
            "offset": cut.offset,
        }
        if cut.size <= 0:
            return []
        if not text:
            return await pair.everything(self._on, **given)
        phrase = Phrase(text, self._articles)
        # Only signs were typed: nothing can match, and an empty tsquery would only warn.
        if not phrase:
            return []
        given |= more
        statement = pair.found_by_letters if len(phrase.key) < LEAST_INSIDE else pair.found
        if phrase.several:
            plain = phrase.questions({})
            rows = await _ask(self._on, statement, plain, given)
            if rows or (
                cut.offset
                and await _ask(self._on, statement, plain, given | {"size": 1, "offset": 0})
            ):
                return rows
        return await _ask(self._on, statement, await self._questions(phrase), given)

    async def _questions(self, phrase: Phrase) -> dict[str, Any]:
        return phrase.questions(
            {part: await self._vocabulary.around(part) for part in phrase.parts}
        )


async def _ask(
    on: Executor, statement: Rows[Row], asked: dict[str, Any], given: dict[str, Any]
) -> list[Row]:
    """Put those of the questions that the statement knows."""
    own = {name: asked[name] for name in statement.parameters if name in asked}
    return await statement(on, **own, **given)
