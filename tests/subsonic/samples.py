"""For each endpoint, parameters with which it succeeds: `SAMPLES[name](api)` makes what they name.

Endpoints without required parameters are not listed. One block per chapter.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from tests.support import podcasts
from tests.support.api import Api, Params
from tests.support.pictures import picture

Make = Callable[[Api], Awaitable[Params]]

SAMPLES: dict[str, Make] = {}
BODIES: dict[str, Any] = {}
"""The JSON of those that take it; they can be asked only by POST."""
_number = count(1)


def sample(*names: str) -> Callable[[Make], Make]:
    """Register what makes the parameters of these endpoints."""

    def register(make: Make) -> Make:
        SAMPLES.update(dict.fromkeys(names, make))
        return make

    return register


async def beta(api: Api) -> Any:
    """The song that the samples use."""
    return await api.get("getSong", id=await api.id_of("Beta"))


# Browsing


@sample("getMusicDirectory")
async def _folder(api: Api) -> Params:
    return {"id": (await beta(api))["parent"]}


@sample("getArtist")
async def _artist(api: Api) -> Params:
    return {"id": (await beta(api))["artistId"]}


@sample("getAlbum")
async def _album(api: Api) -> Params:
    return {"id": (await beta(api))["albumId"]}


@sample("getSong")
async def _song(api: Api) -> Params:
    return {"id": await api.id_of("Beta")}


# Lists


@sample("getAlbumList", "getAlbumList2")
async def _album_list(_: Api) -> Params:
    return {"type": "newest"}


@sample("getSongsByGenre")
async def _genre(_: Api) -> Params:
    return {"genre": "Rock"}


# Searching


@sample("search2", "search3")
async def _query(_: Api) -> Params:
    return {"query": "a"}


# Similarity


@sample("getArtistInfo", "getArtistInfo2", "getSimilarSongs", "getSimilarSongs2")
async def _like(api: Api) -> Params:
    return {"id": (await beta(api))["artistId"]}


@sample("getAlbumInfo", "getAlbumInfo2")
async def _album_info(api: Api) -> Params:
    return {"id": (await beta(api))["albumId"]}


@sample("getTopSongs")
async def _top(_: Api) -> Params:
    return {"artist": "Ada"}


# Playlists


async def playlist(api: Api) -> Any:
    """The playlist that the samples use, which has one song."""
    if found := (await api.get("getPlaylists"))["playlist"]:
        return found[0]
    return await api.get("createPlaylist", name="Sample", songId=await api.id_of("Beta"))


@sample("createPlaylist")
async def _replaced(api: Api) -> Params:
    return {"playlistId": (await playlist(api))["id"], "songId": await api.id_of("Beta")}


@sample("getPlaylist", "deletePlaylist")
async def _playlist(api: Api) -> Params:
    return {"id": (await playlist(api))["id"]}


@sample("updatePlaylist")
async def _renamed(api: Api) -> Params:
    return {"playlistId": (await playlist(api))["id"], "name": "Other", "comment": ""}


# Annotation


@sample("star", "unstar", "scrobble")
async def _marked(api: Api) -> Params:
    return {"id": await api.id_of("Beta")}


@sample("reportPlayback")
async def _played(api: Api) -> Params:
    id = await api.id_of("Beta")
    return {"mediaId": id, "mediaType": "song", "positionMs": 1500, "state": "playing"}


@sample("setRating")
async def _rated(api: Api) -> Params:
    return {"id": await api.id_of("Beta"), "rating": 1}


# Bookmarks and queue


@sample("getBookmarks")
async def _bookmarked(api: Api) -> Params:
    await api.get("createBookmark", id=await api.id_of("Beta"), position=1, comment="here")
    return {}


@sample("createBookmark")
async def _bookmark(api: Api) -> Params:
    return {"id": await api.id_of("Beta"), "position": 1}


@sample("deleteBookmark")
async def _unmarked(api: Api) -> Params:
    return {"id": await api.id_of("Beta")}


@sample("getPlayQueue", "getPlayQueueByIndex")
async def _queued(api: Api) -> Params:
    if not (await api.get("getPlayQueue"))["entry"]:
        await api.get("savePlayQueue", id=await api.id_of("Beta"), position=1)
    return {}


@sample("savePlayQueue", "savePlayQueueByIndex")
async def _queue(api: Api) -> Params:
    id = await api.id_of("Beta")
    return {"id": [id, id], "current": id, "currentIndex": 0}


# Retrieval


@sample("stream", "download", "getCoverArt")
async def _media(api: Api) -> Params:
    return {"id": await api.id_of("Beta")}


# Lyrics


@sample("getLyricsBySongId")
async def _lyrics(api: Api) -> Params:
    return {"id": await api.id_of("Beta"), "enhanced": "true"}


@sample("getLyrics")
async def _words(_: Api) -> Params:
    return {"artist": "Ada", "title": "Beta"}


# Transcoding

BODIES["getTranscodeDecision"] = {
    "name": "tests",
    "platform": "python",
    "maxTranscodingAudioBitrate": 64000,
    "directPlayProfiles": [{"containers": ["ogg"], "audioCodecs": [], "protocols": ["http"]}],
    "transcodingProfiles": [{"container": "mp3", "audioCodec": "mp3", "protocol": "http"}],
}


@sample("getTranscodeDecision")
async def _decided(api: Api) -> Params:
    return {"mediaId": await api.id_of("Beta"), "mediaType": "song"}


@sample("getTranscodeStream")
async def _agreed(api: Api) -> Params:
    given = await _decided(api)
    decision = await api.post("getTranscodeDecision", BODIES["getTranscodeDecision"], **given)
    return {**given, "transcodeParams": decision["transcodeParams"]}


# Videos


async def film(api: Api) -> str:
    """The id of the video that has captions."""
    videos = (await api.get("getVideos"))["video"]
    (match,) = [one for one in videos if one["title"] == "Film"]
    return str(match["id"])


@sample("getVideoInfo", "getCaptions", "hls")
async def _video(api: Api) -> Params:
    return {"id": await film(api)}


# Sharing


@sample("createShare")
async def _shareable(api: Api) -> Params:
    return {"id": await api.id_of("Beta")}


@sample("updateShare", "deleteShare")
async def _share(api: Api) -> Params:
    made = await api.get("createShare", id=await api.id_of("Beta"))
    return {"id": made["share"][0]["id"]}


# Podcasts


@sample("createPodcastChannel")
async def _feed(_: Api) -> Params:
    return {"url": "https://feeds.example/sample"}


@sample("deletePodcastChannel")
async def _podcast(api: Api) -> Params:
    (episode,) = await podcasts.listed(api.database, podcasts.item("Sample"))
    return {"id": f"ch-{episode.channel_id}"}


@sample("downloadPodcastEpisode", "deletePodcastEpisode")
async def _episode(api: Api) -> Params:
    (episode,) = await podcasts.listed(api.database, podcasts.item("Sample"))
    return {"id": f"ep-{episode.id}"}


@sample("getPodcastEpisode")
async def _known_episode(api: Api) -> Params:
    channel = await podcasts.known(api.database, "https://feeds.example/known")
    (episode,) = await api.database.podcasts.episodes(channel)
    return {"id": f"ep-{episode.id}"}


# Jukebox


@sample("jukeboxControl")
async def _jukebox(_: Api) -> Params:
    return {"action": "status"}


# Radio and chat


@sample("createInternetRadioStation")
async def _new_station(_: Api) -> Params:
    return {"name": "One", "streamUrl": "http://radio.example/one"}


@sample("updateInternetRadioStation", "deleteInternetRadioStation")
async def _station(api: Api) -> Params:
    await api.get("createInternetRadioStation", name="Old", streamUrl="http://radio.example/old")
    (*_, last) = (await api.get("getInternetRadioStations"))["internetRadioStation"]
    return {"id": last["id"], "name": "New", "streamUrl": "http://radio.example/new"}


@sample("addChatMessage")
async def _message(_: Api) -> Params:
    return {"message": "Hello"}


# Users


@sample("getUser")
async def _user(api: Api) -> Params:
    return {"username": api.name}


@sample("createUser")
async def _new_user(_: Api) -> Params:
    return {"username": f"sample-{next(_number)}", "password": "sample", "email": "a@b.example"}


@sample("changePassword")
async def _same_password(api: Api) -> Params:
    return {"username": api.name, "password": api.password}


@sample("getAvatar")
async def _pictured(api: Api) -> Params:
    user = await api.database.users.by_name(api.name)
    assert user is not None
    await api.database.avatars.put(user.id, picture(8, 8))
    return {"username": api.name}


@sample("tokenInfo")
async def _key(api: Api) -> Params:
    user = await api.database.users.by_name(api.name)
    assert user is not None
    name = f"sample {next(_number)}"
    _, secret = await api.database.credentials.add(user.id, name, api.database.secrets)
    return {"apiKey": secret}


@sample("updateUser", "deleteUser")
async def _made_user(api: Api) -> Params:
    given = await _new_user(api)
    await api.get("createUser", **given)
    return {"username": given["username"], "password": "sample"}
