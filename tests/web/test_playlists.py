"""Playlists in the browser: listed, exported, made of rules, changed and deleted."""

from __future__ import annotations

import html
import re
from io import BytesIO
from typing import Any

import pytest
from aiohttp import FormData, web
from PIL import Image

import web as pages
from db.database import Database
from db.rows import UserRow
from db.smart_rules import parse as parse_rules
from library.playlists import parse
from tests.support import shelf
from tests.support.browser import AiohttpClient, Answer, Browser, Services
from tests.support.pictures import picture, see
from tests.support.shelf import Shelf

EVIL = """</textarea><script>alert('"x"')</script>"""
ROCK = '{"all": [{"field": "genre", "operator": "is", "value": "rock"}], "sort": [{"by": "title"}]}'
NEW = {"name": "Rock!", "rules": ROCK}
BOMB = picture(90, 90, "GIF", "L").replace(b"\x5a\0\x5a\0", b"\xff\xff\xff\xff")
"""It says of itself that it has 65,535 x 65,535 pixels."""


@pytest.fixture
async def guest(aiohttp_client: AiohttpClient, stocked: Database, library: Shelf) -> Browser:
    app = web.Application()
    pages.setup(app, Services(library.settings, stocked))
    browser = Browser(await aiohttp_client(app))
    assert (await browser.sign_in(*shelf.GUEST)).status == 303
    return browser


@pytest.fixture
async def admin(aiohttp_client: AiohttpClient, guest: Browser) -> Browser:
    browser = Browser(await aiohttp_client(guest.server))
    assert (await browser.sign_in(*shelf.ADMIN)).status == 303
    return browser


async def user(db: Database, name: str = "guest") -> UserRow:
    found = await db.users.by_name(name)
    assert found is not None
    return found


async def songs(db: Database, *titles: str) -> list[int]:
    return [
        await db.pool.fetchval("select id from tracks where card ->> 'title' = $1", title)
        for title in titles
    ]


async def plain(db: Database, name: str, *titles: str, owner: str = "guest") -> int:
    made = await db.playlists.add(await user(db, owner), name, await songs(db, *titles))
    assert made is not None
    return made


async def test_who_is_not_signed_in_is_led_to_the_sign_in(
    guest: Browser, stocked: Database
) -> None:
    number = await plain(stocked, "Mine", "Beta")
    await guest.fill_in("/account", {}, to="/logout")
    for page in ("/playlists", f"/playlists/{number}", f"/playlists/{number}.m3u8"):
        assert (await guest.open(page)).location == f"/login?next={page}"


async def test_a_list_of_what_one_may_read(guest: Browser, stocked: Database) -> None:
    assert "There is no playlist yet" in (await guest.open("/playlists")).seen
    mine = await plain(stocked, "Mine", "Alpha", "Beta")
    await plain(stocked, "Private", "Beta", owner="admin")
    answer = await guest.open("/playlists")
    assert re.search(r"Mine guest 2 0 min M3U8", answer.seen)
    assert f'href="/playlists/{mine}.m3u8"' in answer.text
    assert "Private" not in answer.seen
    assert 'href="/playlists"' in (await guest.open("/")).text


async def test_an_export_is_a_list_that_is_read_again(guest: Browser, stocked: Database) -> None:
    number = await plain(stocked, 'Für "dich"/\r\nX: y', "Beta", "Dvořák", "Beta")
    answer = await guest.open(f"/playlists/{number}.m3u8")
    assert answer.status == 200
    assert answer.response.headers["Content-Type"] == "audio/x-mpegurl; charset=utf-8"
    disposition = answer.response.headers["Content-Disposition"]
    assert disposition.startswith('attachment; filename="F_r _dich__ X_ y.m3u8"; filename*=UTF-8')
    assert answer.text.splitlines()[:4] == [
        "#EXTM3U",
        '#PLAYLIST:Für "dich"/ X: y',
        "#EXTINF:6,Ada - Beta",
        "Ada/First/02 Beta.flac",
    ]
    assert parse("m3u8", answer.text.encode()).lines == [
        "Ada/First/02 Beta.flac",
        "The Bärs/Ünder/1-01 Dvořák.opus",
        "Ada/First/02 Beta.flac",
    ]


