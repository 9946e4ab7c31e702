"""Requests in all their forms, and answers in all of theirs."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any
from urllib.parse import urlencode

import lxml.etree as etree
import pytest

from db.database import Database
from db.errors import UnavailableError
from subsonic.endpoint import ENDPOINTS
from tests.subsonic.conftest import Samples
from tests.subsonic.samples import BODIES, SAMPLES
from tests.support.api import Api, Params

SPACE = "{http://subsonic.org/restapi}"


async def sent(
    api: Api, how: str, endpoint: str, given: dict[str, Any], form: str
) -> tuple[str, bytes]:
    pairs = api.signed(given, form)
    url = f"/rest/{endpoint}"
    match how:
        case "get" if endpoint in BODIES:
            response = await api.client.post(url, params=pairs, json=BODIES[endpoint])
        case "get":
            response = await api.client.get(url, params=pairs)
        case "view":
            response = await api.client.get(f"{url}.view", params=pairs)
        case "post":
            response = await api.client.post(url, data=pairs)
        case _:
            response = await api.client.post(f"{url}.view", params=pairs[:3], data=pairs[3:])
    assert response.status == 200
    return response.content_type, await response.read()


async def given(api: Api, endpoint: str) -> Params:
    """Parameters with which the endpoint succeeds."""
    return await SAMPLES[endpoint](api) if endpoint in SAMPLES else {}


@pytest.mark.parametrize("form", ["json", "xml"])
async def test_the_answer_is_the_same_by_get_and_post_with_and_without_view(
    api: Api, form: str
) -> None:
    given = {"type": "byGenre", "genre": "Jazz", "size": 5}
    answers = {
        await sent(api, how, "getAlbumList2", given, form)
        for how in ("get", "view", "post", "split")
    }
    assert len(answers) == 1


async def test_every_endpoint_answers_xml_and_json_alike(api: Api) -> None:
    for name, endpoint in ENDPOINTS.items():
        # A key of an API is nothing that an app could make.
        if endpoint.raw or name in ("getRandomSongs", "tokenInfo"):
            continue
        # Made anew for each request: what one deleted, the next cannot delete again.
        _, text = await sent(api, "get", name, await given(api, name), "json")
        root = json.loads(text)["subsonic-response"]
        kind, xml = await sent(api, "get", name, await given(api, name), "xml")
        assert kind == "text/xml"
        element = etree.fromstring(xml)
        assert root["status"] == element.get("status") == "ok", name
        if not endpoint.key or endpoint.public:
            continue
        (child,) = element
        assert child.tag == SPACE + endpoint.key
        for key, value in root[endpoint.key].items():
            if isinstance(value, (str, int, float)) and key not in {"count", "changed"}:
                spelt = str(value).lower() if isinstance(value, bool) else str(value)
                inside = child.findtext(f"{SPACE}{key}")
                found = child.text if key == "value" else child.get(key, inside)
                assert found == spelt, (name, key)


BY_CHANCE = {"getRandomSongs", "getSimilarSongs", "getSimilarSongs2"}
"""What answers otherwise each time."""


async def test_every_endpoint_that_reads_answers_a_form_as_it_does_an_address(
    api: Api, samples: Samples
) -> None:
    reading = [
        name
        for name, endpoint in ENDPOINTS.items()
        if name not in BY_CHANCE | set(BODIES)
        and (endpoint.raw or name.startswith(("get", "search", "ping")))
    ]
    assert len(reading) > 20
    charset = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
    for name in reading:
        pairs = api.signed(samples.get(name, {}))
        half, url = len(pairs) // 2, f"/rest/{name}"
        answers = [
            await api.client.get(url, params=pairs),
            await api.client.post(url, data=pairs),
            await api.client.post(f"{url}.view", params=pairs[half:], data=pairs[:half]),
            await api.client.post(url, data=urlencode(pairs), headers=charset),
        ]
        assert {answer.status for answer in answers} == {200}, name
        first, *others = [await answer.read() for answer in answers]
        assert first
        if answers[0].headers.get("Transfer-Encoding") == "chunked":
            continue  # the first is made, the others come from the cache
        assert [other == first for other in others] == [True] * 3, name


async def test_head_on_media_tells_what_would_be_sent_without_sending_it(
    api: Api, samples: Samples
) -> None:
    for name in (name for name, endpoint in ENDPOINTS.items() if endpoint.raw):
        pairs = api.signed(samples.get(name, {}))
        # By then a transcode is in the cache, and has a length.
        whole = [await api.client.get(f"/rest/{name}", params=pairs) for _ in range(2)][1]
        head = await api.client.head(f"/rest/{name}", params=pairs)
        size = len(await whole.read())
        assert (head.status, head.content_type) == (200, whole.content_type), name
        assert head.headers["Content-Length"] == str(size)
        assert await head.read() == b""


@pytest.mark.parametrize("app", ["DSub", "Clementine", "SubMusic 1.0"])
async def test_old_apps_get_xml_without_later_additions(api: Api, app: str) -> None:
    pairs = dict(api.signed({"id": await api.id_of("First", "album")}, "xml"))
    full = etree.fromstring(await (await api.client.get("/rest/getAlbum", params=pairs)).read())[0]
    lean = etree.fromstring(
        await (await api.client.get("/rest/getAlbum", params={**pairs, "c": app})).read()
    )[0]
    assert {child.tag for child in lean} == {SPACE + "song"}
    assert {child.tag for child in full} > {SPACE + "song"}
    assert not lean.xpath("//*[local-name()='artists' or local-name()='genres']")
    assert lean.get("displayArtist") is None
    assert lean.get("artist") == full.get("artist") == "Ada"


@pytest.mark.attack("X70")
async def test_ten_thousand_ids_fit_into_a_form_and_into_an_address(api: Api) -> None:
    song = await api.id_of("Beta")
    ids = [song] * 10_000
    response = await api.client.post("/rest/star", data=api.signed({"id": ids}))
    assert json.loads(await response.read())["subsonic-response"]["status"] == "ok"


@pytest.mark.attack("X70")
async def test_a_form_beyond_the_limit_is_refused_in_the_protocol(api: Api) -> None:
    body = "&".join(f"{key}={value}" for key, value in api.signed({})) + "&id=" + "x" * 17_000_000
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await api.client.post("/rest/star", data=io.BytesIO(body.encode()), headers=headers)
    assert response.status == 200
    assert b"max_request_bytes" in await response.read()


@pytest.mark.attack("X70")
@pytest.mark.parametrize("form", [True, False])
async def test_a_body_that_is_not_what_its_headers_say_is_an_error_of_the_protocol(
    api: Api, form: bool
) -> None:
    kind = "application/x-www-form-urlencoded" if form else "application/json"
    headers = {"Content-Type": kind, "Content-Encoding": "gzip", "Connection": "close"}
    given = {"mediaId": "tr-1", "mediaType": "song"}
    for body in (b"no gzip", gzip.compress(b"a=b")[:-9]):
        response = await api.client.post(
            "/rest/getTranscodeDecision", params=api.signed(given), data=body, headers=headers
        )
        text = await response.text()
        assert "failed" in text
        assert "Something went wrong" not in text
        assert response.status == 200


async def test_plus_and_percent_twenty_are_both_a_space(api: Api) -> None:
    tail = "&".join(f"{key}={value}" for key, value in api.signed({}))
    for text in ("ada+alpha", "ada%20alpha"):
        response = await api.client.get(f"/rest/search3?query={text}&{tail}".replace("ä", "%C3%A4"))
        found = json.loads(await response.read())["subsonic-response"]["searchResult3"]
        assert [song["title"] for song in found["song"]] == ["Alpha"]


async def test_an_unknown_endpoint_is_an_error_of_the_protocol(api: Api) -> None:
    for name in ("noSuchThing", "getalbum", "ping.view.view", "../web"):
        response = await api.raw(name)
        if response.status == 200:
            assert json.loads(await response.read())["subsonic-response"]["status"] == "failed"
        else:
            assert response.status == 404


@pytest.mark.attack("X36")
async def test_jsonp_wants_a_plain_function_name(api: Api) -> None:
    kind, body = await sent(api, "get", "ping", {"callback": "app.got_it"}, "jsonp")
    assert kind == "application/javascript"
    assert body.startswith(b"app.got_it({")
    for callback in ("", "alert(1)//", "a b", "<script>", "x" * 200, "1a"):
        kind, body = await sent(api, "get", "ping", {"callback": callback}, "jsonp")
        assert kind == "application/json"
        assert json.loads(body)["subsonic-response"]["error"]["code"] == 10


@pytest.mark.attack("X81")
async def test_browsers_of_any_origin_may_read_every_answer(api: Api) -> None:
    song = await api.id_of("Beta")
    for response in (
        await api.raw("ping"),
        await api.raw("stream", id=song),
        await api.raw("stream", {"Range": "bytes=0-1"}, id=song),
        await api.raw("getCoverArt", id="co-99999"),
        await api.client.get("/rest/ping"),
        await api.client.options("/rest/stream"),
    ):
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Range" in response.headers["Access-Control-Expose-Headers"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        # Any origin, and therefore without anything that a browser would send by itself.
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "Set-Cookie" not in response.headers
    assert response.status == 204
    assert "POST" in response.headers["Access-Control-Allow-Methods"]


async def test_head_is_get_without_the_body(api: Api) -> None:
    response = await api.client.head("/rest/ping", params=api.signed({}))
    assert response.status == 200
    assert response.content_type == "application/json"
    assert await response.read() == b""


async def test_other_methods_are_not_allowed(api: Api) -> None:
    response = await api.client.put("/rest/ping", params=api.signed({}))
    assert response.status == 405


@pytest.mark.attack("X81")
async def test_answers_are_not_stored_by_anybody(api: Api) -> None:
    assert (await api.raw("ping")).headers["Cache-Control"] == "no-store"


async def test_a_content_type_on_a_get_is_ignored(api: Api) -> None:
    response = await api.raw("ping", {"Content-Type": "application/json"})
    assert json.loads(await response.read())["subsonic-response"]["status"] == "ok"


@pytest.mark.attack("X75")
async def test_a_database_that_cannot_answer_is_an_error_of_the_protocol(
    api: Api, stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.get("ping")

    async def away(*_: object, **__: object) -> None:
        raise UnavailableError("gone")

    monkeypatch.setattr(stocked.genres, "all", away)
    assert await api.error("getGenres") == 0


async def test_a_mistake_of_ours_is_an_error_of_the_protocol_without_its_text(
    api: Api, stocked: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("internal detail")

    monkeypatch.setattr(stocked.genres, "all", broken)
    root = await api.answer("getGenres")
    assert root["error"]["code"] == 0
    assert "internal detail" not in root["error"]["message"]
