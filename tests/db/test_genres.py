"""Genres over several libraries."""

from __future__ import annotations

from db.database import Database
from db.rows import GenreRow
from tests.support.rows import Hand, hand


async def add(database: Database, music: Hand, name: str, songs: int, albums: int) -> None:
    await database.pool.execute(
        "insert into genres values ($1, lower($2), $2, $3, $4)", music.library, name, songs, albums
    )


async def test_a_genre_of_several_libraries_is_one_with_the_sum_of_its_songs(
    database: Database, music: Hand
) -> None:
    other = await hand(database, "Other")
    await add(database, music, "Rock", 3, 1)
    await add(database, other, "rock", 4, 2)
    await add(database, other, "Jazz", 1, 1)
    both = await database.genres.all([music.library, other.library])
    assert [(row.name.lower(), row.song_count, row.album_count) for row in both] == [
        ("jazz", 1, 1),
        ("rock", 7, 3),
    ]
    assert await database.genres.all([music.library]) == [GenreRow("Rock", 3, 1)]
    assert await database.genres.all([]) == []


async def test_genres_are_sorted_whatever_their_case(database: Database, music: Hand) -> None:
    for name in ("jazz", "Zydeco", "Ambient", "k-pop"):
        await add(database, music, name, 1, 1)
    names = [row.name for row in await database.genres.all([music.library])]
    assert names == ["Ambient", "jazz", "k-pop", "Zydeco"]
