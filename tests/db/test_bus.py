from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from db import bus as module
from db.bus import Bus
from db.errors import UnavailableError
from tests.support import postgres


class Ears:
    """A subscriber that can be waited for."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._new = asyncio.Event()

    def __call__(self, payload: str) -> None:
        self.heard.append(payload)
        self._new.set()

    async def until(self, done: Callable[[list[str]], bool]) -> None:
        async with asyncio.timeout(20):
            while not done(self.heard):
                self._new.clear()
                await self._new.wait()


@pytest.fixture
async def bus(database_url: str) -> AsyncIterator[Bus]:
    """A bus that is not started."""
    made = Bus(database_url)
    yield made
    await made.close()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[Bus]:
    """The bus of another node."""
    made = Bus(database_url)
    await made.start()
    yield made
    await made.close()


async def test_a_message_reaches_every_subscriber_of_its_channel_on_every_node(
    bus: Bus, other: Bus
) -> None:
    first, second, elsewhere = Ears(), Ears(), Ears()
    bus.subscribe("news", first)
    bus.subscribe("news", second)
    bus.subscribe("weather", elsewhere)
    await bus.start()
    await other.notify("news", "a")
    await bus.notify("news", "b")
    await bus.notify("weather", "rain")
    await elsewhere.until(lambda heard: heard == ["rain"])
    assert first.heard == second.heard == ["a", "b"]


async def test_after_a_lost_connection_everybody_is_told_that_something_may_be_missed(
    bus: Bus, other: Bus, postgres_url: str, database_url: str
) -> None:
    news, weather = Ears(), Ears()
    bus.subscribe("news", news)
    bus.subscribe("weather", weather)
    await bus.start()
    await asyncio.to_thread(postgres.end_connections, postgres_url, database_url)
    await news.until(lambda heard: heard == [""])
    await weather.until(lambda heard: heard == [""])
    await other.notify("news", "again")
    await news.until(lambda heard: heard == ["", "again"])


async def test_a_mistake_in_one_subscriber_does_not_keep_others_from_hearing(bus: Bus) -> None:
    reported: list[object] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: reported.append(context["exception"]))

    def fail(_: str) -> None:
        raise ValueError("a mistake")

    ears = Ears()
    bus.subscribe("news", fail)
    bus.subscribe("news", ears)
    await bus.start()
    await bus.notify("news", "a")
    await ears.until(lambda heard: heard == ["a"])
    assert [type(error) for error in reported] == [ValueError]


async def test_a_line_that_went_dead_in_silence_is_noticed(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_PULSE", 0.05)
    ears = Ears()
    bus.subscribe("news", ears)
    await bus.start()

    async def dead(*_: object) -> None:
        raise TimeoutError

    with monkeypatch.context() as patch:
        patch.setattr(bus, "_run", dead)
        await ears.until(lambda heard: "" in heard)


async def test_without_a_server_it_does_not_start() -> None:
    bus = Bus(f"postgresql://u:p@127.0.0.1:{postgres.free_port()}/d")
    with pytest.raises(UnavailableError):
        await bus.start()
    await bus.close()


async def test_a_message_that_cannot_be_sent_is_an_error_after_a_while(
    bus: Bus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ANSWER", 0.1)
    with pytest.raises(UnavailableError):
        await bus.notify("news", "nobody has started the bus")


async def test_a_payload_that_postgresql_does_not_take_is_an_error(bus: Bus) -> None:
    await bus.start()
    with pytest.raises(ValueError, match="8000"):
        await bus.notify("news", "x" * 9000)


async def test_closing_twice_is_harmless(bus: Bus) -> None:
    await bus.start()
    await bus.close()
    await bus.close()
