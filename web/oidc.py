"""Signing in with an OpenID Connect provider: there, and back again.

What is asked is tied to the browser by a cookie that only we can have made, and that is good for one
return within ten minutes: state (RFC 6749), nonce (OpenID Connect), a verifier (PKCE, RFC 7636). The
way there is a link, never the answer to a form: browsers would hold that against `form-action`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
import structlog
from aiohttp import web

from conf.roles import role_map
from conf.settings import Oidc
from db.audit import By
from db.identities import Identity
from db.tries import Caller, TooManyTriesError
from streaming.links import host_of
from web.account import is_owner
from web.farewell import came_by_provider
from web.forms import Form
from web.guests import Guests, NotAdmittedError, Person, Policy
from web.id_token import Claims, TokenError
from web.provider import Asked, Metadata, Provider, ProviderError
from web.proxy_header import visitor
from web.rights import member
from web.session import cookie, device, set_cookie, sign_in
from web.site import SITE
from web.targets import local
from web.view import Refusal, onward, refused, see, too_many

log = structlog.get_logger()

CALLBACK = "/login/oidc/callback"
_WAY = "provider"
_PURPOSE, _COOKIE = "oidc", "dulcian-oidc"
_SECONDS = 600
_LONGEST = 4096
_ANYBODY = "\0oidc"
"""The account under which returns that fail are counted: they name none."""


class Flow(msgspec.Struct, frozen=True):
    """A sign-in that is under way in a browser."""

    state: str
    nonce: str
    verifier: str
    redirect: str
    target: str
    began: float
    user: int = 0
    """The account to be linked; 0: somebody signs in."""


async def go(request: web.Request) -> web.Response:
    """Lead a browser to the provider."""
    target = local(request.query.get("next", ""))
    if home := _home(request, target):
        return see(home)
    flow = _flow(request, target)
    response = see(await _url(request, flow))
    _remember(request, response, flow)
    return response


async def link(request: web.Request, form: Form) -> web.Response:
    """Lead somebody to the provider, whose account is to be linked with who they are there.

    With the password of the account, if it has one: it will not be needed any more to come in.
    """
    user = await member(request)
    if user.has_password and not await is_owner(
        request, user, form.get("old", ""), "sign-in linked"
    ):
        raise Refusal(403, "Not linked", "That is not your password.", back="/account")
    flow = _flow(request, "/account?done=linked", user.id)
    label = _provider(request).settings.label
    text = "Sign in there; you come back to the page of your account."
    response = onward(request, f"Sign in with {label}", text, await _url(request, flow))
    _remember(request, response, flow)
    return response


async def come_back(request: web.Request) -> web.Response:
    """Whoever returns from the provider; the cookie is gone after this, whatever comes of it."""
    try:
        response = await _returned(request)
    except Refusal as refusal:
        response = refused(request, refusal)
    set_cookie(request, response, _COOKIE, "", 0)
    return response


async def _returned(request: web.Request) -> web.Response:
    tries, address = request.app[SITE].db.tries, request.remote or ""
    try:
        counted = await tries.enter(Caller(_ANYBODY, address, device(request)))
    except TooManyTriesError as error:
        raise too_many(error.wait, "/login") from None
    flow = await _remembered(request)
    person = await _person(request, flow)
    try:
        answer = await (
            _link(request, flow, person) if flow.user else _sign_in(request, flow, person)
        )
    except NotAdmittedError as error:
        by = By(person.name, address, _WAY)
        await request.app[SITE].db.audit.note(
            "sign-in", by, outcome="refused", detail=person.identity.subject
        )
        raise Refusal(403, "Not signed in", str(error), back="/login") from None
    await tries.forgive(counted, None)
    return answer


async def _sign_in(request: web.Request, flow: Flow, person: Person) -> web.Response:
    user = await _guests(request).admit(person)
    await sign_in(request, user)
    await came_by_provider(request)
    await request.app[SITE].db.audit.note("sign-in", By(user.name, request.remote or "", _WAY))
    return see(flow.target)


async def _link(request: web.Request, flow: Flow, person: Person) -> web.Response:
    """Link the account of whoever asked for it, if that is still who sits there."""
    user = await visitor(request)
    if user is None or user.id != flow.user:
        raise Refusal(403, "Not linked", "Sign in again, and then link.", back="/login")
    await _guests(request).link(person, user)
    return see(flow.target)


async def _remembered(request: web.Request) -> Flow:
    """What this browser was sent away with, if it returns with just that, in time, and once."""
    query, db = request.query, request.app[SITE].db
    text = db.secrets.verify(_PURPOSE, cookie(request, _COOKIE))
    flow = msgspec.json.decode(text, type=Flow) if text else None
    state = query.get("state", "").encode()
    if (
        flow is None
        or not hmac.compare_digest(state, flow.state.encode())
        or not 0 <= time.time() - flow.began <= _SECONDS
        or not await db.identities.spend(hashlib.sha256(state).digest(), _SECONDS)
    ):
        log.warning("a return from the provider that nobody here waits for", address=request.remote)
        raise _unwanted()
    return flow


async def _person(request: web.Request, flow: Flow) -> Person:
    """Whoever the provider says it is; its failures are for the log, and a page says that there were some."""
    provider, query = _provider(request), request.query
    try:
        metadata = await provider.metadata()
        _check_sender(metadata, query)
        if "error" in query:
            raise _declined(provider.settings.label, query["error"])
        code = query.get("code", "")
        if not 0 < len(code) <= _LONGEST:
            raise _unwanted()
        claims = await provider.claims(code, flow.verifier, flow.redirect, flow.nonce)
    except (ProviderError, TokenError) as error:
        raise _failed(provider, error) from None
    return person(provider.settings, metadata.issuer, claims)


def _check_sender(metadata: Metadata, query: Mapping[str, str]) -> None:
    """RFC 9207: an answer says who it is from, and none of another provider is taken for ours."""
    said = metadata.authorization_response_iss_parameter_supported
    if (said or "iss" in query) and query.get("iss") != metadata.issuer:
        raise TokenError("the answer came from another provider")


async def _url(request: web.Request, flow: Flow) -> str:
    provider = _provider(request)
    digest = hashlib.sha256(flow.verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    try:
        return await provider.sign_in_url(Asked(flow.state, flow.nonce, challenge, flow.redirect))
    except ProviderError as error:
        raise _failed(provider, error) from None


def _flow(request: web.Request, target: str, user: int = 0) -> Flow:
    public = request.app[SITE].settings.server.public_url.rstrip("/")
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    return Flow(state, nonce, verifier, public + CALLBACK, target, time.time(), user)


def _remember(request: web.Request, response: web.Response, flow: Flow) -> None:
    signed = request.app[SITE].db.secrets.sign(_PURPOSE, msgspec.json.encode(flow).decode())
    set_cookie(request, response, _COOKIE, signed, _SECONDS)


def _home(request: web.Request, target: str) -> str:
    """Where to begin instead, if the provider would send the browser back to another host than this."""
    public = request.app[SITE].settings.server.public_url
    if host_of(request) == urlsplit(public).netloc or "here" in request.query:
        return ""
    return f"{public.rstrip('/')}/login/oidc?{urlencode({'next': target, 'here': ''})}"


def person(settings: Oidc, issuer: str, claims: Claims) -> Person:
    """Somebody, from what was said of them."""
    return Person(
        Identity(issuer, claims["sub"]),
        name=_text(claims.get(settings.name_claim)),
        email=_text(claims.get("email")),
        email_verified=claims.get("email_verified") is True,
        groups=_groups(claims, settings.groups_claim),
    )


def policy(settings: Oidc) -> Policy:
    """What the settings say about people of the provider."""
    return Policy(
        roles=role_map(settings.roles),
        allowed_groups=frozenset(settings.allowed_groups),
        allowed_domains=frozenset(
            domain.lstrip("@").casefold() for domain in settings.allowed_domains
        ),
        create=settings.create_users,
        link_by=settings.link_by,
    )


def _text(value: Any) -> str:
    """A claim that can be read and kept, else nothing."""
    return value.strip() if isinstance(value, str) and value.isprintable() else ""


def _groups(claims: Claims, name: str) -> frozenset[str]:
    """A claim of that name, or one within others, as in `realm_access.roles`."""
    value: Any = claims
    for part in [name] if name in claims else name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(each for each in listed if isinstance(each, str))


def _provider(request: web.Request) -> Provider:
    provider = request.app[SITE].provider
    if provider is None:
        raise Refusal(404, "No such sign-in", "This server has no provider to sign in with.")
    return provider


def _guests(request: web.Request) -> Guests:
    site = request.app[SITE]
    return Guests(site.db, policy(_provider(request).settings), _WAY)


def _unwanted() -> Refusal:
    return Refusal(
        400,
        "Sign in again",
        "That sign-in took too long, was used before, or was begun in another browser.",
        back="/login",
    )


def _declined(label: str, error: str) -> Refusal:
    """The provider says no. Its words may be anybody's: of the known ones we say what they mean."""
    meanings = {
        "access_denied": "The sign-in was cancelled, or is not allowed to you there.",
        "login_required": "Nobody is signed in there.",
        "temporarily_unavailable": "It is not available at the moment.",
    }
    log.warning("the provider declines", error=error[:100])
    return Refusal(403, f"{label} did not sign you in", meanings.get(error, "Try again."), "/login")


def _failed(provider: Provider, error: Exception) -> Refusal:
    log.error("no sign-in with the provider", issuer=provider.settings.issuer, reason=str(error))
    text = "It does not answer as it should. The server's log says why."
    return Refusal(502, f"No sign-in with {provider.settings.label}", text, back="/login")
