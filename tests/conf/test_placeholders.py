"""Which secrets are none."""

from __future__ import annotations

import secrets

import pytest

from conf import ConfigError, load
from conf.fields import FIELDS
from conf.placeholders import is_placeholder, is_regular

SECRETS = [name for name, field in FIELDS.items() if field.secret]


@pytest.mark.parametrize(
    "text",
    [
        "changeme", "CHANGE_ME", "change-me-please", "ChangeThis!", "please change me", "change_before_use",
        "replace-me", "replace with a real secret", "<password>", "your-password", "YOUR_SECRET_KEY",
        "your password here", "put-your-token-here", "a-secret-key", "placeholder", "example-password",
        "todo", "xxxx", "****", "${DB_PASSWORD}", "$DB_PASSWORD", "{{ vault_password }}", "$(cat secret)",
    ],
)  # fmt: skip
def test_what_manuals_print_is_a_placeholder(text: str) -> None:
    assert is_placeholder(text)


@pytest.mark.parametrize(
    "text", ["", "sesame", "secret", "my horse ate xxx", "changeling-9", "$2y$10$abc", "exchange", "tr0ub4dor"]
)  # fmt: skip
def test_what_somebody_chose_is_none(text: str) -> None:
    """Well or not."""
    assert not is_placeholder(text)


@pytest.mark.attack("X05")
@pytest.mark.parametrize("name", SECRETS)
def test_a_placeholder_is_a_mistake_wherever_a_secret_belongs(name: str) -> None:
    """Everybody could sign with it. It is not repeated on the terminal."""
    text = "postgresql://ann:changeme@db/music" if name == "database.url" else "Change-Me-9"
    with pytest.raises(ConfigError) as caught:
        load(None, {FIELDS[name].variable: text}, {})
    told = [problem for problem in caught.value.problems if "placeholder" in problem]
    assert len(told) == 1
    assert name in told[0]
    assert "9" not in told[0]


@pytest.mark.parametrize(
    "key", ["0" * 64, "ab" * 32, "deadbeef" * 8, "0123456789abcdef" * 4, "fedcba9876543210" * 4]
)
def test_a_typed_key_is_too_regular(key: str) -> None:
    assert is_regular(key)
    with pytest.raises(ConfigError, match="too regular"):
        load(None, {"DULCIAN_AUTH__SECRET_KEY": key}, {})


def test_a_drawn_key_is_not_regular() -> None:
    assert not any(is_regular(secrets.token_hex(32)) for _ in range(500))
