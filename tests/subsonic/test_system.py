"""Is it there, may I use it, what can it do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from conf.settings import Transcoding
from subsonic.system import EXTENSIONS, get_open_subsonic_extensions
from tests.support.api import Api, Client
from tests.support.shelf import Shelf


async def test_ping_answers_the_bare_envelope(api: Api) -> None:
    assert await api.get("ping") is None


async def test_the_license_is_valid(api: Api) -> None:
    assert await api.get("getLicense") == {"valid": True}


@pytest.mark.parametrize(
    ("mode", "missing"),
    [
        ("on", set()),
        ("cache-only", {"transcodeOffset"}),
        ("off", {"transcodeOffset", "transcoding"}),
    ],
)
async def test_extensions_that_do_not_work_are_not_listed(
    library: Shelf, mode: Any, missing: set[str]
) -> None:
    settings = replace(library.settings, transcoding=Transcoding(mode=mode))
    services: Any = SimpleNamespace(settings=settings)
    listed = {one.name for one in await get_open_subsonic_extensions(services)}
    assert listed == {one.name for one in EXTENSIONS} - missing


async def test_the_extensions_are_listed_without_a_sign_in(client: Client) -> None:
    response = await client.get("/rest/getOpenSubsonicExtensions", params={"f": "json"})
    found = (await response.json())["subsonic-response"]["openSubsonicExtensions"]
    assert {"name": "formPost", "versions": [1]} in found
    assert {"name": "songLyrics", "versions": [1, 2]} in found
    assert {"name": "transcodeOffset", "versions": [1]} in found
    assert {"name": "indexBasedQueue", "versions": [1]} in found
    assert {"name": "playbackReport", "versions": [1]} in found
    assert {"name": "transcoding", "versions": [1]} in found
