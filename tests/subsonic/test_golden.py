"""Every endpoint's whole answer, in JSON and XML, as it stands in `golden/`.

`make golden` writes the files anew. What differs from run to run is replaced: moments, sizes of
encoded files, secrets in addresses.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import lxml.etree as etree
import pytest

from subsonic.endpoint import ENDPOINTS
from tests.subsonic.samples import BODIES, SAMPLES
from tests.support.api import Api, Params

FOLDER = Path(__file__).parent / "golden"
WRITE = bool(os.environ.get("DULCIAN_WRITE_GOLDEN"))
NAMES = sorted(name for name, endpoint in ENDPOINTS.items() if not endpoint.raw)
# Answers in any order: sorted by id before they are compared.
SHUFFLED = {"getRandomSongs", "getSimilarSongs", "getSimilarSongs2"}
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "2020-02-20T20:20:20.200Z"),
    (re.compile(r"\b1[6-9]\d{11}\b"), "1582230020200"),
    (
        re.compile(
            r'("(?:size|bitRate|audioBitrate|elapsedTime)": |(?:size|bitRate|audioBitrate|elapsedTime)=")\d+'
        ),
        r"\g<1>9",
    ),
    (re.compile(r'(serverVersion(?:=|": )")[^"]+'), r"\1VERSION"),
    (re.compile(r"http://127\.0\.0\.1:\d+/"), "http://dulcian.example/"),
    (re.compile(r"/(share|art)/[\w.-]+"), r"/\1/SECRET"),
    (re.compile(r'(transcodeParams(?:=|": )")[^"]+'), r"\1SECRET"),
)


@pytest.mark.parametrize("name", NAMES)
async def test_the_answer_is_the_expected_one(api: Api, name: str) -> None:
    for form in ("json", "xml"):
        given = await SAMPLES[name](api) if name in SAMPLES else {}
        text = _scrubbed(await _answer(api, name, form, given))
        file = FOLDER / f"{name}.{form}"
        if WRITE:
            file.write_text(text, encoding="utf-8")
        assert text == file.read_text(encoding="utf-8"), "make golden, if this is meant to be"


def test_no_expected_answer_is_left_of_an_endpoint_that_is_gone() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == set(NAMES)


async def _answer(api: Api, name: str, form: str, given: Params) -> str:
    response = await api.call(name, form, given, BODIES.get(name))
    body = await response.read()
    return _json(name, body) if form == "json" else _xml(name, body)


def _json(name: str, body: bytes) -> str:
    root = json.loads(body)
    assert root["subsonic-response"]["status"] == "ok", root
    if name in SHUFFLED:
        for payload in root["subsonic-response"].values():
            for value in payload.values() if isinstance(payload, dict) else ():
                value.sort(key=_id)
    return json.dumps(root, indent=1, ensure_ascii=False) + "\n"


def _id(item: Any) -> str:
    return str(item["id"])


def _xml(name: str, body: bytes) -> str:
    root = etree.fromstring(body)
    assert root.get("status") == "ok", body
    if name in SHUFFLED:
        for payload in root:
            payload[:] = sorted(payload, key=lambda child: child.get("id") or "")
    text: bytes = etree.tostring(root, pretty_print=True, encoding="utf-8")
    return text.decode()


def _scrubbed(text: str) -> str:
    for pattern, constant in CHANGING:
        text = pattern.sub(constant, text)
    return text
