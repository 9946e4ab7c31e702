"""Is it there, may I use it, what can it do."""

from __future__ import annotations

from tests.support.api import Api, Client


async def test_ping_answers_the_bare_envelope(api: Api) -> None:
    assert await api.get("ping") is None


async def test_the_license_is_valid(api: Api) -> None:
    assert await api.get("getLicense") == {"valid": True}


async def test_the_extensions_are_listed_without_a_sign_in(client: Client) -> None:
    response = await client.get("/rest/getOpenSubsonicExtensions", params={"f": "json"})
    found = (await response.json())["subsonic-response"]["openSubsonicExtensions"]
    assert {"name": "formPost", "versions": [1]} in found
    assert {"name": "songLyrics", "versions": [1, 2]} in found
    assert {"name": "transcodeOffset", "versions": [1]} in found
    assert {"name": "indexBasedQueue", "versions": [1]} in found
