"""The table of `subsonic.render`, line by line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Annotated, Any
from xml.etree import ElementTree

import pytest

from subsonic.models.base import Element, Error, Model, Open, element
from subsonic.render import Format, failure, render

JSON = Format("json")
XML = Format("xml")
LEAN = Format("xml", lean=True)
SPACE = "{http://subsonic.org/restapi}"


class Inner(Model, frozen=True, kw_only=True):
    """A child."""

    name: str


class Outer(Model, frozen=True, kw_only=True):
    """One field of each kind."""

    some_text: str
    number: int = 5
    share: float | None = None
    flag: bool = True
    nothing: str | None = None
    extra: Open[str | None] = None
    one: Inner | None = None
    first: Sequence[Inner]
    words: Open[Sequence[str]]
    numbers: Sequence[int]


class Worded(Model, frozen=True, kw_only=True):
    """A field called value."""

    count: int
    value: str


class Parent(Model, frozen=True, kw_only=True):
    """A field called value beside children, and one that XML calls by another name."""

    value: str
    children: Annotated[Sequence[Inner], element("child")]


class Spelt(Model, frozen=True, kw_only=True):
    """Scalars that Subsonic writes as elements."""

    name: str
    about: Element[str | None] = None
    link: Open[Element[str | None]] = None
    first: Sequence[Inner]


FULL = Outer(
    some_text='<&>"',
    number=7,
    share=-7.25,
    flag=False,
    extra="x",
    one=Inner(name="a"),
    first=[Inner(name="b"), Inner(name="c")],
    words=["calm"],
    numbers=[1, 2],
)
EMPTY = Outer(some_text="", first=[], words=[], numbers=[])


def as_json(payload: Any) -> Any:
    answer = render(JSON, "outer", payload)
    assert answer.content_type == "application/json"
    return json.loads(answer.body)["subsonic-response"]


def as_xml(payload: Any, form: Format = XML) -> ElementTree.Element:
    answer = render(form, "outer", payload)
    assert answer.content_type == "text/xml"
    return ElementTree.fromstring(answer.body)


def test_every_envelope_names_version_type_server_and_opensubsonic() -> None:
    expected = {"version": "1.16.1", "type": "dulcian", "openSubsonic": True}
    for body in (render(JSON, "", None).body, failure(JSON, Error(code=0, message="m")).body):
        root = json.loads(body)["subsonic-response"]
        assert expected.items() <= root.items()
        assert root["serverVersion"]
    for body in (render(XML, "", None).body, failure(XML, Error(code=0, message="m")).body):
        root = ElementTree.fromstring(body)
        assert root.tag == f"{SPACE}subsonic-response"
        assert root.get("version") == "1.16.1"
        assert root.get("openSubsonic") == "true"
        assert root.get("serverVersion")


def test_json_has_types_arrays_and_no_null() -> None:
    assert as_json(FULL)["outer"] == {
        "someText": '<&>"',
        "number": 7,
        "share": -7.25,
        "flag": False,
        "extra": "x",
        "one": {"name": "a"},
        "first": [{"name": "b"}, {"name": "c"}],
        "words": ["calm"],
        "numbers": [1, 2],
    }


def test_json_keeps_empty_arrays_of_required_lists() -> None:
    assert as_json(EMPTY)["outer"] == {"someText": "", "first": [], "words": [], "numbers": []}


def test_xml_has_attributes_children_and_texts_in_the_order_of_the_fields() -> None:
    outer = as_xml(FULL)[0]
    assert outer.attrib == {
        "someText": '<&>"',
        "number": "7",
        "share": "-7.25",
        "flag": "false",
        "extra": "x",
    }
    assert [child.tag.removeprefix(SPACE) for child in outer] == [
        "one", "first", "first", "words", "numbers", "numbers",
    ]  # fmt: skip
    assert [child.text for child in outer[3:]] == ["calm", "1", "2"]
    assert outer[1].attrib == {"name": "b"}


def test_lean_xml_leaves_out_what_opensubsonic_added() -> None:
    outer = as_xml(FULL, LEAN)[0]
    assert "extra" not in outer.attrib
    assert "words" not in {child.tag.removeprefix(SPACE) for child in outer}
    assert outer.get("number") == "7"


def test_a_value_is_the_text_of_its_element() -> None:
    worded = as_xml(Worded(count=2, value="Rock & Roll"))[0]
    assert worded.text == "Rock & Roll"
    assert worded.attrib == {"count": "2"}
    assert as_json(Worded(count=2, value="x"))["outer"] == {"count": 2, "value": "x"}


def test_a_value_beside_children_is_an_attribute() -> None:
    parent = as_xml(Parent(value="a < b", children=[]))[0]
    assert (parent.get("value"), parent.text) == ("a < b", None)


def test_a_field_may_be_called_otherwise_in_xml() -> None:
    given = Parent(value="", children=[Inner(name="a"), Inner(name="b")])
    for form in (XML, LEAN):
        assert [child.tag for child in as_xml(given, form)[0]] == [f"{SPACE}child"] * 2
    assert as_json(given)["outer"]["children"] == [{"name": "a"}, {"name": "b"}]


def test_a_scalar_marked_as_an_element_is_a_child_with_text() -> None:
    spelt = Spelt(name="n", about="<a> & b", link="l", first=[Inner(name="i")])
    given = as_xml(spelt)[0]
    assert given.attrib == {"name": "n"}
    assert [child.tag.removeprefix(SPACE) for child in given] == ["about", "link", "first"]
    assert given[0].text == "<a> & b"
    assert [child.tag.removeprefix(SPACE) for child in as_xml(spelt, LEAN)[0]] == ["about", "first"]
    assert len(as_xml(Spelt(name="n", first=[]))[0]) == 0
    assert as_json(spelt)["outer"] == {
        "name": "n", "about": "<a> & b", "link": "l", "first": [{"name": "i"}],
    }  # fmt: skip


def test_a_list_at_the_top_repeats_the_element() -> None:
    names = [Inner(name="a"), Inner(name="b")]
    assert [child.get("name") for child in as_xml(names)] == ["a", "b"]
    assert as_json(names)["outer"] == [{"name": "a"}, {"name": "b"}]


@pytest.mark.attack("X38")
@pytest.mark.parametrize("text", ["a\x00b\x1fc", "\ufffe\uffff", "\ud800 alone"])
def test_xml_drops_the_characters_that_it_forbids(text: str) -> None:
    got = as_xml(Inner(name=text))[0].get("name")
    assert got is not None
    assert got == "".join(char for char in text if char in "abc alone")


def test_line_breaks_in_attributes_survive_xml() -> None:
    assert as_xml(Inner(name="a\nb\tc\r"))[0].get("name") == "a\nb\tc\r"


def test_a_success_without_payload_is_the_bare_envelope() -> None:
    assert as_json(None)["status"] == "ok"
    assert len(as_xml(None)) == 0


def test_a_failure_carries_code_and_message() -> None:
    error = Error(code=70, message="No <such> thing")
    root = json.loads(failure(JSON, error).body)["subsonic-response"]
    assert root["status"] == "failed"
    assert root["error"] == {"code": 70, "message": "No <such> thing"}
    element = ElementTree.fromstring(failure(XML, error).body)[0]
    assert element.attrib == {"code": "70", "message": "No <such> thing"}


def test_jsonp_calls_the_function() -> None:
    answer = render(Format("jsonp", "app.got"), "", None)
    assert answer.content_type == "application/javascript"
    assert answer.body.startswith(b'app.got({"subsonic-response"')
    assert answer.body.endswith(b");")
