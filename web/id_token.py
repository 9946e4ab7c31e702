"""What a provider says about somebody: signed, for us, for now, for this one sign-in.

joserfc, which looks at the signatures, is loaded at the first sign-in.
"""

from __future__ import annotations

import binascii
import time
import warnings
from base64 import urlsafe_b64decode
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from joserfc.jwk import Key

Claims = dict[str, Any]
Jwk = dict[str, Any]
"""A public key as the provider publishes it."""

ALGORITHMS = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519",
)  # fmt: skip
"""Signatures with keys of two halves: whoever can check one cannot make one."""

_KINDS = frozenset({"RSA", "EC", "OKP"})
_SKEW = 120
"""Seconds by which clocks may differ."""
_ASK_EVERY = 60.0
_LONGEST = 32 * 1024
_LONGEST_SUBJECT = 255


class TokenError(Exception):
    """It is not believed; the text is for the operator."""


class _Header(msgspec.Struct):
    alg: str
    kid: str = ""
    crit: Any = None


class Keys:
    """The provider's public keys: asked for again when one is missing, but not time and again."""

    def __init__(
        self,
        load: Callable[[], Awaitable[Sequence[Jwk]]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load, self._clock = load, clock
        self._keys: Sequence[Jwk] = ()
        self._asked = float("-inf")

    async def find(self, header: _Header) -> Jwk:
        """The key that is said to have signed; raises TokenError."""
        found = _fitting(self._keys, header)
        if len(found) != 1 and self._clock() - self._asked >= _ASK_EVERY:
            self._asked = self._clock()
            self._keys = await self._load()
            found = _fitting(self._keys, header)
        if len(found) != 1:
            raise TokenError("it is signed with none of the keys that the provider publishes")
        return found[0]


async def verified(text: str, keys: Keys) -> Claims:
    """The claims of a token whose signature is right; raises TokenError."""
    header = _header(text)
    if header.crit is not None:
        raise TokenError("it demands to be read in a way that is not known here")
    if header.alg not in ALGORITHMS:
        raise TokenError(f"it is signed with {header.alg[:20]!r}, which is not accepted")
    return _opened(text, await keys.find(header), header.alg)


def check(claims: Claims, *, issuer: str, client_id: str, nonce: str, now: float) -> str:
    """The subject of a token that is for us, now, and this sign-in; raises TokenError."""
    _need(claims.get("iss") == issuer, "it is of another issuer")
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    _need(client_id in listed, "it is for somebody else")
    if "azp" in claims or len(listed) > 1:
        _need(claims.get("azp") == client_id, "it was given to somebody else")
    _need(now < _moment(claims, "exp") + _SKEW, "its time is over, or a clock is wrong")
    _need(_moment(claims, "iat") <= now + _SKEW, "its time is yet to come, or a clock is wrong")
    if "nbf" in claims:
        _need(_moment(claims, "nbf") <= now + _SKEW, "its time is yet to come, or a clock is wrong")
    _need(claims.get("nonce") == nonce, "it is of another sign-in")
    return subject_of(claims)


def subject_of(claims: Claims) -> str:
    """Who it is about; raises TokenError."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise TokenError("it does not say who somebody is")
    _need(subject.isascii() and subject.isprintable(), "it does not say who somebody is")
    return subject


def _need(holds: bool, reason: str) -> None:
    if not holds:
        raise TokenError(reason)


def _moment(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TokenError(f"it has no {name}")
    return value


def _header(text: str) -> _Header:
    head, _, rest = text.partition(".")
    if len(text) > _LONGEST or rest.count(".") != 1:
        raise TokenError("it is no signed token")
    try:
        decoded = urlsafe_b64decode(head + "=" * (-len(head) % 4))
        return msgspec.json.decode(decoded, type=_Header)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise TokenError("it is no signed token") from None


def _opened(text: str, key: Jwk, algorithm: str) -> Claims:
    from joserfc import jwt
    from joserfc.errors import JoseError, SecurityWarning
    from joserfc.jws import JWSRegistry

    # What else stands in a header means nothing to us, unless it says that it must (`crit`).
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    try:
        with warnings.catch_warnings():
            # Of EdDSA, which providers still say where they mean Ed25519.
            warnings.simplefilter("ignore", SecurityWarning)
            return dict(jwt.decode(text, _imported(key), registry=registry).claims)
    except (JoseError, ValueError) as error:
        raise TokenError(f"its signature is not right ({error})") from None


def _imported(key: Jwk) -> Key:
    from joserfc import jwk

    return jwk.import_key(key)


def _fitting(keys: Sequence[Jwk], header: _Header) -> list[Jwk]:
    """Keys to check signatures with, of that name where one is given."""
    kind = "RSA" if header.alg[:2] in ("RS", "PS") else "EC" if header.alg[:2] == "ES" else "OKP"
    return [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", header.alg) == header.alg
        and (not header.kid or key.get("kid") == header.kid)
    ]