async def test_an_export_holds_what_the_one_who_asks_may_hear(
    guest: Browser, admin: Browser, stocked: Database
) -> None:
    number = await plain(stocked, "Both", "Beta", "Secret", owner="admin")
    assert (await guest.open(f"/playlists/{number}.m3u8")).status == 404
    await stocked.pool.execute("update playlists set public = true")
    assert "Secret" not in (await guest.open(f"/playlists/{number}.m3u8")).text
    assert "Secret/Vault/01 Secret.mp3" in (await admin.open(f"/playlists/pl-{number}.m3u8")).text
    for nothing in ("0", "999999", "9" * 18):
        assert (await guest.open(f"/playlists/{nothing}.m3u8")).status == 404


async def test_a_smart_playlist_is_tried_and_made(guest: Browser, stocked: Database) -> None:
    answer = await guest.fill_in("/playlists", NEW | {"preview": "on"})
    assert answer.status == 200
    assert "These rules choose 2 songs now." in answer.seen
    assert "Alpha – Ada Beta – Ada" in answer.seen
    assert await stocked.pool.fetchval("select count(*) from playlists") == 0
    assert html.escape(ROCK, quote=False) in answer.text.replace("&#34;", '"')
    answer = await guest.fill_in("/playlists", NEW)
    (row,) = await stocked.playlists.readable(await user(stocked))
    assert (answer.status, answer.location) == (303, f"/playlists/{row.id}?done=added")
    assert (row.name, row.smart, row.public, row.song_count) == ("Rock!", True, False, 2)
    assert "The playlist is there." in (await guest.open(answer.location)).seen
    assert "Rock! smart guest 2" in (await guest.open("/playlists")).seen
    assert "02 Beta.flac" in (await guest.open(f"/playlists/{row.id}.m3u8")).text


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"rules": "{"}, "The rules cannot be read"),
        ({"rules": ""}, "The rules cannot be read"),
        ({"rules": '{"all": [{"field": "password_hash", "value": "x"}]}'}, "There is no field"),
        ({"rules": '{"all": [{"field": "playlist", "operator": "inPlaylist", "value": "pl-99"}]}'},
         "does not exist"),
        ({"name": ""}, "needs a name"),
        ({"name": "x" * 251}, "needs a name"),
        ({"rules": '{"all": [{"field": "title", "value": "' + "\\u0000" + '"}]}'}, "a text"),
    ],
)  # fmt: skip
async def test_what_will_not_do_is_explained_and_kept_in_the_form(
    guest: Browser, stocked: Database, given: dict[str, str], complaint: str
) -> None:
    fields = NEW | given
    answer = await guest.fill_in("/playlists", fields)
    assert answer.status == 400
    assert complaint in answer.seen
    assert fields["rules"] in html.unescape(answer.text)
    assert await stocked.pool.fetchval("select count(*) from playlists") == 0


async def test_rules_are_changed_by_their_owner_and_administrators_alone(
    guest: Browser, admin: Browser, stocked: Database
) -> None:
    await guest.fill_in("/playlists", NEW | {"public": "on"})
    (row,) = await stocked.playlists.readable(await user(stocked))
    page = f"/playlists/{row.id}"
    jazz = {"name": "Jazz", "rules": ROCK.replace("rock", "jazz")}
    answer = await guest.fill_in(page, jazz | {"preview": "on"})
    assert "choose 2 songs" in answer.seen
    assert "Gamma" in answer.seen
    assert (await guest.fill_in(page, jazz | {"rules": "[]"})).status == 400
    assert (await guest.fill_in(page, jazz)).location == f"{page}?done=changed"
    (row,) = await stocked.playlists.readable(await user(stocked))
    assert (row.name, row.public) == ("Jazz", False)
    circle = ROCK.replace('"rock"', f'"pl-{row.id}"').replace('"genre"', '"playlist"')
    circle = circle.replace('"is"', '"inPlaylist"')
    assert "from itself" in (await guest.fill_in(page, jazz | {"rules": circle})).seen
    assert (await admin.fill_in(page, jazz | {"public": "on"})).status == 303
    theirs = await stocked.smart.add(
        await user(stocked, "admin"), "Theirs", parse_rules(ROCK), public=True
    )
    shown = await guest.open(f"/playlists/{theirs}")
    assert shown.status == 200
    assert '<form method="post" action="/playlists' not in shown.text
    for to in (f"/playlists/{theirs}", f"/playlists/{theirs}/delete"):
        answer = await guest.fill_in("/playlists", jazz | {"sure": "on"}, to=to)
        assert answer.status == 403
    assert await stocked.smart.rules(theirs) == parse_rules(ROCK)


