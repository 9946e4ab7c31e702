"""System: is it there, may I use it, what can it do."""

from __future__ import annotations

from subsonic.endpoint import Call, endpoint
from subsonic.models.system import Extension, License
from subsonic.services import Services

EXTENSIONS = [
    Extension(name="apiKeyAuthentication", versions=[1]),
    Extension(name="formPost", versions=[1]),
    Extension(name="getPodcastEpisode", versions=[1]),
    Extension(name="indexBasedQueue", versions=[1]),
    Extension(name="playbackReport", versions=[1]),
    Extension(name="songLyrics", versions=[1, 2]),
    Extension(name="topSongsByArtistId", versions=[1]),
    Extension(name="transcodeOffset", versions=[1]),
    Extension(name="transcoding", versions=[1]),
]
_WITHOUT = {"on": (), "cache-only": ("transcodeOffset",), "off": ("transcodeOffset", "transcoding")}
"""What does not work by `transcoding.mode`."""


@endpoint("ping", scope="stream")
async def ping(_: Call) -> None:
    """Answer that server and sign-in are fine."""


@endpoint("getLicense", key="license", scope="stream")
async def get_license(_: Call) -> License:
    """Answer that all is allowed; some apps refuse to work otherwise."""
    return License(valid=True)


@endpoint("getOpenSubsonicExtensions", key="openSubsonicExtensions", public=True)
async def get_open_subsonic_extensions(services: Services) -> list[Extension]:
    """List the extensions that work, without a sign-in."""
    without = _WITHOUT[services.settings.transcoding.mode]
    return [one for one in EXTENSIONS if one.name not in without]
