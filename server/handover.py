"""What a process gives its children on their standard input: never by arguments, which all can see."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from conf.settings import Secret

T = TypeVar("T")


def _plain(value: Any) -> Any:
    """Paths may hold bytes that are no text: each byte goes as one letter."""
    if isinstance(value, Path):
        return os.fsencode(value).decode("latin-1")
    if isinstance(value, Secret):
        return str.__str__(value)
    raise NotImplementedError


def _typed(kind: type, value: Any) -> Any:
    if kind is Secret:
        return Secret(value)
    if issubclass(kind, Path):
        return Path(os.fsdecode(value.encode("latin-1")))
    raise NotImplementedError


def pack(value: msgspec.Struct) -> bytes:
    """Settings and rows as bytes."""
    return msgspec.json.encode(value, enc_hook=_plain)


def unpack(packed: bytes, kind: type[T]) -> T:
    """And back."""
    return msgspec.json.decode(packed, type=kind, dec_hook=_typed)
