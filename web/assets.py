"""Our own style sheet, script and pictures, kept in memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import resources

_TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Asset:
    """One file; `version` changes with its contents."""

    body: bytes
    content_type: str
    version: str


class Assets:
    """The files of `web/static`, by name."""

    def __init__(self) -> None:
        folder = resources.files("web") / "static"
        self._files = {
            file.name: _asset(file.read_bytes(), _TYPES[kind])
            for file in folder.iterdir()
            if (kind := file.name.rpartition(".")[2]) in _TYPES
        }

    def get(self, name: str) -> Asset | None:
        return self._files.get(name)

    def url(self, name: str) -> str:
        """The address of a file; it holds the version, so that it may be kept for ever."""
        return f"/static/{name}?v={self._files[name].version}"


def _asset(body: bytes, content_type: str) -> Asset:
    return Asset(body, content_type, hashlib.sha256(body).hexdigest()[:12])
