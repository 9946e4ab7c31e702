"""What a new password must be where a person chooses it."""

from __future__ import annotations

from collections.abc import Mapping

from db.errors import UnfitError
from db.rules import check_password

_SHORTEST = 8


def chosen(form: Mapping[str, str], name: str) -> str:
    """The password that a form sets for the account of that name; raises UnfitError."""
    password = form.get("password", "")
    if len(password) < _SHORTEST:
        raise UnfitError(f"The password needs at least {_SHORTEST} characters.")
    check_password(password)
    if password.casefold() == name.casefold():
        raise UnfitError("The password must differ from the name.")
    if password != form.get("repeated", ""):
        raise UnfitError("The two passwords differ.")
    return password
