"""Who accounts are elsewhere."""

from __future__ import annotations

import hashlib

import pytest

from db.database import Database
from db.errors import IdentityTakenError, UnfitError
from db.identities import Identity

ANN = Identity("https://id.example", "ann-1")


async def test_an_account_without_a_password_is_made_with_its_identity_or_not_at_all(
    database: Database,
) -> None:
    ann = await database.users.add("ann", None, identity=ANN)
    assert await database.identities.use(ANN) == ann.id
    assert [row.last_used is not None for row in await database.identities.of(ann.id)] == [True]
    with pytest.raises(IdentityTakenError):
        await database.users.add("eve", None, identity=ANN)
    assert await database.users.by_name("eve") is None


@pytest.mark.attack("X07")
async def test_no_text_is_the_password_of_an_account_without_one(database: Database) -> None:
    ann = await database.users.add("ann", None, identity=ANN)
    bob = await database.users.add("bob", None)
    assert not ann.has_password
    assert ann.password_hash != bob.password_hash
    for tried in ("", "!", ann.password_hash):
        assert await database.users.check_password("ann", tried) is None
    assert await database.credentials.of(ann.id) == []
    ann = await database.users.set_password("ann", "a password after all")
    assert ann.has_password
    assert await database.users.check_password("ann", "a password after all")


async def test_an_identity_has_one_account_and_an_account_one_identity_of_each_issuer(
    database: Database,
) -> None:
    ann = await database.users.add("ann", "password")
    bob = await database.users.add("bob", "password")
    await database.identities.link(ANN, ann.id)
    with pytest.raises(IdentityTakenError):
        await database.identities.link(ANN, bob.id)
    with pytest.raises(IdentityTakenError):
        await database.identities.link(Identity(ANN.issuer, "ann-2"), ann.id)
    await database.identities.link(Identity("ldap", ANN.subject), bob.id)
    assert await database.identities.use(ANN) == ann.id
    assert await database.identities.use(Identity("ldap", ANN.subject)) == bob.id
    assert len(await database.identities.all()) == 2
    assert await database.identities.unlink(ann.id, ANN.issuer)
    assert not await database.identities.unlink(ann.id, ANN.issuer)
    assert await database.identities.use(ANN) is None


async def test_identities_go_with_their_account(database: Database) -> None:
    ann = await database.users.add("ann", None, identity=ANN)
    await database.users.add("maria", "password", admin=True)
    await database.users.delete(ann.name)
    assert await database.identities.all() == []


@pytest.mark.parametrize("subject", ["", "a\0b", "x" * 1025])
async def test_what_cannot_be_kept_is_no_identity(database: Database, subject: str) -> None:
    ann = await database.users.add("ann", "password")
    with pytest.raises(UnfitError):
        await database.identities.link(Identity(ANN.issuer, subject), ann.id)
    with pytest.raises(UnfitError):
        await database.identities.use(Identity(ANN.issuer, subject))


@pytest.mark.attack("X11")
async def test_a_state_counts_once_and_old_ones_are_forgotten(database: Database) -> None:
    first, second = (hashlib.sha256(text).digest() for text in (b"one", b"two"))
    assert await database.identities.spend(first, 600)
    assert not await database.identities.spend(first, 600)
    await database.pool.execute("update spent_states set expires = now() - interval '1 second'")
    assert await database.identities.spend(second, 600)
    assert await database.pool.fetchval("select count(*) from spent_states") == 1
