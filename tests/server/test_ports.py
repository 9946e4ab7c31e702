"""Sockets, taken early, and what is said when they cannot be."""

from __future__ import annotations

import os
import socket

import pytest

from server import ports
from server.exits import OCCUPIED, ExitError


def test_a_port_is_taken_before_anybody_is_answered() -> None:
    """Bound, so that nobody else gets it; connections are refused until the server is ready."""
    (taken,) = ports.take("127.0.0.1:0", shared=False)
    with taken, socket.socket() as client:
        assert client.connect_ex(taken.getsockname()) != 0


@pytest.mark.parametrize("shared", [False, True])
def test_a_port_in_use_is_told(shared: bool) -> None:
    """In one line, with what to do; sharing among our processes lets in no other server."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ExitError, match=rf"127.0.0.1:{port} is in use.*--listen") as caught:
            ports.take(f"127.0.0.1:{port}", shared=shared)
    assert caught.value.code == OCCUPIED


def test_a_shared_port_is_refused_to_a_second_server() -> None:
    """Though the kernel would let it in."""
    (taken,) = ports.take("127.0.0.1:0", shared=True)
    listen = f"127.0.0.1:{ports.port_of([taken])}"
    with taken:
        taken.listen()
        with pytest.raises(ExitError, match="in use"):
            ports.take(listen, shared=True)


def test_processes_of_one_server_share_a_port() -> None:
    """Each has a socket of its own."""
    first = ports.take("127.0.0.1:0", shared=True)
    second = ports.join(ports.actual("127.0.0.1:0", first))
    assert ports.port_of(second) == ports.port_of(first)
    for opened in first + second:
        opened.close()


@pytest.mark.parametrize(
    ("listen", "message"),
    [
        ("192.0.2.77:5000", "no address such as in 192.0.2.77:5000"),
        ("no.such.host.invalid:5000", "no host such as in 'no.such.host.invalid:5000'"),
    ],
)
def test_an_address_that_is_not_ours_is_told(listen: str, message: str) -> None:
    """A name that does not exist, or another machine's."""
    with pytest.raises(ExitError, match=message):
        ports.take(listen, shared=False)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may listen anywhere")
def test_a_privileged_port_is_told() -> None:
    """Who lacks the right, and which ports need none."""
    with pytest.raises(ExitError, match=r"The user \w+ may not listen on port 1"):
        ports.take("127.0.0.1:1", shared=False)


@pytest.mark.parametrize(
    ("listen", "first"),
    [
        ("0.0.0.0:0", "http://localhost:{}"),
        ("[::]:0", "http://localhost:{}"),
        ("127.0.0.1:0", "http://localhost:{}"),
        ("127.0.0.2:0", "http://127.0.0.2:{}"),
        ("localhost:0", "http://localhost:{}"),
    ],
)
def test_addresses_are_those_that_people_type(listen: str, first: str) -> None:
    """Nobody can open http://0.0.0.0."""
    taken = ports.take(listen, shared=False)
    assert ports.addresses(taken)[0] == first.format(ports.port_of(taken))
    for opened in taken:
        opened.close()
