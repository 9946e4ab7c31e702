"""The page of the audit log."""

from __future__ import annotations

import pytest

from db.audit import By
from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser


@pytest.mark.attack("X26", "X93")
async def test_it_is_for_administrators(
    admin: Browser, new_browser: NewBrowser, database: Database
) -> None:
    await database.users.add("paul", PASSWORD)
    paul = await new_browser(same_as=admin)
    await paul.sign_in("paul", PASSWORD)
    assert (await paul.open("/audit")).status == 403
    assert "/audit" not in (await paul.open("/")).text
    assert "/audit" in (await admin.open("/")).text


@pytest.mark.attack("X38")
async def test_it_shows_sign_ins_good_and_refused_and_names_as_text(
    admin: Browser, new_browser: NewBrowser
) -> None:
    other = await new_browser(same_as=admin)
    await other.sign_in("<b>maria</b>", "wrong")
    await other.sign_in("maria", PASSWORD)
    await other.fill_in("/", {}, to="/logout")
    answer = await admin.open("/audit")
    for said in (
        "sign-in maria page, 127.0.0.1",
        "sign-in: refused <b>maria</b> page, 127.0.0.1",
        "sign-out maria page, 127.0.0.1",
    ):
        assert said in answer.seen
    assert "<b>maria" not in answer.text


async def test_it_is_paged(admin: Browser, database: Database) -> None:
    for number in range(120):
        await database.audit.note(f"event-{number}.", By("ann", "", "app"))
    first = await admin.open("/audit")
    assert "event-119." in first.seen
    assert "event-19." not in first.seen
    before = first.text.partition("/audit?before=")[2].partition('"')[0]
    second = await admin.open(f"/audit?before={before}")
    assert "event-19." in second.seen
    assert "event-20." not in second.seen
    assert "Earlier" not in second.seen
    for odd in ("x", "-1", "9" * 30, ""):
        assert "event-119." in (await admin.open(f"/audit?before={odd}")).seen
