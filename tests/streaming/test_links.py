"""Addresses that lead back to this server."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request

from streaming.links import base_url, host_of, picture_path, read_picture
from tests.support import keys

NONE = ["a/b", "a@b", "a b", '"', "a:b", "[x]", "x" * 300, ""]


@pytest.mark.parametrize("host", ["music.lan", "music.lan:5000", "[2001:db8::1]:5000", "10.0.0.1"])
def test_a_host_is_taken_as_it_is(host: str) -> None:
    request = make_mocked_request("GET", "/", {"Host": host})
    assert host_of(request) == host
    assert base_url(request, "") == f"http://{host}"


@pytest.mark.parametrize("host", NONE)
@pytest.mark.attack("X83")
def test_what_cannot_be_a_host_is_none(host: str) -> None:
    request = make_mocked_request("GET", "/", {"Host": host})
    assert host_of(request) == ""
    assert base_url(request, "") == ""


@pytest.mark.parametrize("public", ["https://music.example/", "https://music.example"])
@pytest.mark.attack("X83")
def test_the_public_address_goes_before_the_host(public: str) -> None:
    request = make_mocked_request("GET", "/", {"Host": "evil.example"})
    assert base_url(request, public) == "https://music.example"


def test_the_scheme_is_what_the_client_spoke() -> None:
    request = make_mocked_request("GET", "/", {"Host": "music.lan"}).clone(scheme="https")
    assert base_url(request, "") == "https://music.lan"


def test_a_picture_path_holds_one_picture_in_one_size() -> None:
    box = keys.box()
    path = picture_path(box, 7, 300)
    assert path.startswith("/art/")
    assert read_picture(box, path.removeprefix("/art/")) == (7, 300)


@pytest.mark.parametrize("signed", ["", ".", "Ny4zMDA", "Ny4zMDA.", "Ny4zMDA.AAAA", "ü.ü", "7.300"])
def test_what_was_not_signed_opens_nothing(signed: str) -> None:
    assert read_picture(keys.box(), signed) is None


def test_a_signature_is_good_for_its_text_its_purpose_and_its_key_alone() -> None:
    box, other = keys.box(), keys.box(b"1" * 32)
    body, _, signature = picture_path(box, 7, 300).removeprefix("/art/").partition(".")
    another = picture_path(box, 8, 300).removeprefix("/art/").partition(".")[0]
    assert read_picture(box, f"{another}.{signature}") is None
    assert read_picture(other, f"{body}.{signature}") is None
    assert read_picture(box, box.sign("share", "7.300")) is None
    assert read_picture(box, f"{body}.{signature}x") is None
