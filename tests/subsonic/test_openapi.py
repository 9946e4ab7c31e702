"""Answers held against the OpenAPI description of OpenSubsonic (`DULCIAN_TEST_PROTOCOL` names its folder)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from subsonic.endpoint import ENDPOINTS
from tests.subsonic.conftest import Samples
from tests.subsonic.samples import BODIES
from tests.support.api import Api

FOLDER = os.environ.get("DULCIAN_TEST_PROTOCOL", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="DULCIAN_TEST_PROTOCOL does not name a folder with the description"
)
LEFT_OUT = {"findSonicPath", "getSonicSimilarTracks"}
"""Endpoints of an extension that is not advertised: no sound is analysed yet."""
NAMES = {"hls": "hls.m3u8"}
"""What the description calls by another name."""
SONGS = {"type": "array", "items": {"$ref": "#/components/schemas/Child"}}
# Where the description contradicts the older schema and the prose, those hold.
MENDED = {
    "JukeboxStatus": {
        "type": "object",
        "required": ["currentIndex", "playing", "gain"],
        "properties": {
            "currentIndex": {"type": "integer"},
            "playing": {"type": "boolean"},
            "gain": {"type": "number"},
            "position": {"type": "integer"},
        },
    },
    "SearchResult": {
        "type": "object",
        "required": ["offset", "totalHits", "match"],
        "properties": {
            "offset": {"type": "integer"},
            "totalHits": {"type": "integer"},
            "match": SONGS,
        },
    },
    "Videos": {"type": "object", "required": ["video"], "properties": {"video": SONGS}},
    "VideoInfo": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
}

Validate = Callable[[str, Any], None]


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    text = (Path(FOLDER) / "opensubsonic-openapi.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    loaded["components"]["schemas"] |= MENDED
    return loaded


@pytest.fixture(scope="module")
def validate(description: dict[str, Any]) -> Validate:
    """Raises where an answer of an endpoint is not as described."""
    resource = Resource.from_contents(description, default_specification=DRAFT7)
    registry: Registry[Any] = Registry().with_resource("urn:api", resource)

    def check(name: str, answer: Any) -> None:
        methods = description["paths"][f"/rest/{NAMES.get(name, name)}"]
        path = f"/paths/~1rest~1{NAMES.get(name, name)}/{'get' if 'get' in methods else 'post'}"
        schema = {"$ref": f"urn:api#{path}/responses/200/content/application~1json/schema"}
        jsonschema.Draft7Validator(schema, registry=registry).validate(answer)

    return check


def test_every_described_endpoint_is_there(description: dict[str, Any]) -> None:
    described = {path.removeprefix("/rest/") for path in description["paths"]}
    ours = {NAMES.get(name, name) for name in ENDPOINTS}
    assert described - ours == LEFT_OUT
    assert ours - described == set()


# What changes nothing here: artists that are not in the library are unknown, nobody comes in by
# LDAP, videos are streamed as they are.
NOT_TAKEN = {
    ("createUser", "ldapAuthenticated"),
    ("updateUser", "ldapAuthenticated"),
    ("getArtistInfo", "includeNotPresent"),
    ("getArtistInfo2", "includeNotPresent"),
    ("stream", "size"),
    ("stream", "converted"),
}


def test_every_described_parameter_is_taken(description: dict[str, Any]) -> None:
    missing = {
        (name, parameter["name"])
        for name, endpoint in ENDPOINTS.items()
        for method in description["paths"][f"/rest/{NAMES.get(name, name)}"].values()
        for parameter in method.get("parameters", [])
        if parameter["name"] not in {field.encode_name for field in endpoint.fields()}
    }
    assert missing == NOT_TAKEN


async def test_every_answer_is_as_described(api: Api, samples: Samples, validate: Validate) -> None:
    for name, endpoint in ENDPOINTS.items():
        if not endpoint.raw:
            response = await api.call(name, "json", samples.get(name, {}), BODIES.get(name))
            answer = await response.json()
            assert answer["subsonic-response"]["status"] == "ok", (name, answer)
            validate(name, answer)


async def test_an_error_is_as_described(api: Api, validate: Validate) -> None:
    response = await api.call("getAlbum", "json", {"id": "al-99999"})
    validate("getAlbum", await response.json())
