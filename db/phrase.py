"""What somebody typed, as questions to the words of the music: what has it, and how well it fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from db.words import has_inside, joined, name_key, split

_MOST_CHUNKS = 16
_LAST = "\U0010ffff"
_NOTHING: Mapping[str, Sequence[str]] = MappingProxyType({})


class Phrase:
    """Every word must be there. The questions are tsqueries; without a word in it, a phrase is false."""

    def __init__(self, text: str, articles: Iterable[str]) -> None:
        self.key = name_key(text, articles)
        self._chunks = list(dict.fromkeys(split(text)))[:_MOST_CHUNKS]

    def __bool__(self) -> bool:
        return bool(self._chunks)

    @property
    def several(self) -> bool:
        """Whether it is more than one word."""
        return len(self._chunks) > 1

    @property
    def parts(self) -> set[str]:
        """The words of it that may stand inside of others."""
        return {word for words in self._chunks for word in words if has_inside(word)}

    def questions(self, around: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Parameters of the statements that search; `around` has the words that hold each of the parts."""
        return {
            "key": self.key,
            "past": self.key + _LAST,
            "prefixes": self.query(),
            "in_name": self.query("A"),
            "some_in_name": self.query("A", " | "),
            "in_people": self.query("AB"),
            "parts": self.query(around=around),
            "inside": [f"%{word}%" for words in self._chunks for word in words],
        }

    def query(
        self, weights: str = "", joint: str = " & ", around: Mapping[str, Sequence[str]] = _NOTHING
    ) -> str:
        """A tsquery: words begin with what was typed, or are those `around` it, and have the weight."""
        return joint.join(_chunk(words, weights, around) for words in self._chunks)


def _chunk(words: tuple[str, ...], weights: str, around: Mapping[str, Sequence[str]]) -> str:
    """`ac/dc` is one word or two, `r.e.m.` is one."""
    whole = _word(joined(words), weights, around)
    if len(words) == 1 or all(len(word) == 1 for word in words):
        return whole
    each = " & ".join(_word(word, weights, around) for word in words)
    return f"({whole} | {each})"


def _word(word: str, weights: str, around: Mapping[str, Sequence[str]]) -> str:
    begins = f"'{word}':*{weights}"
    others = [f"'{other}'" for other in around.get(word, ())]
    return f"({' | '.join([begins, *others])})" if others else begins
