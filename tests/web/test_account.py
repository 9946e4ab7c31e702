"""One's own account: password, app passwords, picture."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import msgspec
import pytest
from aiohttp import FormData
from PIL import Image
from structlog.testing import capture_logs

from conf.settings import Settings
from db.database import Database
from db.rows import UserRow
from tests.support.browser import Answer, Browser
from tests.support.pictures import picture, see
from tests.web.conftest import PASSWORD, NewBrowser

NEW = "another horse"
CHANGE = {"old": PASSWORD, "password": NEW, "repeated": NEW}
SECRET = re.compile(r'id="app-password">([0-9a-f]{40})<')


@pytest.fixture
async def paul(browser: Browser, database: Database) -> Browser:
    """The browser, with an ordinary user signed in."""
    await database.users.add("paul", PASSWORD)
    assert (await browser.sign_in("paul", PASSWORD)).status == 303
    return browser


async def row(database: Database, name: str = "paul") -> UserRow:
    found = await database.users.by_name(name)
    assert found is not None
    return found


async def test_who_is_not_signed_in_is_led_to_the_sign_in_and_back(browser: Browser) -> None:
    for path in ("/account", "/account/avatar"):
        assert (await browser.open(path)).location == f"/login?next={path}"


class TestPassword:
    async def test_it_is_changed_by_who_knows_the_old_one(
        self, paul: Browser, database: Database
    ) -> None:
        answer = await paul.fill_in("/account", CHANGE, to="/account/password")
        assert (answer.status, answer.location) == (303, "/account?done=password")
        assert "Your password is changed." in (await paul.open(answer.location)).seen
        assert await database.users.check_password("paul", NEW)
        assert await database.users.check_password("paul", PASSWORD) is None
        (credential,) = await database.credentials.of((await row(database)).id)
        assert database.secrets.open(credential.user_id, credential.sealed) == NEW

    async def test_other_browsers_have_to_sign_in_anew(
        self, paul: Browser, new_browser: NewBrowser
    ) -> None:
        other = await new_browser(same_as=paul)
        await other.sign_in("paul", PASSWORD)
        before = paul.cookie
        await paul.fill_in("/account", CHANGE, to="/account/password")
        assert paul.cookie != before
        assert (await paul.open("/")).status == 200
        assert (await other.open("/")).location == "/login"
        assert (await other.open("/", Cookie=f"dulcian={before}")).location == "/login"

    @pytest.mark.parametrize(
        ("change", "complaint"),
        [
            ({"old": "wrong"}, "not your password now"),
            ({"old": ""}, "not your password now"),
            ({"repeated": "other"}, "The two passwords differ."),
            ({"password": "short", "repeated": "short"}, "at least 8 characters"),
            ({"password": "x" * 1025, "repeated": "x" * 1025}, "1024 characters at most"),
            ({"password": "two\nlines", "repeated": "two\nlines"}, "control characters"),
            ({"password": "", "repeated": ""}, "at least 8 characters"),
        ],
    )
    async def test_what_will_not_do_is_explained_and_changes_nothing(
        self, paul: Browser, database: Database, change: dict[str, str], complaint: str
    ) -> None:
        answer = await paul.fill_in("/account", CHANGE | change, to="/account/password")
        assert answer.status == 400
        assert complaint in answer.seen
        assert NEW not in answer.text
        assert await database.users.check_password("paul", PASSWORD)
        assert (await paul.open("/")).status == 200

    async def test_without_the_role_nothing_of_ones_own_can_be_changed(
        self, paul: Browser, database: Database
    ) -> None:
        await database.pool.execute("update users set roles = '{stream}'")
        page = (await paul.open("/account")).text
        assert "/account/" not in page
        for path, fields in (
            ("password", CHANGE),
            ("apps", {"name": "Phone"}),
            ("apps/revoke", {"device": "1"}),
            ("avatar/remove", {}),
        ):
            assert (await paul.fill_in("/account", fields, to=f"/account/{path}")).status == 403
        assert (await send_picture(paul, picture(8, 8))).status == 403
        assert await database.users.check_password("paul", PASSWORD)

    async def test_another_users_name_in_the_form_counts_for_nothing(
        self, paul: Browser, database: Database
    ) -> None:
        await database.users.add("maria", PASSWORD, admin=True)
        more = {"name": "maria", "user": "maria", "username": "maria", "id": "2"}
        await paul.fill_in("/account", CHANGE | more, to="/account/password")
        assert await database.users.check_password("maria", PASSWORD)
        assert await database.users.check_password("paul", NEW)


class TestTooManyWrongPasswords:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        auth = msgspec.structs.replace(settings.auth, max_failures=3)
        return msgspec.structs.replace(settings, auth=auth)

    async def test_guessing_the_old_one_has_to_wait(
        self, paul: Browser, database: Database
    ) -> None:
        for _ in range(3):
            wrong = CHANGE | {"old": "guess"}
            assert (await paul.fill_in("/account", wrong, to="/account/password")).status == 400
        answer = await paul.fill_in("/account", CHANGE, to="/account/password")
        assert answer.status == 429
        assert int(answer.response.headers["Retry-After"]) > 0
        assert await database.users.check_password("paul", PASSWORD)


class TestAppPasswords:
    async def test_one_is_shown_once_and_found_by_itself(
        self, paul: Browser, database: Database
    ) -> None:
        answer = await paul.fill_in("/account", {"name": " Phone "}, to="/account/apps")
        assert answer.status == 200
        assert answer.response.headers["Cache-Control"] == "no-store"
        found = SECRET.search(answer.text)
        assert found
        credential = await database.credentials.by_key(found[1])
        assert credential is not None
        assert (credential.name, credential.user_id) == ("Phone", (await row(database)).id)
        later = await paul.open("/account")
        assert found[1] not in later.text
        assert "Phone everything never never, made just now" in later.seen

    async def test_the_list_says_when_each_was_used(
        self, paul: Browser, database: Database
    ) -> None:
        await paul.fill_in("/account", {"name": "Phone"}, to="/account/apps")
        await database.pool.execute(
            "update credentials set created = now() - interval '3 days',"
            " last_used = now() - interval '2 hours', client = '<i>Amp' where kind = 'device'"
        )
        assert "Phone everything never 2 hours ago, <i>Amp" in (await paul.open("/account")).seen

    async def test_one_is_good_for_something_and_for_a_time(
        self, paul: Browser, database: Database
    ) -> None:
        fields = {"name": "Speaker", "scope": "stream", "days": "7"}
        found = SECRET.search((await paul.fill_in("/account", fields, to="/account/apps")).text)
        assert found
        credential = await database.credentials.by_key(found[1])
        assert credential is not None
        assert credential.expires is not None
        assert credential.scope == "stream"
        assert 6.9 < (credential.expires - datetime.now(UTC)).total_seconds() / 86400 <= 7
        assert "Speaker listening in 7 days never" in (await paul.open("/account")).seen
        await database.pool.execute(
            "update credentials set expires = now() - interval '2 hours' where kind = 'device'"
        )
        assert "Speaker listening expired 2 hours ago" in (await paul.open("/account")).seen

    @pytest.mark.attack("X23")
    @pytest.mark.parametrize(
        "field",
        [{"scope": "admin"}, {"scope": ""}, {"days": "8"}, {"days": "-1"}, {"days": "x"}],
    )
    async def test_another_scope_or_time_is_refused(
        self, paul: Browser, database: Database, field: dict[str, str]
    ) -> None:
        answer = await paul.fill_in("/account", {"name": "Phone"} | field, to="/account/apps")
        assert answer.status == 400
        assert "Choose" in answer.seen
        assert len(await database.credentials.of((await row(database)).id)) == 1

    @pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb", "\u202e"])
    async def test_a_name_that_cannot_be_shown_is_refused(
        self, paul: Browser, database: Database, name: str
    ) -> None:
        answer = await paul.fill_in("/account", {"name": name}, to="/account/apps")
        assert answer.status == 400
        assert not SECRET.search(answer.text)

    async def test_a_name_is_text_and_taken_once(self, paul: Browser) -> None:
        evil = '<b onclick="x">'
        assert (await paul.fill_in("/account", {"name": evil}, to="/account/apps")).status == 200
        answer = await paul.fill_in("/account", {"name": evil}, to="/account/apps")
        assert answer.status == 400
        assert "already" in answer.seen
        assert "<b onclick" not in answer.text

    async def test_there_are_not_more_than_a_sign_in_can_try(
        self, paul: Browser, database: Database
    ) -> None:
        user = await row(database)
        await database.pool.execute(
            "insert into credentials (user_id, kind, name, secret, sealed_by)"
            " select $1, 'device', n, '', $2 from generate_series(1, 100) n",
            user.id,
            database.secrets.used,
        )
        answer = await paul.fill_in("/account", {"name": "One more"}, to="/account/apps")
        assert answer.status == 400
        assert "100 app passwords already" in answer.seen

    async def test_one_is_revoked_by_its_owner_alone(
        self, paul: Browser, database: Database
    ) -> None:
        maria = await database.users.add("maria", PASSWORD, admin=True)
        theirs, kept = await database.credentials.add(maria.id, "Hers", database.secrets)
        own, ended = await database.credentials.add(
            (await row(database)).id, "His", database.secrets
        )
        for device in (theirs.id, own.id):
            fields = {"device": str(device)}
            answer = await paul.fill_in("/account", fields, to="/account/apps/revoke")
            assert answer.location == "/account?done=revoked"
        assert await database.credentials.by_key(kept) is not None
        assert await database.credentials.by_key(ended) is None

    @pytest.mark.parametrize("device", ["", "x", "-1", "9" * 30, "1 or 1=1", "٣"])
    async def test_what_is_no_device_is_not_readable(self, paul: Browser, device: str) -> None:
        fields = {"device": device}
        answer = await paul.fill_in("/account", fields, to="/account/apps/revoke")
        assert answer.status == 400


async def send_picture(browser: Browser, data: bytes, **more: Any) -> Answer:
    """Fill in the form for the picture as a browser does."""
    form = FormData()
    form.add_field("form_token", more.pop("token", "") or await browser.token("/account"))
    form.add_field("picture", BytesIO(data), filename="me.jpg", content_type="image/jpeg")
    return await browser.send("/account/avatar", form, **more)  # type: ignore[arg-type]


class TestPicture:
    async def test_it_is_made_small_and_shown(self, paul: Browser, database: Database) -> None:
        answer = await send_picture(paul, picture(1600, 800, "PNG"))
        assert (answer.status, answer.location) == (303, "/account?done=picture")
        page = (await paul.open("/account")).text
        (address,) = re.findall(r'src="(/account/avatar[^"]*)"', page)
        async with paul.client.get(address) as shown:
            assert shown.content_type == "image/jpeg"
            assert see(await shown.read()).size == (512, 256)
        kept = await database.avatars.of("paul")
        assert kept is not None
        assert see(kept.picture).format == "JPEG"

    async def test_it_can_be_removed(self, paul: Browser, database: Database) -> None:
        await send_picture(paul, picture(8, 8))
        await paul.fill_in("/account", {}, to="/account/avatar/remove")
        assert await database.avatars.of("paul") is None
        assert (await paul.open("/account/avatar")).status == 404
        await paul.fill_in("/account", {}, to="/account/avatar/remove")

    @pytest.mark.parametrize(
        "data",
        [
            b"GIF89a",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
            b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
            b"%PDF-1.7",
            b"\0" * 100_000,
        ],
    )
    async def test_what_is_no_picture_leaves_the_one_before(
        self, paul: Browser, database: Database, data: bytes
    ) -> None:
        await send_picture(paul, picture(8, 8))
        before = await database.avatars.of("paul")
        answer = await send_picture(paul, data)
        assert answer.status == 400
        assert "no picture" in answer.seen
        assert await database.avatars.of("paul") == before

    async def test_an_empty_file_is_none(self, paul: Browser) -> None:
        answer = await send_picture(paul, b"")
        assert answer.status == 400
        assert "Choose a picture" in answer.seen

    async def test_one_that_is_too_large_is_not_read(
        self, paul: Browser, database: Database
    ) -> None:
        token = await paul.token("/account")
        assert (await send_picture(paul, b"x" * 5_300_000, token=token)).status == 413
        assert (await send_picture(paul, b"x" * (5 * 1024 * 1024 + 1), token=token)).status == 413
        assert await database.avatars.of("paul") is None
        assert (await send_picture(paul, picture(8, 8), token=token)).status == 303

    async def test_a_bomb_of_pixels_is_refused_before_it_is_opened(self, paul: Browser) -> None:
        bomb = BytesIO()
        Image.new("1", (9000, 9000)).save(bomb, "PNG")
        assert len(bomb.getvalue()) < 20_000
        assert (await send_picture(paul, bomb.getvalue())).status == 400

    async def test_without_its_token_first_the_file_is_not_read(
        self, paul: Browser, database: Database
    ) -> None:
        token = await paul.token("/account")
        for wrong in ("0" * 64, "ü"):
            assert (await send_picture(paul, picture(8, 8), token=wrong)).status == 403
        late = FormData()
        late.add_field("picture", picture(8, 8), filename="me.jpg")
        late.add_field("form_token", token)
        answer = await paul.send("/account/avatar", late)  # type: ignore[arg-type]
        assert answer.status == 403
        assert await database.avatars.of("paul") is None

    @pytest.mark.parametrize(
        "headers",
        [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}],
    )
    async def test_another_site_cannot_send_one(
        self, paul: Browser, database: Database, headers: dict[str, str]
    ) -> None:
        assert (await send_picture(paul, picture(8, 8), **headers)).status == 403
        assert await database.avatars.of("paul") is None

    async def test_who_is_not_signed_in_sends_none(
        self, paul: Browser, new_browser: NewBrowser
    ) -> None:
        other = await new_browser(same_as=paul)
        token = await other.token("/login")
        assert (await send_picture(other, picture(8, 8), token=token)).location == "/login"

    @pytest.mark.parametrize(
        ("kind", "body", "status"),
        [
            ("application/x-www-form-urlencoded", b"a=b", 415),
            ("multipart/mixed; boundary=x", b"--x--", 415),
            ("multipart/form-data", b"", 400),
            ("multipart/form-data; boundary=x", b"nothing", 400),
            ("multipart/form-data; boundary=x", b"--x\r\nno header\r\n\r\nx\r\n--x--", 400),
            ("multipart/form-data; boundary=" + "x" * 80, b"--x--", 400),
            (
                "multipart/form-data; boundary=x",
                b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--",
                400,
            ),
            (
                "multipart/form-data; boundary=x",
                b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--x--',
                400,
            ),
        ],
    )
    async def test_what_is_no_such_form_is_refused(
        self, paul: Browser, kind: str, body: bytes, status: int
    ) -> None:
        headers = {"Content-Type": kind, "Accept": "text/html"}
        async with paul.client.post("/account/avatar", data=body, headers=headers) as response:
            assert response.status == status

    async def test_a_body_without_a_length_is_refused(self, paul: Browser) -> None:
        async def endless() -> Any:
            yield b"--x\r\n"

        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        async with paul.client.post("/account/avatar", data=endless(), headers=headers) as response:
            assert response.status == 413

    async def test_very_many_parts_are_refused(self, paul: Browser) -> None:
        form = FormData()
        form.add_field("form_token", await paul.token("/account"))
        for number in range(50):
            form.add_field(f"field {number}", "x", content_type="text/plain")
        answer = await paul.send("/account/avatar", form)  # type: ignore[arg-type]
        assert answer.status == 400


class TestLog:
    @pytest.fixture
    def lines(self) -> Iterator[list[Any]]:
        with capture_logs() as captured:
            yield captured

    async def test_it_says_what_was_done_and_no_secret(
        self, paul: Browser, lines: list[Any]
    ) -> None:
        made = await paul.fill_in("/account", {"name": "Phone"}, to="/account/apps")
        found = SECRET.search(made.text)
        assert found
        device = re.search(r'name="device" value="(\d+)"', made.text)
        assert device
        await paul.fill_in("/account", {"device": device[1]}, to="/account/apps/revoke")
        await paul.fill_in("/account", CHANGE, to="/account/password")
        told = [line["event"] for line in lines if line.get("subject") == "paul"]
        assert told == ["app password made", "app password revoked", "password changed"]
        for secret in (found[1], PASSWORD, NEW):
            assert secret not in str(lines)
