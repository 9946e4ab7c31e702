"""`/rest/*`: from a request to an answer. The one place where errors become answers."""

from __future__ import annotations

import fnmatch
import re
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from db.errors import (
    DatabaseError,
    FullError,
    LastAdminError,
    NameTakenError,
    TooManyChangesError,
    UnfitError,
    UnknownLibraryError,
    UnknownUserError,
    WrongKeyError,
)
from db.tries import TooManyTriesError
from streaming.errors import Busy, Gone
from streaming.listeners import CREDENTIAL
from subsonic import (  # noqa: F401  (a chapter registers its endpoints when it is imported)
    annotation,
    bookmarks,
    browsing,
    chat,
    hls,
    info,
    jukebox,
    lists,
    lyrics,
    pieces,
    playlists,
    podcasts,
    radio,
    retrieval,
    scanning,
    searching,
    sharing,
    similarity,
    system,
    transcoding,
    users,
    videos,
)
from subsonic.auth import Authenticator
from subsonic.ceiling import announced
from subsonic.endpoint import ENDPOINTS, FORM, REST, Call, Endpoint, Parameters, readable
from subsonic.errors import (
    BadParameterError,
    ForbiddenError,
    GenericError,
    NotFoundError,
    ProtocolError,
    WrongCredentialsError,
)
from subsonic.listening import Watch
from subsonic.models.base import Error
from subsonic.render import Answer, Format, failure, render
from subsonic.services import Services

log = structlog.get_logger()

ENDPOINT = web.RequestKey("endpoint", str)
"""Set on a request to the name of its endpoint, for logs and metrics."""
AUTHENTICATOR = web.AppKey("authenticator", Authenticator)

_ANSWERS: dict[type[Exception], type[ProtocolError]] = {
    LastAdminError: ForbiddenError,
    NameTakenError: GenericError,
    TooManyChangesError: GenericError,
    UnfitError: BadParameterError,
    UnknownLibraryError: NotFoundError,
    UnknownUserError: NotFoundError,
}
"""What an app is told where a room below refuses; the text is the same."""

_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)
_MOST_PARAMETERS = 200_000
_OTHER_NAMES = {"hls.m3u8": "hls"}
_METHODS = ("GET", "HEAD", "POST")
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, POST, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, X-Content-Duration, X-Total-Count",
    "Access-Control-Max-Age": "86400",
    "X-Content-Type-Options": "nosniff",
}


def setup(app: web.Application, services: Services) -> None:
    """Add `/rest/*` to an application."""
    protocol = Protocol(services)
    app[AUTHENTICATOR] = protocol.authenticator
    watch = Watch(services)
    services.db.bus.subscribe("dulcian_users", lambda _: watch.look())
    app.cleanup_ctx.append(watch.during)
    for channel in ("dulcian_users", "dulcian_library"):
        services.db.bus.subscribe(channel, lambda _: protocol.authenticator.forget())
    app.router.add_route("*", "/rest/{name}", protocol.handle)
    app.router.add_route("*", "/rest/hls/{file}", hls.Player(services).handle)
    app.on_response_prepare.append(_allow_origins)


async def _allow_origins(request: web.Request, response: web.StreamResponse) -> None:
    """Players in browsers read every answer, errors and media included; no cookie is ever looked at."""
    if request.path.startswith("/rest/"):
        response.headers.update(_CORS)


