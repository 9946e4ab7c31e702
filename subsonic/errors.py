"""The errors of the protocol: each class is one code, its docstring the default message.

    ProtocolError
    ├── GenericError 0
    ├── BadParameterError 10
    ├── ClientTooOldError 20 · ServerTooOldError 30
    ├── WrongCredentialsError 40
    ├── ConflictingCredentialsError 43 · InvalidApiKeyError 44
    ├── ForbiddenError 50
    └── NotFoundError 70
         └── ExpiredError 70

An error is an answer too: it travels with HTTP 200, in the format that was asked for; `status` is for
the endpoints that are to speak plain HTTP. Who cannot sign in is told so by all in the same way.
"""

from __future__ import annotations

from typing import ClassVar


class ProtocolError(Exception):
    """Base of all that an endpoint may answer in place of its result."""

    code: ClassVar[int] = 0
    status: ClassVar[int] = 500

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").split("\n")[0])


class GenericError(ProtocolError):
    """Something went wrong."""


class BadParameterError(ProtocolError):
    """A required parameter is missing."""

    code = 10
    status = 400


class ClientTooOldError(ProtocolError):
    """The app speaks an older version of the protocol: please update it."""

    code = 20
    status = 400


class ServerTooOldError(ProtocolError):
    """The app speaks a newer version of the protocol than this server."""

    code = 30
    status = 400


class WrongCredentialsError(ProtocolError):
    """Wrong user name or password."""

    code = 40
    status = 200


class ConflictingCredentialsError(ProtocolError):
    """Give an API key, or a user name with a password or token, but not both."""

    code = 43
    status = 400


class InvalidApiKeyError(ProtocolError):
    """Not a valid API key."""

    code = 44
    status = 200


class ForbiddenError(ProtocolError):
    """You are not allowed to do this."""

    code = 50
    status = 403


class NotFoundError(ProtocolError):
    """There is no such thing here."""

    code = 70
    status = 404


class ExpiredError(NotFoundError):
    """It was valid once, and is not any more."""

    status = 410
