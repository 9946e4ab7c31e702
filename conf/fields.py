"""Every setting by its dotted name, and how text becomes its value."""

from __future__ import annotations

import math
import os
import types
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from conf.settings import MusicFolder, Secret, Settings

Raw: TypeAlias = "str | list[Raw] | dict[str, Raw]"
"""What sources give: texts, lists and mappings of texts."""

_TRUE, _FALSE = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}
_WORDS: dict[Any, str] = {
    str: "a text", Secret: "a text", Path: "a path",
    bool: "true or false", int: "a whole number", float: "a number",
}  # fmt: skip


@dataclass(frozen=True)
class Field:
    """A setting: `library.scan_interval`, its type and its default."""

    name: str
    type: Any
    default: Any

    @property
    def bare(self) -> Any:
        """The type without bounds and without `| None`."""
        kind = get_args(self.type)[0] if get_origin(self.type) is Annotated else self.type
        if get_origin(kind) in {Union, types.UnionType}:
            (kind,) = (part for part in get_args(kind) if part is not type(None))
        return kind

    @property
    def is_list(self) -> bool:
        return get_origin(self.bare) is tuple

    @property
    def folders(self) -> bool:
        """A list of music folders, not of texts."""
        return self.is_list and get_args(self.bare)[0] is MusicFolder

    @property
    def text(self) -> bool:
        return self.bare in {str, Secret}

    @property
    def secret(self) -> bool:
        return self.bare is Secret

    @property
    def variable(self) -> str:
        """The name in the environment."""
        return "DULCIAN_" + self.name.replace(".", "__").upper()

    @property
    def expects(self) -> str:
        """What may be written, in words: `a whole number from 1 to 64`."""
        if get_origin(self.bare) is Literal:
            return "one of " + ", ".join(get_args(self.bare))
        if self.folders:
            return "a list of folders, each a path, or `path` and `name`"
        return "a list of texts" if self.is_list else _WORDS[self.bare] + _bounds(self.type)


def _bounds(kind: Any) -> str:
    metas = [part for part in get_args(kind) if isinstance(part, Meta)]
    low = next((meta.ge for meta in metas if meta.ge is not None), None)
    high = next((meta.le for meta in metas if meta.le is not None), None)
    if high is not None:
        return f" from {low} to {high}"
    return "" if low is None else f" of at least {low}"


def _fields() -> dict[str, Field]:
    found = {}
    for section, kind in get_type_hints(Settings).items():
        typed = get_type_hints(kind, include_extras=True)
        for info in msgspec.structs.fields(kind):
            name = f"{section}.{info.name}"
            found[name] = Field(name, typed[info.name], info.default)
    return found


FIELDS = _fields()
"""All settings, in the order of the manual."""
SECTIONS = tuple(get_type_hints(Settings))


def suggestion(word: str, known: list[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def absolute(text: str | Path, folder: Path) -> Path:
    """A path with `~` filled in and without `..`; a relative one counts from the folder."""
    return Path(os.path.normpath(folder / Path(text).expanduser()))


def convert(field: Field, value: Raw, folder: Path) -> Any:
    """The setting's value; a ValueError says in words what is wrong with what was written."""
    try:
        return _list(field, value, folder) if field.is_list else _scalar(field, value, folder)
    except (msgspec.ValidationError, TypeError, OverflowError):
        shown = "what is given" if field.secret else repr(value)
        raise ValueError(f"{field.name} must be {field.expects}, not {shown}") from None


def _scalar(field: Field, value: Raw, folder: Path) -> Any:
    if not isinstance(value, str):
        raise TypeError
    if field.text:
        return field.bare(value)
    if field.bare is Path:
        return absolute(value, folder)
    if field.bare is bool:
        return _truth(value.strip().lower())
    number = msgspec.convert(value.strip(), field.type, strict=False)
    if isinstance(number, float) and not math.isfinite(number):
        raise TypeError
    return number


def _truth(word: str) -> bool:
    if word not in _TRUE | _FALSE:
        raise TypeError
    return word in _TRUE


def _list(field: Field, value: Raw, folder: Path) -> tuple[Any, ...]:
    items = [] if value == "" else value
    if not isinstance(items, list):
        raise TypeError
    if field.folders:
        return tuple(_music_folder(item, folder) for item in items)
    return msgspec.convert(items, tuple[str, ...])


def _music_folder(item: Raw, folder: Path) -> MusicFolder:
    named = {"path": item} if isinstance(item, str) else item
    if not isinstance(named, dict) or not named.get("path"):
        raise TypeError
    for key in named.keys() - {"path", "name"}:
        hint = suggestion(key, ["path", "name"])
        raise ValueError(f"library.folders: a folder has no '{key}'{hint}")
    path, name = named["path"], named.get("name", "")
    if not (isinstance(path, str) and isinstance(name, str)):
        raise TypeError
    return MusicFolder(path=absolute(path, folder), name=name)
