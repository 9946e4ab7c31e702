"""Answers about the words of songs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from subsonic.models.base import Model, element


class Lyrics(Model, frozen=True, kw_only=True):
    """The words of a song as one text; empty when there are none."""

    artist: str | None = None
    title: str | None = None
    value: str


class Line(Model, frozen=True, kw_only=True):
    """A line, with its time (ms) where it is known."""

    start: int | None = None
    value: str


class Agent(Model, frozen=True, kw_only=True):
    """A voice."""

    id: str
    role: str
    name: str | None = None


class Cue(Model, frozen=True, kw_only=True):
    """A word, with its time (ms) and its first and last byte in the line."""

    start: int
    end: int | None = None
    byte_start: int
    byte_end: int
    value: str


class CueLine(Model, frozen=True, kw_only=True):
    """The words of the line with this index."""

    index: int
    start: int | None = None
    end: int | None = None
    value: str
    agent_id: str | None = None
    cue: Sequence[Cue]


class StructuredLyrics(Model, frozen=True, kw_only=True):
    """Lyrics in one language; `kind`, `agents` and `cue_line` only for apps that ask for them."""

    lang: str
    synced: bool
    display_artist: str | None = None
    display_title: str | None = None
    offset: int | None = None
    kind: str | None = None
    line: Sequence[Line]
    agents: Annotated[Sequence[Agent] | None, element("agent")] = None
    cue_line: Sequence[CueLine] | None = None


class LyricsList(Model, frozen=True, kw_only=True):
    """All lyrics of a song."""

    structured_lyrics: Sequence[StructuredLyrics]
