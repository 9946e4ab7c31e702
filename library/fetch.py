"""The one place from which Dulcian speaks to the outside: guarded, bounded, without a memory.

    FetchError
    ├── RefusedError      the address is none that is asked from here
    ├── UnreachableError  no such name, no connection, no certificate
    ├── StatusError       the other side says no
    ├── TooLargeError     more bytes than allowed, counted after unpacking
    ├── TooSlowError      silence, or hardly more than that
    └── BrokenError       what came is no HTTP, or not all of it

A name is resolved once, all its addresses are judged, and those are what is connected to: an answer
that changes a moment later changes nothing. Each redirect is judged like a first address. Cookies,
credentials and referrers are never sent.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import hdrs
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.http import HttpProcessingError
from yarl import URL

from conf import VERSION
from conf.settings import Outbound
from library.addresses import Addresses, FetchError, RefusedError

__all__ = [
    "BrokenError",
    "FetchError",
    "Fetcher",
    "Page",
    "RefusedError",
    "Reply",
    "StatusError",
    "TooLargeError",
    "TooSlowError",
    "UnreachableError",
]

LookUp = Callable[[str, int], Awaitable[list[str]]]
"""Finds the addresses of a name."""

_HOPS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})
_BLOCK = 64 * 1024
_CONNECTIONS = 8
_PAGE_SECONDS = 120.0
_FILE_SECONDS = 4 * 3600.0
_RESUMES = 5
_PACE_EVERY = 30.0
_SLOWEST = 1024
"""Bytes per second, over `_PACE_EVERY`."""
_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class UnreachableError(FetchError):
    """No connection can be made."""

    transient = True


class StatusError(FetchError):
    """The other side answered with something else than the thing itself."""

    def __init__(self, host: str, status: int) -> None:
        super().__init__(f"{host} answered with status {status}.")
        self.status = status
        self.transient = status >= 500 or status in _PASSING


class TooLargeError(FetchError):
    """There is more than may be fetched."""


class TooSlowError(FetchError):
    """It would take too long."""

    transient = True


class BrokenError(FetchError):
    """The answer is no HTTP, is cut off, or cannot be unpacked."""

    transient = True


@dataclass(frozen=True)
class Page:
    """Something small that was fetched; `body` None: it has not changed."""

    url: str
    """Where it was found in the end."""
    body: bytes | None
    etag: str
    modified: str


@dataclass(frozen=True)
class Reply:
    """What was answered, whether yes or no."""

    status: int
    body: bytes


class Fetcher:
    """Fetches. `close` it in the end; all methods raise FetchError alone.

    `hosts` are those that the operator named: they may be anywhere, also in a private network.
    """

    def __init__(
        self, settings: Outbound, look_up: LookUp | None = None, hosts: Sequence[str] = ()
    ) -> None:
        self.addresses = Addresses(settings.allow_networks, hosts)
        self._timeout = settings.timeout
        self._resolver = _Judging(self.addresses, look_up or _look_up)
        self._session: aiohttp.ClientSession | None = None

    async def read(self, url: str, limit: int, *, etag: str = "", modified: str = "") -> Page:
        """A thing of at most `limit` bytes, as a whole; with `etag` or `modified`: if it changed."""
        known = {hdrs.IF_NONE_MATCH: etag, hdrs.IF_MODIFIED_SINCE: modified}
        asked = {str(name): value for name, value in known.items() if value}
        try:
            async with asyncio.timeout(_PAGE_SECONDS), self._answer(url, asked) as answer:
                if answer.status == 304 and asked:
                    return Page(str(answer.url), None, etag, modified)
                _expect(answer, 200)
                body = b"".join([block async for block in _blocks(answer, limit, _PAGE_SECONDS)])
        except TimeoutError:
            raise TooSlowError(f"It took longer than {_PAGE_SECONDS:.0f} seconds.") from None
        return Page(str(answer.url), body, *_validators(answer))

    async def ask(
        self,
        url: str,
        limit: int,
        *,
        authorization: str = "",
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """What one host says to a question, or to a form, of at most `limit` bytes.

        Redirects are not followed: what is sent is for this host alone.
        """
        headers = {str(hdrs.AUTHORIZATION): authorization} if authorization else {}
        headers[str(hdrs.ACCEPT)] = "application/json"
        try:
            async with asyncio.timeout(_PAGE_SECONDS):
                answer = await self._ask(self.addresses.url(url), headers, form)
                try:
                    blocks = [block async for block in _blocks(answer, limit, _PAGE_SECONDS)]
                finally:
                    answer.close()
        except TimeoutError:
            raise TooSlowError(f"It took longer than {_PAGE_SECONDS:.0f} seconds.") from None
        return Reply(answer.status, b"".join(blocks))

    async def stream(self, url: str, limit: int) -> AsyncGenerator[bytes, None]:
        """A thing of at most `limit` bytes, block by block.

        What breaks off goes on from there, if the other side can tell that it still is the same.
        """
        until = time.monotonic() + _FILE_SECONDS
        got, validator = 0, ""
        for left in range(_RESUMES, -1, -1):
            try:
                async with self._answer(url, _go_on(got, validator)) as answer:
                    if got:
                        _expect_rest(answer, got)
                    else:
                        _expect(answer, 200)
                        validator = _strong(answer)
                    seconds = until - time.monotonic()
                    async for block in _blocks(answer, limit - got, seconds):
                        got += len(block)
                        yield block
            except (BrokenError, UnreachableError):
                if not (left and got and validator):
                    raise
            else:
                return

    async def close(self) -> None:
        """Give back what connections need."""
        if self._session is not None:
            await self._session.close()

    @asynccontextmanager
    async def _answer(
        self, text: str, headers: Mapping[str, str]
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """What is at an address, or where it redirects to."""
        answer = await self._follow(self.addresses.url(text), headers)
        try:
            yield answer
        finally:
            answer.close()

    async def _follow(self, url: URL, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        for _ in range(_HOPS + 1):
            answer = await self._ask(url, headers)
            location = answer.headers.get(hdrs.LOCATION)
            if answer.status not in _REDIRECTS or not location:
                return answer
            answer.close()
            url = self.addresses.url(location, url)
        raise RefusedError(f"There are more than {_HOPS} redirects.")

    async def _ask(
        self, url: URL, headers: Mapping[str, str], form: Mapping[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        if self._session is None:
            self._session = self._opened()
        method = hdrs.METH_GET if form is None else hdrs.METH_POST
        with _words(url.host or ""):
            async with asyncio.timeout(self._timeout):
                return await self._session.request(
                    method, url, headers=headers, data=form, allow_redirects=False
                )

    def _opened(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=self._resolver, use_dns_cache=False, force_close=True, limit=_CONNECTIONS
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={hdrs.USER_AGENT: f"Dulcian/{VERSION}", hdrs.ACCEPT: "*/*"},
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self._timeout, sock_read=self._timeout
            ),
        )


class _Judging(AbstractResolver):
    """Resolves a name, and gives its addresses on only if all of them may be asked."""

    def __init__(self, addresses: Addresses, look_up: LookUp) -> None:
        self._addresses, self._look_up = addresses, look_up

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._look_up(host, port)
        if not self._addresses.named(host):
            for address in found:
                self._addresses.judge(address)
        return [_result(host, port, address) for address in found]

    async def close(self) -> None:
        """There is nothing to give back."""


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=_NUMERIC
    )


async def _look_up(host: str, port: int) -> list[str]:
    """In a thread that nobody waits for: a silent name server must not hold up the end."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[str]] = loop.create_future()

    def tell(addresses: list[str], error: OSError | None) -> None:
        if found.done():
            return
        if error is None:
            found.set_result(addresses)
        else:
            found.set_exception(error)

    def work() -> None:
        addresses: list[str] = []
        problem: OSError | None = None
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        except OSError as error:
            problem = error
        except UnicodeError:
            problem = OSError("this is no name")
        with suppress(RuntimeError):  # the loop is closed by now
            loop.call_soon_threadsafe(tell, addresses, problem)

    threading.Thread(target=work, name="look-up", daemon=True).start()
    return await found


