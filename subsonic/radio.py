"""Internet radio. The server keeps the addresses and never opens them: apps play them."""

from __future__ import annotations

from urllib.parse import urlsplit

from subsonic import ids
from subsonic.endpoint import Call, endpoint
from subsonic.errors import BadParameterError, NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.radio import InternetRadioStation, InternetRadioStations

_LONGEST_URL = 2000
_LONGEST_NAME = 300


@endpoint("getInternetRadioStations", key="internetRadioStations", scope="stream")
async def get_internet_radio_stations(call: Call) -> InternetRadioStations:
    """List all stations by name."""
    return InternetRadioStations(
        internet_radio_station=[
            InternetRadioStation(
                id=ids.station(row.id),
                name=row.name,
                stream_url=row.stream_url,
                home_page_url=row.home_page_url or None,
            )
            for row in await call.services.db.radio.all()
        ]
    )


@endpoint("createInternetRadioStation", role="admin")
async def create_internet_radio_station(
    call: Call, *, stream_url: str, name: str, homepage_url: str = ""
) -> None:
    """Add a station."""
    await call.services.db.radio.add(*_facts(name, stream_url, homepage_url))


@endpoint("updateInternetRadioStation", role="admin")
async def update_internet_radio_station(
    call: Call, *, id: str, stream_url: str, name: str, homepage_url: str = ""
) -> None:
    """Give a station other facts; without `homepageUrl` it has no home page afterwards."""
    station = parse(id, Kind.STATION).number
    _expect(await call.services.db.radio.change(station, *_facts(name, stream_url, homepage_url)))


@endpoint("deleteInternetRadioStation", role="admin")
async def delete_internet_radio_station(call: Call, *, id: str) -> None:
    """Remove a station."""
    _expect(await call.services.db.radio.delete(parse(id, Kind.STATION).number))


def _facts(name: str, stream_url: str, homepage_url: str) -> tuple[str, str, str]:
    """Name and addresses, fit to be shown to everybody."""
    plain = " ".join(name.split())
    if not plain or len(plain) > _LONGEST_NAME or not plain.isprintable():
        raise BadParameterError(
            f"Parameter 'name' is a line of text of at most {_LONGEST_NAME} letters."
        )
    return (
        plain,
        _address("streamUrl", stream_url),
        _address("homepageUrl", homepage_url) if homepage_url else "",
    )


def _address(parameter: str, text: str) -> str:
    """An address that an app can open without harm: of the web, and of no other kind."""
    plain = text.strip()
    if not _is_web(plain):
        raise BadParameterError(
            f"Parameter '{parameter}' is an address that begins with http:// or https://, "
            f"without spaces, of at most {_LONGEST_URL} letters."
        )
    return plain


def _is_web(text: str) -> bool:
    if len(text) > _LONGEST_URL or not text.isprintable() or " " in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _expect(known: bool) -> None:
    if not known:
        raise NotFoundError("There is no such radio station.")
