"""Wrong passwords are counted."""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec
import pytest

from conf.settings import Settings
from db.database import Database
from db.tries import Caller, TooManyTriesError, Tries, Try, network_of
from tests.support.waiting import let_pass

HERE, THERE = "192.0.2.1", "198.51.100.7"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Three wrong ones are free, and the wait is a minute at most."""
    auth = msgspec.structs.replace(settings.auth, max_failures=3, longest_wait=60)
    return msgspec.structs.replace(settings, auth=auth)


@pytest.fixture
def tries(database: Database) -> Tries:
    return database.tries


def caller(name: str = "ada", address: str = HERE, device: str = "phone") -> Caller:
    return Caller(name, address, device)


async def fail(tries: Tries, who: Caller, times: int = 3) -> None:
    for _ in range(times):
        await tries.enter(who)


async def succeed(tries: Tries, who: Caller) -> Try:
    counted = await tries.enter(who)
    await tries.forgive(counted, None)
    return counted


async def wait(tries: Tries, who: Caller) -> int:
    """How long this one has to wait; where there is no wait, the try is counted."""
    try:
        await tries.enter(who)
    except TooManyTriesError as error:
        return error.wait
    return 0


@pytest.mark.attack("X09")
async def test_the_wait_doubles_with_each_wrong_one_up_to_a_bound_and_ends_with_a_right_one(
    tries: Tries, database: Database
) -> None:
    await fail(tries, caller())
    for expected in (1, 2, 4, 8, 16, 32, 60, 60):
        for device in ("phone", "another", "phone"):  # asking again makes it no longer
            assert await wait(tries, caller("ADA", device=device)) == expected
        await let_pass(database, expected)
        await tries.enter(caller())
    await let_pass(database, 60)
    assert not (await succeed(tries, caller())).known
    await fail(tries, caller(device="new"))
    assert await wait(tries, caller(device="new")) == 1


@pytest.mark.attack("X09")
async def test_what_was_long_ago_does_not_count(tries: Tries, database: Database) -> None:
    await fail(tries, caller(), 2)
    await let_pass(database, 86_401)
    await fail(tries, caller(), 3)
    assert await wait(tries, caller()) == 1


@pytest.mark.attack("X09")
async def test_nobody_waits_elsewhere_nor_under_another_name(tries: Tries) -> None:
    await fail(tries, caller(address="2001:db8::1"))
    assert await wait(tries, caller("ａｄａ", "2001:db8::2")) == 1
    assert await wait(tries, caller("bob", "2001:db8::2")) == 0
    assert await wait(tries, caller(address="2001:db8:0:1::2")) == 0
    assert await wait(tries, caller(address=THERE)) == 0


@pytest.mark.attack("X09")
async def test_who_tries_many_names_waits_with_all_names_and_nobody_does_elsewhere(
    tries: Tries, database: Database
) -> None:
    for number in range(18):
        await tries.enter(caller(f"name {number}", f"2001:db8:0:{number}::1"))
    assert await wait(tries, caller("new name", "2001:db8:0:ff::1")) == 1
    assert await wait(tries, caller("new name", THERE)) == 0
    for number in range(50):  # what is held back leaves nothing behind
        assert await wait(tries, caller(f"invented {number}", "2001:db8::1")) > 0
    assert await database.pool.fetchval("select count(*) from tries") == 18 + 1 + 2


@pytest.mark.attack("X09")
async def test_a_device_that_is_known_goes_on_while_others_guess_beside_it(
    tries: Tries, database: Database
) -> None:
    await succeed(tries, caller())
    for number in range(18):
        await tries.enter(caller(f"name {number}", device="guesser"))
    await let_pass(database, 60)
    await fail(tries, caller(device="guesser"), 1)
    assert await wait(tries, caller(device="guesser")) > 0
    assert tries.knows(caller())
    fresh = Tries(database.pool, tries._auth)  # a node that has not seen it
    for _ in range(5):
        assert (await succeed(fresh, caller())).known
    # What it does right forgives nothing of theirs.
    assert await wait(fresh, caller(device="guesser")) > 0


@pytest.mark.attack("X09")
async def test_a_device_that_is_known_waits_for_its_own_wrong_ones(tries: Tries) -> None:
    await succeed(tries, caller())
    tries.doubt(caller())
    assert not tries.knows(caller())
    await fail(tries, caller())
    assert await wait(tries, caller()) == 1
    assert await wait(tries, caller(device="another")) == 0


@pytest.mark.attack("X09")
async def test_a_device_is_known_in_one_network_under_one_name_for_a_while(
    tries: Tries, database: Database
) -> None:
    await succeed(tries, caller())
    for other in (caller("bob"), caller(address=THERE), caller(device="another")):
        assert not tries.knows(other)
        assert not (await succeed(tries, other)).known
    await database.pool.execute("update known_devices set seen = now() - interval '31 days'")
    assert not (await succeed(tries, caller())).known


@pytest.mark.attack("X09")
@pytest.mark.parametrize("at_once", [False, True])
async def test_two_nodes_give_no_more_tries_than_one(
    tries: Tries, database: Database, at_once: bool
) -> None:
    nodes = [tries, Tries(database.pool, tries._auth)]
    asked = [nodes[at % 2].enter(caller(device=f"device {at}")) for at in range(12)]
    if at_once:
        answers = await asyncio.gather(*asked, return_exceptions=True)
    else:
        answers = [(await asyncio.gather(one, return_exceptions=True))[0] for one in asked]
    assert sum(isinstance(answer, Try) for answer in answers) == 3
    assert sum(isinstance(answer, TooManyTriesError) for answer in answers) == 9


@pytest.mark.attack("X09")
async def test_tries_that_wait_for_each_other_in_the_database_are_no_more(
    tries: Tries, database: Database, database_url: str
) -> None:
    await tries.enter(caller())
    connection = await asyncpg.connect(database_url)
    lock = connection.transaction()
    await lock.start()
    await connection.execute("select from tries for update")
    asked = [asyncio.ensure_future(tries.enter(caller(device=f"{at}"))) for at in range(4)]
    waiting = 0
    while waiting < len(asked):
        await asyncio.sleep(0.01)
        waiting = await connection.fetchval("select count(*) from pg_locks where not granted")
    await lock.rollback()
    await connection.close()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(answer, Try) for answer in answers) == 2


async def test_a_right_one_gives_the_network_its_try_back(tries: Tries, database: Database) -> None:
    for number in range(40):
        await succeed(tries, caller(f"name {number}"))
    assert await database.pool.fetchval("select count(*) from tries where count > 0") == 0


async def test_coming_in_is_news_once_an_hour(tries: Tries, database: Database) -> None:
    async def news() -> bool:
        return await tries.forgive(await tries.enter(caller()), None)

    assert [await news() for _ in range(3)] == [True, False, False]
    await database.pool.execute("update known_devices set seen = seen - interval '61 minutes'")
    assert [await news() for _ in range(2)] == [True, False]


@pytest.mark.attack("X09", "X93")
async def test_the_tables_are_bounded_and_hold_no_name_and_no_address(
    tries: Tries, database: Database
) -> None:
    ada = (await database.users.add("ada", "correct horse")).id
    for number in range(8):
        await tries.forgive(await tries.enter(caller(device=f"device {number}")), ada)
        await tries.enter(caller(address=f"192.0.2.{number + 9}"))
    text = await database.pool.fetchval(
        "select concat(json_agg(t), (select json_agg(k) from known_devices k)) from tries t"
    )
    assert "192.0.2" not in text
    assert "ada" not in text
    await tries.sweep(most=4, most_devices=3)
    assert await database.pool.fetchval("select count(*) from tries") == 4
    assert await database.pool.fetchval("select count(*) from known_devices") == 3
    await let_pass(database, 86_401)
    await tries.sweep()
    assert await database.pool.fetchval("select count(*) from tries") == 0
    await database.users.add("bob", "correct horse", admin=True)
    await database.users.delete("ada")
    assert await database.pool.fetchval("select count(*) from known_devices") == 0


async def test_memory_is_bounded(tries: Tries) -> None:
    for number in range(10_001):
        tries._known[caller(f"name {number}")] = 0.0
    await succeed(tries, caller())
    assert len(tries._known) == 1
    assert tries.knows(caller())


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
@pytest.mark.attack("X09")
def test_an_ipv6_client_is_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
