"""No credential and no forged line gets into the log."""

from __future__ import annotations

import json
import random
import secrets
import string
from urllib.parse import quote, urlencode

import pytest

from server.redact import HIDDEN, SECRETS, clean, one_line, without_secrets

SECRET = "hunter2-geheim"


@pytest.mark.parametrize("name", sorted({"p", "t", "s", "apiKey", "jwt", "token", "password"}))
@pytest.mark.parametrize(
    "shape",
    [
        "/rest/ping?{name}={secret}",
        "/rest/ping.view?u=ann&{name}={secret}&c=x",
        "POST body u=ann&{name}={secret}",
        "{name}={secret}",
        "GET /rest/ping?v=1&{name}={secret} HTTP/1.1",
        "bad request line: b'GET /rest/x?{name}={secret}'",
        "{{'u': 'ann', '{name}': '{secret}'}}",
        '{{"{name}": "{secret}", "u": "ann"}}',
        "[('{name}', '{secret}')]",
    ],
)
@pytest.mark.attack("X91")
def test_credentials_are_blotted_out(name: str, shape: str) -> None:
    """In addresses, forms, JSON and what Python prints of them, in any case of the name."""
    for written in (name, name.upper()):
        text = without_secrets(shape.format(name=written, secret=SECRET))
        assert SECRET not in text
        assert HIDDEN in text


@pytest.mark.parametrize(
    "text",
    [
        f"%70={SECRET}",
        f"?u=a&%61piKey={SECRET}",
        f"postgresql://ann:{SECRET}@db.example.org/music",
        f"https://ann:{SECRET}/x@proxy",
        f"Authorization: Bearer {SECRET}",
        f"authorization: basic {SECRET}",
    ],
)
def test_credentials_in_disguise(text: str) -> None:
    """Names in percent-encoding, logins in addresses, headers."""
    assert SECRET not in without_secrets(text)


def test_the_address_of_a_share_opens_nothing_any_more() -> None:
    token = secrets.token_urlsafe(20)
    assert without_secrets(f"GET /share/{token}/stream/7") == "GET /share/***/stream/7"
    assert without_secrets(f"https://x.example/share/{token}") == "https://x.example/share/***"


@pytest.mark.parametrize(
    "text",
    [
        "scan finished",
        "/usr/share/dulcian-demo-music-of-many-pieces/1.flac",
        "/music/Pet Shop Boys/Introspective/01 Left to My Own Devices.flac",
        "step=tags size=300 format=mp3",
        "/rest/getAlbumList2?type=newest&size=50",
        "https://music.example.org:8443/rest/ping",
    ],
)
def test_the_rest_stays_readable(text: str) -> None:
    """A log that hides everything is none."""
    assert without_secrets(text) == text


@pytest.mark.parametrize(
    "text",
    ["a\nb", "a\r\nb", "\x1b[2Ja", "a\x00b", "a\x9bb", "a\u2028b", "a\u202eb", "a\udcffb", "a\x7f"],
)
def test_a_value_is_one_harmless_line(text: str) -> None:
    """Nothing ends the line, colours it, turns it round or cannot be written."""
    cleaned = one_line(text)
    assert cleaned.isprintable()
    assert cleaned.encode("utf-8")


@pytest.mark.attack("X90")
def test_names_of_fields_count_in_any_depth() -> None:
    """`password=…` as a field of the event, or inside one."""
    event = {"user": "ann", "password": SECRET, "request": {"p": SECRET, "q": [{"T": SECRET}]}}
    cleaned = clean(event)
    assert SECRET not in str(cleaned)
    assert cleaned["user"] == "ann"


def test_strange_values_become_text() -> None:
    """Whatever is logged can be written as JSON; what has no end is cut."""
    endless: list[object] = []
    endless.append(endless)
    values = [b"\xff", ValueError(f"p={SECRET}"), {1, 2}, 1.5, None, True, endless, 10**30]
    assert SECRET not in json.dumps(clean({"values": values}))


def _fuzzed(random_: random.Random) -> tuple[str, str]:
    """A request line with a secret under one of the names, and the secret."""
    secret = "".join(random_.choices(string.ascii_letters + string.digits + "+/=:;!*~ äß&", k=20))
    name = random_.choice(sorted(SECRETS))
    name = random_.choice([name, name.upper(), name.title()])
    name = "".join(random_.choice([char, f"%{ord(char):02x}"]) for char in name)
    others = {random_.choice("uvcfn") * random_.randint(1, 3): str(random_.random())}
    encoded = random_.choice([quote(secret, safe=""), urlencode({"": secret})[1:]])
    pairs = [urlencode(others), f"{name}={encoded}"]
    random_.shuffle(pairs)
    lead = random_.choice(
        ["/rest/stream?", "", "body ", "GET /x?", "{'query': '", "\n", "[", "a=b&"]
    )
    return lead + "&".join(pairs) + random_.choice(["", " HTTP/1.1", "'}", "\n", "&x"]), encoded


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.attack("X91")
def test_no_request_line_gives_a_secret_away(seed: int) -> None:
    """Two hundred made-up lines for each seed."""
    random_ = random.Random(seed)
    for _ in range(200):
        line, secret = _fuzzed(random_)
        cleaned = clean({"path": line, "nested": [line]})
        assert secret not in str(cleaned), line
