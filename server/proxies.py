"""Who asked, and by which scheme, past the reverse proxies that are trusted."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDict

from streaming.links import host_of


def behind(trusted: Sequence[str], header: str = "") -> Middleware:
    """The outermost middleware: further in, `request.remote` and `request.scheme` are the client's.

    The header that says who the proxy has signed in is there only if a trusted one sent it. What
    nobody asks in earnest gets no further.
    """
    proxies = Proxies(trusted)

    @web.middleware
    async def see_through(request: web.Request, handler: Handler) -> web.StreamResponse:
        _refuse_odd(request)
        if header and header in request.headers and not proxies.sent(request):
            kept = CIMultiDict(request.headers)
            kept.popall(header)
            request = request.clone(headers=kept)
        if trusted:
            request = request.clone(remote=proxies.client(request), scheme=proxies.scheme(request))
        return await handler(request)

    return see_through


def _refuse_odd(request: web.Request) -> None:
    """No host, two, or what is none; and chunks in a version that does not know them."""
    old, hosts = request.version < HttpVersion11, request.headers.getall("Host", [])
    if old and "Transfer-Encoding" in request.headers:
        problem = "HTTP/1.0 has no Transfer-Encoding."
    elif (hosts or not old) and (len(hosts) != 1 or not host_of(request)):
        problem = "The header Host is not the name of one server."
    else:
        return
    refusal = web.HTTPBadRequest(text=f"{problem}\n")
    refusal.force_close()  # where the next request begins, others may see differently
    raise refusal


class Proxies:
    """The trusted reverse proxies; what anybody else says in `X-Forwarded-*` is ignored."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(each, strict=False) for each in trusted]

    def sent(self, request: web.Request) -> bool:
        """Whether the request comes from a proxy itself."""
        return self.trusts(request.remote or "")

    def client(self, request: web.Request) -> str:
        """The address of whoever asked; empty when the connection has none (a Unix socket)."""
        address = request.remote or ""
        for hop in reversed(_listed(request, "X-Forwarded-For")):
            if not self.trusts(address):
                break
            plain = _plain(hop)
            if not plain:  # what stands before it, nobody we trust has said
                break
            address = plain
        return address

    def scheme(self, request: web.Request) -> str:
        """`https` if that is what the client speaks, to us or to a trusted proxy."""
        said = _listed(request, "X-Forwarded-Proto")
        if said and self.trusts(request.remote or ""):
            return "https" if said[-1].lower() == "https" else "http"
        return request.scheme

    def trusts(self, address: str) -> bool:
        """Whether this is the address of one of them."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        # An IPv4 address that was mapped to IPv6 is meant as itself.
        plain = getattr(parsed, "ipv4_mapped", None) or parsed
        return any(plain in network for network in self._networks)


def _plain(hop: str) -> str:
    """The address of a hop, some of which tell a port, too; empty when it is none."""
    bare = hop[1:].partition("]")[0] if hop.startswith("[") else hop
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        return str(ipaddress.ip_address(bare.partition("%")[0]))
    except ValueError:
        return ""


def _listed(request: web.Request, header: str) -> list[str]:
    """The values of a header that may be repeated, each with commas."""
    given = ",".join(request.headers.getall(header, []))
    return [value.strip() for value in given.split(",") if value.strip()]
