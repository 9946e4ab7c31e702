"""Chat: one room for all users."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from subsonic.endpoint import LATEST_MS, Call, clamp, endpoint
from subsonic.errors import BadParameterError
from subsonic.models.chat import ChatMessage, ChatMessages

_LONGEST = 2000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@endpoint("getChatMessages", key="chatMessages", scope="read")
async def get_chat_messages(call: Call, *, since: int = 0) -> ChatMessages:
    """Return what was said after `since` (ms), the newest first: apps turn the list around."""
    moment = _EPOCH + clamp(since, LATEST_MS) * _MILLISECOND
    return ChatMessages(
        chat_message=[
            ChatMessage(
                username=row.user_name,
                time=(row.sent - _EPOCH) // _MILLISECOND,
                message=row.message,
            )
            for row in await call.services.db.chat.since(moment)
        ]
    )


@endpoint("addChatMessage")
async def add_chat_message(call: Call, *, message: str) -> None:
    """Say something to all."""
    text = message.replace("\0", "").strip()
    if not text or len(text) > _LONGEST:
        raise BadParameterError(f"Parameter 'message' has 1 to {_LONGEST} letters.")
    await call.services.db.chat.add(call.user, text)
