"""Argon2 in turns."""

from __future__ import annotations

import asyncio
import threading

import pytest

from db import hashing
from db.errors import TooManyChangesError
from db.hashing import Hashing


class Slow:
    """Stands for Argon2: waits to be let go, and counts who is under way."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.running = self.most = 0
        self._lock = threading.Lock()

    def __call__(self, password: str) -> str:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.go.wait(30)
        with self._lock:
            self.running -= 1
        return f"hash of {password}"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow()
    monkeypatch.setattr(hashing, "hash_password", made)
    return made


@pytest.mark.attack("X77")
async def test_few_run_at_once_and_few_wait(slow: Slow) -> None:
    turns = Hashing()
    tasks = [asyncio.create_task(turns.hash(f"owner {at}", "x")) for at in range(40)]
    await asyncio.sleep(0)
    slow.go.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert slow.most <= 2
    assert results.count("hash of x") == 32
    assert sum(isinstance(one, TooManyChangesError) for one in results) == 8


@pytest.mark.attack("X77")
async def test_one_owner_has_one_turn_at_a_time(slow: Slow) -> None:
    turns = Hashing()
    first = asyncio.create_task(turns.hash("ann", "one"))
    await asyncio.sleep(0)
    with pytest.raises(TooManyChangesError):
        await turns.hash("ann", "two")
    other = asyncio.create_task(turns.hash("bob", "three"))
    slow.go.set()
    assert [await first, await other] == ["hash of one", "hash of three"]
    assert await turns.hash("ann", "four") == "hash of four"


async def test_who_goes_away_while_waiting_gives_the_turn_back(slow: Slow) -> None:
    turns = Hashing()
    busy = [asyncio.create_task(turns.hash(f"owner {at}", "x")) for at in range(2)]
    waiting = asyncio.create_task(turns.hash("ann", "one"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.wait([waiting])
    slow.go.set()
    await asyncio.gather(*busy)
    assert await turns.hash("ann", "two") == "hash of two"
