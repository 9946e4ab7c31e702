"""Internet radio."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.api import Api

STATION = {"name": "One", "streamUrl": "http://radio.example/one.mp3"}


async def stations(api: Api) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await api.get("getInternetRadioStations"))[
        "internetRadioStation"
    ]
    return found


async def test_everybody_sees_what_an_administrator_added(api: Api, guest: Api) -> None:
    assert await stations(guest) == []
    home = "https://radio.example:8443/?a=b#c"
    await api.get("createInternetRadioStation", **STATION, homepageUrl=home)
    await api.get("createInternetRadioStation", **STATION | {"name": "  A\tnew  one "})
    assert [(one["name"], one.get("homePageUrl")) for one in await stations(guest)] == [
        ("A new one", None),
        ("One", home),
    ]
    assert all(one["id"].startswith("ra-") for one in await stations(guest))


async def test_an_update_replaces_every_fact_of_the_station(api: Api) -> None:
    await api.get("createInternetRadioStation", **STATION, homepageUrl="http://radio.example/")
    (made,) = await stations(api)
    changed = {"id": made["id"], "name": "Two", "streamUrl": "https://radio.example/two"}
    await api.get("updateInternetRadioStation", **changed, homepageUrl="")
    assert await stations(api) == [changed]


async def test_a_deleted_station_is_gone(api: Api) -> None:
    await api.get("createInternetRadioStation", **STATION)
    (made,) = await stations(api)
    await api.get("deleteInternetRadioStation", id=made["id"])
    assert await stations(api) == []
    assert await api.error("deleteInternetRadioStation", id=made["id"]) == 70
    assert await api.error("updateInternetRadioStation", id=made["id"], **STATION) == 70


async def test_only_administrators_may_change_stations(api: Api, guest: Api) -> None:
    await api.get("createInternetRadioStation", **STATION)
    (made,) = await stations(api)
    assert await guest.error("createInternetRadioStation", **STATION) == 50
    assert await guest.error("updateInternetRadioStation", id=made["id"], **STATION) == 50
    assert await guest.error("deleteInternetRadioStation", id=made["id"]) == 50
    assert await stations(guest) == [made]


@pytest.mark.attack("X65")
@pytest.mark.parametrize("parameter", ["streamUrl", "homepageUrl"])
@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript://radio.example/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://radio.example/",
        "//radio.example/one",
        "radio.example/one",
        "http:radio.example",
        "http://",
        "http:///one",
        "http://[::1",
        "http://radio.example:port/",
        "http://radio.example:99999/",
        "http://radio.example/a b",
        "http://radio.example/\r\nX: y",
        "http://radio.example/\0",
        "java\tscript:alert(1)",
        "ht\ntp://radio.example/",
        "http://radio.example/\u202egpj",
        "http://radio.example/" + "x" * 2000,
    ],
)
async def test_what_is_no_address_of_the_web_does_not_get_in(
    api: Api, parameter: str, address: str
) -> None:
    assert await api.error("createInternetRadioStation", **STATION | {parameter: address}) == 10
    assert await stations(api) == []


@pytest.mark.parametrize("name", [" ", "a\0b", "x" * 301, "a\x1b[31m", "a\u202eb"])
async def test_a_name_is_a_line_of_text(api: Api, name: str) -> None:
    assert await api.error("createInternetRadioStation", **STATION | {"name": name}) == 10


@pytest.mark.parametrize("missing", ["id", "name", "streamUrl"])
async def test_what_is_missing_is_told(api: Api, missing: str) -> None:
    given = {"id": "ra-1", **STATION}
    del given[missing]
    assert await api.error("updateInternetRadioStation", **given) == 10


@pytest.mark.parametrize("id", ["ra-0", "ra-99999999999999999999", "tr-1", "1", "ra-"])
async def test_an_id_of_nothing_is_not_found(api: Api, id: str) -> None:
    assert await api.error("updateInternetRadioStation", id=id, **STATION) == 70
    assert await api.error("deleteInternetRadioStation", id=id) == 70
