"""How text becomes what is searched and sorted: folded words, the same for what is stored and asked.

PostgreSQL's own dictionaries are not used (an embedded server has no `unaccent`, no ICU), so a query
finds the same songs on every server. Pure functions; the scan calls them once per name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from anyascii import anyascii

# Letters that decompose into nothing: what people type instead.
_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
# Accents, Arabic and Hebrew vowel points. Other marks (kana, Indic, Thai) tell words apart and stay.
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0670]")
_APOSTROPHES = re.compile("['\u2018\u2019\u02bc`\u00b4]")
# Scripts written without spaces, or with particles: any part of a run may be asked for.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\uf900-\ufaff\U00020000-\U0003134f\u3005\u30fc]+"
)
_ASCII_WORD = re.compile("[a-z0-9]+")
_SIGNS = re.compile(r"[^\w ]|_")
_LONGEST_WORD = 60
_LONGEST_RUN = 24
_LONGEST_KEY = 250
_MOST_WORDS = 200
LEAST_INSIDE = 3
"""Letters of a part of a word that is looked for inside of words; shorter ones must begin a word."""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Case, accents, width and ligatures away: `Dvořák` and `DVORAK` are the same.

    So is NUL, which no text of PostgreSQL can hold.
    """
    text = text.replace("\0", "")
    if text.isascii():
        return " ".join(text.lower().split())
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return " ".join(unicodedata.normalize("NFC", plain).casefold().translate(_LETTERS).split())


def artist_key(name: str) -> str:
    """What an artist is known by. Names of signs alone fold to nothing: they stand for themselves."""
    return (fold(name) or name.replace("\0", ""))[:500]


def name_key(name: str, articles: Iterable[str]) -> str:
    """What a name is compared with: folded, without signs and a leading article."""
    plain = _letters(name)
    first, _, rest = plain.partition(" ")
    return (rest if rest and first in _each(_letters, tuple(articles)) else plain)[:_LONGEST_KEY]


def tokens(*texts: str) -> list[str]:
    """The words under which these texts are found, sorted, without repeats.

    Beside the words themselves: a chunk without its punctuation (`AC/DC` as `acdc`), words of
    other scripts in Latin letters, and every ending of a run in a script without spaces.
    """
    found = {word for text in texts for word in _tokens(text)}
    return sorted(found)[:_MOST_WORDS]


def vector(name: str, people: Iterable[str] = (), album: str = "") -> str:
    """A `tsvector`: words of the name have the weight A, of who made it B, of the album it is on C."""
    found: dict[str, str] = {}
    for place, texts in (("1A", (name,)), ("2B", people), ("3C", (album,))):
        for word in tokens(*texts):
            found[word] = f"{found[word]},{place}" if word in found else f"{word}:{place}"
    return " ".join(found.values())


@lru_cache(maxsize=4096)
def insides(text: str) -> frozenset[str]:
    """The words of a text that can be found by a part of them that is not their beginning.

    Not those in a script without spaces: all their endings are words already.
    """
    found: set[str] = set()
    for words in split(text):
        for word in (*words, joined(words)):
            if word.isascii():
                found.add(word)
                continue
            for piece in _UNSPACED.split(word):
                found.update((piece, *_latin(piece)))
    return frozenset(word for word in found if len(word) > LEAST_INSIDE)


def has_inside(word: str) -> bool:
    """Whether what was typed may stand inside of a word."""
    return len(word) >= LEAST_INSIDE and not _UNSPACED.search(word)


@lru_cache(maxsize=4096)
def split(text: str) -> tuple[tuple[str, ...], ...]:
    """The words of a text, chunk by chunk: what stands between spaces may be several words."""
    found = (tuple(_words(chunk)) for chunk in _chunks(text))
    return tuple(words for words in found if words)


def joined(words: Iterable[str]) -> str:
    """A chunk without its punctuation."""
    return "".join(words)[:_LONGEST_WORD]


def exact_query(*texts: str) -> str:
    """A `tsquery` that wants every word of the texts as it is; empty: no word in them."""
    words = dict.fromkeys(word for text in texts for words in split(text) for word in words)
    return " & ".join(f"'{word}'" for word in list(words)[:16])


def sort_key(name: str, articles: Iterable[str]) -> str:
    """What a name is sorted by: its letters, digits and spaces, without case, accents, leading article.

    Letters of their own (`ł`, `ø`, `æ`) stay what they are, and come after `z`; Hangul is taken apart
    and so goes by its sounds, kana without voicing marks, as in a dictionary.
    """
    plain = _bare(" ".join(name.split()))
    first, _, rest = plain.partition(" ")
    if rest and first in _each(_bare, tuple(articles)):
        plain = rest
    if plain.replace(" ", "").isalnum():
        return plain.lstrip()
    return "".join(char for char in plain if char.isalnum() or char == " ").lstrip() or plain


def letter(key: str) -> str:
    """The heading of a sort key in an index: its first letter, `#` for digits, signs and Han."""
    first = key[:1].upper()
    return first if first.isalpha() and not _UNSPACED.match(first) and len(first) == 1 else "#"


def _letters(text: str) -> str:
    """Letters and digits of a text, with single spaces."""
    plain = _APOSTROPHES.sub("", fold(text))
    return " ".join(_SIGNS.sub("", plain).split())


@lru_cache(maxsize=64)
def _each(change: Callable[[str], str], texts: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(change, texts))


def _bare(text: str) -> str:
    """Without case, width and any mark."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()


def _chunks(text: str) -> list[str]:
    """What white space separates, folded, apostrophes away (`don't` is `dont`)."""
    return _APOSTROPHES.sub("", fold(text)).split()


def _words(chunk: str) -> Iterator[str]:
    """The words of one chunk; marks of Indic scripts belong to their word."""
    if chunk.isascii() and chunk.isalnum():
        yield chunk[:_LONGEST_WORD]
        return
    if chunk.isascii():
        yield from (word[:_LONGEST_WORD] for word in _ASCII_WORD.findall(chunk))
        return
    word = ""
    for char in chunk:
        if char.isalnum() or (word and unicodedata.category(char).startswith("M")):
            word += char
        elif word:
            yield word[:_LONGEST_WORD]
            word = ""
    if word:
        yield word[:_LONGEST_WORD]


@lru_cache(maxsize=4096)
def _tokens(text: str) -> frozenset[str]:
    """Artists and albums come again with every song."""
    found: set[str] = set()
    for words in split(text):
        for word in words:
            found.update(_stored(word))
        found.add(joined(words))
        if len(found) > _MOST_WORDS:
            break
    return frozenset(found)


def _stored(word: str) -> Iterator[str]:
    yield word
    if word.isascii():
        return
    yield from _latin(word)
    runs = _UNSPACED.findall(word)
    if not runs:
        return
    for piece in filter(None, _UNSPACED.split(word)):
        yield piece
        yield from _latin(piece)
    for run in runs:
        for start in range(min(len(run), _LONGEST_RUN)):
            yield run[start:]
            yield from _latin(run[start:])


def _latin(word: str) -> Iterator[str]:
    spelt = "".join(_ASCII_WORD.findall(anyascii(word).lower()))
    if spelt:
        yield spelt[:_LONGEST_WORD]