async def _blocks(
    answer: aiohttp.ClientResponse, limit: int, seconds: float
) -> AsyncIterator[bytes]:
    """The body, unpacked, within its bounds; aiohttp unpacks little at a time."""
    too_large = TooLargeError(f"There are more than {limit:,} bytes.")
    if (answer.content_length or 0) > limit:
        raise too_large
    pace, left = _Pace(seconds), limit
    with _words(answer.host):
        async for block in answer.content.iter_chunked(_BLOCK):
            left -= len(block)
            if left < 0:
                raise too_large
            pace.count(len(block))
            yield block


class _Pace:
    """Ends what goes on for too long, or comes in drops."""

    def __init__(self, seconds: float) -> None:
        self._since = time.monotonic()
        self._until = self._since + seconds
        self._bytes = 0

    def count(self, size: int) -> None:
        self._bytes += size
        now = time.monotonic()
        if now > self._until:
            raise TooSlowError("It took longer than may be.")
        if now - self._since < _PACE_EVERY:
            return
        if self._bytes < _SLOWEST * (now - self._since):
            raise TooSlowError(f"There came less than {_SLOWEST:,} bytes per second.")
        self._since, self._bytes = now, 0


def _expect(answer: aiohttp.ClientResponse, status: int) -> None:
    if answer.status != status:
        raise StatusError(answer.host, answer.status)


