"""What an app password is good for: each scope for all that the one before it is, and more."""

from __future__ import annotations

from typing import Literal, get_args

Scope = Literal["stream", "read", "full"]
"""`stream`: to find music and hear it. `read`: to see and fetch everything, and change nothing."""
SCOPES: tuple[Scope, ...] = get_args(Scope)


def covers(held: Scope, needed: Scope) -> bool:
    """Whether a scope is enough for what needs another one."""
    return SCOPES.index(held) >= SCOPES.index(needed)
