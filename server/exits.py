"""How the program ends: one number and one sentence per kind of failure."""

from __future__ import annotations

OK = 0
FAILED = 1
USAGE = 2
CONFIGURATION = 3
DATABASE = 4
OCCUPIED = 5

MEANING = {
    OK: "done",
    FAILED: "failed; the message says why",
    USAGE: "the command line is wrong",
    CONFIGURATION: "a setting is wrong",
    DATABASE: "the database cannot be used",
    OCCUPIED: "already running on this data, or the address is taken or not allowed",
}


class ExitError(Exception):
    """End the program with this code and this message for whoever started it."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
