"""Finding by words and parts of words, in all scripts, the best first; and everything, page by page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from db.database import Database
from db.rows import UserRow
from db.search import Cut
from db.words import insides, vector
from tests.support.rows import Hand, hand, ids, mark, person, shuffle

KINDS = ["tracks", "albums", "artists", "folders"]
ALL = Cut(1000, 0)
TYPED = {
    "Moonlight Sonata": ["moonlight", "son moon", "SONATA", "  moon\tson ", "moon moonl"],
    "Unfinished Symphony": ["phony", "nish symp", "ymp unf", "nfin hon", "hon"],
    "Don't Stop": ["dont", "don't stop", "don’t", "ont"],
    "AC/DC": ["acdc", "dc ac", "AC/DC", "ac-dc", "cdc"],
    "R.E.M.": ["r.e.m.", "rem", "R.E.M", "r.e.m"],
    "Łódź": ["lodz", "łódź", "ódź"],
    "Straßenbahn": ["strasse", "straße", "ssenb", "ßen"],
    "Sløk Æble": ["slok aeble", "æbl", "løk"],
    "ＦＵＬＬ": ["full"],
    "そこに": ["soko", "そこ", "こに", "koni"],
    "邓丽君": ["邓", "丽君", "dengli", "lijun"],
    "東京事変": ["事変", "東京", "変"],
    "Чайковский": ["chaik", "ЧАЙ", "ковск", "kovsk"],
    "Sigur Rós ( )": ["ros sigur", "sigur ()"],
}
"""What finds a name, and that name alone."""
UNTYPED = [
    "oo",
    "ht",
    "nat oo",
    "moon dont",
    "moonlights",
    "邓君",
    "君丽",
    "ok",
    "京変",
    "( )",
    "e.m",
]
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


async def learn(database: Database, *names: str) -> None:
    """As a scan does: parts of words are found from now on."""
    await database.vocabulary.learn({word for name in names for word in insides(name)})


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
    await learn(database, *TYPED)
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


BEST_FIRST = [
    "The Light",
    "Light",
    "Light Ahead",
    "Lighter",
    "A Light",
    "Sun and Light",
    "Delight",
    "Moonlight",
]
"""What `light` finds, in this order."""


@pytest.mark.parametrize("kind", KINDS)
async def test_the_name_comes_first_then_its_beginning_then_a_word_then_a_part_of_a_word(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    make = maker(music, kind, album)
    made = {await make(name): name for name in sorted(BEST_FIRST, reverse=True)}
    await learn(database, *BEST_FIRST)
    found = [made[one] for one in ids(await find(database, kind, "LIGHT", ann))]
    assert found == BEST_FIRST
    for size in (1, 2, 3):
        pages = [
            made[one]
            for offset in range(0, 9, size)
            for one in ids(await find(database, kind, "light", ann, Cut(size, offset)))
        ]
        assert pages == found
    assert [made[one] for one in ids(await find(database, kind, "the light", ann))] == ["The Light"]


async def test_songs_are_found_by_title_artist_and_album_and_titles_come_first(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    by = [
        ("Zebra", ["Moon"], "River"),
        ("Zebra", ["Sun"], "Moon River"),
        ("My Moon", ["Sun"], "River"),
        ("Zed and Moon", ["River"], "Sun"),
        ("The River, the Moon", ["Sun"], "Sun"),
        ("Zebra", ["Moon River"], "Sun"),
        ("River", ["Sun"], "Sun"),
    ]
    made = [
        await music.track(title, album, words=vector(title, people, on)) for title, people, on in by
    ]
    found = [made.index(one) for one in ids(await find(database, "tracks", "moon river", ann))]
    assert found == [4, 2, 3, 5, 0, 1]
    assert found == [
        made.index(one) for one in ids(await find(database, "tracks", "river MOON", ann))
    ]


async def test_among_equals_what_the_user_plays_most_comes_first(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    bob = await person(database, "bob")
    names = ["Love", "Love", "Love Me", "Love You", "My Love", "Your Love"]
    made = [await music.track(name, album) for name in names]
    for place, count in ((1, 3), (3, 2), (5, 9)):
        await mark(database, ann, "track", made[place], play_count=count)
    await mark(database, bob, "track", made[0], play_count=1)
    for user, expected in ((ann, [1, 0, 3, 2, 5, 4]), (bob, [0, 1, 2, 3, 4, 5])):
        assert [made.index(one) for one in ids(await find(database, "tracks", "love", user))] == (
            expected
        )
    letters = [made.index(one) for one in ids(await find(database, "tracks", "lo", ann))]
    assert letters == [0, 1, 2, 3, 5, 4]


@pytest.mark.parametrize("kind", KINDS)
async def test_parts_of_several_words_count_where_nothing_begins_with_them(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    make = maker(music, kind, album)
    begins, inside = await make("Sunday Rain"), await make("Midsunday Train")
    await learn(database, "Sunday Rain", "Midsunday Train")
    for text, expected in (("rain sunday", [begins]), ("rain dsund", [inside])):
        assert ids(await find(database, kind, text, ann)) == expected
        assert await find(database, kind, text, ann, Cut(10, 1)) == []
        if kind == "tracks":
            since = datetime(2000, 1, 1, tzinfo=UTC)
            rows, total = await database.search.newer(text, since, ann, ALL)
            assert (ids(rows), total) == (expected, 1)
    assert ids(await find(database, kind, "rain", ann)) == [begins, inside]


async def test_pages_of_many_hits_join_without_gap_or_repeat(
    database: Database, music: Hand, album: int, ann: UserRow
) -> None:
    names = [
        f"{word} {number % 3}"
        for number in range(60)
        for word in ("Rain", "Rainy", "The Rain", "My Rain", "Train", "Ra")
    ]
    for name in names:
        await music.track(name, album)
    await learn(database, *names)
    for text, count in (("rain", 300), ("ra", 300), ("r", 300), ("rain 1", 80)):
        whole = ids(await find(database, "tracks", text, ann))
        assert len(set(whole)) == len(whole) == count
        for size in (7, 100):
            pages = [
                one
                for offset in range(0, 400, size)
                for one in ids(await find(database, "tracks", text, ann, Cut(size, offset)))
            ]
            assert pages == whole


@pytest.mark.parametrize("kind", KINDS)
async def test_names_from_before_an_update_are_found_by_their_words(
    database: Database, music: Hand, album: int, ann: UserRow, kind: str
) -> None:
    old = await maker(music, kind, album)("Old Moon")
    await database.pool.execute(
        f"update {kind} set name_key = '', words = 'old moon'::tsvector where id = {old}"  # noqa: S608
    )
    for text in ("old", "moon ol", "o", "mo"):
        assert ids(await find(database, kind, text, ann)) == [old]


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


@pytest.mark.attack("X30")
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
@pytest.mark.parametrize("text", ["", "moon", "m", "oon"])
async def test_only_the_libraries_that_are_asked_for_are_searched(
    database: Database, music: Hand, kind: str, text: str
) -> None:
    other = await hand(database, "Other")
    ann = await person(database)
    await learn(database, "Moon")
    here, there = [
        await maker(one, kind, await one.album("", "", missing_since=None))("Moon")
        for one in (music, other)
    ]
    narrow = await getattr(database.search, kind)(text, ann, [music.library], ALL)
    assert here in ids(narrow)
    assert there not in ids(narrow)
    assert await getattr(database.search, kind)(text, ann, [], ALL) == []
