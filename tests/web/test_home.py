"""The first page."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from conf.settings import MusicFolder, Settings
from db.database import Database
from tests.support.browser import Browser
from tests.web.conftest import PASSWORD, NewBrowser

_FOLDER = """
insert into folders (library_id, path, name, sort_name, letter, words)
values ($1, '', 'x', 'x', 'X', '') returning id
"""
_ALBUM = """
insert into albums (library_id, key, name, sort_name, artist_sort, words, card, song_count)
values ($1, 'k', 'x', 'x', 'x', '', '{}', 2) returning id
"""
_TRACK = """
insert into tracks (library_id, folder_id, album_id, path, size, mtime_ns, reader, suffix,
    content_type, duration, bit_rate, title_sort, words, tag_key, card, album_tags, album_claim)
values ($1, $2, $3, $4, 1500000, 0, 1, 'mp3', 'audio/mpeg', 5400, 192, 'x', '', 'x', '{}', '{}', '{}')
"""


async def _add_songs(database: Database, library: int, count: int) -> None:
    folder = await database.pool.fetchval(_FOLDER, library)
    album = await database.pool.fetchval(_ALBUM, library)
    for at in range(count):
        await database.pool.execute(_TRACK, library, folder, album, b"%d.mp3" % at)


async def test_it_says_how_much_music_there_is(admin: Browser, database: Database) -> None:
    (library,) = await database.libraries.sync([MusicFolder(path=Path("/srv/music"), name="Ours")])
    await _add_songs(database, library.id, 2)
    seen = (await admin.open("/")).seen
    assert "Songs 2" in seen
    assert "Album 1" in seen
    assert "On disk 3.0 MB" in seen
    assert "Playing time 3 h 0 min" in seen
    assert "Ours /srv/music" in seen


async def test_an_empty_library_says_what_to_do(admin: Browser) -> None:
    seen = (await admin.open("/")).seen
    assert "No music yet." in seen
    assert "--music DIR" in seen


async def test_a_user_sees_only_the_libraries_that_are_theirs_and_no_paths(
    admin: Browser, new_browser: NewBrowser, database: Database
) -> None:
    ours, theirs = await database.libraries.sync(
        [
            MusicFolder(path=Path("/srv/a"), name="Children"),
            MusicFolder(path=Path("/srv/b"), name="Private"),
        ]
    )
    await _add_songs(database, theirs.id, 2)
    paul = await database.users.add("paul", PASSWORD)
    await database.pool.execute("update users set all_libraries = false where id = $1", paul.id)
    await database.pool.execute("insert into user_libraries values ($1, $2)", paul.id, ours.id)
    browser = await new_browser(same_as=admin)
    await browser.sign_in("paul", PASSWORD)
    answer = await browser.open("/")
    assert "Children" in answer.seen
    assert "Private" not in answer.text
    assert "/srv" not in answer.text
    assert "No music yet" in answer.seen


async def test_names_from_outside_are_text(
    browser: Browser, new_browser: NewBrowser, database: Database
) -> None:
    evil = "<img src=x onerror=alert(1)>\"'&"
    await database.users.add(evil, PASSWORD, admin=True)
    path = Path(os.fsdecode(b"/srv/\xff<script>"))
    (library,) = await database.libraries.sync([MusicFolder(path=path, name=evil)])
    await database.pool.execute(
        "insert into problems (library_id, path, size, mtime_ns, reader, reason)"
        " values ($1, $2, 0, 0, 1, $3)",
        library.id,
        b"\xfe<script>.mp3",
        evil,
    )
    await database.pool.execute(
        "insert into scans (state, message, finished) values ('failed', $1, now())", evil
    )
    await browser.sign_in(evil, PASSWORD)
    text = (await browser.open("/")).text
    assert text.count("&lt;img src=x onerror=alert(1)&gt;") >= 4
    assert "<img src=x" not in text
    assert "/srv/?&lt;script&gt;" in text
    assert "?&lt;script&gt;.mp3" in text


async def test_how_to_connect_names_this_server_and_this_user(admin: Browser) -> None:
    seen = (await admin.open("/", Host="music.lan:5000")).seen
    assert "Server address http://music.lan:5000" in seen
    assert "User name maria" in seen
    assert "the one you sign in with here, or an app password" in seen
    assert "works on this computer only" not in seen


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1", "[::1]:5000"])
async def test_an_address_of_this_computer_alone_is_called_that(admin: Browser, host: str) -> None:
    assert "works on this computer only" in (await admin.open("/", Host=host)).seen


@pytest.mark.parametrize("host", ['x"><script>', "a b", "user@evil.example", "evil.example/path"])
@pytest.mark.attack("X83")
async def test_a_host_that_cannot_be_one_gets_no_page(admin: Browser, host: str) -> None:
    answer = await admin.open("/", Host=host)
    assert answer.status == 400
    assert "evil" not in answer.text


class TestWithSettings:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        server = msgspec.structs.replace(settings.server, public_url="https://music.example/")
        auth = msgspec.structs.replace(settings.auth, account_password_in_apps=False)
        return msgspec.structs.replace(settings, server=server, auth=auth)

    async def test_the_public_address_goes_before_the_host(self, admin: Browser) -> None:
        answer = await admin.open("/", Host="evil.example")
        assert "Server address https://music.example " in answer.seen
        assert "evil" not in answer.text

    async def test_a_password_that_apps_may_not_use_is_not_recommended(
        self, admin: Browser
    ) -> None:
        assert "account_password_in_apps is off" in (await admin.open("/")).seen
