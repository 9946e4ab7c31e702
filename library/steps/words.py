"""Before all: names that were folded by other rules, or with other articles, are folded anew."""

from __future__ import annotations

from db.words import name_key, vector
from library.state import Scan
from library.wording import WORDING, album_words, track_names, track_words

NAME = "words"

_STATE = "wording"


async def run(scan: Scan) -> None:
    """After an update, mostly; begun again from the start when it did not come to its end."""
    articles = scan.settings.library.ignored_articles
    rules = [str(WORDING), *articles]
    if await scan.db.state.get(_STATE, list[str]) == rules:
        return
    await scan.db.state.drop(_STATE)
    await scan.db.vocabulary.forget()
    names = scan.db.names
    async for tracks in names.tracks():
        rows = [
            (row.id, name_key(row.card.title, articles), track_words(row.card)) for row in tracks
        ]
        await names.fold_tracks(rows)
        await scan.learn(name for row in tracks for name in track_names(row.card))
        await scan.report()
    async for albums in names.albums():
        rows = [
            (row.id, name_key(row.card.name, articles), album_words(row.card)) for row in albums
        ]
        await names.fold_albums(rows)
        await scan.learn(row.card.name for row in albums)
        await scan.report()
    for page, fold in (
        (names.artists(), names.fold_artists),
        (names.folders(), names.fold_folders),
    ):
        async for named in page:
            rows = [(row.id, name_key(row.name, articles), vector(row.name)) for row in named]
            await fold(rows)
            await scan.learn(row.name for row in named)
            await scan.report()
    await scan.db.state.put(_STATE, rules)
