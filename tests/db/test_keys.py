"""The keys beside the database."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from conf.settings import Auth, Data, Secret, Settings
from db.errors import RotationError, WrongKeyError
from db.keys import KeyStore


def given(*keys: str) -> KeyStore:
    """The keys of these settings."""
    return KeyStore(Settings(auth=Auth(secret_key=Secret(" ".join(keys)))))


def names(store: KeyStore) -> list[str]:
    return [key.name for key in store.load()]


@pytest.mark.attack("X06")
def test_the_key_is_made_once_and_only_its_owner_can_read_it(settings: Settings) -> None:
    store, other = KeyStore(settings), KeyStore(settings)
    assert store.load() == []
    (key,) = store.load_or_make()
    path = settings.data.dir / "secret.key"
    assert len(key.raw) == 32
    assert len(set(key.raw)) > 8
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in other.load_or_make()] == [key.name]
    assert [entry.name for entry in settings.data.dir.iterdir()] == ["secret.key"]


def test_a_configured_key_counts_and_leaves_no_file(tmp_path: Path) -> None:
    settings = Settings(data=Data(dir=tmp_path), auth=Auth(secret_key=Secret("ab" * 32)))
    assert [key.raw for key in KeyStore(settings).load_or_make()] == [bytes.fromhex("ab" * 32)]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.attack("X06")
@pytest.mark.parametrize("text", ["", "xyz", "ab" * 31, "ab" * 32 + "\nx", "ab\xff"])
def test_a_damaged_key_file_is_named_and_not_replaced(settings: Settings, text: str) -> None:
    settings.data.dir.mkdir()
    path = settings.data.dir / "secret.key"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(WrongKeyError, match=r"secret\.key"):
        KeyStore(settings).load_or_make()
    assert path.read_bytes() == text.encode("latin-1")


def test_a_key_that_may_not_be_read_is_told(settings: Settings) -> None:
    (settings.data.dir / "secret.key").mkdir(parents=True)
    with pytest.raises(WrongKeyError, match="cannot be read"):
        KeyStore(settings).load()


def test_the_next_key_lies_beside_the_old_one_until_it_counts(settings: Settings) -> None:
    store = KeyStore(settings)
    (old,) = store.load_or_make()
    with store.successor(old.name) as new:
        assert names(store) == [old.name, new.name]
        assert stat.S_IMODE((settings.data.dir / "secret.key").stat().st_mode) == 0o600
        with pytest.raises(RotationError, match="already"), store.successor(old.name):
            pass
    assert names(store) == [new.name]
    assert [entry.name for entry in settings.data.dir.iterdir()] == ["secret.key"]


def test_after_an_error_both_keys_stay_and_the_next_rotation_drops_the_one_that_never_counted(
    settings: Settings,
) -> None:
    store = KeyStore(settings)
    (old,) = store.load_or_make()
    with pytest.raises(ZeroDivisionError), store.successor(old.name) as lost:
        raise ZeroDivisionError
    assert names(store) == [old.name, lost.name]
    with store.successor(old.name) as new:
        assert names(store) == [old.name, new.name]
    assert new.name not in {old.name, lost.name}


def test_of_two_configured_keys_the_other_one_is_next() -> None:
    store = given("ab" * 32, "cd" * 32)
    first, second = names(store)
    with store.successor(first) as new:
        assert new.name == second
    with store.successor(second) as new:
        assert new.name == first


@pytest.mark.parametrize(("keys", "told"), [(1, "openssl rand -hex 32"), (3, "holds 3 keys")])
def test_with_another_number_of_configured_keys_it_is_said_what_to_do(keys: int, told: str) -> None:
    store = given(*(f"{one}a" * 32 for one in range(keys)))
    with pytest.raises(RotationError, match=told), store.successor(names(store)[0]):
        pass
