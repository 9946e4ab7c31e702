"""What was typed, as questions in the language of PostgreSQL."""

from __future__ import annotations

import pytest

from db.phrase import Phrase

ARTICLES = ("The",)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("dark side", "'dark':* & 'side':*"),
        ("  DVOŘÁK ", "'dvorak':*"),
        ("100% 'quoted' & | ! : * quoted", "'100':* & 'quoted':*"),
        ("ac/dc", "('acdc':* | 'ac':* & 'dc':*)"),
        ("r.e.m.", "'rem':*"),
        ("%_\\", ""),
        ("", ""),
    ],
)
def test_every_word_is_asked_for_and_nothing_else(text: str, query: str) -> None:
    phrase = Phrase(text, ARTICLES)
    assert phrase.query() == query
    assert bool(phrase) is bool(query)


def test_a_word_may_have_to_be_in_certain_fields() -> None:
    assert Phrase("a b", ARTICLES).query("AB", " | ") == "'a':*AB | 'b':*AB"


def test_parts_are_words_of_three_letters_or_more_and_stand_for_the_words_around_them() -> None:
    phrase = Phrase("phony of 東京事変", ARTICLES)
    assert phrase.parts == {"phony"}
    around = {"phony": ["symphony", "euphony"]}
    assert phrase.questions(around)["parts"] == (
        "('phony':* | 'symphony' | 'euphony') & 'of':* & '東京事変':*"
    )


def test_the_key_is_the_name_without_article_and_signs_and_long_texts_are_cut() -> None:
    assert Phrase("The Wall!", ARTICLES).key == "wall"
    endless = Phrase("moon " * 10_000 + " ".join(map(str, range(100))), ARTICLES)
    assert len(endless.query().split("&")) == 16
    assert len(endless.key) == 250
