"""What can go wrong with the database, in words for the one who has to mend it.

`StartError` and its kinds are raised while starting: their text is a message to the operator. The
others are raised while serving.
"""

from __future__ import annotations


class DatabaseError(Exception):
    """Base of everything that this room raises on purpose."""


class StartError(DatabaseError):
    """The database cannot be used; the text says why, and what to do."""


class UnreachableError(StartError):
    """No server answers at that address."""


class LoginError(StartError):
    """The server refused the user or the password."""


class NoSuchDatabaseError(StartError):
    """The server is there, the database is not."""


class TooOldError(StartError):
    """The server is older than Dulcian can use."""


class AlreadyRunningError(StartError):
    """Another process serves from the same data folder."""

    def __init__(self, pid: int, data_dir: object) -> None:
        super().__init__(
            f"Dulcian is already running (pid {pid}) on the data in {data_dir}. "
            "Stop it first, or give this one another data folder (--data)."
        )
        self.pid = pid


class DataFolderError(StartError):
    """The data folder cannot hold a database."""


class OtherVersionError(StartError):
    """The data was written by another major version of PostgreSQL."""


class EmbeddedError(StartError):
    """The embedded server did not start, or is gone."""


class MigrationError(StartError):
    """The tables could not be brought up to date."""


class NewerSchemaError(MigrationError):
    """A newer Dulcian has changed this database."""


class UnavailableError(DatabaseError):
    """The server cannot be reached now; the next try may succeed."""


class BusyError(DatabaseError):
    """No connection came free in time."""


class TooSlowError(DatabaseError):
    """A statement ran longer than `database.statement_timeout` and was ended."""


class FullError(DatabaseError):
    """The server's disk is full."""


class FaultyError(DatabaseError):
    """The server is there and cannot do its work: a failing disk, too little memory, a missing right."""


class RefusedError(DatabaseError):
    """Something that cannot be done as it was asked for; the text is for the one who asked."""


class NameTakenError(RefusedError):
    """Somebody or something has that name already."""


class IdentityTakenError(RefusedError):
    """Somebody of a provider belongs to another account, or an account to somebody else there."""

    def __init__(self) -> None:
        super().__init__("That sign-in belongs to another account, or this account to another one.")


class TooLongError(RefusedError):
    """A list would get longer than it may be."""


class UnknownUserError(RefusedError):
    """There is no account of that name."""


class UnknownLibraryError(RefusedError):
    """There is no music folder with that id."""


class UnfitError(RefusedError):
    """A name, a password or an address that cannot be taken; the text says why."""


class LastAdminError(RefusedError):
    """The last administrator cannot be deleted, switched off or made an ordinary user."""


class TooManyChangesError(RefusedError):
    """Passwords are being changed too often to take another one now."""

    def __init__(self) -> None:
        super().__init__("A password is being changed already. Try again in a moment.")


class TooManyDevicesError(RefusedError):
    """An account has as many app passwords as it may have."""


class RotationError(RefusedError):
    """The key cannot be changed now; the text says what to do first."""


class WrongKeyError(DatabaseError):
    """What is sealed in the database cannot be opened; the text says what to do."""


class KeyChangedError(DatabaseError):
    """Something was sealed with a key that has just been replaced; the next try has the new one."""
