"""The OpenID Connect provider: what it offers, where it lets people sign in, what it says of them.

Everything it is asked goes through `library.fetch`. The host of the issuer is one that the operator
named, and may lie in a private network; other hosts that it names in its turn are judged like any.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from conf.presets import resolved
from conf.settings import Oidc, Outbound, Settings
from library.fetch import Fetcher, FetchError
from web.id_token import Claims, Jwk, Keys, TokenError, check, subject_of, verified

_WELL_KNOWN = "/.well-known/openid-configuration"
_MOST_BYTES = 512 * 1024
_KEPT_SECONDS = 3600.0

T = TypeVar("T")


class ProviderError(Exception):
    """It cannot be asked, or does not say what it should; the text is for the operator."""


class Metadata(msgspec.Struct, frozen=True):
    """What the provider says about itself (OpenID Connect Discovery, RFC 8414, RFC 9207)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)
    authorization_response_iss_parameter_supported: bool = False

    def endpoints(self) -> list[str]:
        """All addresses that are there."""
        always = [self.authorization_endpoint, self.token_endpoint, self.jwks_uri]
        return always + [url for url in (self.userinfo_endpoint, self.end_session_endpoint) if url]


class Asked(msgspec.Struct, frozen=True):
    """What belongs to one sign-in, and has to come back with it."""

    state: str
    nonce: str
    challenge: str
    redirect: str


class _KeySet(msgspec.Struct):
    keys: list[Jwk]


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str = ""


class _Failure(msgspec.Struct):
    error: str = ""


class Provider:
    """One provider; `close` it in the end."""

    def __init__(self, settings: Oidc, outbound: Outbound) -> None:
        self.settings = resolved(settings)
        host = urlsplit(self.settings.issuer).hostname or ""
        self._fetcher = Fetcher(outbound, hosts=(host,))
        self._keys = Keys(self._load_keys)
        self._known: Metadata | None = None
        self._known_until = 0.0
        self._turn = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """What it offers, asked for once an hour; raises ProviderError."""
        async with self._turn:
            if self._known is None or self._known_until <= time.monotonic():
                self._known = await self._discovered()
                self._known_until = time.monotonic() + _KEPT_SECONDS
            return self._known

    async def sign_in_url(self, asked: Asked) -> str:
        """Where somebody signs in, and comes back from with a code."""
        settings = self.settings
        query = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": asked.redirect,
            "scope": " ".join(settings.scopes),
            "state": asked.state,
            "nonce": asked.nonce,
            "code_challenge": asked.challenge,
            "code_challenge_method": "S256",
        }
        return _with((await self.metadata()).authorization_endpoint, query)

    async def sign_out_url(self) -> str:
        """Where somebody signs out of the provider itself, or nothing where that is not offered."""
        end = (await self.metadata()).end_session_endpoint
        return _with(end, {"client_id": self.settings.client_id}) if end else ""

    async def claims(self, code: str, verifier: str, redirect: str, nonce: str) -> Claims:
        """What the provider says of whoever brought this code; raises ProviderError, TokenError."""
        metadata, settings = await self.metadata(), self.settings
        tokens = await self._tokens(metadata, code, verifier, redirect)
        claims = await verified(tokens.id_token, self._keys)
        check(
            claims,
            issuer=metadata.issuer,
            client_id=settings.client_id,
            nonce=nonce,
            now=time.time(),
        )
        return await self._more(metadata, tokens, claims)

    async def close(self) -> None:
        await self._fetcher.close()

    async def _discovered(self) -> Metadata:
        issuer = self.settings.issuer
        body = await self._read(issuer.rstrip("/") + _WELL_KNOWN)
        found = _decoded(body, Metadata, "its description of itself")
        if found.issuer != issuer:
            raise ProviderError(
                f"it calls itself '{found.issuer[:200]}': if that is right, set oidc.issuer to just that"
            )
        for url in found.endpoints():
            if not url.startswith(("https://", f"{urlsplit(issuer).scheme}://")):
                raise ProviderError(f"'{url[:200]}' is no address to ask")
        return found

    async def _load_keys(self) -> Sequence[Jwk]:
        body = await self._read((await self.metadata()).jwks_uri)
        return _decoded(body, _KeySet, "its list of keys").keys

    async def _tokens(self, metadata: Metadata, code: str, verifier: str, redirect: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
        }
        client, secret = self.settings.client_id, str.__str__(self.settings.client_secret)
        authorization = ""
        if secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            authorization = _basic(client, secret)
        else:
            form |= {"client_id": client} | ({"client_secret": secret} if secret else {})
        status, body = await self._ask(metadata.token_endpoint, authorization, form)
        if status != 200:
            reason = _failure(body)
            raise ProviderError(f"it gives no token ({status}{reason and f', {reason}'})")
        return _decoded(body, _Tokens, "its token")

    async def _more(self, metadata: Metadata, tokens: _Tokens, claims: Claims) -> Claims:
        """Names, addresses and groups that stand in no token, from where some providers keep them."""
        settings, token = self.settings, tokens.access_token
        wanted = {settings.name_claim, "email"}
        if settings.roles or settings.allowed_groups:
            wanted.add(settings.groups_claim.partition(".")[0])
        if not (wanted - claims.keys() and metadata.userinfo_endpoint and token):
            return claims
        if not (token.isascii() and token.isprintable()):
            raise ProviderError("its token cannot be read")
        bearer = f"Bearer {token}"
        status, body = await self._ask(metadata.userinfo_endpoint, bearer, None)
        if status != 200:
            raise ProviderError(f"it tells nothing more about people ({status})")
        told: Claims = _decoded(body, dict, "what it tells about people")
        if told.get("sub") != subject_of(claims):
            raise TokenError("what is told about somebody is about somebody else")
        return told | claims

    async def _read(self, url: str) -> bytes:
        try:
            return (await self._fetcher.read(url, _MOST_BYTES)).body or b""
        except FetchError as error:
            raise ProviderError(str(error)) from error

    async def _ask(
        self, url: str, authorization: str, form: dict[str, str] | None
    ) -> tuple[int, bytes]:
        try:
            reply = await self._fetcher.ask(
                url, _MOST_BYTES, authorization=authorization, form=form
            )
        except FetchError as error:
            raise ProviderError(str(error)) from error
        return reply.status, reply.body


def provider_of(settings: Settings) -> Provider | None:
    """The provider, if there is one."""
    is_set = resolved(settings.oidc).issuer
    return Provider(settings.oidc, settings.outbound) if is_set else None


def _decoded(body: bytes, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError):
        raise ProviderError(f"{what} cannot be read") from None


def _failure(body: bytes) -> str:
    """The word that says why; never more of what came."""
    try:
        word = msgspec.json.decode(body, type=_Failure).error
    except (msgspec.MsgspecError, ValueError):
        return ""
    return word if word.isascii() and word.replace("_", "").isalnum() and len(word) < 60 else ""


def _basic(client: str, secret: str) -> str:
    """RFC 6749 has both written as in a form before they are put together."""
    pair = f"{quote_plus(client)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _with(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"
