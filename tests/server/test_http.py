"""What a connection says, taken apart strictly: a proxy in front and the server see the same requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from conf.settings import Settings
from server.app import runner
from server.proxies import behind

_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")
SECOND = "GET /second HTTP/1.1\r\nHost: a\r\n\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
END = "0\r\n\r\n"


def post(headers: str, body: str) -> str:
    return f"POST /first HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}{SECOND}"


def chunks(body: str) -> str:
    return post(CHUNKED, body)


REFUSED = {
    "length and chunks": post(f"Content-Length: 4\r\n{CHUNKED}", END),
    "chunks and length": post(f"{CHUNKED}Content-Length: {5 + len(SECOND)}\r\n", END),
    "two lengths": post(f"Content-Length: 0\r\nContent-Length: {len(SECOND)}\r\n", ""),
    "the same length twice": post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"),
    "a list of lengths": post(f"Content-Length: 0, {len(SECOND)}\r\n", ""),
    "a length with a sign": post(f"Content-Length: +{len(SECOND)}\r\n", ""),
    "a length below zero": post("Content-Length: -1\r\n", ""),
    "a length in hex": post("Content-Length: 0x10\r\n", ""),
    "a length with a line": post("Content-Length: 1_0\r\n", ""),
    "a length in other digits": post("Content-Length: \xb2\r\n", ""),
    "a space before the colon": post(f"Content-Length : {len(SECOND)}\r\n", ""),
    "another space before the colon": post("Transfer-Encoding : chunked\r\n", END),
    "an encoding that looks like it": post("Transfer-Encoding: xchunked\r\n", END),
    "chunks that are not the last": post("Transfer-Encoding: chunked, identity\r\n", END),
    "chunks of chunks": post("Transfer-Encoding: chunked, chunked\r\n", END),
    "two encodings": post(f"{CHUNKED}Transfer-Encoding: identity\r\n", END),
    "a vertical tab": post("Transfer-Encoding: \x0bchunked\r\n", END),
    "a folded encoding": post("Transfer-Encoding:\r\n chunked\r\n", END),
    "a folded header": post("X-A: b\r\n c\r\nContent-Length: 0\r\n", ""),
    "bare line feeds": post("Content-Length: 0\r\n", "").replace("\r\n", "\n"),
    "one bare line feed": post(f"X-A: b\n{CHUNKED}Content-Length: 5\r\n", END),
    "one bare return": post(f"X-A: b\r{CHUNKED}Content-Length: 5\r\n", END),
    "a zero byte": post("X-A: b\0c\r\nContent-Length: 0\r\n", ""),
    "a header without a colon": post("X-A\r\nContent-Length: 0\r\n", ""),
    "a header without a name": post(": b\r\nContent-Length: 0\r\n", ""),
    "a line feed in an extension": chunks("3;a\nb\r\nabc\r\n" + END),
    "chunks with bare line feeds": chunks("3\nabc\n0\n\n"),
    "a chunk size with a prefix": chunks("0x3\r\nabc\r\n" + END),
    "a chunk size below zero": chunks("-3\r\nabc\r\n" + END),
    "a chunk size that wraps around": chunks("10000000000000003\r\nabc\r\n" + END),
    "a chunk longer than it says": chunks("3\r\nabcd\r\n" + END),
    "a chunk size with a space": chunks("3 \r\nabc\r\n" + END),
    "a length after the chunks": chunks("0\r\nContent-Length: 50\r\n\r\n"),
    "chunks before they were invented": chunks(END).replace("/1.1", "/1.0", 1),
    "a version with more digits": post("Content-Length: 0\r\n", "").replace("1.1", "1.10", 1),
    "no version": "GET /first\r\n\r\n" + SECOND,
    "a space in the path": f"GET /first x HTTP/1.1\r\nHost: a\r\n\r\n{SECOND}",
    "a space before the first header": post(" X: y\r\n", "").replace("Host: a\r\n X", " X", 1),
}
TAKEN = {
    "an extension": (chunks("3;a=b\r\nabc\r\n" + END), "abc"),
    "a tab": (post("Transfer-Encoding:\tchunked\r\n", END), ""),
    "a length": (post("Content-Length: 3\r\n", "abc"), "abc"),
}


@dataclass
class Server:
    """Knows which requests it answered, and with which bodies."""

    port: int = 0
    seen: list[tuple[str, str]] = field(default_factory=list)

    async def say(self, text: str) -> tuple[list[str], bool]:
        """The statuses of the answers, and whether the connection was closed after them."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text.encode("latin-1"))
        answer, closed = b"", False
        try:
            async with asyncio.timeout(2):
                while len(_STATUS.findall(answer)) < 2 and not closed:
                    more = await reader.read(65536)
                    answer, closed = answer + more, not more
        finally:
            writer.close()
        return [status.decode() for status in _STATUS.findall(answer)], closed


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    serving = Server()

    async def answer(request: web.Request) -> web.Response:
        serving.seen.append((request.path, (await request.read()).decode()))
        return web.Response(text="ok")

    app = web.Application(middlewares=[behind(())])
    app.router.add_route("*", "/{path:.*}", answer)
    running = runner(app, Settings())
    await running.setup()
    site = web.TCPSite(running, "127.0.0.1", 0)
    await site.start()
    serving.port = running.addresses[0][1]
    yield serving
    await running.cleanup()


@pytest.mark.attack("X84")
async def test_what_two_may_read_in_two_ways_is_refused_and_nothing_after_it_is_read(
    server: Server,
) -> None:
    answers = {name: await server.say(text) for name, text in REFUSED.items()}
    assert {name: answer for name, answer in answers.items() if answer != (["400"], True)} == {}
    assert server.seen == []


@pytest.mark.attack("X84")
async def test_what_is_plain_is_two_requests(server: Server) -> None:
    for name, (text, body) in TAKEN.items():
        server.seen.clear()
        assert (await server.say(text))[0] == ["200", "200"], name
        assert server.seen == [("/first", body), ("/second", "")], name
    server.seen.clear()
    inside = f"GET /first HTTP/1.1\r\nHost: a\r\nContent-Length: {len(SECOND)}\r\n\r\n{SECOND}"
    assert (await server.say(inside + SECOND))[0] == ["200", "200"]
    assert server.seen == [("/first", SECOND), ("/second", "")]


@pytest.mark.attack("X83")
async def test_a_host_that_is_none_gets_no_answer(server: Server) -> None:
    for host in (
        "",
        "a b",
        "a/b",
        "a@b",
        "<b>",
        "a:b",
        "a:1:2",
        "a?b",
        "a#b",
        "[::1",
        "\xe4",
        "a,b",
    ):
        answers, _ = await server.say(
            f"GET /first HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        assert answers == ["400"], host
    for headers in ("", "Host: a\r\nHost: b\r\n", "Host: a\r\nHost: a\r\n"):
        answers, _ = await server.say(f"GET /first HTTP/1.1\r\n{headers}Connection: close\r\n\r\n")
        assert answers == ["400"], headers
    assert server.seen == []
    for host in ("a", "a.b-c.example:8080", "[::1]:5000", "192.0.2.1", "my_nas"):
        await server.say(f"GET /first HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
    await server.say("GET /first HTTP/1.0\r\n\r\n")
    assert len(server.seen) == 6
