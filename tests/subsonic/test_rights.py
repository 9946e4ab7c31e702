"""Who may do what: every endpoint, as everybody, with every right.

The rights stand here a second time, so that a slip in a declaration is one. Tests loop: who asks is
made once, and then asks for everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

import msgspec
import pytest

from conf.roles import ROLES
from db.database import Database
from db.scopes import Scope
from db.users import Change
from subsonic.endpoint import ENDPOINTS, Call, endpoint
from tests.subsonic.people import (
    DONE,
    EVERY_ROLE,
    FORBIDDEN,
    NOT_FOUND,
    PASSWORD,
    UNFIT,
    WRONG,
    WRONG_KEY,
    App,
    Give,
    Person,
    code_of,
    device_of,
    sample_of,
)
from tests.support.api import Api, Client, Params

RIGHTS: dict[tuple[str, Scope], str] = {
    ("", "stream"): """
        getAlbum getAlbumInfo getAlbumInfo2 getAlbumList getAlbumList2 getArtist
        getArtistInfo getArtistInfo2 getArtists getAvatar getBookmarks getCaptions
        getCoverArt getGenres getIndexes getInternetRadioStations getLicense getLyrics
        getLyricsBySongId getMusicDirectory getMusicFolders getNewestPodcasts getPlayQueue
        getPlayQueueByIndex getPlaylist getPlaylists getPodcastEpisode getPodcasts
        getRandomSongs getSimilarSongs getSimilarSongs2 getSong getSongsByGenre getStarred
        getStarred2 getTopSongs getUser getVideoInfo getVideos ping search search2 search3
        tokenInfo
    """,
    ("stream", "stream"): """
        getTranscodeDecision getTranscodeStream hls stream
    """,
    ("", "read"): """
        getChatMessages getNowPlaying getScanStatus getShares
    """,
    ("admin", "read"): """
        getUsers
    """,
    ("download", "read"): """
        download
    """,
    ("", "full"): """
        addChatMessage createBookmark createPlaylist deleteBookmark deletePlaylist
        deleteShare reportPlayback savePlayQueue savePlayQueueByIndex scrobble setRating
        star unstar updatePlaylist updateShare
    """,
    ("admin", "full"): """
        createInternetRadioStation createUser deleteInternetRadioStation deleteUser
        startScan updateInternetRadioStation updateUser
    """,
    ("jukebox", "full"): """
        jukeboxControl
    """,
    ("podcast", "full"): """
        createPodcastChannel deletePodcastChannel deletePodcastEpisode
        downloadPodcastEpisode refreshPodcasts
    """,
    ("settings", "full"): """
        changePassword
    """,
    ("share", "full"): """
        createShare
    """,
}
"""By the role that the user has to have, and the scope that the credential has to have."""
NEEDED = {name: right for right, names in RIGHTS.items() for name in names.split()}
SIGNED_IN = sorted(NEEDED)
SOME = ("ping", "stream", "star", "startScan", "getUsers", "noSuchEndpoint")
OWNED = {
    "getPlaylist": NOT_FOUND,
    "createPlaylist": NOT_FOUND,  # the sample replaces one
    "updatePlaylist": NOT_FOUND,
    "deletePlaylist": NOT_FOUND,
    "updateShare": NOT_FOUND,
    "deleteShare": NOT_FOUND,
    "changePassword": FORBIDDEN,
    "getUser": FORBIDDEN,
}
"""Endpoints whose sample names something private, and what others are told."""


@pytest.fixture
async def stocked(stocked: Database) -> Database:
    """The stocked database, where guessing makes nobody wait."""
    auth = msgspec.structs.replace(stocked.tries._auth, max_failures=1_000_000)
    stocked.tries._auth = auth
    return stocked


@dataclass(frozen=True)
class Refused:
    """A caller who may do nothing: with what, and the error."""

    given: Params
    code: int
    everywhere: bool = True
    """Or only at some endpoints: what it is told does not depend on which."""


def _forms(api: Api, secret: str) -> list[Params]:
    """The ways to sign in with an app password."""
    signed = dict(Api(api.client, api.name, secret).signed({}))
    return [
        {"u": api.name, "p": secret},
        {key: signed[key] for key in ("u", "t", "s")},
        {"apiKey": secret},
    ]


def _refused(api: Api, secret: str) -> list[Refused]:
    return [
        Refused(given, WRONG_KEY if "apiKey" in given else WRONG, "p" in given)
        for given in _forms(api, secret)
    ]


def test_every_endpoint_declares_the_rights_that_stand_here() -> None:
    declared = {name: (one.role, one.scope) for name, one in ENDPOINTS.items() if not one.public}
    assert declared == NEEDED
    assert [name for name, one in ENDPOINTS.items() if one.public] == ["getOpenSubsonicExtensions"]


@pytest.fixture
async def outsiders(api: Api, guest: Api, person: Person, stocked: Database) -> list[Refused]:
    """Everybody who may do nothing."""
    off, gone = await person("off"), await person("gone")
    keys = {one.name: await device_of(one) for one in (off, gone)}
    await stocked.pool.execute("update users set enabled = false where name = 'off'")
    await stocked.users.delete("gone")
    expired = await device_of(guest, "full", datetime.now(UTC) - timedelta(seconds=1))
    revoked = await device_of(guest)
    row = await stocked.credentials.by_key(revoked)
    assert row is not None
    await stocked.credentials.revoke(row.user_id, row.id)
    share = (await api.get("createShare", id=await api.id_of("Beta")))["share"][0]["url"]
    token = share.rpartition("/")[2]
    (segment,) = [
        line
        for line in (await (await api.raw("hls", id=await api.id_of("Beta"))).text()).splitlines()
        if line.startswith("hls/")
    ]
    return [
        Refused({}, UNFIT),
        Refused({"u": "nobody", "p": "x"}, WRONG),
        Refused({"u": "nobody", "t": "0" * 32, "s": "x"}, WRONG, everywhere=False),
        Refused({"u": "guest", "p": "wrong"}, WRONG),
        Refused({"u": "off", "p": PASSWORD}, WRONG, everywhere=False),
        Refused({"u": "gone", "p": PASSWORD}, WRONG, everywhere=False),
        Refused({"apiKey": segment.partition("token=")[2]}, WRONG_KEY),
        *_refused(off, keys["off"]),
        *_refused(gone, keys["gone"]),
        *_refused(guest, expired),
        *_refused(guest, revoked),
        *_refused(guest, token),
    ]


@pytest.mark.attack("X03", "X04", "X20", "X26")
@pytest.mark.timeout(240)
async def test_nobody_does_anything_without_a_right_to(
    client: Client, outsiders: list[Refused]
) -> None:
    """Strangers, disabled, deleted, expired, revoked, and who holds a share or a ticket."""
    cells = 0
    for one in outsiders:
        app = App(client, one.given)
        for name in SIGNED_IN if one.everywhere else SOME:
            assert await code_of(app, name, {}) == one.code, (name, one.given)
            cells += 1
    assert cells > 800


@pytest.mark.attack("X20", "X26")
@pytest.mark.timeout(240)
async def test_a_user_does_what_role_and_scope_allow_and_nothing_else(
    api: Api, person: Person, give: Give
) -> None:
    """With each scope, as a user with all roles, as one with none, and as an administrator."""
    owner = await person("owner")
    none = await person("none")
    await give(none, [])
    cells = 0
    for maker, who in ((api, list(ROLES)), (owner, EVERY_ROLE), (none, [])):
        for scope in get_args(Scope):
            app = Api(api.client, maker.name, await device_of(maker, scope))
            for name in (*SIGNED_IN, "noSuchEndpoint"):
                role, needed = NEEDED.get(name, ("", "full"))
                held = set(who) & {"stream"} if scope == "stream" else set(who)
                enough = get_args(Scope).index(scope) >= get_args(Scope).index(needed)
                allowed = enough and (not role or role in held)
                expected = DONE if allowed else FORBIDDEN
                if name == "noSuchEndpoint":
                    expected = 0
                elif name in {"changePassword", "tokenInfo"} and allowed:
                    continue  # the one ends what the app signs in with, the other takes a key alone
                # Who has no role cannot make what the samples name.
                given = await sample_of(name, maker if who else owner) if allowed else {}
                if allowed and not who and name in OWNED:
                    expected = OWNED[name]
                assert await code_of(app, name, given) == expected, (name, scope, who)
                cells += 1
    assert cells > 750


@pytest.mark.attack("X20")
async def test_what_declares_nothing_takes_a_full_credential(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def new(_: Call) -> None:
        """Do something."""

    with monkeypatch.context() as patch:
        patch.setitem(ENDPOINTS, "newThing", ENDPOINTS["ping"])
        endpoint("newThing")(new)
        for scope in get_args(Scope):
            app = Api(api.client, api.name, await device_of(api, scope))
            assert await code_of(app, "newThing", {}) == (DONE if scope == "full" else FORBIDDEN)
        assert await code_of(App(api.client, {}), "newThing", {}) == UNFIT


@pytest.mark.attack("X20")
async def test_what_reading_is_enough_for_changes_nothing(api: Api, stocked: Database) -> None:
    """No row of any table but that of the credential's last use."""
    app = Api(api.client, api.name, await device_of(api, "read"))
    names = [name for name in SIGNED_IN if NEEDED[name][1] != "full" and name != "tokenInfo"]
    samples = {name: await sample_of(name, api) for name in names}
    await app.get("ping")
    before = await _contents(stocked)
    for name in names:
        assert await code_of(app, name, samples[name]) == DONE, name
    assert await _contents(stocked) == before


