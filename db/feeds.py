"""What a feed says of a podcast: made by `library.feeds` in a sandbox, written by `db.podcasts`."""

from __future__ import annotations

from msgspec import Struct


class Item(Struct, frozen=True, array_like=True):
    """An episode; `published` is seconds since 1970, `size` and `duration` are 0 if unknown."""

    guid: str
    title: str
    description: str
    published: float | None
    url: str
    content_type: str
    suffix: str
    size: int
    duration: float
    video: bool


class Feed(Struct, frozen=True, array_like=True):
    """A podcast and its episodes, the newest first."""

    title: str
    description: str
    image: str
    items: list[Item]
