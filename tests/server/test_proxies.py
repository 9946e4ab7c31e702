"""Who asked, past trusted proxies."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.proxies import Proxies


def _request(remote: str, **headers: str) -> web.Request:
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    return make_mocked_request("GET", "/", sent).clone(remote=remote)


@pytest.mark.parametrize(
    ("trusted", "remote", "forwarded", "client"),
    [
        ((), "10.0.0.9", "203.0.113.5", "10.0.0.9"),
        (("10.0.0.0/8",), "10.0.0.9", "203.0.113.5", "203.0.113.5"),
        (("10.0.0.9",), "10.0.0.9", "1.2.3.4, 203.0.113.5", "203.0.113.5"),
        (("10.0.0.0/8",), "10.0.0.9", "1.2.3.4, 203.0.113.5, 10.0.0.8", "203.0.113.5"),
        (("10.0.0.0/8",), "192.0.2.1", "203.0.113.5", "192.0.2.1"),
        (("10.0.0.0/8",), "::ffff:10.0.0.9", "203.0.113.5", "203.0.113.5"),
        (("::1",), "::1", "2001:db8::5", "2001:db8::5"),
        (("10.0.0.9",), "10.0.0.9", "", "10.0.0.9"),
        (("10.0.0.0/8",), "10.0.0.9", "203.0.113.5, unknown", "10.0.0.9"),
        (("10.0.0.0/8",), "10.0.0.9", "203.0.113.5, unknown, 10.0.0.8", "10.0.0.8"),
        (("10.0.0.9",), "10.0.0.9", "1.2.3.4, 203.0.113.5:4711", "203.0.113.5"),
        (("10.0.0.9",), "10.0.0.9", "[2001:db8::5]:4711", "2001:db8::5"),
        (("10.0.0.9",), "10.0.0.9", "fe80::5%x outcome=done", "fe80::5"),
        (("10.0.0.9",), "10.0.0.9", "203.0.113.5 outcome=done", "10.0.0.9"),
        (("10.0.0.9",), "10.0.0.9", " , ,", "10.0.0.9"),
    ],
)
@pytest.mark.attack("X10", "X39")
def test_only_trusted_proxies_say_who_asked(
    trusted: tuple[str, ...], remote: str, forwarded: str, client: str
) -> None:
    request = _request(remote, X_Forwarded_For=forwarded)
    assert Proxies(trusted).client(request) == client


@pytest.mark.parametrize(
    ("remote", "said", "scheme"),
    [
        ("10.0.0.9", "https", "https"),
        ("10.0.0.9", "HTTPS", "https"),
        ("10.0.0.9", "http", "http"),
        ("10.0.0.9", "https, http", "http"),
        ("10.0.0.9", "", "http"),
        ("192.0.2.1", "https", "http"),
    ],
)
def test_only_trusted_proxies_say_that_it_is_https(remote: str, said: str, scheme: str) -> None:
    request = _request(remote, X_Forwarded_Proto=said)
    assert Proxies(("10.0.0.9",)).scheme(request) == scheme
