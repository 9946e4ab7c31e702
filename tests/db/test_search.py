"""Finding by the beginnings of words, in all scripts; and everything, page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from db.database import Database
from db.rows import UserRow
from db.search import Cut
from tests.support.rows import Hand, hand, ids, person, shuffle

KINDS = ["tracks", "albums", "artists", "folders"]
ALL = Cut(1000, 0)
TYPED = {
    "Moonlight Sonata": ["moonlight", "son moon", "SONATA", "  moon\tson ", "moon moonl"],
    "Don't Stop": ["dont", "don't stop", "don’t"],
    "AC/DC": ["acdc", "dc ac", "AC/DC"],
    "Łódź": ["lodz", "łódź"],
    "ＦＵＬＬ": ["full"],
    "そこに": ["soko", "そこ", "こに", "koni"],
    "邓丽君": ["邓", "丽君", "dengli", "lijun"],
    "東京事変": ["事変", "東京", "変"],
    "Кино": ["kin", "КИНО"],
    "Sigur Rós ( )": ["ros sigur", "sigur ()"],
}
"""What finds a name, and that name alone."""
UNTYPED = ["oonlight", "moon dont", "moonlights", "邓君", "君丽", "ok", "京変", "( )"]
SIGNS = [
    "'",
    "''",
    "\\",
    "\0",
    "%",
    "_",
    "$",
    "&",
    "|",
    "!",
    "(",
    ")",
    "<->",
    "*",
    ":",
    ":*",
    "--",
    "🌑",
]
Make = Callable[[str], Awaitable[int]]


def maker(music: Hand, kind: str, album: int) -> Make:
    """What makes things of a kind by their name."""
    makes: dict[str, Make] = {
        "tracks": lambda name: music.track(name, album),
        "albums": lambda name: music.album(name, ""),
        "artists": music.artist,
        "folders": music.folder,
    }
    return makes[kind]


@pytest.fixture
async def album(music: Hand) -> int:
    """One that only a search for everything finds."""
    return await music.album("", "")


async def find(
    database: Database, kind: str, text: str, user: UserRow, cut: Cut = ALL
) -> list[Any]:
    found: list[Any] = await getattr(database.search, kind)(text, user, user.libraries, cut)
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_a_name_is_found_by_what_people_type_and_by_nothing_else(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    make = maker(music, kind, album)
    made = {await make(name): name for name in TYPED}
    for name, texts in TYPED.items():
        for text in texts:
            found = [made[one] for one in ids(await find(database, kind, text, ann))]
            assert found == [name], text
    for text in UNTYPED:
        assert await find(database, kind, text, ann) == [], text


@pytest.mark.parametrize("kind", KINDS)
async def test_names_that_begin_with_the_text_come_first_then_by_name_then_by_id(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    make = maker(music, kind, album)
    names = ["A Love Story", "Lovely", "Love", "Zen Love", "LOVE", "Élan of Love", "Löve"]
    made = [await make(name) for name in names]
    if kind != "artists":
        await shuffle(database, kind, made)
    expected = [made[index] for index in (2, 4, 6, 1, 0, 5, 3)]
    assert ids(await find(database, kind, "lové", ann)) == expected
    pages = [ids(await find(database, kind, "lové", ann, Cut(3, offset))) for offset in (0, 3, 6)]
    assert pages == [expected[:3], expected[3:6], expected[6:]]


@pytest.mark.parametrize("kind", KINDS)
async def test_no_text_is_everything_by_id(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    make = maker(music, kind, album)
    made = [await make(name) for name in "gfedcba"]
    if kind != "artists":
        await shuffle(database, kind, made)
    first = [album] if kind == "albums" else []
    assert ids(await find(database, kind, "", ann)) == first + made
    cuts = [Cut(3, len(first) + offset) for offset in (0, 3, 6, 9)]
    pages = [ids(await find(database, kind, "", ann, cut)) for cut in cuts]
    assert pages == [made[:3], made[3:6], made[6:], []]


@pytest.mark.parametrize("kind", KINDS)
async def test_signs_are_signs_and_not_a_language(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    make = maker(music, kind, album)
    moon = await make("Moon")
    await make("Sun")
    for text in SIGNS:
        assert await find(database, kind, text, ann) == [], text
        assert ids(await find(database, kind, f"moon{text}", ann)) == [moon], text
        assert ids(await find(database, kind, f"{text}moon", ann)) == [moon], text
    for text in ("moon | sun", "!sun & moon", "moon:a", "moon <-> sun", "moon" * 10_000):
        assert await find(database, kind, text, ann) == [], text
    for text in ("moon:*", "moon & !moo", "(moon) | 'moo'", "moon " * 10_000):
        assert ids(await find(database, kind, text, ann)) == [moon], text


@pytest.mark.parametrize("kind", KINDS)
async def test_a_page_of_no_length_is_empty(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    await maker(music, kind, album)("Moon")
    for text in ("", "moon"):
        for cut in (Cut(0, 0), Cut(-1, 0), Cut(10, 2**40)):
            assert await find(database, kind, text, ann, cut) == []


async def test_everything_has_only_artists_with_albums_and_a_text_finds_all(
    database: Database, music: Hand, ann: UserRow
) -> None:
    own, guest = await music.artist("Ada"), await music.artist("Ada Guest", 0)
    assert ids(await find(database, "artists", "", ann)) == [own]
    assert ids(await find(database, "artists", "ada", ann)) == [own, guest]


async def test_only_folders_at_the_top_are_found(
    database: Database, music: Hand, ann: UserRow
) -> None:
    top = await music.folder("Moon")
    await music.folder("Moon", top)
    for text in ("", "moon", "music"):
        found = ids(await find(database, "folders", text, ann))
        assert found == ([] if text == "music" else [top])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", ["", "moon"])
async def test_only_the_libraries_that_are_asked_for_are_searched(
    database: Database, music: Hand, kind: str, text: str
) -> None:
    other = await hand(database, "Other")
    ann = await person(database)
    here, there = [
        await maker(one, kind, await one.album("", "", missing_since=None))("Moon")
        for one in (music, other)
    ]
    narrow = await getattr(database.search, kind)(text, ann, [music.library], ALL)
    assert here in ids(narrow)
    assert there not in ids(narrow)
    assert await getattr(database.search, kind)(text, ann, [], ALL) == []