class Protocol:
    """Answers the requests."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.authenticator = Authenticator(services.db, services.settings)
        patterns = services.settings.protocol.lean_clients
        self._lean = re.compile("|".join(map(fnmatch.translate, patterns)) or "(?!)").match

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request: the answer of its endpoint, or an error in the format asked for."""
        if request.method == "OPTIONS":
            return web.Response(status=204)
        if request.method not in _METHODS:
            raise web.HTTPMethodNotAllowed(request.method, _METHODS)
        form = Format()
        try:
            given = await _parameters(request)
            form = self._format(given)
            return await self._answer(request, given, form)
        except (web.HTTPException, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001  (the outermost boundary: an app must get an envelope)
            return _failed(form, error, request)

    async def _answer(
        self, request: web.Request, given: Parameters, form: Format
    ) -> web.StreamResponse:
        name = request.match_info["name"].removesuffix(".view")
        endpoint = ENDPOINTS.get(_OTHER_NAMES.get(name, name))
        if endpoint is not None:
            request[ENDPOINT] = endpoint.name
        if endpoint is not None and endpoint.public:
            return _sent(render(form, endpoint.key, await endpoint.handler(self._services)))
        agent = request.headers.get("User-Agent", "")
        login = await self.authenticator.login(given, request.remote or "", agent)
        if endpoint is None:
            raise GenericError(f"This server has no endpoint {name[:80]!r}.")
        endpoint.permit(login)
        request[CREDENTIAL] = login.credential.id
        client = given["c"][0]
        call = Call(self._services, request, login.user, login.credential, client, form)
        arguments = endpoint.read(given) | await endpoint.read_body(request)
        return await _run(endpoint, call, arguments)

    def _format(self, given: Parameters) -> Format:
        name = given.get("f", [""])[0] or "xml"
        if name == "json":
            return Format("json")
        if name != "jsonp":
            return Format("xml", lean=bool(self._lean(given.get("c", [""])[0])))
        callback = given.get("callback", [""])[0]
        if not _CALLBACK.fullmatch(callback):
            raise _BadCallbackError
        return Format("jsonp", callback)


class _BadCallbackError(BadParameterError):
    """JSONP needs the name of a function in the parameter 'callback'."""


async def _run(endpoint: Endpoint, call: Call, arguments: dict[str, object]) -> web.StreamResponse:
    result = await endpoint.handler(call, **arguments)
    if endpoint.raw:
        answer: web.StreamResponse = result
        return answer
    result = announced(result, call.user.max_bit_rate, call.services.settings.transcoding)
    key, others = endpoint.keys.get(type(result), endpoint.key), call.request.get(REST)
    if others is not None:
        return await pieces.send(call, key, result, others)
    return _sent(render(call.form, key, result))


async def _parameters(request: web.Request) -> Parameters:
    """What query and form say together, the query first."""
    pairs = _pairs(request.rel_url.raw_query_string)
    if request.method == "POST" and request.content_type == FORM:
        pairs += _pairs(await _body(request))
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    return given


async def _body(request: web.Request) -> str:
    try:
        with readable():
            return (await request.read()).decode("utf-8", "replace")
    except web.HTTPRequestEntityTooLarge:
        raise GenericError("The request is larger than server.max_request_bytes.") from None


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise GenericError("The request has too many parameters.") from None


def _failed(form: Format, error: Exception, request: web.Request) -> web.Response:
    """The error as an answer, with HTTP 200 but for a server that has too much to do."""
    if isinstance(error, _BadCallbackError):
        form = Format("json")
    told = _told(error, request.path)
    endpoint = ENDPOINTS.get(request.get(ENDPOINT, ""))
    answer = failure(form, Error(code=told.code, message=str(told)))
    if isinstance(error, Busy):
        return _sent(answer, 429, {"Retry-After": str(error.retry_after)})
    if isinstance(error, TooManyTriesError):
        # To many apps any other status means that there is no server.
        return _sent(answer, 200, {"Retry-After": str(error.wait)})
    return _sent(answer, told.status if endpoint is not None and endpoint.plain else 200)


def _told(error: Exception, path: str) -> ProtocolError:
    """What an app is told; of our own mistakes only that there was one."""
    if type(error) in _ANSWERS:
        return _ANSWERS[type(error)](str(error))
    match error:
        case ProtocolError():
            return error
        case Gone():
            return NotFoundError(str(error))
        case Busy():
            return GenericError(str(error))
        case TooManyTriesError():
            span = "1 second" if error.wait == 1 else f"{error.wait} seconds"
            return WrongCredentialsError(f"Too many wrong passwords. Try again in {span}.")
        case FullError():
            log.error("database failed", path=path, error=str(error))
            return GenericError("The server's disk is full: nothing can be saved.")
        case WrongKeyError():
            log.error("a secret cannot be opened", path=path, reason=str(error))
            return GenericError("This server lacks the key to its passwords; its log says more.")
        case DatabaseError():
            log.error("database failed", path=path, error=str(error))
            return GenericError("The database cannot answer now. Try again later.")
    log.error("request failed", path=path, exc_info=error)
    return GenericError("Something went wrong in the server; its log says what.")


def _sent(answer: Answer, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=answer.body,
        status=status,
        content_type=answer.content_type,
        charset="utf-8",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )
