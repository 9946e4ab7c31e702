"""Songs like others, and an artist's songs to hear first."""

from __future__ import annotations

import pytest

from tests.support.api import Api

SIMILAR = ("getSimilarSongs", "getSimilarSongs2")
SECRETS = ("Secret", "Eve", "Vault")


def titles(songs: list[dict[str, str]]) -> list[str]:
    return [song["title"] for song in songs]


@pytest.mark.parametrize("endpoint", SIMILAR)
async def test_a_mix_holds_songs_of_an_artist_and_of_similar_ones_each_once(
    guest: Api, endpoint: str
) -> None:
    ada = await guest.id_of("Ada", "artist")
    songs = titles((await guest.get(endpoint, id=ada, count=500))["song"])
    # Cyd and Dee stand beside Ada on a sampler; the Bärs have nothing in common with her.
    assert sorted(songs) == ["Alpha", "Beta", "Gamma", "Loose", "One", "Two"]
    assert len((await guest.get(endpoint, id=ada, count=2))["song"]) == 2


@pytest.mark.parametrize("endpoint", SIMILAR)
async def test_songs_albums_and_folders_have_similar_songs_too(guest: Api, endpoint: str) -> None:
    beta = await guest.get("getSong", id=await guest.id_of("Beta"))
    top = (await guest.get("getIndexes"))["index"][0]["artist"][0]["id"]
    for id in (beta["id"], beta["albumId"], beta["parent"], top):
        songs = titles((await guest.get(endpoint, id=id, count=500))["song"])
        assert {"Alpha", "Gamma", "Two"} <= set(songs)
        # Who asks for more like a song has just heard it.
        assert ("Beta" in songs) == (id != beta["id"])


@pytest.mark.parametrize("endpoint", SIMILAR)
async def test_what_does_not_exist_has_no_similar_songs(
    guest: Api, api: Api, endpoint: str
) -> None:
    secret = await api.get("getSong", id=await api.id_of("Secret"))
    hidden = [secret[key] for key in ("id", "albumId", "artistId", "parent")]
    for id in ("ar-99999", "al-99999", "tr-99999", "fo-99999", "co-1", "x", "ar-", *hidden):
        assert await guest.error(endpoint, id=id) == 70
    assert await guest.error(endpoint) == 10
    assert await guest.error(endpoint, id="") == 10


async def test_absurd_counts_are_cut(guest: Api) -> None:
    ada = await guest.id_of("Ada", "artist")
    for count, least in (("-5", 0), ("0", 0), ("99999999999999999999", 5)):
        assert len((await guest.get("getSimilarSongs", id=ada, count=count))["song"]) >= least
        assert len((await guest.get("getTopSongs", id=ada, count=count))["song"]) >= least
    assert (await guest.get("getSimilarSongs", id=ada, count=0))["song"] == []
    assert await guest.error("getSimilarSongs", id=ada, count="many") == 10


async def test_the_most_played_songs_of_everybody_are_on_top(guest: Api, api: Api) -> None:
    for app, title, times in ((guest, "Gamma", 1), (api, "Gamma", 2), (guest, "Beta", 2)):
        song = await app.id_of(title)
        for time in range(times):
            await app.get("scrobble", id=song, time=1_600_000_000_000 + time * 1000)
    await guest.get("star", id=await guest.id_of("Loose"))
    for asked in (
        {"artist": "Ada"},
        {"artist": "ADA "},
        {"id": await guest.id_of("Ada", "artist")},
    ):
        songs = titles((await guest.get("getTopSongs", **asked))["song"])
        assert songs == ["Gamma", "Beta", "Loose", "Alpha", "One"]
    assert titles((await api.get("getTopSongs", artist="ada"))["song"])[:2] == ["Gamma", "Beta"]


async def test_where_nobody_played_yet_the_newest_album_is_on_top(guest: Api) -> None:
    songs = titles((await guest.get("getTopSongs", artist="Ada"))["song"])
    assert songs[:3] == ["Alpha", "Beta", "Gamma"]


async def test_the_count_has_two_names_and_the_id_goes_before_the_name(guest: Api) -> None:
    ada = await guest.id_of("Ada", "artist")
    assert len((await guest.get("getTopSongs", artist="Ada", size=2))["song"]) == 2
    assert len((await guest.get("getTopSongs", artist="Ada", count=3, size=2))["song"]) == 3
    songs = titles((await guest.get("getTopSongs", id=ada, artist="The Bärs"))["song"])
    assert "Alpha" in songs
    assert await guest.error("getTopSongs") == 10
    assert await guest.error("getTopSongs", artist="") == 10
    assert await guest.error("getTopSongs", id="al-1") == 70


@pytest.mark.parametrize("name", ["no such artist", "\x00", "%", "☃", "x" * 5000])
async def test_an_unknown_artist_has_no_top_songs(guest: Api, name: str) -> None:
    assert (await guest.get("getTopSongs", artist=name))["song"] == []


async def test_nothing_of_a_hidden_library_is_ever_in_a_list(guest: Api, api: Api) -> None:
    eve = await api.id_of("Eve", "artist")
    secret, beta = await api.id_of("Secret"), await api.id_of("Beta")
    await api.get("star", id=[secret, beta, eve])
    await api.get("scrobble", id=[secret, beta], time=[1_600_000_000_000, 1_600_000_100_000])
    ada = await guest.id_of("Ada", "artist")
    shown = [
        await guest.get("getTopSongs", artist="Eve"),
        await guest.get("getTopSongs", id=eve),
        *[await guest.get(endpoint, id=ada, count=500) for endpoint in SIMILAR],
        await guest.get("getArtistInfo", id=ada, count=500),
        await guest.get("getArtistInfo2", id=ada, count=500),
        await guest.get("getArtistInfo2", id=await guest.id_of("Cyd", "artist"), count=500),
        await guest.get("search", any="secret"),
        await guest.get("search", artist="eve"),
        await guest.get("search"),
    ]
    assert not any(word in str(answer) for answer in shown for word in SECRETS)
    # To the administrator, who sees both, the two are alike.
    near = (await api.get("getArtistInfo2", id=ada))["similarArtist"]
    assert "Eve" in {artist["name"] for artist in near}


async def test_the_extension_is_told(guest: Api) -> None:
    told = await guest.get("getOpenSubsonicExtensions")
    assert {"name": "topSongsByArtistId", "versions": [1]} in told
