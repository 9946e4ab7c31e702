"""Wrong passwords are counted."""

from __future__ import annotations

import asyncio

import pytest

from conf.settings import Auth
from db.rows import UserRow
from db.tries import TooManyTriesError, Tries
from web.doorman import Doorman

MARIA = UserRow(1, "maria", "", "", [], 0, True, True, True, [])


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Users:
    """Knows one password; counts how many checks run, and can hold them up."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.go.set()
        self.running = self.most = self.asked = 0

    async def check_password(self, name: str, password: str) -> UserRow | None:
        self.asked += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go.wait()
        self.running -= 1
        return MARIA if (name, password) == ("maria", "right") else None


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def users() -> Users:
    return Users()


@pytest.fixture
def doorman(users: Users, clock: Clock) -> Doorman:
    return Doorman(users, Tries(Auth(max_failures=3, failure_window=60), clock))


async def _fail(doorman: Doorman, times: int, address: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert await doorman.admit("maria", "wrong", address) is None


async def test_after_the_wait_the_right_password_is_right_again(
    doorman: Doorman, clock: Clock
) -> None:
    await _fail(doorman, 3)
    with pytest.raises(TooManyTriesError) as refusal:
        await doorman.admit("maria", "right", "192.0.2.1")
    assert refusal.value.wait == 60
    clock.now += 60
    assert await doorman.admit("maria", "right", "192.0.2.1") is MARIA


async def test_tries_during_the_wait_do_not_make_it_longer(doorman: Doorman, clock: Clock) -> None:
    await _fail(doorman, 3)
    clock.now += 59
    with pytest.raises(TooManyTriesError):
        await doorman.admit("maria", "right", "192.0.2.1")
    clock.now += 1
    assert await doorman.admit("maria", "right", "192.0.2.1") is MARIA


async def test_old_failures_do_not_count(doorman: Doorman, clock: Clock) -> None:
    await _fail(doorman, 2)
    clock.now += 60
    await _fail(doorman, 2)


async def test_another_address_is_not_held_back(doorman: Doorman) -> None:
    await _fail(doorman, 3)
    assert await doorman.admit("maria", "right", "192.0.2.2") is MARIA


async def test_all_addresses_of_an_ipv6_network_count_as_one(doorman: Doorman) -> None:
    await _fail(doorman, 3, "2001:db8::1")
    with pytest.raises(TooManyTriesError):
        await doorman.admit("maria", "right", "2001:db8::ffff:2")
    assert await doorman.admit("maria", "right", "2001:db8:0:1::1") is MARIA


async def test_another_spelling_of_the_name_is_the_same_account(doorman: Doorman) -> None:
    await _fail(doorman, 3)
    with pytest.raises(TooManyTriesError):
        await doorman.admit("ＭＡＲＩＡ", "right", "192.0.2.1")


async def test_guesses_at_the_same_moment_are_counted_before_they_are_known_wrong(
    doorman: Doorman, users: Users
) -> None:
    guesses = (doorman.admit("maria", f"guess {at}", "192.0.2.1") for at in range(20))
    answers = await asyncio.gather(*guesses, return_exceptions=True)
    assert sum(isinstance(answer, TooManyTriesError) for answer in answers) == 17
    assert users.asked == 3


async def test_few_checks_run_at_once_and_one_network_does_not_take_every_turn(
    doorman: Doorman, users: Users
) -> None:
    users.go.clear()
    tries = [
        asyncio.ensure_future(doorman.admit(f"name {at}", "guess", "192.0.2.1")) for at in range(20)
    ]
    await asyncio.sleep(0)
    users.go.set()
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert users.most <= 2
    assert sum(answer is None for answer in answers) == 8
    assert await doorman.admit("maria", "right", "192.0.2.1") is MARIA
