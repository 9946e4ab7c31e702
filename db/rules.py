"""What names, passwords and addresses may be, whoever asks: apps, browsers or the command line."""

from __future__ import annotations

import unicodedata

from db.errors import UnfitError

LOCKED = "!"
"""What stands in place of the hash of an account without a password begins with this."""

LONGEST_NAME = 64
LONGEST_PASSWORD = 1024
_LONGEST_EMAIL = 254
_LARGEST_LIMIT = 10_000_000
# What ends or hides a line: controls, surrogates, separators of lines, and marks of direction.
_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_name(name: str) -> None:
    """Raise UnfitError for what cannot be the name of an account or a device."""
    _need(bool(name.strip()), "Choose a name.")
    _need(name == name.strip(), "A name may not begin or end with a space.")
    _need(len(name) <= LONGEST_NAME, f"A name may have {LONGEST_NAME} characters at most.")
    _need(_printable(name), "A name may hold only characters that can be seen.")


def check_password(password: str) -> None:
    """Raise UnfitError for what cannot be a password at all; how good it is others judge."""
    most = LONGEST_PASSWORD
    _need(bool(password), "The password may not be empty.")
    _need(len(password) <= most, f"The password may have {most} characters at most.")
    _need(_printable(password), "The password may not hold control characters.")


def check_email(email: str) -> None:
    """Raise UnfitError for what cannot be an address. None has to be given."""
    _need(len(email) <= _LONGEST_EMAIL, f"An address has {_LONGEST_EMAIL} characters at most.")
    _need(_printable(email), "An address may hold only characters that can be seen.")


def check_limit(number: int | None) -> None:
    """Raise UnfitError for what cannot be a limit; None is that of the configuration."""
    fits = number is None or 0 <= number <= _LARGEST_LIMIT
    _need(fits, f"A limit is a number from 0, which is none, to {_LARGEST_LIMIT:,}.")


def _need(kept: bool, text: str) -> None:
    if not kept:
        raise UnfitError(text)


def _printable(text: str) -> bool:
    return not any(char in _DIRECTIONS or unicodedata.category(char) in _UNSEEN for char in text)
