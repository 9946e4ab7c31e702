"""What is believed of a provider's tokens, and what is not."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

from tests.support.provider import Claims, encoded, jwks, public_pem, sign, token
from web.id_token import Jwk, Keys, TokenError, check, verified

NOW = 1_000_000.0
CLAIMS: Claims = {
    "iss": "https://id.example", "sub": "ann-1", "aud": "dulcian", "nonce": "n", "iat": NOW, "exp": NOW + 60,
}  # fmt: skip


class Published:
    """The keys, and how often they were asked for."""

    def __init__(self, keys: list[dict[str, Any]] | None = None) -> None:
        self.keys = jwks() if keys is None else keys
        self.asked = 0
        self.now = 0.0

    async def load(self) -> list[Jwk]:
        self.asked += 1
        return list(self.keys)

    def store(self) -> Keys:
        return Keys(self.load, lambda: self.now)


def _check(claims: Claims, now: float = NOW) -> str:
    return check(claims, issuer="https://id.example", client_id="dulcian", nonce="n", now=now)


@pytest.mark.parametrize(
    ("algorithm", "kid"),
    [("RS256", "rsa-0"), ("PS256", "rsa-0"), ("ES256", "ec"), ("EdDSA", "ed"), ("RS256", None)],
)
async def test_a_right_signature_is_believed(algorithm: str, kid: str | None) -> None:
    header = {"alg": algorithm, "more": 1} | ({"kid": kid} if kid else {})
    assert await verified(token(header, CLAIMS), Published().store()) == CLAIMS
    assert _check(CLAIMS) == "ann-1"


@pytest.mark.attack("X05")
async def test_a_token_without_a_signature_or_with_that_of_another_is_not_believed() -> None:
    keys = Published().store()
    right = token({"alg": "RS256", "kid": "rsa-0"}, CLAIMS)
    head, body, signature = right.split(".")
    other = encoded(b'{"sub":"maria"}')
    forged = {
        "none": token({"alg": "none"}, CLAIMS, lambda _: b""),
        "None": token({"alg": "None"}, CLAIMS, lambda _: b""),
        "none with a key": token({"alg": "none", "kid": "rsa-0"}, CLAIMS, lambda _: b""),
        "another's claims": f"{head}.{other}.{signature}",
        "cut off": f"{head}.{body}.",
        "a key of the attacker": token(
            {"alg": "RS256", "kid": "rsa-0"}, CLAIMS, lambda data: sign("RS256", data, 1)
        ),
        "a key that it brings along": token(
            {"alg": "RS256", "jwk": jwks(1)[0]}, CLAIMS, lambda data: sign("RS256", data, 1)
        ),
        "another kind of key": token(
            {"alg": "ES256", "kid": "rsa-0"}, CLAIMS, lambda data: sign("RS256", data)
        ),
        "critical": token({"alg": "RS256", "kid": "rsa-0", "crit": ["b64"], "b64": True}, CLAIMS),
        "encrypted": f"{head}.{body}.{signature}.{body}.{body}",
        "no token": "x.y.z",
        "nothing": "",
        "endless": right + "A" * 40_000,
    }
    assert await verified(right, keys) == CLAIMS
    assert [what for what, text in forged.items() if await _is_believed(text, keys)] == []


async def _is_believed(text: str, keys: Keys) -> bool:
    try:
        await verified(text, keys)
    except TokenError:
        return False
    return True


@pytest.mark.attack("X05")
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_shared_secret(algorithm: str) -> None:
    """Who has the provider's public key could else sign in as anybody."""
    kind = getattr(hashlib, f"sha{algorithm[2:]}")
    shared = {"kty": "oct", "kid": "oct", "k": encoded(public_pem())}
    keys = Published([*jwks(), shared]).store()
    for kid in ("rsa-0", "oct"):
        forged = token(
            {"alg": algorithm, "kid": kid},
            CLAIMS,
            lambda data: hmac.digest(public_pem(), data, kind),
        )
        with pytest.raises(TokenError, match="not accepted"):
            await verified(forged, keys)


@pytest.mark.attack("X05", "X11")
@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"}, {"iss": "https://id.example/"}, {"iss": None},
        {"aud": "another app"}, {"aud": []}, {"aud": ["another app"]}, {"aud": None},
        {"aud": ["dulcian", "another app"]}, {"azp": "another app"}, {"azp": None},
        {"aud": ["dulcian", "another app"], "azp": "another app"},
        {"exp": NOW - 121}, {"exp": None}, {"exp": "soon"}, {"exp": True}, {"exp": float("nan")},
        {"iat": NOW + 121}, {"iat": None}, {"nbf": NOW + 121}, {"nbf": "soon"},
        {"nonce": "another"}, {"nonce": ""}, {"nonce": None}, {"nonce": ["n"]},
        {"sub": ""}, {"sub": None}, {"sub": 7}, {"sub": "x" * 256}, {"sub": "a\0b"}, {"sub": "Ä"},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_for_somebody_or_some_time_else_is_not_believed(wrong: Claims) -> None:
    with pytest.raises(TokenError):
        _check(CLAIMS | wrong)


@pytest.mark.parametrize("absent", ["iss", "sub", "aud", "exp", "iat", "nonce"])
@pytest.mark.attack("X11")
def test_a_token_that_leaves_something_out_is_not_believed(absent: str) -> None:
    with pytest.raises(TokenError):
        _check({name: value for name, value in CLAIMS.items() if name != absent})


def test_clocks_may_differ_by_two_minutes_and_others_may_be_meant_as_well() -> None:
    assert _check(CLAIMS | {"iat": NOW + 119, "nbf": NOW + 119}) == "ann-1"
    assert _check(CLAIMS, now=NOW + 179) == "ann-1"
    assert _check(CLAIMS | {"aud": ["dulcian", "another"], "azp": "dulcian"}) == "ann-1"


@pytest.mark.attack("X05")
async def test_a_key_that_is_for_something_else_checks_no_signature() -> None:
    right = token({"alg": "RS256", "kid": "rsa-0"}, CLAIMS)
    for other in ({"use": "enc"}, {"alg": "RS512"}, {"kid": "another"}):
        with pytest.raises(TokenError, match="none of the keys"):
            await verified(right, Published([jwks()[0] | other]).store())


async def test_keys_are_asked_for_again_when_one_is_missing_but_not_time_and_again() -> None:
    published = Published()
    keys = published.store()
    old = token({"alg": "RS256", "kid": "rsa-0"}, CLAIMS)
    for _ in range(3):
        await verified(old, keys)
    assert published.asked == 1
    published.keys = jwks(1)
    new = token({"alg": "RS256", "kid": "rsa-1"}, CLAIMS, lambda data: sign("RS256", data, 1))
    with pytest.raises(TokenError, match="none of the keys"):
        await verified(new, keys)
    published.now += 61
    await verified(new, keys)
    with pytest.raises(TokenError, match="none of the keys"):
        await verified(old, keys)
    assert published.asked == 2
    published.now += 61
    for _ in range(3):
        with pytest.raises(TokenError, match="none of the keys"):
            await verified(token({"alg": "RS256", "kid": "made up"}, CLAIMS), keys)
    assert published.asked == 3
