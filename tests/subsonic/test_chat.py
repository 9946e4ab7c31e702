"""Chat."""

from __future__ import annotations

import time
from typing import Any

import lxml.etree as etree
import pytest

from tests.support.api import Api


async def said(api: Api, **given: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("getChatMessages", **given))["chatMessage"]
    return found


async def test_everybody_reads_what_anybody_says_the_newest_first(api: Api, guest: Api) -> None:
    await api.get("addChatMessage", message="Hello")
    await guest.get("addChatMessage", message=" Hej å <b> ")
    new, old = await said(guest)
    assert (new["username"], new["message"]) == ("guest", "Hej å <b>")
    assert (old["username"], old["message"]) == ("admin", "Hello")
    assert abs(new["time"] - time.time() * 1000) < 60_000
    assert await said(api) == [new, old]


async def test_an_app_that_asks_since_the_last_message_gets_only_newer_ones(api: Api) -> None:
    await api.get("addChatMessage", message="One")
    (one,) = await said(api)
    assert await said(api, since=one["time"]) == []
    await api.get("addChatMessage", message="Two")
    assert [row["message"] for row in await said(api, since=one["time"])] == ["Two"]
    assert len(await said(api, since=one["time"] - 1)) == 2


@pytest.mark.parametrize(("since", "number"), [(-(10**30), 1), ("", 1), (0, 1), (10**30, 0)])
async def test_absurd_times_are_moved_into_reason(api: Api, since: object, number: int) -> None:
    await api.get("addChatMessage", message="One")
    assert len(await said(api, since=since)) == number


async def test_a_time_that_is_no_number_is_an_error(api: Api) -> None:
    assert await api.error("getChatMessages", since="yesterday") == 10


@pytest.mark.parametrize(
    "given", [{}, {"message": ""}, {"message": " \0\n"}, {"message": "x" * 2001}]
)
async def test_empty_and_endless_messages_are_refused(api: Api, given: dict[str, Any]) -> None:
    assert await api.error("addChatMessage", **given) == 10
    assert await said(api) == []


async def test_control_characters_do_not_spoil_the_answer(api: Api) -> None:
    await api.get("addChatMessage", message="a\0b\x1b[31m\ufffe\nc")
    response = await api.client.get("/rest/getChatMessages", params=api.signed({}, "xml"))
    (message,) = etree.fromstring(await response.read())[0]
    assert message.get("message") == "ab[31m\nc"
