"""Requests that nobody should send, drawn from what endpoints and pages declare; and what must come back.

Values are bytes: what is percent-encoded need not be text.
"""

from __future__ import annotations

import enum
import json
import re
import types
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import quote_from_bytes

import lxml.etree as etree
import msgspec
from hypothesis import strategies as st

from subsonic.endpoint import Endpoint
from subsonic.ids import Kind

Pairs = list[tuple[bytes, bytes]]
Values = st.SearchStrategy[bytes]

SOMEBODY = "somebody"
"""An account that requests may name, and change, without harm to those who ask."""
_ODD_TEXTS = [
    "", " ", "\0", "a\0b", "%", "_%", "'", "';--", '"><script>', "\\", "\ud800", "\udfff\ud800",
    "\U0010ffff", "\ufffe", "\u202e\u0300", "👩\u200d🚀", "İı", "../../etc/passwd", "\r\nX: y",
    "$1", "{0}", "null", "[]", "true", "maybe", "a" * 12_000,
]  # fmt: skip
_ODD_BYTES = [b"\xff\xfe", b"\xc0\xaf", b"\xed\xa0\x80", b"%00", b"%", b"+", b"&=", b"a;b"]
_ODD_NUMBERS = [
    "-1", "0", "1", "-0", "+1", " 1", "1_0", "0x10", "٣", "1e3", "1.5", "nan", "inf", "-inf", "1e308",
    "1e309", "-1e-320", "2147483647", "2147483648", "-2147483649", "9007199254740993",
    "253402300800000", "-62135596800001", "9223372036854775807", "9223372036854775808",
    "-9223372036854775809", "9" * 30, "9" * 5000,
]  # fmt: skip
URLS = [
    "http://127.0.0.1/", "http://[::1]:1/", "https://a.example/é", "ftp://x", "http://", "//x",
    "javascript:alert(1)",
]  # fmt: skip
ODD = _ODD_BYTES + [
    text.encode("utf-8", "surrogatepass") for text in _ODD_TEXTS + _ODD_NUMBERS + URLS
]
"""Values that nobody should send."""
_ID_NAMES = re.compile(r"id|current|.*Id|songIdToAdd")
_SHORT = 100
_CODES = {0, 10, 20, 30, 40, 41, 42, 43, 44, 50, 60, 70}
_OWN_MISTAKES = ("Something went wrong", "The database cannot answer")


def _bytes(texts: st.SearchStrategy[str]) -> Values:
    return texts.map(lambda text: text.encode("utf-8", "surrogatepass"))


_junk: Values = st.one_of(
    st.sampled_from(_ODD_BYTES),
    _bytes(st.sampled_from(_ODD_TEXTS + _ODD_NUMBERS)),
    _bytes(st.text(st.characters(exclude_categories=()), max_size=40)),
    st.binary(max_size=20),
)
_numbers: Values = _bytes(
    st.one_of(
        st.integers(0, 30).map(str),
        st.sampled_from(_ODD_NUMBERS),
        st.integers(-(2**70), 2**70).map(str),
        st.floats().map(str),
    )
)
_ids: Values = _bytes(
    st.one_of(
        st.builds("{}-{}".format, st.sampled_from([one.value for one in Kind]), st.integers(0, 12)),
        st.builds("{}-{}".format, st.sampled_from(["tr", "pl", "x", ""]), st.sampled_from(_ODD_NUMBERS)),
        st.sampled_from(["pl-1_00000000", "tr-1;tr-2", "tr-1-2", "TR-1", "tr-", "-1", "root"]),
    )
)  # fmt: skip
# By which words of endpoint and parameter it is told what an id is of.
_KINDS = {
    "createshare": "al", "album": "al", "artist": "ar", "playlist": "pl", "share": "sh", "channel": "ch", "episode": "ep",
    "podcasts": "ch", "station": "ra", "video": "vi", "captions": "vi", "hls": "vi", "directory": "fo",
    "similar": "ar", "song": "tr", "media": "tr",
}  # fmt: skip