async def test_a_private_playlist_of_others_is_not_there(guest: Browser, stocked: Database) -> None:
    number = await plain(stocked, "Private", "Beta", owner="admin")
    for page in (f"/playlists/{number}", "/playlists/424242"):
        answer = await guest.open(page)
        assert answer.status == 404
        assert "Private" not in answer.seen
        for to in (page, f"{page}/delete"):
            assert (await guest.fill_in("/playlists", NEW | {"sure": "on"}, to=to)).status == 404


async def test_a_playlist_is_deleted_when_one_is_sure(guest: Browser, stocked: Database) -> None:
    number = await plain(stocked, "Mine", "Beta")
    page = f"/playlists/{number}"
    assert (await guest.fill_in(page, {}, to=f"{page}/delete")).status == 400
    assert (await guest.open(page)).status == 200
    answer = await guest.fill_in(page, {"sure": "on"}, to=f"{page}/delete")
    assert answer.location == "/playlists?done=deleted"
    assert (await guest.open(page)).status == 404


async def test_a_plain_playlist_gets_no_rules(guest: Browser, stocked: Database) -> None:
    number = await plain(stocked, "Mine", "Beta")
    page = f"/playlists/{number}"
    assert "textarea" not in (await guest.open(page)).text
    assert (await guest.fill_in(page, NEW, to=page)).status == 404
    assert await stocked.smart.rules(number) is None


async def test_forms_of_other_sites_change_nothing(guest: Browser, stocked: Database) -> None:
    assert (await guest.send("/playlists", NEW)).status == 403
    answer = await guest.fill_in("/playlists", NEW, Sec_Fetch_Site="cross-site")
    assert answer.status == 403
    assert await stocked.pool.fetchval("select count(*) from playlists") == 0


async def test_hostile_names_and_rules_stay_texts(guest: Browser, stocked: Database) -> None:
    await stocked.pool.execute(
        "update tracks set card = jsonb_set(card::jsonb, '{title}', to_jsonb($1::text))::json", EVIL
    )
    await plain(stocked, EVIL)
    tried = await guest.fill_in("/playlists", {"name": EVIL, "rules": ROCK, "preview": "on"})
    failed = await guest.fill_in("/playlists", {"name": EVIL, "rules": EVIL})
    made = await guest.fill_in("/playlists", {"name": EVIL, "rules": ROCK})
    shown = await guest.open(made.location)
    for answer in (tried, failed, shown, await guest.open("/playlists")):
        assert "<script>alert" not in answer.text
        assert EVIL in html.unescape(answer.text)


async def send_picture(browser: Browser, number: int, data: bytes, **more: Any) -> Answer:
    """Fill in the form for the picture as a browser does."""
    form = FormData()
    form.add_field("form_token", more.pop("token", "") or await browser.token("/playlists"))
    form.add_field("picture", BytesIO(data), filename="list.jpg", content_type="image/jpeg")
    return await browser.send(f"/playlists/{number}/picture", form, **more)  # type: ignore[arg-type]


async def own_picture(db: Database, number: int) -> bytes | None:
    row = await db.playlist_pictures.of(number, await user(db, "admin"))
    return row.data if row else None


async def test_a_picture_is_made_smaller_shown_replaced_and_removed(
    guest: Browser, stocked: Database
) -> None:
    number = await plain(stocked, "Mine", "Beta")
    page = f"/playlists/{number}"
    assert "portrait" not in (await guest.open(page)).text
    assert f"{page}/picture/remove" not in (await guest.open(page)).text
    addresses = []
    for data, size in (
        (picture(2000, 500, "PNG", "RGBA"), (1000, 250)),
        (picture(60, 90), (60, 90)),
    ):
        answer = await send_picture(guest, number, data)
        assert (answer.status, answer.location) == (303, f"{page}?done=picture")
        shown = await guest.open(answer.location)
        assert "has that picture now" in shown.seen
        (address,) = re.findall(r'src="(/playlists/[^"]*)"', shown.text)
        addresses.append(address)
        async with guest.client.get(address) as sent:
            assert sent.content_type == "image/jpeg"
            made = see(await sent.read())
            assert (made.format, made.size) == ("JPEG", size)
    assert addresses[0] != addresses[1]
    answer = await guest.fill_in(page, {}, to=f"{page}/picture/remove")
    assert "The picture is removed." in (await guest.open(answer.location)).seen
    assert await own_picture(stocked, number) is None
    assert (await guest.open(f"{page}/picture")).status == 404
    assert (await guest.fill_in(page, {}, to=f"{page}/picture/remove")).status == 303


