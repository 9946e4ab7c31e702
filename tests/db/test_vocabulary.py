"""The words that may be looked into."""

from __future__ import annotations

import asyncio

from conf.settings import Settings
from db.database import Database


async def test_words_are_found_by_what_is_inside_of_them_the_shortest_first(
    database: Database,
) -> None:
    vocabulary = database.vocabulary
    assert await vocabulary.around("ymp") == []
    await vocabulary.learn({"symphony", "sympathy", "nymph", "ympress", "olympia"})
    assert await vocabulary.around("ymp") == ["nymph", "olympia", "sympathy", "symphony"]
    assert await vocabulary.around("%") == []
    await vocabulary.learn({"nymphs", "nymph"})
    assert await vocabulary.around("nymph") == []
    assert await vocabulary.around("mphs") == ["nymphs"]
    await vocabulary.forget()
    assert await vocabulary.around("ymp") == []


async def test_of_very_many_words_some_are_enough(database: Database) -> None:
    await database.vocabulary.learn({f"{number:04}word" for number in range(1000)})
    assert len(await database.vocabulary.around("word")) == 100


async def test_what_is_learnt_while_it_is_read_is_not_missed(database: Database) -> None:
    vocabulary = database.vocabulary
    await vocabulary.learn({"symphony"})
    await asyncio.gather(
        *(vocabulary.around("phony") for _ in range(20)),
        vocabulary.learn({"euphony"}),
        *(vocabulary.around("phony") for _ in range(20)),
    )
    assert await vocabulary.around("phony") == ["euphony", "symphony"]


async def test_what_one_node_learns_every_node_finds(
    database: Database, database_url: str, settings: Settings
) -> None:
    other, heard = await Database.open(database_url, settings), asyncio.Event()
    other.bus.subscribe("dulcian_words", lambda _payload: heard.set())
    await other.bus.start()
    try:
        assert await other.vocabulary.around("phony") == []
        await database.vocabulary.learn({"symphony"})
        await heard.wait()
        assert await other.vocabulary.around("phony") == ["symphony"]
    finally:
        await other.close()
