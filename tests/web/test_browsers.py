"""The browsers in which one is signed in."""

from __future__ import annotations

import re

import pytest

from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser

FOX = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0"


@pytest.mark.attack("X82", "X38")
async def test_each_is_listed_and_signed_out_alone_by_its_owner(
    admin: Browser, new_browser: NewBrowser, database: Database
) -> None:
    second = await new_browser(same_as=admin, User_Agent=FOX)
    third = await new_browser(same_as=admin, User_Agent="<script>x</script>")
    for each in (second, third):
        await each.sign_in("maria", PASSWORD)
    page = await admin.open("/account")
    assert "Firefox, Linux 127.0.0.1" in page.seen
    assert "<script>x" not in page.text
    assert "this one" in page.seen
    ids = re.findall(r'name="session" value="(\d+)" aria-label="Sign out Firefox', page.text)
    assert len(ids) == 1
    # Nobody ends what is somebody else's.
    await database.users.add("paul", PASSWORD)
    paul = await new_browser(same_as=admin)
    await paul.sign_in("paul", PASSWORD)
    await paul.fill_in("/account", {"session": ids[0]}, to="/account/browsers/end")
    await paul.fill_in("/account", {}, to="/account/browsers/end-others")
    assert (await second.open("/")).status == 200
    answer = await admin.fill_in("/account", {"session": ids[0]}, to="/account/browsers/end")
    assert "That browser is signed out." in (await admin.open(answer.location)).seen
    assert (await second.open("/")).location == "/login"
    assert (await third.open("/")).status == 200
    await admin.fill_in("/account", {}, to="/account/browsers/end-others")
    assert (await third.open("/")).location == "/login"
    assert (await admin.open("/")).status == 200
    assert (await paul.open("/")).status == 200
