"""Accounts as apps see them."""

from __future__ import annotations

from tests.support.api import Api


async def test_everybody_sees_the_own_account(guest: Api) -> None:
    user = await guest.get("getUser", username="GUEST")
    assert user["username"] == "guest"
    assert user["adminRole"] is False
    assert user["streamRole"] is True
    assert len([key for key in user if key.endswith("Role")]) == 12
    assert all(isinstance(one, int) for one in user["folder"])


async def test_an_administrator_sees_all_and_has_every_role(api: Api) -> None:
    assert (await api.get("getUser", username="guest"))["username"] == "guest"
    own = await api.get("getUser", username="admin")
    assert all(value for key, value in own.items() if key.endswith("Role"))
    assert await api.error("getUser", username="nobody") == 70


async def test_others_do_not_tell_an_unknown_user_from_a_hidden_one(guest: Api) -> None:
    assert await guest.error("getUser", username="admin") == 50
    assert await guest.error("getUser", username="nobody") == 50
    assert await guest.error("getUser") == 10
