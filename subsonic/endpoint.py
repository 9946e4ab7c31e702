"""One endpoint is one function: `@endpoint` reads its signature and makes the rest.

The keyword-only parameters become a struct that reads the request (snake_case is camelCase outside,
a tuple takes a repeated parameter); the result is rendered under `key`. Endpoints with the same parameters share a `Query`. What
is marked `Body` is read from the JSON of a POST. `raw=True`: the function answers HTTP itself, with
bytes.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
import msgspec.structs
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from msgspec.structs import FieldInfo

from db.audit import By
from db.rows import CredentialRow, UserRow
from db.scopes import Scope, covers
from subsonic.errors import BadParameterError, ForbiddenError
from subsonic.models.base import Model
from subsonic.render import Format
from subsonic.services import Services

Parameters = Mapping[str, Sequence[str]]
"""A request's parameters, each with all its values."""

Text = Annotated[str, msgspec.Meta(extra={"blank": True})]
"""A parameter that may be empty; for all others an empty value is none."""

T = TypeVar("T")
FORM = "application/x-www-form-urlencoded"
"""What a body of parameters calls itself."""
Body = Annotated[T, "body"]
"""A parameter that is the body of a POST, as JSON: `Body[SomeStruct]`."""

_MOST_BODY = 64 * 1024

_PATH = re.compile(r" - at `\$\.?(\w{0,99})[^`]{0,199}`$")
_MISSING = re.compile(r"missing required field `(\w+)`")


Pieces = AsyncGenerator[Sequence[Model], None]
REST: web.RequestKey[Pieces] = web.RequestKey("rest")
"""Set on a request whose answer is too long to be made as a whole."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who asks, and what they signed in with."""

    user: UserRow
    credential: CredentialRow


@dataclass(frozen=True, slots=True)
class Call:
    """A request to an endpoint, signed in."""

    services: Services
    request: web.Request
    user: UserRow
    credential: CredentialRow
    client: str
    form: Format

    @property
    def by(self) -> By:
        """Who calls, for the audit log."""
        return By(self.user.name, self.request.remote or "", "app")

    def libraries(self, asked: Sequence[int]) -> list[int]:
        """The libraries an answer is taken from: those asked for that the user may see; none: all."""
        return (
            [one for one in self.user.libraries if one in asked] if asked else self.user.libraries
        )

    def go_on_with(self, pieces: Pieces) -> None:
        """The last list of the answer goes on with these, which are made while it is sent."""
        self.request[REST] = pieces


Handler = Callable[..., Awaitable[Any]]
Keys = Mapping[type, str]
_NO_KEYS: Keys = {}
H = TypeVar("H", bound=Handler)


