"""Passwords as apps send them: in clear, or `enc:` and hex of UTF-8 or (py-sonic and others) Latin-1."""

from __future__ import annotations

from subsonic.errors import BadParameterError

_CODED = "enc:"


def readings(given: str) -> list[bytes]:
    """All that a password to sign in with may mean, in UTF-8."""
    if not given.startswith(_CODED):
        return [given.encode("utf-8", "surrogateescape")]
    try:
        coded = bytes.fromhex(given.removeprefix(_CODED))
    except ValueError:
        return []
    return [coded, coded.decode("latin-1").encode()]


def new_password(given: str) -> str:
    """What a new password is: of its readings the first that is text. Raises BadParameterError."""
    for reading in readings(given):
        try:
            return reading.decode()
        except UnicodeDecodeError:
            continue
    raise BadParameterError("Parameter 'password' has no hexadecimal digits after 'enc:'.")
