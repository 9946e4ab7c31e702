"""Answers of the chat."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Model


class ChatMessage(Model, frozen=True, kw_only=True):
    """What somebody said; `time` is milliseconds since 1970."""

    username: str
    time: int
    message: str


class ChatMessages(Model, frozen=True, kw_only=True):
    """What was said, the newest first."""

    chat_message: Sequence[ChatMessage]
