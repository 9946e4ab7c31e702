"""Text from files that do not say how it is encoded."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEWLINES = re.compile("\r\n?|\x85|\u2028|\u2029")
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8}){0,3}", re.IGNORECASE)
_NONE = frozenset({"xxx", "und", "unk", "zxx"})


def decode(data: bytes) -> str:
    """By its byte order mark, else UTF-8, else what Windows wrote in Western Europe."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    try:
        return data.decode(_without_mark(data))
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _without_mark(data: bytes) -> str:
    """Every other byte of Latin text in UTF-16 is zero."""
    head = data[:1000]
    if head.count(0) * 3 < len(head) or len(data) % 2:
        return "utf-8"
    return "utf-16-le" if head[1::2].count(0) > head[::2].count(0) else "utf-16-be"


def clean(text: str) -> str:
    """Lines that end in newlines alone, without control characters: nothing is to be cut later."""
    return _UNWANTED.sub("", _NEWLINES.sub("\n", text))


def language(text: str) -> str | None:
    """The code of a language in small letters; empty for an unknown one, None for what is no code."""
    plain = text.strip(" \0").lower()
    if not _LANGUAGE.fullmatch(plain):
        return None
    return "" if plain in _NONE else plain
