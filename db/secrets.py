"""Passwords and keys: what is hashed, what is sealed, and the key that is never in the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from conf import Settings
from db.errors import WrongKeyError
from db.rules import LOCKED

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


def new_secret() -> str:
    """An app password that nobody guesses: 160 bits, in letters and digits."""
    return secrets.token_hex(20)


def key_hash(secret: str) -> bytes:
    """What an API key is looked up by."""
    return hashlib.sha256(secret.encode()).digest()


class SecretBox:
    """Seals app credentials with AES-256-GCM, bound to their owner, and signs what goes out and comes back."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._signing_key = hashlib.sha256(b"dulcian signing" + key).digest()
        self.fingerprint = hashlib.sha256(b"dulcian key" + key).hexdigest()[:16]

    def seal(self, owner: int, text: str) -> bytes:
        """Encrypt; a row copied to another user does not open."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), str(owner).encode())

    def open(self, owner: int, sealed: bytes) -> str:
        """Decrypt; raises WrongKeyError when key or owner are not those it was sealed with."""
        nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, body, str(owner).encode()).decode()
        except InvalidTag:
            raise WrongKeyError from None

    def sign(self, purpose: str, text: str) -> str:
        """The text with a signature, fit for an address; for one purpose only (HMAC-SHA-256)."""
        body = base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
        return f"{body}.{self._signature(purpose, body)}"

    def verify(self, purpose: str, signed: str) -> str | None:
        """The text that was signed for this purpose, or None."""
        body, _, signature = signed.partition(".")
        if not hmac.compare_digest(signature.encode(), self._signature(purpose, body).encode()):
            return None
        return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)).decode()

    def _signature(self, purpose: str, body: str) -> str:
        digest = hmac.digest(self._signing_key, f"{purpose}\0{body}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest[:18]).decode()


def load_key(settings: Settings) -> bytes:
    """The key of the configuration, else that of the data folder, made on the first start."""
    if settings.auth.secret_key:
        return _parse(settings.auth.secret_key, "auth.secret_key")
    path = settings.data.dir / "secret.key"
    try:
        return _parse(path.read_text(), str(path))
    except FileNotFoundError:
        return _make(path)


def _parse(text: str, source: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise WrongKeyError(f"{source} must hold 64 hexadecimal digits")
    return key


def _make(path: Path) -> bytes:
    """Write a new key so that it is complete or not there, and readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:  # another process was first: its key counts
        pass
    finally:
        draft.unlink()
    return _parse(path.read_text(), str(path))
