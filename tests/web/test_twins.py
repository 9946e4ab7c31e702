"""A share of a recording that is there in two files: Beta, a FLAC, stands for Alpha, an MP3."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from db.users import Change
from tests.support.shelf import Shelf
from tests.web.test_shares import Sharer, guest, services

__all__ = ["guest", "services"]


@pytest.fixture(scope="module")
def library(library: Shelf) -> Shelf:
    settings = library.settings
    merged = structs.replace(settings.library, duplicates="merge")
    return replace(library, settings=structs.replace(settings, library=merged))


async def test_a_share_plays_the_best_file_and_one_that_its_owner_may_stream(
    guest: Sharer, library: Shelf
) -> None:
    """Also at an address from before, and of either file."""
    folder = library.music / "Ada/First"
    alpha, beta = (folder / "01 Alpha.mp3").read_bytes(), (folder / "02 Beta.flac").read_bytes()
    path = await guest.share(("track", "Alpha"))
    old, new = await guest.song(path, "Alpha"), await guest.song(path, "Beta")
    await guest.db.pool.execute("update tracks set bit_rate = 900 where suffix = 'flac'")
    await guest.db.pool.execute(
        "update tracks set twin_of = $1, missing_since = 'infinity' where id = $2",
        await guest.id("tracks", "Beta"), await guest.id("tracks", "Alpha"),
    )  # fmt: skip
    assert "Beta" in (await guest.browser.open(path)).seen
    for limit, expected in ((0, beta), (320, alpha)):
        await guest.db.users.change(guest.user.name, Change(max_bit_rate=limit))
        for address in (old, new):
            answer = await guest.browser.client.get(address)
            assert (answer.status, await answer.read()) == (200, expected)
