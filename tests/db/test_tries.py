"""Wrong passwords are counted."""

from __future__ import annotations

import pytest

from conf.settings import Auth
from db.tries import TooManyTriesError, Tries, network_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tries(clock: Clock) -> Tries:
    return Tries(Auth(max_failures=2, failure_window=60), clock)


def test_after_too_many_there_is_a_wait_and_then_none(tries: Tries, clock: Clock) -> None:
    for _ in range(2):
        tries.count("ada", "192.0.2.1")
    with pytest.raises(TooManyTriesError) as refusal:
        tries.check("ADA", "192.0.2.1")
    assert refusal.value.wait == 60
    clock.now += 60
    tries.check("ada", "192.0.2.1")


def test_other_accounts_and_networks_do_not_wait(tries: Tries) -> None:
    for _ in range(2):
        tries.count("ada", "2001:db8::1")
    tries.check("bob", "2001:db8::1")
    tries.check("ada", "192.0.2.1")
    with pytest.raises(TooManyTriesError):
        tries.check("ada", "2001:db8::2")


def test_a_success_forgives(tries: Tries) -> None:
    for _ in range(5):
        tries.count("ada", "192.0.2.1")
        tries.forgive("ada", "192.0.2.1")
    tries.check("ada", "192.0.2.1")


def test_made_up_names_do_not_fill_the_memory(tries: Tries) -> None:
    for number in range(30_000):
        tries.count(f"name {number}", "192.0.2.1")
    assert len(tries._tallies) <= 10_000


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unknown", "unknown"),
    ],
)
def test_an_ipv6_client_is_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
