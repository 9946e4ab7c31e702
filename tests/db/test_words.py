"""Folding, search words and sort keys."""

from __future__ import annotations

import pytest

from db.words import artist_key, exact_query, fold, letter, prefix_query, sort_key, tokens


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Dvořák", "dvorak"),
        ("Straße", "strasse"),
        ("Øl Æble Łódź", "ol aeble lodz"),
        ("ＦＵＬＬ ｗｉｄｔｈ", "full width"),
        ("  two   spaces ", "two spaces"),
        ("Ёлка", "елка"),
        ("ガ", "ガ"),
        ("", ""),
    ],
)
def test_fold_takes_case_accents_and_width_away(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("name", "key"),
    [("Björk", "bjork"), (" A\0da ", "ada"), ("( )", "( )"), ("\u0301", "\u0301"), ("\0", "")],
)
def test_an_artist_has_a_key_also_where_nothing_of_the_name_folds(name: str, key: str) -> None:
    assert artist_key(name) == key


def test_fold_is_stable_under_a_second_fold() -> None:
    for text in ("Ǆabel", "ﬁn", "İstanbul", "ΆΣ", "ﬀ"):
        assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("AC/DC", {"ac", "dc", "acdc"}),
        ("R.E.M.", {"r", "e", "m", "rem"}),
        ("Don't Stop", {"dont", "stop"}),
        ("邓丽君", {"邓丽君", "丽君", "君", "denglijun", "lijun", "jun"}),
        ("Чайковский", {"чаиковскии", "chaikovskii"}),
        ("...", set()),
    ],
)
def test_tokens_hold_all_the_ways_a_name_is_typed(text: str, expected: set[str]) -> None:
    assert set(tokens(text)) == expected


def test_tokens_keep_indic_vowel_signs_inside_their_word() -> None:
    assert "हिन्दी" in tokens("हिन्दी")


def test_tokens_are_bounded_for_absurd_texts() -> None:
    found = tokens("x" * 100_000, " ".join(f"w{n}" for n in range(5_000)), "字" * 5_000)
    assert len(found) <= 200
    assert max(map(len, found)) <= 60


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("dark side", "'dark':* & 'side':*"),
        ("  DVOŘÁK ", "'dvorak':*"),
        ("100% 'quoted' & (signs) | ! : *", "'100':* & 'quoted':* & 'signs':*"),
        ("%_\\", ""),
        ("", ""),
    ],
)
def test_prefix_query_asks_for_every_word_and_nothing_else(text: str, query: str) -> None:
    assert prefix_query(text) == query


@pytest.mark.parametrize(
    ("name", "key", "heading"),
    [
        ("The Cure", "cure", "C"),
        ("The The", "the", "T"),
        ("The", "the", "T"),
        ("Les Négresses Vertes", "negresses vertes", "N"),
        ("(What's the Story)", "whats the story", "W"),
        ("AC/DC", "acdc", "A"),
        ("…And You", "and you", "A"),
        ("10cc", "10cc", "#"),
        ("!!!", "!!!", "#"),
        ("Ørsted", "ørsted", "Ø"),
        ("Émile", "emile", "E"),
        ("Чайф", "чаиф", "Ч"),
        ("邓丽君", "邓丽君", "#"),
        ("작은별", "\u110c\u1161\u11a8\u110b\u1173\u11ab\u1107\u1167\u11af", "\u110c"),
        ("ガ", "カ", "#"),
        ("", "", "#"),
    ],
)
def test_sort_key_passes_over_articles_and_signs(name: str, key: str, heading: str) -> None:
    assert sort_key(name, ("The", "Les")) == key
    assert letter(key) == heading


@pytest.mark.parametrize(
    "text", ["AC/DC", "Don't Stop", "邓丽君", "Чайковский", "R.E.M.", "Ångström"]
)
def test_an_exact_query_asks_for_words_that_are_stored(text: str) -> None:
    asked = {word.strip("'") for word in exact_query(text).split(" & ")}
    assert asked <= set(tokens(text))


def test_an_exact_query_has_each_word_once_and_no_sign() -> None:
    assert exact_query("Let it: be", "LET", "!!! '\\") == "'let' & 'it' & 'be'"
    assert exact_query("...", "") == ""
    assert exact_query("a " * 500 + "b " * 9) == "'a' & 'b'"
    assert len(exact_query(" ".join(map(str, range(100)))).split("&")) == 16
