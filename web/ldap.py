"""A conversation with an LDAP directory: bind, search, nothing else.

References to other directories are never followed, answers are bounded, and time is up to the
caller. What the directory says is read by sansldap, which is loaded when a directory is asked first.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from typing import TypeAlias

    from sansldap import (
        BindResponse,
        ExtendedResponse,
        LDAPClient,
        LDAPFilter,
        LDAPMessage,
        SearchResultDone,
    )

    _Result: TypeAlias = BindResponse | ExtendedResponse | SearchResultDone

_PORTS = {"ldap": 389, "ldaps": 636}
_START_TLS = "1.3.6.1.4.1.1466.20037"
_BLOCK = 64 * 1024
_MOST_BYTES = 1024 * 1024
_MOST_ENTRIES = 500
_MEANING = re.compile(rb"[^A-Za-z0-9]")


class DirectoryError(Exception):
    """The directory cannot be asked; the text is for the operator."""


@dataclass(frozen=True)
class Entry:
    """Somebody or something in the directory; names of attributes are in lower case."""

    dn: str
    values: Mapping[str, Sequence[bytes]]

    def texts(self, attribute: str) -> list[str]:
        return [value.decode(errors="replace") for value in self.values.get(attribute.lower(), ())]

    def text(self, attribute: str) -> str:
        """The first value, or nothing."""
        return next(iter(self.texts(attribute)), "")


def escaped(text: str) -> str:
    """The text without any meaning of its own, in a filter as well as in a DN."""
    return _MEANING.sub(lambda found: b"\\%02x" % found[0][0], text.encode()).decode()


def parse_filter(text: str) -> LDAPFilter:
    """A filter as it is written; raises ValueError."""
    from sansldap import LDAPFilter

    return LDAPFilter.from_string(text)


@asynccontextmanager
async def connected(
    url: str, context: ssl.SSLContext | None, *, start_tls: bool
) -> AsyncIterator[Connection]:
    """A connection to `ldap://` or `ldaps://`; all that goes wrong with it is a DirectoryError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS[parts.scheme]
    with _in_words(host):
        over = context if parts.scheme == "ldaps" else None
        reader, first = await asyncio.open_connection(host, port, ssl=over)
        writer = first  # the first one is kept, for what becomes of it when it is dropped
        try:
            connection = Connection(reader, writer)
            if start_tls and context is not None:
                reader, writer = await connection.secured(context, host)
                connection = Connection(reader, writer)
            yield connection
        finally:
            writer.transport.abort()


class Connection:
    """One question after the other."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from sansldap import LDAPClient

        self._reader, self._writer = reader, writer
        self._client: LDAPClient = LDAPClient()
        self._left = _MOST_BYTES

    async def bind(self, dn: str, password: str) -> str:
        """Nothing, or the reason why not; raises DirectoryError for a name without a password.

        Directories say yes to that, and mean that nobody in particular is there.
        """
        from sansldap import BindResponse

        if dn and not password:
            raise DirectoryError("a name without a password proves nothing")
        self._client.bind_simple(dn, password)
        return _refusal(await self._one_answer(), BindResponse)

    async def search(
        self, base: str, wanted: LDAPFilter, attributes: Sequence[str], *, below: bool
    ) -> list[Entry]:
        """What is at the base, or at and below it."""
        from sansldap import SearchResultDone, SearchResultEntry, SearchScope

        scope = SearchScope.SUBTREE if below else SearchScope.BASE
        self._client.search_request(
            base, scope, size_limit=_MOST_ENTRIES, filter=wanted, attributes=list(attributes)
        )
        found: list[Entry] = []
        while True:
            for message in await self._answers():
                if isinstance(message, SearchResultEntry):
                    values = {each.name.lower(): each.values for each in message.attributes}
                    found.append(Entry(message.object_name, values))
                elif isinstance(message, SearchResultDone):
                    if reason := _refusal(message, SearchResultDone):
                        raise DirectoryError(f"the search in '{base}' failed: {reason}")
                    return found

    async def secured(
        self, context: ssl.SSLContext, host: str
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The same connection over TLS. What came before it is dropped: anybody can have sent it."""
        from sansldap import ExtendedResponse

        self._client.extended_request(_START_TLS)
        if reason := _refusal(await self._one_answer(), ExtendedResponse):
            raise DirectoryError(f"StartTLS was refused: {reason}")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        transport = await loop.start_tls(
            self._writer.transport, protocol, context, server_hostname=host
        )
        if transport is None:
            raise DirectoryError("it hung up")
        protocol.connection_made(transport)
        return reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def _one_answer(self) -> LDAPMessage:
        while not (messages := await self._answers()):
            pass
        return messages[0]

    async def _answers(self) -> Sequence[LDAPMessage]:
        """Say what is to be said, and hear what comes next: perhaps nothing that is whole yet."""
        from sansldap import LDAPError

        if said := self._client.data_to_send():
            self._writer.write(said)
            await self._writer.drain()
        block = await self._reader.read(_BLOCK)
        self._left -= len(block)
        if not block or self._left < 0:
            raise DirectoryError("it says too much" if block else "it hung up")
        try:
            return self._client.receive(block)
        except LDAPError as error:
            raise DirectoryError(f"it speaks no LDAP ({error})") from error


def _refusal(message: LDAPMessage, kind: type[_Result]) -> str:
    """The name of the reason for a no; raises DirectoryError where the answer is to something else."""
    if not isinstance(message, kind):
        raise DirectoryError("it answers something else than was asked")
    code = message.result.result_code
    return "" if code == 0 else code.name.lower().replace("_", " ")


@contextmanager
def _in_words(host: str) -> Iterator[None]:
    """The errors of connections as ours."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise DirectoryError(
            f"the certificate of {host} is not valid: {error.verify_message}"
        ) from error
    except ssl.SSLError as error:
        raise DirectoryError(f"no TLS with {host}: {error.reason}") from error
    except OSError as error:
        raise DirectoryError(f"{host} cannot be reached: {error.strerror or error}") from error
