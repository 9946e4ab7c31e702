"""Who knows the password is let in, a few at a time."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from conf.settings import Settings
from db.database import Database
from db.rows import UserRow
from db.tries import Caller, TooManyTriesError
from tests.support.waiting import let_pass
from web.doorman import Doorman


class Users:
    """Knows one password; counts how many checks run, and can hold them up."""

    def __init__(self, maria: UserRow) -> None:
        self.maria = maria
        self.go = asyncio.Event()
        self.go.set()
        self.running = self.most = self.asked = 0

    async def check_password(self, name: str, password: str) -> UserRow | None:
        self.asked += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go.wait()
        self.running -= 1
        return self.maria if (name, password) == ("maria", "right") else None


@pytest.fixture
def settings(settings: Settings) -> Settings:
    auth = msgspec.structs.replace(settings.auth, max_failures=3)
    return msgspec.structs.replace(settings, auth=auth)


@pytest.fixture
async def users(database: Database) -> Users:
    return Users(await database.users.add("maria", "right horse"))


@pytest.fixture
def doorman(users: Users, database: Database) -> Doorman:
    return Doorman(users, database.tries)


def caller(name: str = "maria", address: str = "192.0.2.1", device: str = "browser") -> Caller:
    return Caller(name, address, device)


@pytest.mark.attack("X09")
async def test_after_the_wait_the_right_password_is_right_again(
    doorman: Doorman, users: Users, database: Database
) -> None:
    for _ in range(3):
        assert await doorman.admit(caller(), "wrong") is None
    with pytest.raises(TooManyTriesError) as refusal:
        await doorman.admit(caller(device="another"), "right")
    assert refusal.value.wait == 1
    assert await doorman.admit(caller(address="192.0.2.2"), "right") is users.maria
    await let_pass(database, 1)
    assert await doorman.admit(caller("ＭＡＲＩＡ"), "wrong") is None
    await let_pass(database, 2)
    assert await doorman.admit(caller(), "right") is users.maria
    assert database.tries.knows(caller())


@pytest.mark.attack("X09", "X77")
async def test_guesses_at_the_same_moment_are_counted_before_they_are_known_wrong(
    doorman: Doorman, users: Users
) -> None:
    guesses = (doorman.admit(caller(device=f"{at}"), f"guess {at}") for at in range(20))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(answer, TooManyTriesError) for answer in answers) == 17
    assert users.asked == 3


@pytest.mark.attack("X77")
async def test_few_checks_run_at_once_and_one_network_does_not_take_every_turn(
    doorman: Doorman, users: Users
) -> None:
    users.go.clear()
    tries = [
        asyncio.ensure_future(doorman.admit(caller(f"name {at}"), "guess")) for at in range(20)
    ]
    done, _ = await asyncio.wait(tries, timeout=0.1)
    assert len(done) == 12
    others = [
        asyncio.ensure_future(doorman.admit(caller(address=f"192.0.2.{at + 2}"), "guess"))
        for at in range(80)
    ]
    done, _ = await asyncio.wait(others, timeout=0.1)
    assert len(done) == 80 - (64 - 8)
    users.go.set()
    answers = await asyncio.gather(*tries, *others, return_exceptions=True)
    assert users.most <= 2
    assert sum(answer is None for answer in answers) == 64
    assert await doorman.admit(caller(), "right") is users.maria