class Query(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Parameters that several endpoints share; a handler takes it as one keyword."""


class Reader:
    """Reads parameters into a struct; raises BadParameterError."""

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        hints = get_type_hints(struct, include_extras=True)
        names = zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True)
        self._struct = struct
        keys = {key: hints[name] for name, key in names}
        self._lists = {key for key, hint in keys.items() if get_origin(hint) is tuple}
        self._texts = {key for key, hint in keys.items() if _may_be_blank(hint)}

    def __call__(self, parameters: Parameters) -> Any:
        given = {
            name: [value for value in values if value] if name in self._lists else values[0]
            for name, values in parameters.items()
            if values[0] or name in self._lists or name in self._texts
        }
        try:
            return msgspec.convert(given, self._struct, strict=False)
        except msgspec.ValidationError as error:
            raise BadParameterError(_explain(str(error))) from None


class BodyReader:
    """Reads the JSON of a request into a struct; raises BadParameterError."""

    def __init__(self, struct: type[msgspec.Struct]) -> None:
        self._decode = msgspec.json.Decoder(struct, strict=False).decode

    async def __call__(self, request: web.Request) -> Any:
        if request.method != "POST" or request.content_type == FORM:
            raise BadParameterError(
                "This needs a POST with JSON in its body; the rest in the address."
            )
        try:
            return self._decode(await _small(request))
        except msgspec.ValidationError as error:
            raise BadParameterError(
                f"The body does not fit: {str(error).replace('`', '')}."
            ) from None
        except (msgspec.DecodeError, RecursionError):
            raise BadParameterError("The body is no JSON that can be read.") from None


@contextmanager
def readable() -> Iterator[None]:
    """What is wrong with a body that cannot even be unpacked, as an error of the protocol."""
    try:
        yield
    except (web.RequestPayloadError, HttpProcessingError):
        raise BadParameterError("The body is not what its headers say.") from None


async def _small(request: web.Request) -> bytes:
    with suppress(web.HTTPRequestEntityTooLarge), readable():
        if (request.content_length or 0) <= _MOST_BODY:
            data = await request.read()
            if len(data) <= _MOST_BODY:
                return data
    raise BadParameterError(f"The body is larger than {_MOST_BODY} bytes.")


class Endpoint:
    """A name of the protocol, what it needs and what answers it."""

    def __init__(
        self,
        handler: Handler,
        name: str,
        key: str,
        keys: Keys,
        role: str,
        scope: Scope,
        raw: bool,
        public: bool,
        plain: bool,
    ) -> None:
        self.handler = handler
        self.name = name
        self.key = key
        self.keys = keys
        self.role = role
        self.scope = scope
        self.raw = raw
        self.public = public
        self.plain = plain
        own, shared, self.bodies = _parameters(handler)
        self._own = msgspec.defstruct(name, own, bases=(Query,), kw_only=True)
        self._read_own = Reader(self._own)
        self._shared = {name: Reader(query) for name, query in shared.items()}
        self._bodies = {name: BodyReader(struct) for name, struct in self.bodies.items()}
        self._structs = [*shared.values(), self._own]

    def permit(self, login: Login) -> None:
        """Raise ForbiddenError unless both the user and the credential are good for this."""
        if self.role and not {self.role, "admin"} & set(login.user.roles):
            raise ForbiddenError(f"This needs the role {self.role!r}.")
        held = login.credential.scope
        if not covers(held, self.scope):
            raise ForbiddenError(f"This app password is good for {_GOOD_FOR[held]} only.")

    @property
    def takes_body(self) -> bool:
        """Whether it can be asked only by POST, with JSON."""
        return bool(self._bodies)

    def fields(self) -> list[FieldInfo]:
        """All parameters but the body."""
        return [field for struct in self._structs for field in msgspec.structs.fields(struct)]

    def read(self, parameters: Parameters) -> dict[str, Any]:
        """The function's arguments; raises BadParameterError."""
        own = self._read_own(parameters)
        arguments = {name: getattr(own, name) for name in self._own.__struct_fields__}
        return arguments | {name: read(parameters) for name, read in self._shared.items()}

    async def read_body(self, request: web.Request) -> dict[str, Any]:
        """The arguments that are the request's body; raises BadParameterError."""
        return {name: await read(request) for name, read in self._bodies.items()}


_GOOD_FOR: Mapping[Scope, str] = {"stream": "listening", "read": "reading"}

ENDPOINTS: dict[str, Endpoint] = {}
"""All endpoints by name; filled when the chapters are imported."""


def endpoint(
    name: str,
    *,
    key: str = "",
    keys: Keys = _NO_KEYS,
    role: str = "",
    scope: Scope = "full",
    raw: bool = False,
    public: bool = False,
    plain: bool = False,
) -> Callable[[H], H]:
    """Register a function as an endpoint.

    `key` is the element the result is rendered under, `keys` another one for some types of it, `role`
    what the user must have (an `admin` has all), `scope` what the credential must be good for: unless
    it is said that this only reads, or is needed to listen and only reads, it takes a `full` one.
    `public` needs no sign-in. Errors of a `plain` one come with a status of HTTP that says so, too.
    """

    def register(handler: H) -> H:
        ENDPOINTS[name] = Endpoint(handler, name, key, keys, role, scope, raw, public, plain)
        return handler

    return register


LATEST_MS = 253_402_300_799_000
"""The end of the year 9999 in milliseconds since 1970, the last that a date can hold."""


def clamp(value: int, most: int, least: int = 0) -> int:
    """A count within its limits: paging is lenient."""
    return max(least, min(value, most))


def _parameters(
    handler: Handler,
) -> tuple[list[Any], dict[str, type[Query]], dict[str, type[msgspec.Struct]]]:
    """The keyword-only parameters: those of its own as struct fields, the shared ones, the bodies."""
    hints = get_type_hints(handler, include_extras=True)
    own: list[Any] = []
    shared: dict[str, type[Query]] = {}
    bodies: dict[str, type[msgspec.Struct]] = {}
    for name, parameter in inspect.signature(handler).parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY:
            continue
        hint = hints[name]
        if isinstance(hint, type) and issubclass(hint, Query):
            shared[name] = hint
        elif get_origin(hint) is Annotated and "body" in hint.__metadata__:
            bodies[name] = hint.__origin__
        elif parameter.default is parameter.empty:
            own.append((name, hint))
        else:
            own.append((name, hint, parameter.default))
    return own, shared, bodies


def _may_be_blank(hint: Any) -> bool:
    marks = getattr(hint, "__metadata__", ())
    return any((mark.extra or {}).get("blank") for mark in marks) or any(
        _may_be_blank(part) for part in get_args(hint)
    )


def _explain(error: str) -> str:
    """What msgspec found, in words for the one who wrote the request."""
    missing = _MISSING.search(error)
    if missing:
        return f"Required parameter '{missing[1]}' is missing."
    path = _PATH.search(error)
    what = _PATH.sub("", error).replace("`", "")
    return f"Parameter '{path[1]}' cannot be read: {what}." if path else f"{what}."