async def test_nothing_of_a_sent_picture_but_the_picture_is_kept(
    guest: Browser, stocked: Database
) -> None:
    number = await plain(stocked, "Mine", "Beta")
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    data = picture(40, 40, exif=exif.tobytes()) + b"<script>second file</script>"
    assert (await send_picture(guest, number, data)).status == 303
    kept = await own_picture(stocked, number)
    assert kept is not None
    assert b"home" not in kept
    assert b"script" not in kept


async def test_a_smart_playlist_has_a_picture_and_its_rules_stay_in_the_form(
    guest: Browser, stocked: Database
) -> None:
    number = await stocked.smart.add(await user(stocked), "Smart", parse_rules(ROCK))
    assert (await send_picture(guest, number, picture(8, 8))).status == 303
    answer = await send_picture(guest, number, b"<svg/>")
    assert answer.status == 400
    assert "no picture" in answer.seen
    assert '"value": "rock"' in html.unescape(answer.text)
    assert await stocked.smart.rules(number) == parse_rules(ROCK)


@pytest.mark.parametrize(
    ("data", "status", "complaint"),
    [
        (b"", 400, "Choose a picture first."),
        (b"GIF89a", 400, "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", 400, "no picture"),
        (BOMB, 400, "no picture"),
        (b"x" * (5 * 1024 * 1024 + 1), 413, "make it smaller"),
    ],
)
async def test_what_is_no_picture_or_too_large_leaves_the_one_before(
    guest: Browser, stocked: Database, data: bytes, status: int, complaint: str
) -> None:
    number = await plain(stocked, "Mine", "Beta")
    await send_picture(guest, number, picture(8, 8))
    before = await own_picture(stocked, number)
    answer = await send_picture(guest, number, data)
    assert answer.status == status
    assert complaint in answer.seen
    assert await own_picture(stocked, number) == before is not None


async def test_a_picture_is_changed_by_owner_and_administrators_and_seen_by_readers(
    guest: Browser, admin: Browser, stocked: Database
) -> None:
    number = await plain(stocked, "Theirs", "Beta", owner="admin")
    page = f"/playlists/{number}"
    assert (await send_picture(admin, number, picture(8, 8))).status == 303
    before = await own_picture(stocked, number)
    for public, refused in ((False, 404), (True, 403)):
        await stocked.pool.execute("update playlists set public = $1", public)
        assert (await send_picture(guest, number, picture(9, 9))).status == refused
        answer = await guest.fill_in("/playlists", {}, to=f"{page}/picture/remove")
        assert answer.status == refused
        async with guest.client.get(f"{page}/picture") as shown:
            assert shown.status == (200 if public else 404)
    assert await own_picture(stocked, number) == before
    assert '<form method="post" action="/playlists' not in (await guest.open(page)).text
    assert "portrait" in (await guest.open(page)).text
    mine = await plain(stocked, "Mine", "Beta")
    assert (await send_picture(admin, mine, picture(9, 9))).status == 303
    assert (
        await admin.fill_in("/playlists", {}, to=f"/playlists/{mine}/picture/remove")
    ).status == 303
    assert await own_picture(stocked, mine) is None


async def test_another_site_or_nobody_sends_a_picture(guest: Browser, stocked: Database) -> None:
    number = await plain(stocked, "Mine", "Beta")
    page = f"/playlists/{number}"
    await send_picture(guest, number, picture(8, 8))
    before = await own_picture(stocked, number)
    for more in (
        {"Origin": "https://evil.example"},
        {"Sec_Fetch_Site": "cross-site"},
        {"token": "0"},
    ):
        assert (await send_picture(guest, number, picture(9, 9), **more)).status == 403
    late = FormData()
    late.add_field("picture", picture(9, 9), filename="list.jpg")
    late.add_field("form_token", await guest.token("/playlists"))
    assert (await guest.send(f"{page}/picture", late)).status == 403  # type: ignore[arg-type]
    assert (await guest.send(f"{page}/picture/remove", {})).status == 403
    await guest.fill_in("/account", {}, to="/logout")
    token = await guest.token("/login")
    assert (await send_picture(guest, number, picture(9, 9), token=token)).location == "/login"
    assert (await guest.open(f"{page}/picture")).location.startswith("/login")
    assert await own_picture(stocked, number) == before
