"""Which addresses may be asked from here: nothing of this machine, its network or its provider's.

Users name addresses, and so do the feeds they lead to. All are judged as numbers, right before a
connection is made to just these numbers.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from yarl import URL

Address: TypeAlias = "IPv4Address | IPv6Address"
Network: TypeAlias = "IPv4Network | IPv6Network"

_LONGEST = 2000
_LOWEST_FREE_PORT = 1024
_PORTS = frozenset({80, 443})
# What is closed in IPv4: own, private, shared by providers, documentation, several receivers, kept back.
_CLOSED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # what a cloud tells its machines, on an address like any other
    )
)  # fmt: skip
_OPEN_6 = IPv6Network("2000::/3")
# Within it: Teredo and other special uses, documentation, 6to4.
_CLOSED_6 = tuple(
    IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")
)
_NAT64 = IPv6Network("64:ff9b::/96")
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.ASCII | re.IGNORECASE)


class FetchError(Exception):
    """Base of what fetching raises on purpose; the text is a sentence for people."""

    transient = False
    """Whether trying again later may help."""


class RefusedError(FetchError):
    """The address is none that is asked from here."""


class Addresses:
    """Judges addresses; `allowed` are networks the operator opened, as text, `hosts` those named."""

    def __init__(self, allowed: Sequence[str], hosts: Sequence[str] = ()) -> None:
        self._allowed = [ip_network(text, strict=False) for text in allowed]
        self._hosts = frozenset(host.lower() for host in hosts)

    def named(self, host: str) -> bool:
        """Whether the operator named the host itself: it may be anywhere."""
        return host.lower() in self._hosts

    def url(self, text: str | URL, base: URL | None = None) -> URL:
        """An address in its usual form, without its fragment; raises RefusedError.

        The address behind a name is judged later, by `judge`.
        """
        url = _parsed(text, base)
        if url.scheme not in ("http", "https") or not url.raw_host:
            raise RefusedError("Only addresses that begin with http:// or https:// are fetched.")
        if url.raw_user is not None or url.raw_password is not None:
            raise RefusedError("Addresses with a user name or a password in them are not fetched.")
        if self.named(url.raw_host):
            return url.with_fragment(None)
        if url.port not in _PORTS and not (url.port or 0) >= _LOWEST_FREE_PORT:
            raise RefusedError(
                f"The port {url.port} is not one for feeds: 80, 443, or 1024 and up."
            )
        self._host(url.raw_host)
        return url.with_fragment(None)

    def judge(self, text: str) -> None:
        """Raise RefusedError for an address that is not asked."""
        try:
            address = _inner(ip_address(text))
        except ValueError:
            raise RefusedError("The name leads to something that is no address.") from None
        if _is_closed(address) and not any(address in network for network in self._allowed):
            # Which address that is stays untold: who asks may be after the names of a network.
            raise RefusedError(
                "The address is not on the public internet. "
                "The operator can open networks in outbound.allow_networks."
            )

    def _host(self, host: str) -> None:
        """Numbers are judged at once, and only in their one usual form."""
        bare = host.rstrip(".")
        if not bare or "%" in bare:
            raise RefusedError("The host of the address cannot be used.")
        try:
            ip_address(bare)
        except ValueError:
            if _NUMBER.fullmatch(bare.rpartition(".")[2]):
                raise RefusedError("The host is an IPv4 address in an unusual form.") from None
        else:
            self.judge(bare)


def _parsed(text: str | URL, base: URL | None) -> URL:
    if len(str(text)) > _LONGEST:
        raise RefusedError(f"The address is longer than {_LONGEST} characters.")
    try:
        url = URL(text)
        return base.join(url) if base else url
    except ValueError:
        raise RefusedError("This is no address that can be fetched.") from None


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for: what is connected to in the end."""
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address
    return address


def _is_closed(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return any(address in network for network in _CLOSED_4)
    return address not in _OPEN_6 or any(address in network for network in _CLOSED_6)
