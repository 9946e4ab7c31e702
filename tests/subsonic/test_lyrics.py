"""Lyrics in both of their forms."""

from __future__ import annotations

from typing import Any

import lxml.etree as etree
import pytest

from library.lyrics import Cue, Sheet
from library.lyrics import Line as SheetLine
from subsonic.lyrics import _enhanced
from tests.support.api import Api

SPACE = "{http://subsonic.org/restapi}"
TEXT = "Bé ta\nTwo\n\nEnd"


async def of(api: Api, title: str, **given: Any) -> list[dict[str, Any]]:
    answer = await api.get("getLyricsBySongId", id=await api.id_of(title), **given)
    found: list[dict[str, Any]] = answer["structuredLyrics"]
    return found


async def test_lines_have_their_times_and_nothing_of_the_second_version(guest: Api) -> None:
    assert await of(guest, "Beta") == [
        {
            "lang": "eng",
            "synced": True,
            "displayArtist": "Ada",
            "displayTitle": "Beta",
            "offset": 100,
            "line": [
                {"start": 1000, "value": "Bé ta"},
                {"start": 2500, "value": "Two"},
                {"start": 3000, "value": ""},
                {"start": 4000, "value": "End"},
            ],
        }
    ]


async def test_an_app_that_asks_gets_words_and_voices(guest: Api) -> None:
    (plain,) = await of(guest, "Beta")
    (found,) = await of(guest, "Beta", enhanced="true")
    assert {key: found[key] for key in plain} == plain
    assert found["kind"] == "main"
    assert found["agents"] == [{"id": "v1", "role": "main"}, {"id": "v2", "role": "voice"}]
    assert found["cueLine"] == [
        {
            "index": 0,
            "start": 1000,
            "end": 2000,
            "value": "Bé ta",
            "agentId": "v1",
            "cue": [
                {"start": 1000, "end": 1500, "byteStart": 0, "byteEnd": 3, "value": "Bé "},
                {"start": 1500, "end": 2000, "byteStart": 4, "byteEnd": 5, "value": "ta"},
            ],
        },
        {
            "index": 1,
            "start": 2500,
            "value": "Two",
            "agentId": "v2",
            "cue": [{"start": 2500, "byteStart": 0, "byteEnd": 2, "value": "Two"}],
        },
    ]


async def test_xml_has_agents_by_one_and_texts_of_lines_and_words(guest: Api) -> None:
    pairs = guest.signed({"id": await guest.id_of("Beta"), "enhanced": "true"}, "xml")
    response = await guest.client.get("/rest/getLyricsBySongId", params=pairs)
    (lyrics,) = etree.fromstring(await response.read())[0]
    names = [child.tag.removeprefix(SPACE) for child in lyrics]
    assert names == ["line"] * 4 + ["agent"] * 2 + ["cueLine"] * 2
    assert (lyrics[0].text, lyrics[0].get("start")) == ("Bé ta", "1000")
    assert lyrics[4].attrib == {"id": "v1", "role": "main"}
    line = lyrics[6]
    assert (line.get("value"), line.get("agentId"), line.text) == ("Bé ta", "v1", None)
    assert [(cue.text, cue.get("byteEnd")) for cue in line] == [("Bé ", "3"), ("ta", "5")]


@pytest.mark.parametrize(
    ("voices", "roles"),
    [
        (["", ""], None),
        (["v2", "v1"], [("v2", "main"), ("v1", "voice")]),
        (["bg", "v1"], [("v1", "main"), ("bg", "bg")]),
        (["bg", "", "v2"], [("main", "main"), ("bg", "bg"), ("v2", "voice")]),
        (["bg"], [("main", "main"), ("bg", "bg")]),
    ],
)
def test_where_voices_are_named_exactly_one_is_the_main_one(
    voices: list[str], roles: list[tuple[str, str]] | None
) -> None:
    lines = [SheetLine("a", 1, voice, (Cue(1, None, 0, 0, "a"),)) for voice in voices]
    found = _enhanced(Sheet("eng", synced=True, lines=lines))
    agents = found["agents"]
    assert agents == roles or [(agent.id, agent.role) for agent in agents] == roles
    named = {agent.id for agent in agents or ()}
    assert all((line.agent_id in named) == bool(named) for line in found["cue_line"])


async def test_a_song_without_words_has_an_empty_list(guest: Api) -> None:
    assert await of(guest, "Alpha") == []
    assert await of(guest, "Alpha", enhanced="true") == []


async def test_words_of_unknown_and_hidden_songs_are_not_found(guest: Api, api: Api) -> None:
    secret = await api.id_of("Secret")
    assert await of(api, "Secret") == []
    for id in (secret, "tr-99999", "al-1", "x"):
        assert await guest.error("getLyricsBySongId", id=id) == 70
    assert await guest.error("getLyricsBySongId") == 10


@pytest.mark.parametrize(
    "given",
    [
        {"artist": "Ada", "title": "Beta"},
        {"artist": "ÁDA", "title": " beta "},
        {"title": "Beta"},
        {"artist": "", "title": "Beta\0"},
    ],
)
async def test_artist_and_title_find_the_words_as_one_text(
    guest: Api, given: dict[str, str]
) -> None:
    assert await guest.get("getLyrics", **given) == {
        "artist": "Ada",
        "title": "Beta",
        "value": TEXT,
    }


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"artist": "Ada"},
        {"artist": "Ada", "title": "Bet"},
        {"artist": "Eve", "title": "Beta"},
        {"artist": "Ada", "title": "Alpha"},
        {"artist": "Eve", "title": "Secret"},
        {"artist": "'", "title": "'\\& | !:*"},
        {"artist": "\0", "title": "\0"},
        {"artist": "x" * 2000, "title": "y " * 1000},
    ],
)
async def test_what_is_not_found_is_no_words(guest: Api, given: dict[str, str]) -> None:
    assert await guest.get("getLyrics", **given) == {"value": ""}
