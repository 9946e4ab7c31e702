"""A box with a key of one's own."""

from __future__ import annotations

from db.secrets import Key, SecretBox


def box(raw: bytes = bytes(32)) -> SecretBox:
    """A node that has this key alone, and uses it."""
    key = Key(raw)
    made = SecretBox(lambda: [key])
    made.use(key.name)
    return made
