"""Addresses that lead back to this server."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from streaming.links import base_url, host_of

NONE = ["a/b", "a@b", "a b", '"', "a:b", "[x]", "x" * 300, ""]


@pytest.mark.parametrize("host", ["music.lan", "music.lan:5000", "[2001:db8::1]:5000", "10.0.0.1"])
def test_a_host_is_taken_as_it_is(host: str) -> None:
    request = make_mocked_request("GET", "/", {"Host": host})
    assert host_of(request) == host
    assert base_url(request, "") == f"http://{host}"


@pytest.mark.parametrize("host", NONE)
def test_what_cannot_be_a_host_is_none(host: str) -> None:
    request = make_mocked_request("GET", "/", {"Host": host})
    assert host_of(request) == ""
    assert base_url(request, "") == ""


@pytest.mark.parametrize("public", ["https://music.example/", "https://music.example"])
def test_the_public_address_goes_before_the_host(public: str) -> None:
    request = make_mocked_request("GET", "/", {"Host": "evil.example"})
    assert base_url(request, public) == "https://music.example"


def test_the_scheme_is_what_the_client_spoke() -> None:
    request = make_mocked_request("GET", "/", {"Host": "music.lan"}).clone(scheme="https")
    assert base_url(request, "") == "https://music.lan"
