"""Connections that are held, and requests that come in drops: over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

import server.connections
from conf.settings import Server
from server.connections import Connections, prompt, raise_file_limit
from server.proxies import Proxies

Serve = Callable[..., Awaitable[tuple[int, Connections]]]
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]
HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\n"


async def _length(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A server that tells how long a body was, watched."""
    runners: list[web.AppRunner] = []

    async def start(
        most: int = 3, trusted: tuple[str, ...] = (), files: int = 10_000, keepalive: float = 60
    ) -> tuple[int, Connections]:
        app = web.Application(middlewares=[prompt])
        app.router.add_route("*", "/", _length)
        runners.append(
            web.AppRunner(
                app, handler_cancellation=True, lingering_time=0.1, keepalive_timeout=keepalive
            )
        )
        await runners[-1].setup()
        connections = Connections(most, Proxies(trusted), files)
        assert runners[-1].server is not None
        connections.watch(runners[-1].server)
        await web.TCPSite(runners[-1], "127.0.0.1", 0).start()
        return runners[-1].addresses[0][1], connections

    yield start
    for runner in runners:
        await runner.cleanup()


@asynccontextmanager
async def opened(
    port: int, number: int = 1, source: str = "127.0.0.1"
) -> AsyncIterator[list[Pair]]:
    """So many connections from an address; the test closes none itself."""
    pairs = [
        await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        for _ in range(number)
    ]
    try:
        yield pairs
    finally:
        for _, writer in pairs:
            writer.close()


async def answered(pair: Pair, sent: bytes = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") -> bool:
    """Whether a connection is served."""
    reader, writer = pair
    try:
        writer.write(sent)
        return (await reader.readline()).startswith(b"HTTP/1.1 200")
    except ConnectionError:
        return False


@pytest.mark.attack("X71")
async def test_an_address_holds_so_many_connections_and_others_theirs(serve: Serve) -> None:
    """One too many is closed; once some are gone, others come in."""
    port, _ = await serve(most=3)
    async with opened(port, 4) as held, opened(port, 1, "127.0.0.2") as (other,):
        assert [await answered(pair) for pair in held] == [True, True, True, False]
        assert await answered(other)
    await asyncio.sleep(0.05)
    async with opened(port, 3) as held:
        assert [await answered(pair) for pair in held] == [True] * 3


@pytest.mark.parametrize(("most", "trusted"), [(0, ()), (1, ("127.0.0.1",))])
async def test_whoever_brings_many_may_do_so(
    serve: Serve, most: int, trusted: tuple[str, ...]
) -> None:
    """A trusted proxy; and everybody where there is no limit."""
    port, _ = await serve(most=most, trusted=trusted)
    async with opened(port, 5) as held:
        assert all([await answered(pair) for pair in held])


@pytest.mark.attack("X71")
async def test_connections_never_take_the_last_files(serve: Serve) -> None:
    """Of however many addresses they are."""
    port, _ = await serve(most=0, files=128 + 2 * 16)
    async with opened(port, 17) as held:
        assert [await answered(pair) for pair in held] == [True] * 16 + [False]


@pytest.mark.attack("X71")
@pytest.mark.parametrize("sent", [b"", b"GE", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
async def test_a_head_that_does_not_come_is_not_waited_for(serve: Serve, sent: bytes) -> None:
    port, _ = await serve(keepalive=0.2)
    async with opened(port) as ((reader, writer),):
        writer.write(sent)
        assert await reader.read() == b""


@pytest.mark.attack("X71")
@pytest.mark.parametrize(
    "sent", [b"Content-Length: 100000\r\n\r\nab", b"Transfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
async def test_a_body_that_comes_in_drops_is_not_waited_for(
    serve: Serve, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server.connections, "_LOOK_EVERY", 0.1)
    port, _ = await serve()
    async with opened(port) as ((reader, writer),):
        writer.write(HEAD + sent)
        assert (await reader.readline()).startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_comes_bit_by_bit_is(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the connection serves the next request."""
    monkeypatch.setattr(server.connections, "_LOOK_EVERY", 0.05)
    monkeypatch.setattr(server.connections, "_LEAST", 1)
    port, _ = await serve()
    async with opened(port) as (pair,):
        reader, writer = pair
        writer.write(HEAD + b"Content-Length: 40\r\n\r\n")
        for _ in range(40):
            writer.write(b"a")
            await asyncio.sleep(0.01)
        answer = await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2)
        assert answer.startswith(b"HTTP/1.1 200")
        assert answer.endswith(b"40")
        assert await answered(pair)


def test_the_limit_of_files_is_as_high_as_it_may_be() -> None:
    assert raise_file_limit() == raise_file_limit() >= 1024


def test_a_household_has_more_connections_than_it_needs() -> None:
    """Eight people behind one address, each with an app and a browser that opens six at once."""
    assert Server().connections_per_address >= 8 * 2 * 6
