"""Smart playlists: what rules may say, what they choose, with whose eyes, and when anew."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from db import smart
from db.database import Database
from db.errors import UnfitError
from db.playlists import Edit
from db.queries import Sql
from db.rows import UserRow
from db.smart_rules import (
    DEEPEST,
    FIELDS,
    MOST_RULES,
    OPERATORS,
    SORTS,
    Kind,
    Rules,
    Statement,
    dump,
    parse,
    statement,
)
from tests.support.rows import Hand, hand, insert, mark, person

VALUES: dict[Kind, Any] = {
    "text": "x", "key": "x", "number": 1, "bool": True, "date": "2024-01-31", "playlist": "pl-1",
}  # fmt: skip
SLOW = Statement("select array[length(pg_sleep(5)::text)::bigint]", (), {})
EVERY = [(field, operator) for field, kind in FIELDS.items() for operator in OPERATORS[kind]]


def value(field: str, operator: str) -> Any:
    if operator in {"inTheLast", "notInTheLast"}:
        return 30
    plain = VALUES[FIELDS[field]]
    return [plain, plain] if operator == "inTheRange" else plain


def one(field: str, operator: str, given: Any, **more: Any) -> Rules:
    rule = {"field": field, "operator": operator, "value": given}
    return parse(json.dumps({"all": [rule]} | more))


@pytest.fixture
async def music(database: Database) -> Hand:
    return await hand(database)


@pytest.fixture
async def ann(database: Database, music: Hand) -> UserRow:
    return await person(database)


@pytest.fixture
async def songs(database: Database, music: Hand) -> dict[str, int]:
    """Four songs of two albums and two artists."""
    ada, bo = await music.artist("Ada"), await music.artist("Bo")
    await database.pool.execute("update artists set key = lower(name)")
    first, other = await music.album("First", "Ada"), await music.album("Öther", "Bo")
    facts: list[tuple[str, int, int, dict[str, Any]]] = [
        ("Alpha", first, ada, {"year": 2001, "track": 1, "genre_keys": ["rock"], "duration": 60.0}),
        ("Beta", first, ada, {"year": 2002, "track": 2, "genre_keys": ["rock", "hard bop"]}),
        ("Gamma", other, bo, {"year": 1999, "track": 1, "bit_rate": 320, "suffix": "flac"}),
        ("50% Délta_", other, bo, {"duration": 600.0}),
    ]
    found = {}
    for title, album, artist, more in facts:
        found[title] = await music.track(title, album, **more)
        await insert(
            database.pool,
            "track_artists",
            {"track_id": found[title], "artist_id": artist, "role": "artist", "position": 0},
            returning="track_id",
        )
    return found


async def chosen(database: Database, user: UserRow, rules: Rules, songs: dict[str, int]) -> str:
    names = {number: title[0] for title, number in songs.items()}
    return "".join(names[song] for song in await database.smart.preview(user, rules))


async def test_every_field_with_every_operator_suits_the_tables(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    for field, operator in EVERY:
        made = statement(one(field, operator, value(field, operator)))
        given = made.fill(user=ann.id, libraries=ann.libraries, admin=False)
        assert isinstance(await database.pool.fetchval(made.sql, *given), list), (field, operator)


async def test_every_order_suits_the_tables(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    for field in SORTS:
        for descending in (False, True):
            rules = one("title", "isNot", "x", sort=[{"by": field, "descending": descending}])
            found = await database.smart.preview(ann, rules)
            assert sorted(found) == sorted(songs.values()), field


def test_every_fragment_has_a_use() -> None:
    frame = {"evaluate", "from", "card", "seen", "ascending", "descending", "genre_is"}
    kinds = {
        f"{kind}_{operator}"
        for kind, operators in OPERATORS.items()
        for operator in operators
        if kind != "playlist" and not operator.startswith("not") and operator != "isNot"
    }
    sorts = {f"sort_{field}" for field in SORTS}
    fragments = set(Sql("smart").fragments())
    assert fragments - frame - kinds - sorts - set(FIELDS) == set()
    assert (frame | kinds | set(FIELDS)) - fragments == set()


@pytest.mark.parametrize(
    ("field", "operator", "given", "expected"),
    [
        ("title", "is", "alpha", "A"),
        ("title", "isNot", "ALPHA", "BG5"),
        ("title", "contains", "TA", "B5"),
        ("title", "contains", "%", "5"),
        ("title", "contains", "_", "5"),
        ("title", "contains", "DÉL", "5"),
        ("title", "notContains", "a", ""),
        ("title", "startsWith", "ga", "G"),
        ("title", "endsWith", "TA", "B"),
        ("album", "is", "öther", "G5"),
        ("artist", "is", "ADA", "AB"),
        ("artist", "isNot", "Ada", "G5"),
        ("artist", "contains", "d", "AB"),
        ("genre", "is", "Röck", "AB"),
        ("genre", "contains", "bop", "B"),
        ("genre", "isNot", "rock", "G5"),
        ("genre", "startsWith", "hard", "B"),
        ("suffix", "is", "FLAC", "G"),
        ("library", "is", "music", "ABG5"),
        ("year", "gt", 2001, "B"),
        ("year", "lt", 2000, "G5"),
        ("year", "inTheRange", [1999, 2001], "AG"),
        ("year", "is", 2001.0, "A"),
        ("bitRate", "gt", 200, "G"),
        ("duration", "inTheRange", [59.5, 60.5], "A"),
        ("track", "isNot", 1, "B5"),
        ("dateAdded", "before", "2020-02-21", "ABG5"),
        ("dateAdded", "before", "2020-02-20", ""),
        ("dateAdded", "is", "2020-02-20", "ABG5"),
        ("dateAdded", "after", "2020-02-20", ""),
        ("dateAdded", "after", "2020-02-19", "ABG5"),
        ("dateAdded", "inTheRange", ["2020-02-19", "2020-02-20"], "ABG5"),
        ("dateAdded", "inTheLast", 1, ""),
        ("dateAdded", "notInTheLast", 1, "ABG5"),
        ("lastPlayed", "notInTheLast", 30, "ABG5"),
        ("playCount", "is", 0, "ABG5"),
        ("loved", "is", False, "ABG5"),
        ("hasCoverArt", "is", False, "ABG5"),
        ("compilation", "is", True, ""),
        ("bpm", "lt", 1, "ABG5"),
    ],
)
async def test_rules_choose_songs(
    database: Database,
    ann: UserRow,
    songs: dict[str, int],
    field: str,
    operator: str,
    given: Any,
    expected: str,
) -> None:
    assert await chosen(database, ann, one(field, operator, given), songs) == expected


async def test_groups_stand_in_groups_and_orders_one_after_the_other(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    rules = parse(
        """{"any": [
            {"all": [{"field": "artist", "value": "Ada"}, {"field": "year", "operator": "gt", "value": 2001}]},
            {"any": [{"field": "title", "value": "Gamma"}, {"field": "title", "value": "Alpha"}]}
        ], "sort": [{"by": "track", "descending": true}, {"by": "title", "descending": true}], "limit": 2}"""
    )
    assert await chosen(database, ann, rules, songs) == "BG"
    assert parse(dump(rules)) == rules


async def test_marks_are_those_of_the_owner(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    bob = await person(database, "bob")
    await mark(database, ann, "track", songs["Beta"], rating=4, play_count=7)
    await mark(database, bob, "track", songs["Alpha"], rating=5)
    rules = one("rating", "gt", 3)
    assert await chosen(database, ann, rules, songs) == "B"
    assert await chosen(database, bob, rules, songs) == "A"
    playlist = await database.smart.add(ann, "Rated", rules, public=True)
    row = await database.playlists.open(playlist, bob)
    assert row is not None
    assert row.songs == [songs["Beta"]]


async def test_the_owner_chooses_from_their_libraries_and_others_see_of_it_what_they_may(
    database: Database, music: Hand, ann: UserRow, songs: dict[str, int]
) -> None:
    hidden = await hand(database, "Hidden")
    secret = await hidden.track("Alpha", await hidden.album("Vault"))
    rules = one("title", "is", "alpha")
    assert await database.smart.preview(ann, rules) == [songs["Alpha"]]
    boss = await person(database, "boss")
    playlist = await database.smart.add(boss, "All", rules, public=True)
    row = await database.playlists.open(playlist, ann)
    assert row is not None
    assert row.songs == [songs["Alpha"], secret]
    (counted,) = await database.playlists.readable(ann)
    assert counted.song_count == 1


async def test_songs_of_another_playlist_are_those_the_owner_may_read(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    bob = await person(database, "bob")
    theirs = await database.playlists.add(bob, "Theirs", [songs["Gamma"]])
    rules = one("playlist", "inPlaylist", f"pl-{theirs}")
    with pytest.raises(UnfitError, match="does not exist"):
        await database.smart.preview(ann, rules)
    assert await chosen(database, bob, rules, songs) == "G"
    assert (
        await chosen(database, bob, one("playlist", "notInPlaylist", str(theirs)), songs) == "AB5"
    )
    assert theirs is not None
    assert await database.playlists.edit(theirs, bob, Edit(public=True))
    mine = await database.smart.add(ann, "Mine", rules)
    assert await database.playlists.edit(theirs, bob, Edit(public=False))
    await age(database)
    row = await database.playlists.open(mine, ann)
    assert row is not None
    assert row.songs == []


async def age(database: Database, seconds: int = 1000) -> None:
    await database.pool.execute(
        "update playlists set evaluated = evaluated - make_interval(secs => $1)", seconds
    )


async def test_rules_that_lead_back_are_refused_and_would_do_no_harm(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    first = await database.smart.add(ann, "First", one("title", "is", "Alpha"))
    second = await database.smart.add(ann, "Second", one("playlist", "inPlaylist", f"pl-{first}"))
    third = await database.smart.add(ann, "Third", one("playlist", "inPlaylist", f"pl-{second}"))
    for circle in (first, second, third):
        rules = one("playlist", "inPlaylist", f"pl-{circle}")
        with pytest.raises(UnfitError, match="from itself"):
            await database.smart.change(first, ann, "First", rules, public=False)
    await database.pool.execute(
        "update playlists set rules = $1::text::json, evaluated = null where id = $2",
        dump(one("playlist", "notInPlaylist", f"pl-{third}")),
        first,
    )
    await age(database)
    assert await database.playlists.open(third, ann) is not None


async def test_what_a_playlist_chooses_from_is_chosen_first(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    loved = await database.smart.add(ann, "Loved", one("loved", "is", True))
    rock = await database.smart.add(ann, "Of it", one("playlist", "inPlaylist", f"pl-{loved}"))
    await mark(database, ann, "track", songs["Beta"], starred=await now(database))
    await age(database)
    row = await database.playlists.open(rock, ann)
    assert row is not None
    assert row.songs == [songs["Beta"]]


async def now(database: Database) -> Any:
    return await database.pool.fetchval("select now()")


async def test_a_list_of_playlists_is_counted_anew_when_the_library_changed(
    database: Database, music: Hand, ann: UserRow, songs: dict[str, int]
) -> None:
    await database.smart.add(ann, "Rock", one("genre", "is", "rock"))
    assert [row.song_count for row in await database.playlists.readable(ann)] == [2]
    await database.pool.execute("update tracks set genre_keys = '{rock}'")
    assert [row.song_count for row in await database.playlists.readable(ann)] == [2]
    await age(database, 20)
    await database.pool.execute("update libraries set changed = now()")
    assert [row.song_count for row in await database.playlists.readable(ann)] == [4]
    assert [row.stale for row in await database.playlists.by_owner(ann.id, ann)] == [False]


async def test_it_has_changed_when_other_songs_are_chosen(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    playlist = await database.smart.add(ann, "Rock", one("genre", "is", "rock"))
    first = await database.playlists.open(playlist, ann)
    await age(database)
    assert await database.playlists.open(playlist, ann) == first
    await database.pool.execute("update tracks set genre_keys = '{rock}'")
    await age(database)
    second = await database.playlists.open(playlist, ann)
    assert first is not None
    assert second is not None
    assert second.changed > first.changed


async def test_songs_that_rules_choose_are_not_edited(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    playlist = await database.smart.add(ann, "Rock", one("genre", "is", "rock"))
    before = await database.playlists.get(playlist, ann)
    assert before is not None
    for edit in (Edit(remove=None), Edit(remove=[0]), Edit(add=[songs["Gamma"]])):
        assert not await database.playlists.edit(playlist, ann, edit)
    assert await database.playlists.get(playlist, ann) == before
    assert await database.playlists.edit(playlist, ann, Edit(name="Stones", comment="!"))
    after = await database.playlists.get(playlist, ann)
    assert after is not None
    assert (after.name, after.songs) == ("Stones", before.songs)


async def test_rules_that_take_too_long_are_refused_and_an_old_choice_stays(
    database: Database, ann: UserRow, songs: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    playlist = await database.smart.add(ann, "Rock", one("genre", "is", "rock"))
    monkeypatch.setattr(smart, "statement", lambda _: SLOW)
    monkeypatch.setattr(smart, "_SECONDS", 0.05)
    with pytest.raises(UnfitError, match="take longer"):
        await database.smart.preview(ann, one("title", "is", "x"))
    await age(database)
    row = await database.playlists.open(playlist, ann)
    assert row is not None
    assert len(row.songs) == 2


@pytest.mark.attack("X31")
@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ("{}", "either `all` or `any`"),
        ('{"all": []}', "one rule at least"),
        ('{"all": [], "any": []}', "either `all` or `any`"),
        ('{"all": [{}]}', "either `all` or `any`"),
        ('{"all": [{"field": "title", "value": "x", "any": []}]}', "is no group"),
        ('{"all": [{"field": "password_hash", "value": "x"}]}', "no field 'password_hash'"),
        ('{"all": [{"field": "users.secret", "value": "x"}]}', "no field"),
        ('{"all": [{"field": "seen", "value": "x"}]}', "no field"),
        ('{"all": [{"field": "title", "operator": "= \'x\' or", "value": "x"}]}', "knows no"),
        ('{"all": [{"field": "title", "operator": "gt", "value": "x"}]}', "It knows: is, isNot"),
        ('{"all": [{"field": "title", "value": 5}]}', "compared with a text"),
        ('{"all": [{"field": "title", "value": ""}]}', "compared with a text"),
        ('{"all": [{"field": "title", "value": "a\\u0000b"}]}', "compared with a text"),
        ('{"all": [{"field": "genre", "value": null}]}', "compared with a text"),
        ('{"all": [{"field": "year", "value": "2001"}]}', "compared with a number"),
        ('{"all": [{"field": "year", "value": true}]}', "compared with a number"),
        ('{"all": [{"field": "year", "value": 1e300}]}', "compared with a number"),
        (
            '{"all": [{"field": "year", "value": 99999999999999999999999}]}',
            "compared with a number",
        ),
        ('{"all": [{"field": "year", "operator": "inTheRange", "value": [1]}]}', "two values"),
        ('{"all": [{"field": "year", "operator": "inTheRange", "value": 1}]}', "two values"),
        ('{"all": [{"field": "loved", "value": "yes"}]}', "true or false"),
        ('{"all": [{"field": "dateAdded", "value": "yesterday"}]}', "a date, such as"),
        ('{"all": [{"field": "dateAdded", "operator": "inTheLast", "value": -1}]}', "days"),
        ('{"all": [{"field": "dateAdded", "operator": "inTheLast", "value": 1e9}]}', "days"),
        ('{"all": [{"field": "playlist", "operator": "inPlaylist", "value": "1 or 1"}]}', "the id"),
        ('{"all": [{"field": "title", "value": "x"}], "limit": 0}', "limit"),
        ('{"all": [{"field": "title", "value": "x"}], "limit": 1000000}', "limit"),
        ('{"all": [{"field": "title", "value": "x"}], "sort": [{"by": "id; drop"}]}', "sorted by"),
        ('{"all": [{"field": "title", "value": "x"}], "where": "1=1"}', "unknown field `where`"),
    ],
)
def test_what_rules_cannot_say_is_told(text: str, complaint: str) -> None:
    with pytest.raises(UnfitError, match="(?i)" + complaint.replace("[", r"\[")):
        parse(text)


def test_rules_are_bounded() -> None:
    rule = {"field": "title", "value": "x"}
    assert parse(json.dumps({"all": [rule] * MOST_RULES}))
    with pytest.raises(UnfitError, match="100 rules"):
        parse(json.dumps({"all": [rule] * (MOST_RULES + 1)}))
    deep: dict[str, Any] = {"all": [rule]}
    for _ in range(DEEPEST - 1):
        deep = {"any": [deep]}
    assert parse(json.dumps(deep))
    with pytest.raises(UnfitError, match="deep"):
        parse(json.dumps({"any": [deep]}))
    with pytest.raises(UnfitError, match="deep"):
        parse('{"all": [' * 5000 + "]}" * 5000)
    with pytest.raises(UnfitError, match="characters at most"):
        parse(" " * 70_000)


HOSTILE = ("'", "\\", "';--", "$1", ":user", "{field}", "%", "a' or 'a'='a", "\N{BOMB}", "?", "\n")


@pytest.mark.attack("X30")
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_rule_becomes_sql(text: str) -> None:
    for field, kind in FIELDS.items():
        if kind in {"text", "key"}:
            made = statement(one(field, "contains", f"x{text}x"))
            assert made.sql == statement(one(field, "contains", "plain")).sql
            assert [each for each in made.values.values() if isinstance(each, str)]


@pytest.mark.attack("X30")
async def test_hostile_texts_are_compared_as_they_are(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    for text in HOSTILE:
        await database.pool.execute(
            "update tracks set card = json_build_object('title', $1::text) where id = $2",
            f"x{text}x",
            songs["Alpha"],
        )
        assert await chosen(database, ann, one("title", "is", f"x{text}x"), songs) == "A"


async def test_only_the_owner_and_administrators_change_rules(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    bob, boss = await person(database, "bob"), await person(database, "boss")
    boss = replace(boss, roles=["admin"])
    playlist = await database.smart.add(ann, "Rock", one("genre", "is", "rock"), public=True)
    other = one("artist", "is", "Bo")
    assert not await database.smart.change(playlist, bob, "X", other, public=True)
    assert await database.smart.rules(playlist) == one("genre", "is", "rock")
    assert await database.smart.change(playlist, boss, "Bo", other, public=False)
    row = await database.playlists.get(playlist, ann)
    assert row is not None
    assert (row.name, row.public, row.songs) == ("Bo", False, [songs["Gamma"], songs["50% Délta_"]])
    plain = await database.playlists.add(ann, "Plain", [songs["Beta"]])
    assert plain is not None
    assert not await database.smart.change(plain, ann, "X", other, public=False)


async def test_rules_that_are_no_longer_understood_leave_the_songs(
    database: Database, ann: UserRow, songs: dict[str, int]
) -> None:
    playlist = await database.smart.add(ann, "Rock", one("genre", "is", "rock"))
    await database.pool.execute(
        """update playlists set rules = '{"all": [{"field": "mood", "value": "x"}]}', evaluated = null"""
    )
    row = await database.playlists.open(playlist, ann)
    assert row is not None
    assert len(row.songs) == 2
    assert await database.smart.rules(playlist) is None
