"""What names, passwords and addresses may be."""

from __future__ import annotations

import pytest

from db.errors import UnfitError
from db.rules import check_email, check_name, check_password


@pytest.mark.parametrize(
    "name", ["a", "Ädа Lövelace", "o'brien", "<b>", "名前", "🙂", "نام\u200cکاربری", "x" * 64]
)
def test_a_name_may_be_in_any_script(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", "\u3000", "a ", "\ta", "a\x00", "a\x7f", "a\x85", "a\ud800", "a\u202e", "x" * 65],
)
def test_a_name_can_be_seen_as_it_is_and_has_an_end(name: str) -> None:
    with pytest.raises(UnfitError, match="name"):
        check_name(name)


def test_a_password_may_have_spaces_anywhere_and_nothing_unseen() -> None:
    check_password(" pass wörd ")
    check_password("x" * 1024)
    for wrong in ("", "a\x00", "a\nb", "a\udc80", "x" * 1025):
        with pytest.raises(UnfitError, match="password"):
            check_password(wrong)


def test_an_address_may_be_missing_and_is_not_judged_beyond_its_characters() -> None:
    check_email("")
    check_email("ada@example")
    for wrong in ("a\r\nBcc: b@example.org", "x" * 255):
        with pytest.raises(UnfitError, match="address"):
            check_email(wrong)