def _good(endpoint: str, name: str, hint: Any) -> Values:
    """What a parameter is meant for."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        (hint,) = (part for part in parts if part is not types.NoneType)
        return _good(endpoint, name, hint)
    if origin in (Annotated, tuple):
        return _good(endpoint, name, parts[0])
    if origin is Literal:
        return _bytes(st.sampled_from(parts))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _bytes(st.sampled_from([str(one.value) for one in hint]))
    if hint is bool:
        return _bytes(st.sampled_from(["true", "false", "1", "0"]))
    if hint in (int, float):
        return _bytes(st.one_of(st.integers(0, 5).map(str), st.sampled_from(["1999", "64", "500"])))
    return _text(endpoint, name)


def _text(endpoint: str, name: str) -> Values:
    if name == "username":
        return _bytes(st.sampled_from([SOMEBODY, SOMEBODY.upper(), "nobody"]))
    if name.lower().endswith("url"):
        return _bytes(st.sampled_from(URLS[:3]))
    if _ID_NAMES.fullmatch(name):
        words = f"{name} {endpoint}".lower()
        kinds = [kind for word, kind in _KINDS.items() if word in words][:1] or [
            "tr",
            "tr",
            "al",
            "vi",
        ]
        return _bytes(st.builds("{}-{}".format, st.sampled_from(kinds), st.integers(1, 5)))
    return _bytes(
        st.one_of(st.sampled_from(["Ada", "Rock", "mp3", "raw", "a", "Beta"]), st.text(max_size=20))
    )


def _bad(name: str, hint: Any) -> Values:
    """The edges of its type, of another type, and junk."""
    numeric = {int, float} & {hint, *get_args(hint)}
    return st.one_of(_numbers if numeric else _ids, _numbers, _junk, _bytes(st.sampled_from(URLS)))


@dataclass(frozen=True)
class Asked:
    """A request to an endpoint, but for the sign-in."""

    name: str
    pairs: Pairs
    form: str
    method: str
    posted: bool
    """Whether the parameters come in the body."""
    body: bytes | None


@st.composite
def requests(draw: st.DrawFn, endpoint: Endpoint) -> Asked:
    """A request to this endpoint: as it should be, but for a few of its parameters."""
    pairs: Pairs = []
    spoil = draw(st.sampled_from([0, 1, 1, 1, 9]))
    for parameter in draw(st.permutations(endpoint.fields())):
        name, hint = parameter.encode_name, parameter.type
        times = draw(st.sampled_from([1, 1, 1, 1] if parameter.required else [1, 0, 1, 0]))
        value = _good(endpoint.name, name, hint)
        if spoil:
            spoil -= 1
            times = draw(st.sampled_from([1, 1, 1, 1, 1, 1, 0, 2, 3, 2_000]))
            value = st.one_of(_bad(name, hint), _bad(name, hint), value)
        few = min(times, 3)
        pairs += [(name.encode(), draw(value)) for _ in range(few)]
        if times > few and len(pairs[-1][1]) < _SHORT:
            pairs += pairs[-1:] * (times - few)
    if draw(st.integers(0, 9)) == 9:
        pairs.append((draw(_junk), draw(_junk)))
    body = None
    if endpoint.takes_body and draw(st.integers(0, 9)):
        struct = next(iter(endpoint.bodies.values()))
        body = draw(st.one_of(_json(struct), _json(struct), _junk_json))
    get = st.sampled_from(["GET", "GET", "GET", "POST", "POST", "HEAD"])
    return Asked(
        endpoint.name + draw(st.sampled_from(["", "", ".view"])),
        pairs,
        draw(st.sampled_from(["json", "xml", "jsonp"])),
        "POST" if body is not None else draw(get),
        body is None and draw(st.booleans()),
        body,
    )


_values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
        st.sampled_from(["mp3", "opus", "http", "*", 2**63, -1, 0]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
_junk_json: Values = st.one_of(
    st.sampled_from(
        [b"", b"{", b"[" * 30_000, b'{"a":' * 9_000, b"1e999", b'"\\ud800"', b"\xff", b"NaN",
         b"null", b"{}", b'{"name":"a","name":"b"}', b" " * 70_000]
    ),
    st.binary(max_size=30),
    _values.map(lambda value: json.dumps(value).encode()),
)  # fmt: skip


def _json(struct: type[msgspec.Struct]) -> Values:
    """JSON that is what is wanted, and now and then nearly so."""
    wild = _object(struct, st.one_of(_values, st.just([{}] * 101)))
    return st.one_of(_object(struct), _object(struct), wild).map(
        lambda one: json.dumps(one).encode()
    )


def _object(
    struct: type[msgspec.Struct], other: st.SearchStrategy[Any] | None = None
) -> st.SearchStrategy[Any]:
    """An object with these fields; some of them may be given `other` values."""
    fields = msgspec.structs.fields(struct)
    members = {field.encode_name: _member(field.type) for field in fields}
    required = {
        field.encode_name: members.pop(field.encode_name) for field in fields if field.required
    }
    if other is not None:
        members = {name: st.one_of(member, other) for name, member in members.items()}
    return st.fixed_dictionaries(required, optional=members)


def _member(hint: Any) -> st.SearchStrategy[Any]:
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return st.one_of(*(_member(part) for part in parts))
    if origin is Annotated:
        return _member(parts[0])
    if origin is tuple:
        return st.lists(_member(parts[0]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _object(hint)
    return _PLAIN[hint]


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    types.NoneType: st.none(),
    bool: st.booleans(),
    int: st.one_of(st.sampled_from([0, 1, 64_000, -1, 2**63 - 1, 2**63]), st.integers()),
    float: st.floats(),
    str: st.one_of(
        st.sampled_from(
            ["", "*", "mp3", "flac", "opus", "http", "hls", "AudioCodec", "audioBitrate", "LessThanEqual",
             "EqualsAny", "128000"]
        ),
        st.text(max_size=8),
    ),
}  # fmt: skip


def quoted(pairs: Pairs) -> str:
    """As it stands in an address or a form."""
    return "&".join(f"{quote_from_bytes(key)}={quote_from_bytes(value)}" for key, value in pairs)


def check(asked: Asked, endpoint: Endpoint, status: int, kind: str, body: bytes) -> None:
    """Fail unless an answer is what an app can read, and no mistake of ours."""
    assert status < 500, (status, body[:200])
    if asked.method == "HEAD" or (endpoint.raw and status in {200, 206} and "subsonic" not in kind):
        if not kind.startswith(("text/xml", "application/json", "application/javascript")):
            return
        if asked.method == "HEAD":
            return
    if not endpoint.plain:
        assert status in {200, 206, 429}, status
    root = parsed(asked.form, kind, body)
    assert root["status"] in {"ok", "failed"}
    if root["status"] == "failed":
        assert int(root["error"]["code"]) in _CODES
        assert root["error"]["message"]
        assert not root["error"]["message"].startswith(_OWN_MISTAKES), root


def parsed(form: str, kind: str, body: bytes) -> Any:
    """The envelope, as far as it is looked at; fails where it is broken."""
    if form == "xml":
        assert kind == "text/xml"
        root = etree.fromstring(body)
        assert etree.QName(root).localname == "subsonic-response"
        return dict(root.attrib) | {etree.QName(one).localname: dict(one.attrib) for one in root}
    if form == "jsonp":
        assert kind == "application/javascript"
        assert body.startswith(b"callback(")
        assert body.endswith(b");")
        body = body[len(b"callback(") : -2]
    else:
        assert kind == "application/json"
    return json.loads(body)["subsonic-response"]


@dataclass(frozen=True)
class Visit:
    """A request to a page. `fields` come with the token of the page where `signed`."""

    method: str
    path: str
    fields: Pairs
    signed: bool
    files: bool
    raw: bytes | None

    def sent(self, token: str) -> tuple[str, bytes | None]:
        """Content type and body."""
        if self.method != "POST":
            return "", None
        fields = [(b"form_token", token.encode())] * self.signed + self.fields
        if not self.files:
            plain = quoted(fields).encode() if self.raw is None else self.raw
            return "application/x-www-form-urlencoded", plain
        head = b'--cut\r\nContent-Disposition: form-data; name="%s"'
        parts = [head % key + b"\r\n\r\n" + value + b"\r\n" for key, value in fields]
        file = (
            (head + b'; filename="x"\r\n\r\n') % b"picture" + (self.raw or b"") + b"\r\n--cut--\r\n"
        )
        return "multipart/form-data; boundary=cut", b"".join(parts) + file


@st.composite
def visits(draw: st.DrawFn, paths: list[tuple[str, str]], names: list[str]) -> Visit:
    """A request to one of these pages, with some of these fields."""
    method, pattern = draw(st.sampled_from(paths))
    path = re.sub(r"\{[^}]*\}", lambda _: draw(_places), pattern)
    if draw(st.integers(0, 9)) == 9:
        path += "?" + quoted([(b"q", draw(_junk)), (draw(_junk), draw(_junk))])
    field = st.tuples(st.sampled_from(names).map(str.encode), st.one_of(_junk, _numbers, _ids))
    return Visit(
        method,
        path,
        draw(st.lists(field, max_size=8)),
        draw(st.sampled_from([True, True, True, False])),
        draw(st.integers(0, 3)) == 3,
        draw(st.one_of(st.none(), st.none(), _junk, st.sampled_from([_GIF, _GIF[:20]]))),
    )


# The first two accounts are those who ask.
_places = st.one_of(
    st.sampled_from(["3", "3", "4", "1000000", "999999999", "pl-1", "pl-2", "app.css", "a", "%00", "%ff"]),
    _junk.map(lambda value: quote_from_bytes(value, safe="") or "0"),
)  # fmt: skip
_GIF = b"GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\1\0\1\0\0\2\2D\1\0;"
