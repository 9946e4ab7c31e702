"""Hashes, and what is sealed and signed."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from argon2 import PasswordHasher

from db.errors import WrongKeyError
from db.secrets import (
    Key,
    Sealed,
    SecretBox,
    hash_password,
    is_outdated,
    key_hash,
    new_secret,
    verify_password,
)
from tests.support.keys import box


def test_a_password_hash_verifies_only_its_password() -> None:
    hashed = hash_password("Pässw0rd")
    assert hashed.startswith("$argon2id$")
    assert verify_password(hashed, "Pässw0rd")
    assert not verify_password(hashed, "Passw0rd")
    assert not verify_password("no hash at all", "Pässw0rd")


@pytest.mark.attack("X05")
def test_a_signed_text_comes_back_for_its_purpose_alone() -> None:
    own = box()
    signed = own.sign("cover", "co-7 größer")
    assert own.verify("cover", signed) == "co-7 größer"
    assert own.verify("segment", signed) is None
    assert box(b"\1" * 32).verify("cover", signed) is None
    assert signed == quote(signed)


@pytest.mark.attack("X05")
@pytest.mark.parametrize("forged", ["", ".", "x", "x.y", "co-7", "é.é", "Y28tNw.", "a" * 100_000])
def test_a_text_that_was_not_signed_is_none(forged: str) -> None:
    assert box().verify("cover", forged) is None


@pytest.mark.attack("X07")
def test_a_sealed_secret_opens_for_its_owner_alone() -> None:
    own = box()
    sealed = own.seal(7, "geheim")
    assert b"geheim" not in sealed.data
    assert own.open(7, sealed) == "geheim"
    with pytest.raises(WrongKeyError):
        own.open(8, sealed)
    with pytest.raises(WrongKeyError, match=sealed.key):
        box(b"\1" * 32).open(7, sealed)


def test_sealing_twice_gives_different_bytes() -> None:
    own = box()
    assert own.seal(1, "same") != own.seal(1, "same")


def test_device_secrets_are_long_and_differ() -> None:
    first, second = new_secret(), new_secret()
    assert first != second
    assert len(first) == 40
    assert key_hash(first) != key_hash(second)


def test_a_hash_made_with_other_parameters_is_outdated() -> None:
    assert not is_outdated(hash_password("x"))
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x"))


def test_a_key_that_comes_later_is_looked_for_again_and_older_ones_still_open() -> None:
    first, second = Key(bytes(32)), Key(b"\1" * 32)
    there = [first]
    own = SecretBox(lambda: there)
    own.use(first.name)
    sealed, signed = own.seal(7, "old"), own.sign("cover", "x")
    with pytest.raises(WrongKeyError, match=second.name):
        own.use(second.name)
    with pytest.raises(WrongKeyError, match=second.name):
        own.sign("cover", "y")
    there[:] = [second]
    assert own.verify("cover", own.sign("cover", "y")) == "y"
    assert own.verify("cover", signed) is None
    assert own.open(7, sealed) == "old"
    assert own.open(7, own.seal(7, "new")) == "new"
    assert own.seal(7, "new").key == second.name


def test_what_names_a_key_that_did_not_seal_it_does_not_open() -> None:
    own = box()
    with pytest.raises(WrongKeyError, match="damaged"):
        own.open(7, Sealed(box(b"\1" * 32).seal(7, "x").data, own.used))
