"""Answers about the server itself."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Model


class License(Model, frozen=True, kw_only=True):
    """Always valid: apps ask."""

    valid: bool


class Extension(Model, frozen=True, kw_only=True):
    """An OpenSubsonic extension and its versions."""

    name: str
    versions: Sequence[int]
