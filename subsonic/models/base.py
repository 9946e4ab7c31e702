"""What every answer is made from.

A field is an attribute in XML and a member in JSON (`render` has the whole table). `Open` marks what
OpenSubsonic added: old apps that stumble over it get XML without. Such lists have no default, so
that JSON has them also when empty and apps see that they are supported. `Element` marks what
Subsonic writes as a child element where others of its kind are attributes.
"""

from __future__ import annotations

from typing import Annotated, TypeVar

from msgspec import Meta, Struct

T = TypeVar("T")
OPEN = Meta(extra={"open": True})
Open = Annotated[T, OPEN]


def element(name: str = "") -> Meta:
    """In `Annotated`: a child element in XML, where it may have another name than in JSON."""
    return Meta(extra={"element": name})


Element = Annotated[T, element()]

Date = str
"""`2026-01-31T18:05:09.123Z`: UTC, three decimals; several apps know no other form."""


class Model(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Base of all answers: None is left out. They hold no cycles, so the collector need not look."""


class Error(Model, frozen=True, kw_only=True):
    """What went wrong."""

    code: int
    message: str
