"""An OpenID Connect provider of the test's own: real HTTP, real signatures, and it lies when told to."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT, SECRET = "dulcian", "s3cret: with/odd+characters"

Claims = dict[str, Any]


@cache
def _rsa_key(number: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def _ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def sign(algorithm: str, data: bytes, number: int = 0) -> bytes:
    """A signature as it stands in a token."""
    match algorithm:
        case "RS256":
            return _rsa_key(number).sign(data, padding.PKCS1v15(), hashes.SHA256())
        case "PS256":
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
            return _rsa_key(number).sign(data, pss, hashes.SHA256())
        case "ES256":
            r, s = decode_dss_signature(_ec_key().sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        case "EdDSA":
            return _ed_key().sign(data)
    raise ValueError(algorithm)


def token(header: Claims, claims: Claims, signature: Callable[[bytes], bytes] | None = None) -> str:
    """A token, signed as its header says, or otherwise."""
    data = f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(claims).encode())}"
    made = signature(data.encode()) if signature else sign(header["alg"], data.encode())
    return f"{data}.{encoded(made)}"


def public_pem() -> bytes:
    """The public half of the RSA key, as an attacker can have it."""
    return (
        _rsa_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def jwks(number: int = 0) -> list[dict[str, str]]:
    """The public keys, as they are published."""
    numbers = _rsa_key(number).public_key().public_numbers()
    point = _ec_key().public_key().public_numbers()
    raw = _ed_key().public_key().public_bytes_raw()
    return [
        {"kty": "RSA", "kid": f"rsa-{number}", "use": "sig", "n": _number(numbers.n), "e": _number(numbers.e)},
        {"kty": "EC", "kid": "ec", "crv": "P-256", "x": encoded(point.x.to_bytes(32)), "y": encoded(point.y.to_bytes(32))},
        {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": encoded(raw)},
        {"kty": "AKP", "kid": "of the future"},
    ]  # fmt: skip


@dataclass
class Provider:
    """Who is at the provider, how it signs, and what it was asked."""

    url: str = ""
    claims: Claims = field(default_factory=lambda: {"sub": "ann-1", "preferred_username": "ann"})
    """What the token says of whoever signs in, also to override what it should say."""
    told: Claims = field(default_factory=dict)
    """What is told about people at another address."""
    algorithm: str = "RS256"
    header: Claims = field(default_factory=dict)
    number: int = 0
    """Of the RSA key it signs with, and of the one it publishes."""
    published: int = 0
    metadata: Claims = field(default_factory=dict)
    forged: str = ""
    """A token to give out whatever it should be."""
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    names_itself: bool = False

    def sign_in(self, location: str) -> str:
        """What the browser is sent back with, after somebody has signed in at this address."""
        assert location.startswith(f"{self.url}/authorize?")
        query = dict(parse_qsl(urlsplit(location).query))
        assert (query["client_id"], query["code_challenge_method"]) == (CLIENT, "S256")
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        back = {"code": code, "state": query["state"]}
        if self.names_itself:
            back["iss"] = self.url
        return f"{urlsplit(query['redirect_uri']).path}?{urlencode(back)}"

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._describe)
        app.router.add_get("/jwks", self._keys)
        app.router.add_post("/token", self._token)
        app.router.add_get("/userinfo", self._tell)
        return app

    async def _describe(self, request: web.Request) -> web.Response:
        self.asked.append("metadata")
        described = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/logout",
        }
        return web.json_response(described | self.metadata)

    async def _keys(self, request: web.Request) -> web.Response:
        self.asked.append("keys")
        return web.json_response({"keys": jwks(self.published)})

    async def _tell(self, request: web.Request) -> web.Response:
        self.asked.append("people")
        assert request.headers["Authorization"] == "Bearer access"
        return web.json_response({"sub": self.claims["sub"]} | self.told)

    async def _token(self, request: web.Request) -> web.Response:
        self.asked.append("token")
        form = dict(await request.post())
        query = self.codes.pop(str(form.get("code")), None)
        if query is None or not _knows(request) or not _proves(form, query):
            return web.json_response({"error": "invalid_grant"}, status=400)
        return web.json_response(
            {"access_token": "access", "id_token": self._id_token(query["nonce"])}
        )

    def _id_token(self, nonce: str) -> str:
        if self.forged:
            return self.forged
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT, "exp": now + 60, "iat": now, "nonce": nonce}
        kid = {"ES256": "ec", "EdDSA": "ed"}.get(self.algorithm, f"rsa-{self.number}")
        header = {"alg": self.algorithm, "kid": kid} | self.header
        claims = {name: value for name, value in (usual | self.claims).items() if value is not None}
        return token(header, claims, lambda data: sign(self.algorithm, data, self.number))


async def serve(provider: Provider) -> TestServer:
    """Start it; the caller closes it."""
    server = TestServer(provider.app(), host="127.0.0.1")
    await server.start_server()
    provider.url = str(server.make_url("")).rstrip("/")
    return server


def _knows(request: web.Request) -> bool:
    """Whether the client shows its secret."""
    kind, _, pair = request.headers.get("Authorization", "").partition(" ")
    client, _, secret = base64.b64decode(pair).decode().partition(":")
    return (kind, unquote_plus(client), unquote_plus(secret)) == ("Basic", CLIENT, SECRET)


def _proves(form: dict[str, Any], query: dict[str, str]) -> bool:
    """Whether it is the one that asked for the code (PKCE), for the same return."""
    digest = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
    return (encoded(digest), form["redirect_uri"]) == (
        query["code_challenge"],
        query["redirect_uri"],
    )


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _number(number: int) -> str:
    return encoded(number.to_bytes((number.bit_length() + 7) // 8))
