"""The page `docs/api.md`, made from the endpoints themselves: `python -m subsonic.manual`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from enum import Enum
from itertools import groupby
from types import ModuleType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import FieldInfo

from subsonic import system
from subsonic.endpoint import ENDPOINTS, Endpoint
from subsonic.models.base import OPEN
from subsonic.render import API_VERSION

_HEAD = f"""\
# The API

Dulcian speaks Subsonic {API_VERSION} and OpenSubsonic. `make docs` makes this page from the endpoints.

Every endpoint answers at `/rest/NAME` and `/rest/NAME.view`, by GET, HEAD and POST; parameters stand in
the query, in a form, or in both. Common to all: `u` with `p`, or with `t` and `s`, or `apiKey` alone;
`v` and `c`; `f` is `xml` (default), `json`, or `jsonp` with `callback`. An error is an answer too: it
comes with HTTP 200 and a code. An empty parameter counts as absent; what is beyond a limit is cut
back to it. Moments are UTC, in parameters milliseconds since 1970.

An app password has a scope: `stream` finds music and hears it, `read` sees and fetches everything, and
`full` changes things, too. Each is good for what those before it are; the account password is `full`. Who
signs in with `stream` has no other role than that of the same name. What lacks the role or the scope is
refused with error 50.

Extensions: {{extensions}}.
"""
_NAMES = {str: "text", int: "integer", float: "number", bool: "true or false", bytes: "bytes"}


def manual() -> str:
    """The whole page."""
    extensions = ", ".join(
        f"`{one.name}` {'+'.join(map(str, one.versions))}" for one in system.EXTENSIONS
    )
    parts = [_HEAD.format(extensions=extensions)]
    structs: dict[str, type[msgspec.Struct]] = {}
    for chapter, endpoints in chapters():
        title = chapter.__name__.rpartition(".")[2].capitalize()
        parts.append(f"## {title}\n\n{inspect.getdoc(chapter)}\n")
        for endpoint in endpoints:
            parts.append(_endpoint(endpoint))
            for hint in (_answer(endpoint), *endpoint.bodies.values()):
                _collect(hint, structs)
    parts.append("## Objects\n\n*Italic*: an addition of OpenSubsonic.\n")
    parts += [_object(structs[name]) for name in sorted(structs)]
    return "\n".join(parts)


def chapters() -> Iterator[tuple[ModuleType, list[Endpoint]]]:
    """The endpoints by the file they stand in, as the files are imported."""

    def home(endpoint: Endpoint) -> str:
        return endpoint.handler.__module__

    for name, endpoints in groupby(sorted(ENDPOINTS.values(), key=home), home):
        yield sys.modules[name], list(endpoints)


def _endpoint(endpoint: Endpoint) -> str:
    lines = [f"### {endpoint.name}\n", f"{inspect.getdoc(endpoint.handler)}\n"]
    lines.append(f"{_needs(endpoint)}\n")
    if endpoint.takes_body:
        bodies = " and ".join(map(_type, endpoint.bodies.values()))
        lines.append(f"Only by POST, with JSON in the body: {bodies}.\n")
    if fields := endpoint.fields():
        lines += ["| parameter | what | default |", "|---|---|---|"]
        lines += [_parameter(field) for field in fields]
        lines.append("")
    lines.append(f"Answer: {_answer_text(endpoint)}.\n")
    return "\n".join(lines)


def _needs(endpoint: Endpoint) -> str:
    if endpoint.public:
        return "Needs no sign-in."
    role = f"the role `{endpoint.role}`, " if endpoint.role else ""
    return f"Needs {role}scope `{endpoint.scope}`."


def _parameter(field: FieldInfo) -> str:
    if get_origin(field.type) is tuple:
        what, note = _type(get_args(field.type)[0]), "may be repeated"
    else:
        what, note = _type(field.type), "required" if field.required else _default(field.default)
    return f"| `{field.encode_name}` | {what} | {note} |"


def _default(value: Any) -> str:
    return "" if value is None else f"`{msgspec.json.encode(value).decode()}`"


def _answer(endpoint: Endpoint) -> Any:
    return get_type_hints(endpoint.handler, include_extras=True)["return"]


def _answer_text(endpoint: Endpoint) -> str:
    if endpoint.raw:
        return "bytes, or an error"
    if not endpoint.key:
        return "nothing but success"
    return f"`{endpoint.key}`, {_type(_answer(endpoint))}"


def _object(struct: type[msgspec.Struct]) -> str:
    meaning = inspect.getdoc(struct)
    lines = [f"### {struct.__name__}\n", f"{meaning}\n", "| field | what |", "|---|---|"]
    hints = get_type_hints(struct, include_extras=True)
    for name, key in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        added = OPEN in getattr(hints[name], "__metadata__", ())
        lines.append(f"| {f'*{key}*' if added else f'`{key}`'} | {_type(hints[name])} |")
    return "\n".join([*lines, ""])


def _collect(hint: Any, structs: dict[str, type[msgspec.Struct]]) -> None:
    """The structs that something is made of."""
    for part in get_args(hint):
        _collect(part, structs)
    if _is_struct(hint) and hint.__name__ not in structs:
        structs[hint.__name__] = hint
        for inner in get_type_hints(hint, include_extras=True).values():
            _collect(inner, structs)


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _type(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in (Union, UnionType):
        return " or ".join(_type(part) for part in arguments if part is not NoneType)
    if origin in (tuple, list, Sequence):
        return f"list of {_type(arguments[0])}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return ", ".join(f"`{one.value}`" for one in hint)
    if _is_struct(hint):
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    return _NAMES.get(hint) or " or ".join(f"`{value}`" for value in arguments) or "anything"


if __name__ == "__main__":
    sys.stdout.write(manual())
