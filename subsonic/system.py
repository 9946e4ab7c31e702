"""System: is it there, may I use it, what can it do."""

from __future__ import annotations

from subsonic.endpoint import Call, endpoint
from subsonic.models.system import Extension, License

EXTENSIONS = [
    Extension(name="apiKeyAuthentication", versions=[1]),
    Extension(name="formPost", versions=[1]),
    Extension(name="getPodcastEpisode", versions=[1]),
    Extension(name="songLyrics", versions=[1, 2]),
    Extension(name="topSongsByArtistId", versions=[1]),
    Extension(name="transcodeOffset", versions=[1]),
    Extension(name="indexBasedQueue", versions=[1]),
]


@endpoint("ping")
async def ping(_: Call) -> None:
    """Answer that server and sign-in are fine."""


@endpoint("getLicense", key="license")
async def get_license(_: Call) -> License:
    """Answer that all is allowed; some apps refuse to work otherwise."""
    return License(valid=True)


@endpoint("getOpenSubsonicExtensions", key="openSubsonicExtensions", public=True)
async def get_open_subsonic_extensions() -> list[Extension]:
    """List the extensions that work, without a sign-in."""
    return EXTENSIONS
