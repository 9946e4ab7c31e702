"""Failures that are told in a sentence: for all others a traceback is the better report."""

from __future__ import annotations

import errno

from db.errors import (
    AlreadyRunningError,
    DatabaseError,
    LastAdminError,
    NameTakenError,
    RotationError,
    UnknownUserError,
)
from server.exits import DATABASE, FAILED, OCCUPIED, ExitError


def explained(error: BaseException) -> ExitError | None:
    """The code and the sentence for an error, if it is one of those."""
    match error:
        case ExitError():
            return error
        case AlreadyRunningError():
            return ExitError(OCCUPIED, str(error))
        case NameTakenError() | RotationError() | UnknownUserError() | LastAdminError():
            return ExitError(FAILED, str(error))
        case DatabaseError():
            return ExitError(DATABASE, str(error))
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EROFS | errno.EACCES):
            place = error.filename or "a file"
            return ExitError(FAILED, f"{place} cannot be written: {error.strerror}.")
        case BaseExceptionGroup() if len(error.exceptions) == 1:
            return explained(error.exceptions[0])
        case _:
            return None
