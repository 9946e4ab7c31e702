"""Answers held against the schema of Subsonic 1.16.1 (`DULCIAN_TEST_PROTOCOL` names its folder)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import lxml.etree as etree
import pytest

from subsonic.endpoint import ENDPOINTS
from tests.subsonic.conftest import Samples
from tests.subsonic.samples import BODIES
from tests.support.api import Api

FOLDER = os.environ.get("DULCIAN_TEST_PROTOCOL", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="DULCIAN_TEST_PROTOCOL does not name a folder with the schema"
)
# What the root has beyond the schema: OpenSubsonic wants it in every answer.
ADDED = ("type", "serverVersion", "openSubsonic")
# Endpoints that only OpenSubsonic has.
LATER = {
    "getLyricsBySongId",
    "getPlayQueueByIndex",
    "getPodcastEpisode",
    "getTranscodeDecision",
    "tokenInfo",
}
# Attributes that the schema takes for numbers: ids are none.
NO_NUMBERS = {"playQueue": "current"}


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(Path(FOLDER) / "subsonic-rest-api-1.16.1.xsd"))


async def test_what_old_apps_get_is_valid_by_the_schema(
    api: Api, samples: Samples, schema: etree.XMLSchema
) -> None:
    for name, endpoint in ENDPOINTS.items():
        # The list of extensions is no part of Subsonic, media are no XML.
        if endpoint.raw or endpoint.public or name in LATER:
            continue
        pairs = dict(api.signed(samples.get(name, {}), "xml")) | {"c": "DSub"}
        response = await api.client.get(f"/rest/{name}", params=pairs)
        root = etree.fromstring(await response.read())
        assert root.get("status") == "ok", name
        for attribute in ADDED:
            del root.attrib[attribute]
        for tag, attribute in NO_NUMBERS.items():
            for element in root.iterfind(tag, {None: "http://subsonic.org/restapi"}):
                del element.attrib[attribute]
        schema.assertValid(root)


async def test_an_error_is_valid_by_the_schema(api: Api, schema: etree.XMLSchema) -> None:
    pairs = api.signed({"id": "al-99999"}, "xml")
    response = await api.client.get("/rest/getAlbum", params=pairs)
    root = etree.fromstring(await response.read())
    for attribute in ADDED:
        del root.attrib[attribute]
    schema.assertValid(root)


@pytest.fixture(scope="module")
def open_schema() -> Any:
    return json.loads((Path(FOLDER) / "opensubsonic-openapi.json").read_text())


async def test_decisions_and_what_is_played_are_valid_by_the_schema_of_opensubsonic(
    api: Api, samples: Samples, open_schema: Any
) -> None:
    name = "getTranscodeDecision"
    decision = await api.post(name, BODIES[name], **samples[name])
    await api.get("reportPlayback", **samples["reportPlayback"])
    playing = await api.get("getNowPlaying")
    for answer, kind in ((decision, "TranscodeDecision"), (playing, "NowPlaying")):
        schema = {"$ref": f"#/components/schemas/{kind}", "components": open_schema["components"]}
        assert not [*jsonschema.Draft202012Validator(schema).iter_errors(answer)]
