"""Text of unknown encoding, and codes of languages."""

from __future__ import annotations

import pytest

from library.lyrics.text import clean, decode, language


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("Ünö 夜".encode(), "Ünö 夜"),
        ("Ünö 夜".encode("utf-8-sig"), "Ünö 夜"),
        ("Ünö 夜".encode("utf-16"), "Ünö 夜"),
        (b"\xfe\xff" + "Ünö 夜".encode("utf-16-be"), "Ünö 夜"),
        ("Plain".encode("utf-16-le") + "x".encode("utf-16-le"), "Plainx"),
        ("Plain".encode("utf-16-be"), "Plain"),
        ("Ünö – €".encode("cp1252"), "Ünö – €"),
        (b"\x81\xff", "\ufffdÿ"),
        (b"\xff\xfeA\0B", "A\ufffd"),
        (b"a\0b", "ab"),
        (b"a\r\nb\rc\x0b\x1b[31md\te", "a\nb\nc[31md\te"),
        (b"", ""),
    ],
)
def test_text_in_odd_encodings_is_read(data: bytes, text: str) -> None:
    assert clean(decode(data)) == text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EN", "en"),
        ("eng\0", "eng"),
        ("XXX", ""),
        ("e", None),
        ("en_US", "en_us"),
        ("\0\0\0", None),
    ],
)
def test_a_language_is_a_code(text: str, code: str | None) -> None:
    assert language(text) == code
