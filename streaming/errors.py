"""What can keep a song or a picture from being sent.

Trouble
 ├── Gone          the file is not there, or may not be read
 │    └── Unplayable   it is there, but nothing in it can be decoded
 └── Busy          too much is being transcoded or sent; try again later
"""

from __future__ import annotations


class Trouble(Exception):  # noqa: N818
    """Base of what the caller must turn into an answer; the text is meant for people."""


class Gone(Trouble):
    """The file is not there any more, or the server may not read it."""


class Unplayable(Gone):
    """Nothing in the file can be decoded."""


class Busy(Trouble):
    """Too many transcodes run or wait, or a user has as many streams as they may."""

    def __init__(self, text: str, retry_after: int = 5) -> None:
        super().__init__(text)
        self.retry_after = retry_after
        """Seconds after which to try again."""
