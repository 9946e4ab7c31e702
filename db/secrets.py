"""Passwords and keys: what is hashed, what is sealed and signed, and with what."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from db.errors import WrongKeyError
from db.rules import LOCKED

MISSING = (
    "The passwords in the database are sealed with the key {name}, which this node does not have. "
    "Copy `secret.key` from the node where `dulcian secrets rotate` ran, or from the backup of that "
    "time, to the data folder; or add that key to `auth.secret_key`."
)
_NONCE_BYTES = 12
# 19 MiB, 2 passes: the least that OWASP's password storage sheet accepts; a Pi has to do it too.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """Argon2id; takes tens of milliseconds, so call it in a thread."""
    return _hasher.hash(password)


def verify_password(hashed: str, password: str) -> bool:
    """Whether the password made this hash; as slow as making it."""
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def no_password() -> str:
    """In place of a hash, for an account without a password: none makes it, and no two are equal."""
    return LOCKED + secrets.token_hex(16)


def is_outdated(hashed: str) -> bool:
    """Whether a hash was made with other parameters than those of now."""
    return _hasher.check_needs_rehash(hashed)


def new_secret() -> str:
    """An app password that nobody guesses: 160 bits, in letters and digits."""
    return secrets.token_hex(20)


def key_hash(secret: str) -> bytes:
    """What an API key is looked up by."""
    return hashlib.sha256(secret.encode()).digest()


class Sealed(NamedTuple):
    """A text that its owner's key alone opens. Whoever keeps it keeps the name of the key, too."""

    data: bytes
    key: str


class Key:
    """Seals with AES-256-GCM, and signs with HMAC-SHA-256. Its `name` tells nothing of it."""

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.name = hashlib.sha256(b"dulcian key" + raw).hexdigest()[:16]
        self._cipher = AESGCM(raw)
        self._signing_key = hashlib.sha256(b"dulcian signing" + raw).digest()

    def seal(self, owner: int, text: str) -> Sealed:
        """Encrypt; a row copied to another user does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        body = self._cipher.encrypt(nonce, text.encode(), str(owner).encode())
        return Sealed(nonce + body, self.name)

    def open(self, owner: int, data: bytes) -> str:
        """Decrypt; raises WrongKeyError when key or owner are not those it was sealed with."""
        nonce, body = data[:_NONCE_BYTES], data[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, str(owner).encode()).decode()
        except InvalidTag:
            raise WrongKeyError(f"Something sealed with the key {self.name} is damaged.") from None

    def signature(self, purpose: str, body: str) -> str:
        """What nobody without the key can make of a text."""
        digest = hmac.digest(self._signing_key, f"{purpose}\0{body}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:18]).decode()


class SecretBox:
    """Opens with every key of this node; seals and signs with the one that the database names.

    `load` gives the keys that there are now. It is asked again when another one is named.
    """

    def __init__(self, load: Callable[[], Sequence[Key]]) -> None:
        self._load = load
        self._keys: dict[str, Key] = {}
        self._used = ""

    @property
    def used(self) -> str:
        """The name of the key that seals and signs."""
        return self._used

    def use(self, name: str) -> None:
        """Seal and sign with this key from now on; raises WrongKeyError until this node has it."""
        self._used = name
        self._key(name)

    def seal(self, owner: int, text: str) -> Sealed:
        """Encrypt for a user."""
        return self._key(self._used).seal(owner, text)

    def open(self, owner: int, sealed: Sealed) -> str:
        """Decrypt; raises WrongKeyError when this node lacks the key, or the owner is another."""
        return self._key(sealed.key).open(owner, sealed.data)

    def sign(self, purpose: str, text: str) -> str:
        """The text with a signature, fit for an address; for one purpose only."""
        body = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
        return f"{body}.{self._key(self._used).signature(purpose, body)}"

    def verify(self, purpose: str, signed: str) -> str | None:
        """The text that was signed for this purpose with the key of now, or None."""
        body, _, signature = signed.partition(".")
        right = self._key(self._used).signature(purpose, body)
        if not hmac.compare_digest(signature.encode(), right.encode()):
            return None
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()

    def _key(self, name: str) -> Key:
        if name not in self._keys:
            self._keys |= {key.name: key for key in self._load()}
        if name not in self._keys:
            raise WrongKeyError(MISSING.format(name=name))
        return self._keys[name]
