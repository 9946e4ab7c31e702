"""What is fetched, and what is never asked; the other side is a server of the test's own."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

import library.fetch
from conf.settings import Outbound
from library.addresses import Addresses
from library.fetch import (
    BrokenError,
    Fetcher,
    FetchError,
    LookUp,
    RefusedError,
    StatusError,
    TooLargeError,
    TooSlowError,
    UnreachableError,
)

HERE = ("127.0.0.1/32",)
LIMIT = 100_000
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Handler], Awaitable[str]]
Make = Callable[..., Fetcher]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A server that answers everything with one function; gives its address."""
    servers: list[TestServer] = []

    async def start(handler: Handler) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        servers.append(TestServer(app, host="127.0.0.1"))
        await servers[-1].start_server()
        return str(servers[-1].make_url("/"))

    yield start
    for server in servers:
        await server.close()


@pytest.fixture
async def raw() -> AsyncIterator[Callable[[bytes], Awaitable[str]]]:
    """A server that says these bytes, whatever it hears, and hangs up."""
    servers: list[asyncio.Server] = []

    async def start(answer: bytes) -> str:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with suppress(ConnectionError):
                await reader.readuntil(b"\r\n\r\n")
                writer.write(answer)
                await writer.drain()
            writer.close()

        servers.append(await asyncio.start_server(speak, "127.0.0.1", 0))
        return f"http://127.0.0.1:{servers[-1].sockets[0].getsockname()[1]}/"

    yield start
    for server in servers:
        server.close()
        await server.wait_closed()


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Makes fetchers, which are closed after the test."""
    made: list[Fetcher] = []

    def one(*, allow: tuple[str, ...] = HERE, look_up: LookUp | None = None) -> Fetcher:
        made.append(Fetcher(Outbound(allow_networks=allow, timeout=5), look_up))
        return made[-1]

    yield one
    for fetcher in made:
        await fetcher.close()


@pytest.fixture
def fetcher(make: Make) -> Fetcher:
    return make()


async def collected(fetcher: Fetcher, url: str, limit: int = LIMIT) -> bytes:
    async with aclosing(fetcher.stream(url, limit)) as blocks:
        return b"".join([block async for block in blocks])


def answering(**given: Any) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        return web.Response(**given)

    return handler


@pytest.mark.attack("X60")
@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "file:///etc/passwd", "gopher://example.org/", "data:text/plain,x",
        "unix:/run/socket", "//example.org/", "example.org", "", "http://", "http:///x",
        "http://user@example.org/", "http://user:pass@example.org/", "http://:pass@example.org/",
        "http://example.org@127.0.0.1/", "http://example.org:22/", "http://example.org:0/",
        "http://example.org:99999/", "http://example.org:x/", "http://" + "a" * 3000,
        "http://127.0.0.1/", "http://127.0.0.1./", "http://127.1/", "http://127.0.1/",
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
        "http://0177.1/", "http://127.0.0.0x1/", "http://0/", "http://0.0.0.0/", "http://1.2.3.4.5/",
        "http://１２７.0.0.1/", "http://127。0。0。1/", "http://①②⑦.0.0.1/", "http://%31%32%37.0.0.1/",
        "http://10.0.0.1/", "http://172.16.5.5/", "http://172.31.255.255/", "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/", "http://100.64.0.1/", "http://100.100.100.200/",
        "http://168.63.129.16/", "http://192.0.0.192/", "http://198.18.0.1/", "http://224.0.0.1/",
        "http://240.0.0.1/", "http://255.255.255.255/", "http://192.88.99.1/", "http://203.0.113.5/",
        "http://[::1]/", "http://[::]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/",
        "http://[fc00::1]/", "http://[fd00:ec2::254]/", "http://[ff02::1]/", "http://[fec0::1]/",
        "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:10.0.0.1]/",
        "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::10.0.0.1]/",
        "http://[64:ff9b:1::1]/", "http://[2002:7f00:1::]/", "http://[2002:c0a8:101::1]/",
        "http://[2001:0:4136:e378::1]/", "http://[2001:db8::1]/", "http://[3fff::1]/",
        "http://[100::1]/", "http://[5f00::1]/", "http://[::1/",
    ],
)  # fmt: skip
async def test_hostile_addresses_are_refused(make: Make, url: str) -> None:
    """Before any name is looked up, and as a redirect as well as at first."""

    async def look_up(host: str, _port: int) -> list[str]:
        raise AssertionError(f"{host} was looked up")

    with pytest.raises(RefusedError):
        await make(allow=(), look_up=look_up).read(url, LIMIT)


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111",
     "2a00:1450:4001::5", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)  # fmt: skip
def test_public_addresses_are_open(address: str) -> None:
    Addresses(()).judge(address)


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("HTTP://EXAMPLE.ORG/A", "http://example.org/A"),
        ("https://example.org:8443/a?b=c#d", "https://example.org:8443/a?b=c"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("http://8.8.8.8/x", "http://8.8.8.8/x"),
        ("http://a.example/x y", "http://a.example/x%20y"),
    ],
)
def test_an_address_has_one_usual_form(text: str, usual: str) -> None:
    assert str(Addresses(()).url(text)) == usual


async def test_the_operator_can_open_networks(make: Make, serve: Serve) -> None:
    url = await serve(answering(text="here"))
    assert (await make().read(url, LIMIT)).body == b"here"
    mapped = url.replace("127.0.0.1", "[::ffff:127.0.0.1]")
    make().addresses.url(mapped)
    with pytest.raises(RefusedError, match="allow_networks"):
        await make(allow=("10.0.0.0/8",)).read(url, LIMIT)


@pytest.mark.attack("X60", "X62")
async def test_a_name_is_refused_when_one_of_its_addresses_is(make: Make) -> None:
    async def look_up(_host: str, _port: int) -> list[str]:
        return ["8.8.8.8", "127.0.0.1"]

    with pytest.raises(RefusedError):
        await make(allow=(), look_up=look_up).read("http://both.example/", LIMIT)
    with pytest.raises(RefusedError):
        await make(allow=()).read("http://localhost/", LIMIT)


@pytest.mark.attack("X60", "X62")
async def test_no_kind_of_address_within_is_reached_by_a_name(make: Make) -> None:
    """Whatever a name server answers; not even a connection is tried."""
    within = (
        "0.0.0.0", "10.1.2.3",  # noqa: S104
        "100.64.0.1", "127.0.0.1", "127.8.8.8", "169.254.169.254", "172.31.0.1",
        "192.168.0.1", "224.0.0.251", "239.255.255.250", "255.255.255.255", "::", "::1", "::7f00:1",
        "fe80::1", "fe80::1%1", "fc00::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:192.168.0.1",
        "64:ff9b::127.0.0.1", "64:ff9b::c0a8:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1",
        "no address",
    )  # fmt: skip
    for address in within:

        async def look_up(_host: str, _port: int, address: str = address) -> list[str]:
            return [address]

        with pytest.raises(RefusedError):
            await make(allow=(), look_up=look_up).read("http://inner.example/", LIMIT)


@pytest.mark.attack("X61", "X62")
async def test_a_redirect_to_a_name_within_is_not_followed(make: Make, serve: Serve) -> None:
    """Neither at once nor after a detour over a name that is fine."""

    async def look_up(host: str, _port: int) -> list[str]:
        return ["10.0.0.1"] if host == "inner.example" else ["127.0.0.1"]

    async def handler(request: web.Request) -> web.Response:
        where = {"/1": f"http://two.example:{request.url.port}/2", "/2": "http://inner.example/"}
        return web.Response(status=307, headers={"Location": where[request.path]})

    url, fetcher = await serve(handler), make(look_up=look_up)
    for path in ("1", "2"):
        with pytest.raises(RefusedError, match="not on the public internet"):
            await fetcher.read(url.replace("127.0.0.1", "one.example") + path, LIMIT)


@pytest.mark.attack("X63")
async def test_a_head_that_comes_in_drops_is_not_waited_for(make: Make) -> None:
    """Each line is in time, the whole is not."""

    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"X: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)

    fetcher = make()
    fetcher._timeout = 0.3
    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TooSlowError):
            await fetcher.read(f"http://127.0.0.1:{port}/", LIMIT)


@pytest.mark.attack("X62")
async def test_a_name_that_changes_its_mind_gains_nothing(make: Make, serve: Serve) -> None:
    """What is connected to is what was judged: there is one look-up per connection, and no other."""
    url = await serve(answering(text="secret"))
    asked: list[str] = []

    async def look_up(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    fetcher = make(look_up=look_up)
    named = url.replace("127.0.0.1", "rebind.example")
    assert (await fetcher.read(named, LIMIT)).body == b"secret"
    assert asked == ["rebind.example"]
    with pytest.raises(RefusedError):
        await fetcher.read(named, LIMIT)


@pytest.mark.attack("X61")
async def test_redirects_are_followed_and_each_is_judged(make: Make, serve: Serve) -> None:
    targets = {"/a": "b", "/b": "/c", "/in": "http://127.0.0.2/", "/file": "file:///etc/passwd",
               "/who": "http://u:p@127.0.0.1/", "/octal": "http://0177.0.0.1/"}  # fmt: skip

    async def handler(request: web.Request) -> web.Response:
        target = targets.get(request.path)
        if target is None:
            return web.Response(text=request.path)
        return web.Response(status=302, headers={"Location": target})

    url, fetcher = await serve(handler), make()
    page = await fetcher.read(url + "a", LIMIT)
    assert (page.url, page.body) == (url + "c", b"/c")
    for path in ("in", "file", "who", "octal"):
        with pytest.raises(RefusedError):
            await fetcher.read(url + path, LIMIT)


@pytest.mark.attack("X61")
async def test_redirects_have_an_end(fetcher: Fetcher, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        left = int(request.path[1:])
        if left == 0:
            return web.Response(text="end")
        return web.Response(status=307, headers={"Location": f"/{left - 1}"})

    url = await serve(handler)
    assert (await fetcher.read(url + "5", LIMIT)).body == b"end"
    with pytest.raises(RefusedError):
        await fetcher.read(url + "6", LIMIT)


@pytest.mark.attack("X63")
async def test_nothing_of_ours_travels(fetcher: Fetcher, serve: Serve) -> None:
    seen: list[web.Request] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request)
        headers = {"Set-Cookie": "a=b; Path=/", "Location": "/there"}
        return web.Response(status=200 if len(seen) > 1 else 302, headers=headers)

    url = await serve(handler)
    await fetcher.read(url, LIMIT)
    await fetcher.read(url, LIMIT)
    for request in seen:
        assert not {"Cookie", "Authorization", "Referer"} & set(request.headers)
        assert request.headers["User-Agent"].startswith("Dulcian/")


async def test_what_is_known_already_is_not_sent_again(fetcher: Fetcher, serve: Serve) -> None:
    async def handler(request: web.Request) -> web.Response:
        known = request.headers.get("If-None-Match") == '"one"'
        return web.Response(status=304 if known else 200, headers={"ETag": '"one"'}, body=None)

    url = await serve(handler)
    page = await fetcher.read(url, LIMIT)
    assert (page.etag, page.body) == ('"one"', b"")
    assert (await fetcher.read(url, LIMIT, etag=page.etag)).body is None


@pytest.mark.parametrize(
    ("status", "passing"), [(404, False), (410, False), (500, True), (429, True)]
)
async def test_a_refusal_of_the_other_side_is_told(
    fetcher: Fetcher, serve: Serve, status: int, passing: bool
) -> None:
    url = await serve(answering(status=status))
    with pytest.raises(StatusError, match=str(status)) as caught:
        await fetcher.read(url, LIMIT)
    assert caught.value.transient is passing


@pytest.mark.attack("X63")
async def test_too_much_is_not_read(fetcher: Fetcher, serve: Serve) -> None:
    """Whether it is announced or not, and packed or not."""
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while sent < 1_000 * LIMIT:
                await response.write(bytes(64 * 1024))
                sent += 64 * 1024
        return response

    async def bomb(_: web.Request) -> web.Response:
        packed = gzip.compress(bytes(200 * LIMIT))
        return web.Response(body=packed, headers={"Content-Encoding": "gzip"})

    for handler in (endless, bomb, answering(body=bytes(LIMIT + 1))):
        url = await serve(handler)
        with pytest.raises(TooLargeError):
            await fetcher.read(url, LIMIT)
        with pytest.raises(TooLargeError):
            await collected(fetcher, url)
    assert sent < 500 * LIMIT


async def test_what_is_packed_is_unpacked(fetcher: Fetcher, serve: Serve) -> None:
    packed = gzip.compress(b"x" * 1000)
    url = await serve(answering(body=packed, headers={"Content-Encoding": "gzip"}))
    assert (await fetcher.read(url, LIMIT)).body == b"x" * 1000


@pytest.mark.attack("X63")
@pytest.mark.parametrize(
    "answer",
    [
        b"<html>HTTP/0.9</html>",
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        b"HTTP/1.1 9999 \x00\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
    ],
)
async def test_what_is_no_http_is_an_error_of_its_own(
    fetcher: Fetcher, raw: Callable[[bytes], Awaitable[str]], answer: bytes
) -> None:
    url = await raw(answer)
    with pytest.raises(BrokenError):
        await fetcher.read(url, LIMIT)


@pytest.mark.attack("X63")
async def test_silence_and_drops_are_not_waited_for(
    make: Make, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library.fetch, "_PACE_EVERY", 0.2)

    async def silent(_: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    async def drops(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b".")
                await asyncio.sleep(0.02)
        return response

    fetcher = make()
    fetcher._timeout = 0.3
    for handler in (silent, drops):
        with pytest.raises(TooSlowError):
            await fetcher.read(await serve(handler), LIMIT)


async def test_what_cannot_be_reached_is_told(make: Make) -> None:
    async def nothing(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(UnreachableError, match=r"no host gone\.example"):
        await make(look_up=nothing).read("http://gone.example/", LIMIT)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        await make().read("http://127.0.0.1:1025/", LIMIT)
    with pytest.raises(FetchError):
        await make(allow=()).read(f"http://{'a' * 70}.example/", LIMIT)


async def test_what_is_no_tls_has_no_certificate(make: Make, serve: Serve) -> None:
    url = await serve(answering())
    with pytest.raises(UnreachableError):
        await make().read(url.replace("http:", "https:"), LIMIT)


def breaking(data: bytes, headers: dict[str, str], asked: list[str], *, ranges: bool) -> Handler:
    """Hangs up after each 3,000 bytes."""

    async def handler(request: web.Request) -> web.StreamResponse:
        span = request.headers.get("Range", "")
        asked.append(span)
        start = int(span[6:-1]) if span and ranges else 0
        response = web.StreamResponse(status=206 if start else 200, headers=headers)
        if start:
            assert request.headers["If-Range"] in headers.values()
            response.headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        response.content_length = len(data) - start
        await response.prepare(request)
        await response.write(data[start : start + 3000])
        if start + 3000 < len(data):
            assert request.transport is not None
            await asyncio.sleep(0.05)
            request.transport.close()
        return response

    return handler


DATA = bytes(range(250)) * 30


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"one"'}, {"Last-Modified": "Mon, 06 Jan 2025 10:00:00 GMT", "ETag": "W/1"}],
)
async def test_what_breaks_off_goes_on_from_there(
    fetcher: Fetcher, serve: Serve, headers: dict[str, str]
) -> None:
    asked: list[str] = []
    url = await serve(breaking(DATA, headers, asked, ranges=True))
    assert await collected(fetcher, url) == DATA
    assert asked == ["", "bytes=3000-", "bytes=6000-"]


@pytest.mark.parametrize(
    ("headers", "ranges"), [({}, True), ({"ETag": 'W/"weak"'}, True), ({"ETag": '"one"'}, False)]
)
async def test_what_may_have_changed_is_not_pieced_together(
    fetcher: Fetcher, serve: Serve, headers: dict[str, str], ranges: bool
) -> None:
    url = await serve(breaking(DATA, headers, [], ranges=ranges))
    with pytest.raises((BrokenError, StatusError)):
        await collected(fetcher, url)


@pytest.mark.attack("X64", "X65")
def test_nothing_else_speaks_to_the_outside() -> None:
    root = Path(library.fetch.__file__).parent.parent
    rooms = ("conf", "db", "library", "server", "streaming", "subsonic", "web")
    found = {
        path.name
        for room in rooms
        for path in (root / room).rglob("*.py")
        if any(word in path.read_text() for word in ("ClientSession", "urlopen", "http.client"))
    }
    assert found == {"fetch.py"}


async def test_a_form_goes_to_one_host_and_its_answer_comes_whatever_it_is(
    serve: Serve, make: Make
) -> None:
    """Redirects are for whoever asked: what was sent is for that host alone."""
    seen: list[tuple[str, str, str]] = []

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        seen.append((request.method, request.headers.get("Authorization", ""), str(dict(form))))
        if request.path == "/elsewhere":
            return web.Response(status=307, headers={"Location": "/token"})
        return web.json_response({"error": "invalid_grant"}, status=400)

    url, fetcher = await serve(answer), make()
    reply = await fetcher.ask(f"{url}token", LIMIT, authorization="Basic x", form={"code": "1"})
    assert (reply.status, reply.body) == (400, b'{"error": "invalid_grant"}')
    assert (await fetcher.ask(f"{url}elsewhere", LIMIT, form={"code": "2"})).status == 307
    assert (await fetcher.ask(f"{url}people", LIMIT)).status == 400
    assert seen == [
        ("POST", "Basic x", "{'code': '1'}"), ("POST", "", "{'code': '2'}"), ("GET", "", "{}"),
    ]  # fmt: skip
    with pytest.raises(TooLargeError):
        await fetcher.ask(f"{url}token", 5, form={})


async def test_a_host_that_the_operator_named_may_be_anywhere_and_no_other_may(
    serve: Serve,
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(text="here")

    async def look_up(name: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    port = URL(await serve(answer)).port
    fetcher = Fetcher(Outbound(timeout=5), look_up, hosts=("ID.lan",))
    try:
        assert (await fetcher.ask(f"http://id.lan:{port}/", LIMIT)).body == b"here"
        for other in ("other.lan", "127.0.0.1", "id.lan.evil.example"):
            with pytest.raises(RefusedError):
                await fetcher.ask(f"http://{other}:{port}/", LIMIT)
    finally:
        await fetcher.close()
