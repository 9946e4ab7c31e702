"""Small things under a name."""

from __future__ import annotations

import asyncio

from db.database import Database


async def test_what_is_put_is_got_until_it_is_dropped(database: Database) -> None:
    state = database.state
    assert await state.get("k", dict[str, int]) is None
    await state.put("k", {"a": 1})
    await state.put("k", {"a": 2})
    assert await state.get("k", dict[str, int]) == {"a": 2}
    await state.drop("k")
    assert await state.get("k", dict[str, int]) is None


async def test_of_many_takers_exactly_one_gets_it(database: Database) -> None:
    await database.state.put("k", {"token": "x"})
    assert not await database.state.take("k", {"token": "y"})
    taken = await asyncio.gather(*(database.state.take("k", {"token": "x"}) for _ in range(6)))
    assert sorted(taken) == [False] * 5 + [True]
