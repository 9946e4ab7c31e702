"""The sockets that the server listens on, taken before any long work begins."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from conf.checks import address
from conf.sources import user_name
from server.exits import OCCUPIED, ExitError

_FIRST_FREE = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


def take(listen: str, *, shared: bool) -> list[socket.socket]:
    """Bind, but do not listen yet: until the server is ready, connections are refused.

    `shared` lets further processes of this server `join` the same port. That must not let in a
    second server, so the port is tried without it first.
    """
    host, port = address(listen)
    if shared and port:
        for opened in _bind_all(host, port, listen, shared=False):
            opened.close()
    return _bind_all(host, port, listen, shared=shared)


def join(listen: str) -> list[socket.socket]:
    """Bind what another process has taken as shared."""
    return _bind_all(*address(listen), listen, shared=True)


def _bind_all(host: str, port: int, listen: str, *, shared: bool) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, where in _addresses(host, port):
            if sockets and not port:
                where = (where[0], sockets[0].getsockname()[1], *where[2:])
            sockets.append(_bind(family, where, shared=shared))
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise ExitError(OCCUPIED, _reason(error, listen, port)) from None
    return sockets


def _addresses(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, where) for family, _, _, _, where in found))  # type: ignore[misc]


def _bind(family: int, where: tuple[str, int], *, shared: bool) -> socket.socket:
    opened = socket.socket(family, socket.SOCK_STREAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if family == socket.AF_INET6 and where[0] == "::":
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        opened.bind(where)
    except BaseException:
        opened.close()
        raise
    return opened


def _reason(error: OSError, listen: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"server.listen: there is no host such as in '{listen}'."
    if error.errno == errno.EADDRINUSE:
        other = "another program, or another Dulcian, listens there"
        return f"The port of {listen} is in use: {other}. Stop it, or choose another (--listen)."
    if error.errno in {errno.EACCES, errno.EPERM}:
        return (
            f"The user {user_name()} may not listen on port {port}: ports below {_first_free()} "
            "are the administrator's. Choose a higher one (--listen)."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return f"This machine has no address such as in {listen}. 0.0.0.0 stands for all it has."
    return f"Cannot listen on {listen}: {os.strerror(error.errno or 0)}."


def _first_free() -> int:
    try:
        return int(_FIRST_FREE.read_text())
    except (OSError, ValueError):
        return 1024


def port_of(sockets: list[socket.socket]) -> int:
    """The port that was taken, also when any was asked for."""
    return int(sockets[0].getsockname()[1])


def actual(listen: str, sockets: list[socket.socket]) -> str:
    """What was asked for, with the port that was taken."""
    return f"{listen.rpartition(':')[0]}:{port_of(sockets)}"


def addresses(sockets: list[socket.socket]) -> list[str]:
    """Where people may find the server: `http://localhost:5000` and the like."""
    port = port_of(sockets)
    hosts = [opened.getsockname()[0] for opened in sockets]
    if any(host in {"0.0.0.0", "::"} for host in hosts):  # noqa: S104 - compared, not bound
        mine = _own_address()
        hosts = ["localhost", *([mine] if mine else [])]
    shown = ["localhost" if host in {"127.0.0.1", "::1"} else host for host in hosts]
    return [
        f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        for host in dict.fromkeys(shown)
    ]


def _own_address() -> str:
    """The address that this machine has in its own network; no packet is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
            found = str(probe.getsockname()[0])
        except OSError:
            return ""
    return "" if found.startswith("127.") or found == "0.0.0.0" else found  # noqa: S104
