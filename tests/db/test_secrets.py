"""Hashes, sealed secrets and the key beside the database."""

from __future__ import annotations

import stat
from pathlib import Path
from urllib.parse import quote

import pytest

from conf.settings import Auth, Data, Secret, Settings
from db.errors import WrongKeyError
from db.secrets import (
    SecretBox,
    hash_password,
    key_hash,
    load_key,
    new_secret,
    verify_password,
)


def test_a_password_hash_verifies_only_its_password() -> None:
    hashed = hash_password("Pässw0rd")
    assert hashed.startswith("$argon2id$")
    assert verify_password(hashed, "Pässw0rd")
    assert not verify_password(hashed, "Passw0rd")
    assert not verify_password("no hash at all", "Pässw0rd")


def test_a_signed_text_comes_back_for_its_purpose_alone() -> None:
    box = SecretBox(bytes(32))
    signed = box.sign("cover", "co-7 größer")
    assert box.verify("cover", signed) == "co-7 größer"
    assert box.verify("segment", signed) is None
    assert SecretBox(b"\1" * 32).verify("cover", signed) is None
    assert signed == quote(signed)


@pytest.mark.parametrize("forged", ["", ".", "x", "x.y", "co-7", "é.é", "Y28tNw.", "a" * 100_000])
def test_a_text_that_was_not_signed_is_none(forged: str) -> None:
    assert SecretBox(bytes(32)).verify("cover", forged) is None


def test_a_sealed_secret_opens_for_its_owner_alone() -> None:
    box = SecretBox(bytes(32))
    sealed = box.seal(7, "geheim")
    assert b"geheim" not in sealed
    assert box.open(7, sealed) == "geheim"
    with pytest.raises(WrongKeyError):
        box.open(8, sealed)
    with pytest.raises(WrongKeyError):
        SecretBox(b"\1" * 32).open(7, sealed)


def test_sealing_twice_gives_different_bytes() -> None:
    box = SecretBox(bytes(32))
    assert box.seal(1, "same") != box.seal(1, "same")


def test_device_secrets_are_long_and_differ() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert len(first) == 40
    assert key_hash(first) != key_hash(second)


@pytest.mark.attack("X06")
def test_the_key_is_made_once_and_only_its_owner_can_read_it(settings: Settings) -> None:
    key = load_key(settings)
    path = settings.data.dir / "secret.key"
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(settings) == key
    assert [entry.name for entry in settings.data.dir.iterdir()] == ["secret.key"]


def test_a_configured_key_counts_and_leaves_no_file(tmp_path: Path) -> None:
    settings = Settings(data=Data(dir=tmp_path), auth=Auth(secret_key=Secret("ab" * 32)))
    assert load_key(settings) == bytes.fromhex("ab" * 32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["", "xyz", "ab" * 31])
@pytest.mark.attack("X06")
def test_a_damaged_key_file_is_named_and_not_replaced(settings: Settings, text: str) -> None:
    settings.data.dir.mkdir()
    path = settings.data.dir / "secret.key"
    path.write_text(text)
    with pytest.raises(WrongKeyError, match=r"secret\.key"):
        load_key(settings)
    assert path.read_text() == text