def _go_on(got: int, validator: str) -> dict[str, str]:
    """Files come unpacked, so that a place in one is a place in the other."""
    whole = {"Accept-Encoding": "identity"}
    return whole | {"Range": f"bytes={got}-", "If-Range": validator} if got else whole


def _expect_rest(answer: aiohttp.ClientResponse, got: int) -> None:
    """What follows the first `got` bytes, and nothing else."""
    _expect(answer, 206)
    span = answer.headers.get(hdrs.CONTENT_RANGE, "")
    if not span.startswith(f"bytes {got}-") or hdrs.CONTENT_ENCODING in answer.headers:
        raise StatusError(answer.host, answer.status)


def _validators(answer: aiohttp.ClientResponse) -> tuple[str, str]:
    """ETag and date, as far as they are fit to be sent back."""
    etag, modified = (answer.headers.get(name, "") for name in (hdrs.ETAG, hdrs.LAST_MODIFIED))
    return _kept(etag), _kept(modified)


def _kept(text: str) -> str:
    return text if len(text) <= 500 and text.isascii() and text.isprintable() else ""


def _strong(answer: aiohttp.ClientResponse) -> str:
    """What tells two versions apart byte by byte; nothing where nothing does."""
    etag, modified = _validators(answer)
    if hdrs.CONTENT_ENCODING in answer.headers:
        return ""
    return modified if etag.startswith("W/") else etag or modified


@contextmanager
def _words(host: str) -> Iterator[Any]:
    """The client's errors as ours."""
    try:
        yield
    except TimeoutError:
        raise TooSlowError(f"{host} did not answer in time.") from None
    except aiohttp.InvalidURL:
        raise RefusedError("This is no address that can be fetched.") from None
    except aiohttp.ClientConnectorDNSError:
        raise UnreachableError(f"There is no host {host}, or no name server.") from None
    except aiohttp.ClientSSLError:
        raise UnreachableError(f"{host} has no valid certificate.") from None
    except aiohttp.ClientConnectorError as error:
        reason = error.os_error.strerror or "no address answers"
        raise UnreachableError(f"{host} cannot be reached: {reason}.") from None
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        raise BrokenError(f"{host} broke off, or sent what is no HTTP.") from error
