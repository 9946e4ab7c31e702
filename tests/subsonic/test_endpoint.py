"""Parameters read from a function's signature."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from msgspec import Struct

from subsonic.endpoint import ENDPOINTS, Body, Endpoint, Query, Text, clamp, endpoint
from subsonic.errors import BadParameterError


class Order(Enum):
    """A choice."""

    NEWEST = "newest"


class Page(Query, frozen=True, kw_only=True):
    """Shared parameters."""

    size: int = 10
    folder_id: tuple[int, ...] = ()


@pytest.fixture
def sample() -> Iterator[Endpoint]:
    @endpoint("sample")
    async def handler(
        call: object,
        *,
        id: str,
        order: Order = Order.NEWEST,
        from_year: int | None = None,
        flag: bool = False,
        name: tuple[str, ...] = (),
        title: Text = "none",
        comment: Text | None = None,
        page: Page,
    ) -> None: ...

    yield ENDPOINTS["sample"]
    del ENDPOINTS["sample"]


def read(sample: Endpoint, **given: Any) -> dict[str, Any]:
    lists = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    return sample.read(lists)


def test_defaults_stand_for_what_is_not_given(sample: Endpoint) -> None:
    assert read(sample, id="x") == {
        "id": "x",
        "order": Order.NEWEST,
        "from_year": None,
        "flag": False,
        "name": (),
        "title": "none",
        "comment": None,
        "page": Page(),
    }


def test_names_are_camel_case_outside_and_repeats_become_tuples(sample: Endpoint) -> None:
    got = read(sample, id="x", fromYear="1999", name=["a", "b"], folderId=["1", "2"], size="3")
    assert got["from_year"] == 1999
    assert got["name"] == ("a", "b")
    assert got["page"] == Page(size=3, folder_id=(1, 2))


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("True", True)])
def test_booleans_are_read_in_any_case(sample: Endpoint, text: str, value: bool) -> None:
    assert read(sample, id="x", flag=text)["flag"] is value


def test_an_empty_value_is_none_unless_the_parameter_is_a_text(sample: Endpoint) -> None:
    got = read(sample, id="x", fromYear="", name=["a", "", "b"], size="", title="", comment="")
    assert got["comment"] == ""
    assert (got["from_year"], got["name"], got["page"].size, got["title"]) == (
        None,
        ("a", "b"),
        10,
        "",
    )
    with pytest.raises(BadParameterError, match="'id' is missing"):
        read(sample, id="")


def test_the_first_of_repeated_single_values_counts(sample: Endpoint) -> None:
    assert read(sample, id=["a", "b"])["id"] == "a"


def test_a_missing_required_parameter_is_named(sample: Endpoint) -> None:
    with pytest.raises(BadParameterError, match="'id' is missing"):
        read(sample)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("size", "many"),
        ("fromYear", "1.5"),
        ("order", "oldest"),
        ("flag", "perhaps"),
        ("folderId", "x"),
    ],
)
def test_an_unreadable_value_names_its_parameter(sample: Endpoint, name: str, text: str) -> None:
    with pytest.raises(BadParameterError, match=name):
        read(sample, id="x", **{name: text})


def test_unknown_parameters_are_ignored(sample: Endpoint) -> None:
    assert read(sample, id="x", limit="9", u="me")["id"] == "x"


@pytest.mark.parametrize(("value", "expected"), [(-5, 0), (5, 5), (10**30, 500)])
def test_clamp_keeps_a_count_within_its_limits(value: int, expected: int) -> None:
    assert clamp(value, 500) == expected


class Thing(Struct):
    """What a body holds."""

    size: int = 1


@pytest.fixture
def posted() -> Iterator[Endpoint]:
    @endpoint("posted")
    async def handler(call: object, *, id: str, thing: Body[Thing]) -> None: ...

    yield ENDPOINTS["posted"]
    del ENDPOINTS["posted"]


def request(data: bytes, method: str = "POST", kind: str = "application/json") -> web.Request:
    made = make_mocked_request(
        method, "/", {"Content-Type": kind, "Content-Length": str(len(data))}
    )
    made._read_bytes = data
    return made


async def test_a_body_is_read_from_json_and_is_no_parameter(
    posted: Endpoint, sample: Endpoint
) -> None:
    assert posted.takes_body
    assert not sample.takes_body
    assert read(posted, id="x", thing="9") == {"id": "x"}
    for kind in ("application/json", "application/json; charset=utf-8", "text/plain"):
        got = await posted.read_body(request(b'{"size": "3", "more": [1]}', kind=kind))
        assert got == {"thing": Thing(3)}
    assert await sample.read_body(request(b"", "GET")) == {}


@pytest.mark.attack("X70")
@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no JSON"),
        (b"size=3", "no JSON"),
        (b'{"size": 3', "no JSON"),
        (b"\xff\xfe", "no JSON"),
        (b'{"size": "big"}', r"does not fit.*\$.size"),
        (b"[]", "does not fit"),
        (b"null", "does not fit"),
        (b'{"more": ' + b"[" * 60_000, "no JSON"),
        (b'{"more": ' + b'{"a":' * 12_000, "no JSON"),
        (b'{"more": "' + b"x" * 70_000 + b'"}', "larger than"),
    ],
)
async def test_a_body_that_cannot_be_read_is_an_error_that_says_why(
    posted: Endpoint, data: bytes, told: str
) -> None:
    with pytest.raises(BadParameterError, match=told):
        await posted.read_body(request(data))


@pytest.mark.parametrize(
    ("method", "kind"),
    [("GET", "application/json"), ("HEAD", ""), ("POST", "application/x-www-form-urlencoded")],
)
async def test_a_body_needs_a_post_that_is_no_form(
    posted: Endpoint, method: str, kind: str
) -> None:
    with pytest.raises(BadParameterError, match="POST with JSON"):
        await posted.read_body(request(b"{}", method, kind))
