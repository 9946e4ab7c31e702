"""What the names of picture files say: which one shows an album, which an artist."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Collection, Iterable, Sequence

from conf.settings import Library
from library import paths

EMBEDDED = "embedded"
"""In the list of names, the place of pictures in tags."""


class CoverNames:
    """The list of names in the settings, best first."""

    def __init__(self, settings: Library) -> None:
        names = [name.lower() for name in settings.cover_names]
        self._embedded = names.index(EMBEDDED) if EMBEDDED in names else len(names)
        self._patterns = [
            (rank, re.compile(fnmatch.translate(name)).fullmatch)
            for rank, name in enumerate(names)
            if name != EMBEDDED
        ]
        self._artists = os.fsencode(settings.artist_pictures.strip("/"))

    def is_portrait(self, path: bytes) -> bool:
        """Whether a picture shows an artist."""
        return paths.stem(path).lower() == paths.PORTRAIT.encode() or self.in_gallery(path)

    def in_gallery(self, path: bytes) -> bool:
        """Whether a picture is named after the artist it shows."""
        return bool(self._artists) and paths.folder(path) == self._artists

    def after_embedded(self, path: bytes) -> bool:
        """Whether a picture in the tags comes before this cover file."""
        rank = self._rank(path)
        return rank is not None and rank[0] > self._embedded

    def notable(self, pictures: Iterable[bytes]) -> list[bytes]:
        """Of the pictures in one folder, what is looked at: the best cover, the best portrait."""
        covers, portraits, gallery = [], [], []
        for path in pictures:
            if self.in_gallery(path):
                gallery.append(path)
            elif self.is_portrait(path):
                portraits.append((paths.PICTURES.index(paths.suffix(path)), path))
            elif rank := self._rank(path):
                covers.append((rank, path))
        return gallery + [min(found)[1] for found in (covers, portraits) if found]

    def covers(self, pictures: Iterable[bytes], albums: Collection[bytes]) -> dict[bytes, bytes]:
        """The cover of each folder: in it, else in a folder for pictures below it.

        Of folders with one cover and one portrait each; `albums` are folders with songs.
        """
        best: dict[bytes, tuple[bool, tuple[int, int], bytes]] = {}
        for path in pictures:
            rank = None if self.is_portrait(path) else self._rank(path)
            if rank is None:
                continue
            folder = paths.folder(path)
            shown = [(folder, False)]
            if paths.is_for_pictures(folder) and folder not in albums:
                shown.append((paths.folder(folder), True))
            for where, below in shown:
                found = (below, rank, path)
                best[where] = min(best.get(where, found), found)
        return {folder: path for folder, (_, _, path) in best.items()}

    def _rank(self, path: bytes) -> tuple[int, int] | None:
        """How good a cover file is by its name; None: it is none."""
        name = os.fsdecode(path.rpartition(b"/")[2]).lower()
        stem, _, suffix = name.rpartition(".")
        if suffix not in paths.PICTURES:
            return None
        for rank, matches in self._patterns:
            if matches(stem) or matches(name):
                return rank, paths.PICTURES.index(suffix)
        return None


def folders_shown_by(pictures: Sequence[bytes]) -> set[bytes]:
    """The folders whose cover these may be."""
    folders = {paths.folder(path) for path in pictures}
    return folders | {paths.folder(folder) for folder in folders if paths.is_for_pictures(folder)}
