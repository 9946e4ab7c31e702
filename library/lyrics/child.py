"""What reads lyrics in a child of the sandbox: imports neither the database nor an event loop."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from library import paths
from library.lyrics import lrc
from library.lyrics.embedded import words
from library.lyrics.files import LARGEST, open_inside
from library.lyrics.sheet import Answer, Request, Sheet
from library.lyrics.text import clean, decode

_MOST_SHEETS = 16


def read(payload: bytes) -> bytes:
    """Target of the sandbox: a `Request` in, an `Answer` out."""
    request = msgspec.msgpack.decode(payload, type=Request)
    problems: list[str] = []
    sheets = [*_beside(request, problems), *_embedded(request, problems)]
    return msgspec.msgpack.encode(Answer(_choose(sheets), problems))


def _beside(request: Request, problems: list[str]) -> Iterator[Sheet]:
    folder = paths.folder(request.path)
    for name, lang in request.beside:
        try:
            with open_inside(request.root, folder + b"/" + name if folder else name) as file:
                data = file.read(LARGEST + 1)
        except (OSError, ValueError) as error:
            problems.append(f"{paths.shown(name)}: {error}")
            continue
        if len(data) > LARGEST:
            problems.append(f"{paths.shown(name)}: too large")
        elif sheet := lrc.parse(clean(decode(data)), lang):
            yield sheet


def _embedded(request: Request, problems: list[str]) -> Iterator[Sheet]:
    try:
        with open_inside(request.root, request.path) as file:
            for lang, text in words(file):
                if sheet := lrc.parse(clean(text[:LARGEST]), lang):
                    yield sheet
    except Exception as error:  # noqa: BLE001 - hostile input may raise anything
        problems.append(f"{paths.shown(request.path)}: {error or type(error).__name__}")


def _choose(sheets: list[Sheet]) -> list[Sheet]:
    """Those with times first; of each language one with times and one without."""
    ordered = sorted(sheets, key=lambda sheet: not sheet.synced)
    first: dict[tuple[str, bool], Sheet] = {}
    for sheet in ordered:
        first.setdefault((sheet.lang, sheet.synced), sheet)
    return list(first.values())[:_MOST_SHEETS]