async def _contents(database: Database) -> dict[str, str]:
    """A sum over each table."""
    names = await database.pool.fetch(
        "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
    )
    return {
        name: await database.pool.fetchval(
            f"select md5(coalesce(string_agg(t::text, '' order by t::text), '')) from {name} t"  # noqa: S608
        )
        for (name,) in names
    }


@pytest.mark.attack("X20")
@pytest.mark.timeout(180)
async def test_of_all_roles_the_one_that_is_declared_counts(
    api: Api, person: Person, give: Give
) -> None:
    """It is enough, and all others together are not."""
    owner = await person("owner")
    for name in SIGNED_IN:
        role = NEEDED[name][0]
        if role and role != "admin":
            given = await sample_of(name, owner)
            await give(owner, [one for one in EVERY_ROLE if one != role])
            assert await code_of(owner, name, given) == FORBIDDEN, name
            await give(owner, [role])
            assert await code_of(owner, name, given) == DONE, name
            await give(owner, EVERY_ROLE)


@pytest.mark.attack("X21")
async def test_what_is_private_stays_with_its_owner(person: Person) -> None:
    owner, other = await person("owner"), await person("other")
    for name, expected in OWNED.items():
        given = await sample_of(name, owner)
        assert await code_of(other, name, given) == expected, name


@pytest.mark.attack("X24")
async def test_a_right_that_is_taken_is_gone_for_the_next_request(
    api: Api, person: Person, stocked: Database
) -> None:
    """Of an app that was known a moment before."""
    other = await person("other")
    given = {"id": await api.id_of("Beta")}
    assert await code_of(other, "download", given) == DONE
    await stocked.users.change("other", Change(roles={"download": False}))
    assert await code_of(other, "download", given) == FORBIDDEN
    await stocked.users.change("other", Change(libraries=[]))
    assert await code_of(other, "getSong", given) == NOT_FOUND
    await stocked.users.change("other", Change(roles={"admin": True}))
    assert await code_of(other, "getUsers", {}) == DONE
    await stocked.users.change("other", Change(roles={"admin": False}))
    assert await code_of(other, "getUsers", {}) == FORBIDDEN
    await stocked.users.change("other", Change(enabled=False))
    assert await code_of(other, "ping", {}) == WRONG
