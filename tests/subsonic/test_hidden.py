"""What is not one's own, or in a library one does not see, is not there: by id, by list, by copy."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import msgspec
import pytest

from db.database import Database
from subsonic.endpoint import ENDPOINTS
from tests.subsonic.people import (
    DONE,
    EVERY_ROLE,
    FORBIDDEN,
    NOT_FOUND,
    UNFIT,
    WRONG,
    WRONG_KEY,
    App,
    Give,
    code_of,
    device_of,
    outcome,
    row_of,
    sample_of,
)
from tests.support.api import Api
from tests.support.shelf import GUEST

FOR_USERS = sorted(
    name for name, one in ENDPOINTS.items() if not one.public and one.role != "admin"
)
IDS = {
    "id", "albumId", "artistId", "songId", "songIdToAdd", "playlistId", "mediaId", "current", "musicFolderId",
}  # fmt: skip
"""All parameters that name things by an id."""
HIDDEN_WORDS = ("Secret", "Vault", "Eve", "Hidden", "Private")
LARGE = {
    "size": 500, "count": 500, "artistCount": 500, "albumCount": 500, "songCount": 500, "type": "newest",
    "query": "", "any": "e", "genre": "Secret Genre", "artist": "Eve", "title": "Secret", "username": GUEST[0],
}  # fmt: skip
"""What makes lists long, and asks for what is hidden by name."""
EXTRA = {
    "owner": "admin", "userId": 1, "user_id": 1, "isAdmin": "true", "admin": "true", "adminRole": "true",
    "roles": "admin", "kind": "account", "created": 0, "path": "/etc/passwd", "visitCount": 99,
    "scope": "full", "enabled": "true", "libraries": "all", "allLibraries": "true",
}  # fmt: skip
"""What nobody asked for."""


KEPT = """
with unseen as (select id from tracks where not library_id = any($2))
select (select count(*) from marks join unseen on item_id = id where user_id = $1 and kind = 'track'),
       (select count(*) from plays join unseen u on track_id = u.id where user_id = $1),
       (select count(*) from now_playing join unseen on track_id = id where user_id = $1),
       (select count(*) from queues q join unseen u on u.id = any(q.songs) where user_id = $1),
       (select count(*) from playlists p join unseen u on u.id = any(p.songs) where user_id = $1),
       (select count(*) from share_items i join shares s on s.id = i.share_id
        join unseen u on u.id = i.item_id where s.user_id = $1 and i.kind = 'track')
