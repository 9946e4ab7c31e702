"""Answers as bytes: JSON, JSONP and XML from the same structs.

| Python | JSON | XML |
|---|---|---|
| `str int float bool` | value | attribute |
| such a field marked `Element` | value | child element with text |
| `None` | left out | left out |
| a model | object | child element |
| a sequence of models | array, also when empty | repeated child elements |
| a sequence of `str` or `int` | array | repeated child elements with text |
| a field called `value` | `"value"` | the element's text; an attribute, where it has children |
| a field marked `element(name)` | its name | child elements of that name |

Children stand in the order of the fields, as the XSD demands. A writer is compiled per type, once.
Lean XML leaves out what OpenSubsonic added (`Open` fields), for apps that read it wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec

from conf import VERSION
from subsonic.models.base import Error, Model

API_VERSION = "1.16.1"
SERVER = "dulcian"
SERVER_VERSION = VERSION

_ROOT = f'"version":"{API_VERSION}","type":"{SERVER}","serverVersion":"{SERVER_VERSION}","openSubsonic":true'
_JSON_OPEN = {
    True: f'{{"subsonic-response":{{"status":"ok",{_ROOT}'.encode(),
    False: f'{{"subsonic-response":{{"status":"failed",{_ROOT}'.encode(),
}
_XML_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<subsonic-response xmlns="http://subsonic.org/restapi"'
)
_XML_OPEN = f' version="{API_VERSION}" type="{SERVER}" serverVersion="{SERVER_VERSION}" openSubsonic="true">'

# Beside markup: what XML 1.0 forbids. Tags hold it, and one such character makes an answer unreadable.
_SPECIAL = re.compile('[&<>"\t\n\r\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]')
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
_ENTITIES |= {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}

Writer = Callable[[Any, list[str]], None]
_encode = msgspec.json.Encoder().encode


class Answer(NamedTuple):
    """A body and what it is."""

    body: bytes
    content_type: str


class Format(NamedTuple):
    """How the app wants its answers: parameters `f` and `callback`, and whether `c` needs lean XML."""

    name: str = "xml"
    callback: str = ""
    lean: bool = False


Payload = Model | Sequence[Model] | None


def render(form: Format, key: str, payload: Payload) -> Answer:
    """A success: the envelope around the payload under its key; None: the envelope alone."""
    if form.name == "xml":
        return Answer(_xml(key, payload, ok=True, lean=form.lean), "text/xml")
    return _json(form, key, payload, ok=True)


def failure(form: Format, error: Error) -> Answer:
    """A failure, in the same envelope."""
    if form.name == "xml":
        return Answer(_xml("error", error, ok=False, lean=form.lean), "text/xml")
    return _json(form, "error", error, ok=False)


class Opening(NamedTuple):
    """An answer cut open behind the last item of its last list: `item` makes more of them."""

    head: bytes
    items: Callable[[Sequence[Model]], bytes]
    end: bytes
    content_type: str


def open_up(form: Format, key: str, payload: Model) -> Opening:
    """A success whose last field is a list of models, with one of them at least, that goes on."""
    last, answer = _fields(type(payload))[-1], render(form, key, payload)
    if form.name != "xml":
        cut = answer.body.rindex(b"]")

        def more(items: Sequence[Model]) -> bytes:
            return b"," + _encode(items)[1:-1]

        return Opening(answer.body[:cut], more, answer.body[cut:], answer.content_type)
    cut = answer.body.rindex(f"</{key}>".encode())
    write = _element(last.key, last.kind, form.lean)

    def written(items: Sequence[Model]) -> bytes:
        out: list[str] = []
        for item in items:
            write(item, out)
        return "".join(out).encode("utf-8")

    return Opening(answer.body[:cut], written, answer.body[cut:], answer.content_type)


def _json(form: Format, key: str, payload: Payload, *, ok: bool) -> Answer:
    inner = b"" if payload is None else b',"%s":%s' % (key.encode(), _encode(payload))
    body = _JSON_OPEN[ok] + inner + b"}}"
    if form.name == "jsonp":
        return Answer(b"%s(%s);" % (form.callback.encode(), body), "application/javascript")
    return Answer(body, "application/json")


def _xml(key: str, payload: Payload, *, ok: bool, lean: bool) -> bytes:
    out = [_XML_HEAD, ' status="ok"' if ok else ' status="failed"', _XML_OPEN]
    items: Sequence[Model] = [payload] if isinstance(payload, Model) else payload or []
    for item in items:
        _element(key, type(item), lean)(item, out)
    out.append("</subsonic-response>")
    return "".join(out).encode("utf-8")


def escape(text: str) -> str:
    """Text as it may stand in an attribute or an element."""
    if _SPECIAL.search(text) is None:
        return text
    return _SPECIAL.sub(lambda match: _ENTITIES.get(match[0], ""), text)


def _boolean(value: bool) -> str:
    return "true" if value else "false"


_SCALARS: dict[type, Callable[[Any], str]] = {bool: _boolean, int: str, float: repr, str: escape}


class _Field(NamedTuple):
    """A field of a model, as XML sees it; `key` is what an attribute or element is called."""

    name: str
    key: str
    kind: Any
    many: bool
    attribute: bool
    open: bool


def _fields(model: type[Model]) -> list[_Field]:
    hints = get_type_hints(model, include_extras=True)
    keys = zip(model.__struct_fields__, model.__struct_encode_fields__, strict=True)
    return [_field(name, key, hints[name]) for name, key in keys]


def _field(name: str, key: str, hint: Any) -> _Field:
    kind, *marks = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    extra = {word: value for mark in marks for word, value in mark.extra.items()}
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (part for part in get_args(kind) if part is not NoneType)
    many = get_origin(kind) is Sequence
    kind = get_args(kind)[0] if many else kind
    attribute = not many and kind in _SCALARS and "element" not in extra
    return _Field(name, extra.get("element") or key, kind, many, attribute, "open" in extra)


@cache
def _element(tag: str, model: type[Model], lean: bool) -> Writer:
    """What writes a model as an element with this tag."""
    fields = [field for field in _fields(model) if not (lean and field.open)]
    scalars = [field for field in fields if field.attribute]
    children = [
        (field.name, field.many, _child(field, lean)) for field in fields if not field.attribute
    ]
    worded = not children and any(field.key == "value" for field in scalars)
    attributes = [
        (field.name, f' {field.key}="', _SCALARS[field.kind])
        for field in scalars
        if field.key != "value" or not worded
    ]
    start, end = f"<{tag}", f"</{tag}>"

    def write(item: Any, out: list[str]) -> None:
        out.append(start)
        for name, prefix, convert in attributes:
            value = getattr(item, name)
            if value is not None:
                out.append(f'{prefix}{convert(value)}"')
        opened = len(out)
        out.append(">")
        if worded:
            out.append(escape(item.value))
        for name, many, write_child in children:
            value = getattr(item, name)
            if value is None:
                continue
            for one in value if many else (value,):
                write_child(one, out)
        if len(out) == opened + 1:
            out[opened] = "/>"
        else:
            out.append(end)

    return write


def _child(field: _Field, lean: bool) -> Writer:
    if field.kind not in _SCALARS:
        return _element(field.key, field.kind, lean)
    start, end, convert = f"<{field.key}>", f"</{field.key}>", _SCALARS[field.kind]

    def write(item: Any, out: list[str]) -> None:
        out.append(f"{start}{convert(item)}{end}")

    return write
