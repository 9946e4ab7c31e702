"""Searching, and copying the whole library by an empty search."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api


async def found(api: Api, query: str, **more: Any) -> dict[str, list[str]]:
    got = await api.get("search3", query=query, **more)
    return {
        kind: [one.get("title") or one["name"] for one in got[kind]]
        for kind in ("artist", "album", "song")
    }


@pytest.mark.parametrize(
    ("query", "kind", "expected"),
    [
        ("alph", "song", ["Alpha"]),
        ("ALPHA", "song", ["Alpha"]),
        ("dvorak", "song", ["Dvořák"]),
        ("emigre", "song", ["Émigré"]),
        ("ada alpha", "song", ["Alpha"]),
        ("alpha ada", "song", ["Alpha"]),
        ("alpha bär", "song", []),
        ("lpha", "song", ["Alpha"]),
        ("ph", "song", []),
        ("pha", "song", ["Alpha"]),
        ("irst", "album", ["First"]),
        ("irst da", "album", []),
        ("ärs", "artist", ["The Bärs"]),
        ("und", "album", ["Ünder"]),
        ("ada fir", "album", ["First"]),
        ("bars", "artist", ["The Bärs"]),
        ("cyd", "artist", ["Cyd"]),
        ("alpha*", "song", ["Alpha"]),
        ('"alpha"', "song", ["Alpha"]),
    ],
)
async def test_every_word_must_be_in_what_is_found(
    guest: Api, query: str, kind: str, expected: list[str]
) -> None:
    assert (await found(guest, query))[kind] == expected


async def test_an_artists_name_finds_the_songs_and_albums(guest: Api) -> None:
    got = await found(guest, "ada")
    assert {"Alpha", "Beta", "Gamma", "Loose", "One"} == set(got["song"])
    assert {"First", "Early", "Loose"} == set(got["album"])


@pytest.mark.parametrize("query", ["%_%", "'", "\\", "(", "a:b & | !", "\x00", "*", "--"])
async def test_signs_are_no_wildcards_and_break_nothing(guest: Api, query: str) -> None:
    got = await found(guest, query, songCount=500)
    assert len(got["song"]) < 8 or not query.strip('*"\x00')


@pytest.mark.parametrize("query", ["", '""'])
async def test_an_empty_query_is_the_whole_library_in_stable_pages(guest: Api, query: str) -> None:
    everything = await found(guest, query, songCount=500, albumCount=500, artistCount=500)
    assert len(everything["song"]) == 8
    assert len(everything["album"]) == 5
    assert set(everything["artist"]) == {"Ada", "The Bärs", "Various Artists"}
    pages = [
        (await found(guest, query, songCount=3, songOffset=offset, albumCount=0, artistCount=0))
        for offset in (0, 3, 6, 9)
    ]
    assert [song for page in pages for song in page["song"]] == everything["song"]
    assert pages[0]["album"] == pages[0]["artist"] == []


async def test_each_kind_has_its_own_page(guest: Api) -> None:
    got = await guest.get(
        "search3", query="", artistCount=1, albumCount=2, songCount=3, albumOffset=4
    )
    assert [len(got[kind]) for kind in ("artist", "album", "song")] == [1, 1, 3]


@pytest.mark.attack("X70")
async def test_absurd_counts_are_cut(guest: Api) -> None:
    got = await guest.get(
        "search3", query="", songCount=9_999_999, albumCount=10**20, artistCount=-1
    )
    assert [len(got[kind]) for kind in ("artist", "album", "song")] == [0, 5, 8]


async def test_a_search_without_a_query_is_an_error(guest: Api) -> None:
    assert await guest.error("search3") == 10
    assert await guest.error("search2") == 10


async def test_search2_finds_top_folders_albums_and_songs_that_open_as_directories(
    guest: Api,
) -> None:
    got = await guest.get("search2", query="ada")
    top = (await guest.get("getIndexes"))["index"][0]["artist"][0]
    assert [one["id"] for one in got["artist"]] == [top["id"]]
    assert all(one["isDir"] for one in got["album"])
    for one in [*got["artist"], *got["album"]]:
        assert (await guest.get("getMusicDirectory", id=one["id"]))["child"]


async def test_nothing_of_a_hidden_library_is_found(guest: Api, api: Api) -> None:
    for query in ("secret", "eve", "vault"):
        assert await found(guest, query) == {"artist": [], "album": [], "song": []}
        assert (await guest.get("search2", query=query))["artist"] == []
    assert (await found(api, "eve"))["artist"] == ["Eve"]


async def matched(api: Api, **given: Any) -> list[str]:
    got = await api.get("search", **given)
    assert got["totalHits"] >= len(got["match"])
    return [song["title"] for song in got["match"]]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"title": "alph"}, {"Alpha"}),
        ({"artist": "ada", "album": "first"}, {"Alpha", "Beta"}),
        ({"artist": "ada", "title": "dvorak"}, set()),
        ({"any": "bars"}, {"Dvořák", "Émigré"}),
        ({"any": '"alpha*"'}, {"Alpha"}),
        ({"any": "( )"}, set()),
        ({"title": "", "any": "loose"}, {"Loose"}),
    ],
)
async def test_the_oldest_search_finds_songs_by_all_words_given(
    guest: Api, given: dict[str, Any], expected: set[str]
) -> None:
    assert set(await matched(guest, **given)) == expected


async def test_the_oldest_search_counts_all_hits_and_gives_a_page(guest: Api) -> None:
    pages = [await guest.get("search", artist="ada", count=2, offset=at) for at in (0, 2, 4, 6)]
    assert [page["totalHits"] for page in pages] == [5] * 4
    assert [page["offset"] for page in pages] == [0, 2, 4, 6]
    assert [len(page["match"]) for page in pages] == [2, 2, 1, 0]
    assert len({song["id"] for page in pages for song in page["match"]}) == 5
    assert (await guest.get("search", any="ada", count=-1, offset=-1))["match"] == []


async def test_the_oldest_search_can_ask_for_what_is_new(guest: Api, api: Api) -> None:
    assert (await guest.get("search"))["totalHits"] == 8
    assert (await api.get("search"))["totalHits"] == 9
    assert len(await matched(guest, newerThan=1_000_000_000_000)) == 8
    for late in (4_000_000_000_000, 10**18):
        assert await matched(guest, newerThan=late) == []
        assert await matched(guest, newerThan=late, any="alpha") == []
    assert len(await matched(guest, newerThan=-(10**18), any="alpha")) == 1