"""
"""What of hidden libraries a user has marked, played, queued, listed or shared."""


@pytest.fixture
async def stocked(stocked: Database) -> Database:
    """The stocked database, where guessing makes nobody wait."""
    auth = msgspec.structs.replace(stocked.tries._auth, max_failures=1_000_000)
    stocked.tries._auth = auth
    return stocked


@pytest.fixture
async def hidden(api: Api) -> list[str]:
    """Ids of all that the guest may not see: a library, and what others keep for themselves."""
    song = await api.get("getSong", id=await api.id_of("Secret"))
    videos = (await api.get("getVideos"))["video"]
    (film,) = [one for one in videos if one["title"] == "Hidden film"]
    playlist = await api.get("createPlaylist", name="Private list", songId=await api.id_of("Beta"))
    share = (await api.get("createShare", id=await api.id_of("Beta"), description="Private"))[
        "share"
    ][0]
    folder = [
        one for one in (await api.get("getMusicFolders"))["musicFolder"] if one["name"] == "Hidden"
    ]
    mine = [song[key] for key in ("id", "albumId", "artistId", "parent", "coverArt")]
    return [
        *mine,
        film["id"],
        playlist["id"],
        playlist["coverArt"],
        share["id"],
        str(folder[0]["id"]),
    ]


def test_no_parameter_with_an_id_is_forgotten() -> None:
    fields = {field.encode_name for one in ENDPOINTS.values() for field in one.fields()}
    assert {name for name in fields if name.lower().endswith("id") or "Id" in name} <= IDS
    assert fields >= IDS


@pytest.mark.attack("X21")
@pytest.mark.timeout(240)
async def test_what_is_hidden_is_not_there_by_any_id(
    guest: Api, give: Give, hidden: list[str], stocked: Database
) -> None:
    """Whatever it names, in whatever parameter: read, heard, shared, marked or kept."""
    await give(guest, EVERY_ROLE)
    user = await row_of(stocked, guest.name)
    kept = await stocked.pool.fetchrow(KEPT, user.id, user.libraries)
    asked = 0
    for name in FOR_USERS:
        fields = [one.encode_name for one in ENDPOINTS[name].fields() if one.encode_name in IDS]
        for field in fields:
            given = await sample_of(name, guest)
            for one in hidden:
                code, text = await outcome(guest, name, given | {field: one})
                told = text == "bytes" or any(map(text.count, HIDDEN_WORDS))
                assert code in {0, UNFIT, FORBIDDEN, NOT_FOUND} or not told, (
                    name,
                    field,
                    one,
                    text,
                )
                asked += 1
    assert asked > 400
    assert await stocked.pool.fetchrow(KEPT, user.id, user.libraries) == kept


@pytest.mark.attack("X22")
@pytest.mark.timeout(180)
async def test_no_list_search_or_count_tells_of_a_hidden_library(
    api: Api, guest: Api, give: Give, hidden: list[str], stocked: Database
) -> None:
    """However much others do with it."""
    song, album, artist, *_, folder = hidden
    await api.get("star", id=song, albumId=album, artistId=artist)
    await api.get("setRating", id=song, rating=5)
    await api.get("scrobble", id=song)
    await api.get("scrobble", id=song, submission="false")
    await api.get("reportPlayback", mediaId=song, mediaType="song", positionMs=1, state="playing")
    shown = await api.get("createPlaylist", name="Shown", songId=[song, await api.id_of("Beta")])
    await api.get("updatePlaylist", playlistId=shown["id"], public="true")
    await give(guest, EVERY_ROLE)
    for name in FOR_USERS:
        if ENDPOINTS[name].scope == "full" or ENDPOINTS[name].role == "stream":
            continue
        fields = {field.encode_name for field in ENDPOINTS[name].fields()}
        long = {key: value for key, value in LARGE.items() if key in fields}
        given = await sample_of(name, guest)
        for more in ({}, long, {"query": "Secret"}, {"type": "random"}, {"musicFolderId": folder}):
            asked = given | {key: value for key, value in (long | more).items() if key in fields}
            _, text = await outcome(guest, name, asked)
            assert not any(map(text.count, HIDDEN_WORDS)), (name, asked, text)
    playlist = await guest.get("getPlaylist", id=shown["id"])
    assert (playlist["songCount"], len(playlist["entry"])) == (1, 1)
    seen = await stocked.libraries.totals((await row_of(stocked, guest.name)).libraries)
    assert (await guest.get("getScanStatus"))["count"] == seen.songs == 8
    assert (await guest.get("getNowPlaying"))["entry"] == []
    await stocked.scans.request()
    await stocked.pool.execute(
        "update scans set state = 'running', seen = 99 where state = 'queued'"
    )
    assert (await guest.get("getScanStatus"))["count"] == 8
    assert (await api.get("getScanStatus"))["count"] == 99
    await stocked.pool.execute(
        "update scans set state = 'refused', finished = now(), message = 'Hidden is empty.'"
    )
    assert (await api.get("getScanStatus"))["error"] == "Hidden is empty."
    assert "Hidden" not in (await guest.get("getScanStatus"))["error"]


@pytest.mark.attack("X23")
@pytest.mark.timeout(120)
async def test_fields_that_nobody_asked_for_change_nothing(
    guest: Api, give: Give, stocked: Database
) -> None:
    await give(guest, EVERY_ROLE)
    before = await row_of(stocked, guest.name)
    owners = (
        "select count(*) from playlists where user_id <> $1",
        "select count(*) from shares where user_id <> $1",
    )
    for name in FOR_USERS:
        if name == "changePassword":
            continue
        given = await sample_of(name, guest)
        fields = {field.encode_name for field in ENDPOINTS[name].fields()}
        more = {key: value for key, value in EXTRA.items() if key not in fields}
        assert await code_of(guest, name, given | more) in {DONE, WRONG_KEY, 43}, name
    after = await row_of(stocked, guest.name)
    assert msgspec.structs.replace(after, avatar_changed=None) == msgspec.structs.replace(
        before, avatar_changed=None
    )
    assert [await stocked.pool.fetchval(one, before.id) for one in owners] == [0, 0]
    assert await stocked.pool.fetchval("select min(created) from shares") > datetime(
        2020, 1, 1, tzinfo=UTC
    )
    assert await stocked.pool.fetchval("select max(visit_count) from shares") == 0


@pytest.mark.attack("X07")
async def test_a_copy_of_the_database_opens_nothing(api: Api, stocked: Database) -> None:
    """No value of any table is a secret, nor becomes one as text, hexadecimal or Base64."""
    secret = await device_of(api)
    share = (await api.get("createShare", id=await api.id_of("Beta")))["share"][0]["url"]
    secrets = [secret, api.password, share.rpartition("/")[2]]
    key = next(iter(stocked.sealing._store.load())).raw
    names = await stocked.pool.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    values: set[bytes] = set()
    for (name,) in names:
        for row in await stocked.pool.fetch(f"select * from {name}"):  # noqa: S608
            values |= {bytes(one) if isinstance(one, bytes) else str(one).encode() for one in row}
    everything = b"\n".join(values)
    for one in [*(text.encode() for text in secrets), key]:
        assert one not in everything
        assert one.hex().encode() not in everything
        assert b64encode(one).rstrip(b"=") not in everything
    rows = await stocked.credentials.of((await row_of(stocked, api.name)).id)
    hashes = [one for one in values if len(one) == 32] + [row.secret for row in rows]
    for value in hashes:
        for text in (value.hex(), value.decode("latin-1"), b64encode(value).decode()):
            for given in ({"apiKey": text}, {"u": api.name, "p": text}):
                assert await code_of(App(api.client, given), "ping", {}) in {WRONG, WRONG_KEY}
