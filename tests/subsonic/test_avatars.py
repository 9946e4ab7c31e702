"""Pictures of users, as apps get them."""

from __future__ import annotations

import pytest

from db.database import Database
from tests.support.api import Api
from tests.support.pictures import picture


@pytest.fixture(autouse=True)
async def portrait(stocked: Database) -> bytes:
    """The picture of the administrator."""
    user = await stocked.users.by_name("admin")
    assert user is not None
    made = picture(64, 64)
    await stocked.avatars.put(user.id, made)
    return made


async def test_everybody_may_see_the_picture_of_everybody(guest: Api, portrait: bytes) -> None:
    answer = await guest.raw("getAvatar", username="ADMIN")
    assert (answer.status, answer.content_type) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert await answer.read() == portrait


@pytest.mark.parametrize("name", ["guest", "nobody", "a\0b", "x" * 5000])
async def test_without_a_picture_or_a_user_it_is_70(guest: Api, name: str) -> None:
    assert await guest.error("getAvatar", username=name) == 70


async def test_it_needs_a_name(guest: Api) -> None:
    assert await guest.error("getAvatar") == 10


async def test_a_picture_that_is_known_is_not_sent_again_and_a_new_one_is(
    guest: Api, stocked: Database
) -> None:
    tag = (await guest.raw("getAvatar", username="admin")).headers["ETag"]
    again = await guest.raw("getAvatar", {"If-None-Match": tag}, username="admin")
    assert (again.status, await again.read()) == (304, b"")
    user = await stocked.users.by_name("admin")
    assert user is not None
    await stocked.avatars.put(user.id, picture(32, 32))
    changed = await guest.raw("getAvatar", {"If-None-Match": tag}, username="admin")
    assert changed.status == 200
    assert changed.headers["ETag"] != tag


async def test_an_account_says_when_its_picture_changed(api: Api, stocked: Database) -> None:
    when = (await api.get("getUser", username="admin"))["avatarLastChanged"]
    assert len(when) == 24
    assert when.endswith("Z")
    user = await stocked.users.by_name("admin")
    assert user is not None
    await stocked.avatars.put(user.id, picture(32, 32))
    assert (await api.get("getUser", username="admin"))["avatarLastChanged"] > when
    await stocked.avatars.remove(user.id)
    assert "avatarLastChanged" not in await api.get("getUser", username="admin")
