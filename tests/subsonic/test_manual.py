"""The page of the API says what the program does."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from subsonic.endpoint import ENDPOINTS
from subsonic.manual import chapters, manual

ROOT = Path(__file__).parents[2]


def test_the_page_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs/api.md").read_text(encoding="utf-8") == manual()


def test_every_endpoint_stands_in_one_chapter() -> None:
    listed = [endpoint.name for _, endpoints in chapters() for endpoint in endpoints]
    assert sorted(listed) == sorted(ENDPOINTS)


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_every_endpoint_says_what_it_does(name: str) -> None:
    assert inspect.getdoc(ENDPOINTS[name].handler)
