"""Ids outside and inside."""

from __future__ import annotations

import pytest

from subsonic import ids
from subsonic.errors import NotFoundError
from subsonic.ids import Kind, parse


@pytest.mark.parametrize("kind", Kind)
def test_an_id_comes_back_as_it_was_made(kind: Kind) -> None:
    make = getattr(ids, kind.name.lower())
    assert parse(make(12)) == (kind, 12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "al",
        "al-",
        "al-x",
        "al--1",
        "xx-1",
        "al-1;al-2",
        "al-٣",
        "al-1\0",
        "al-" + "9" * 30,
    ],
)
def test_what_is_no_id_names_nothing(text: str) -> None:
    with pytest.raises(NotFoundError):
        parse(text)


def test_an_id_of_another_kind_names_nothing() -> None:
    with pytest.raises(NotFoundError):
        parse("al-1", Kind.TRACK, Kind.FOLDER)
