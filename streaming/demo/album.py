"""The demo album as files: songs in several formats, their tags, a cover."""

from __future__ import annotations

import multiprocessing
import os
import shutil
from pathlib import Path

from streaming.demo import cover
from streaming.demo.pieces import pieces
from streaming.demo.studio import record

ARTIST = "Dulcian Ensemble"
ALBUM = "Small Hours"
YEAR = "2026"


class DemoError(Exception):
    """A song could not be made: a full disk, or a library without one of the encoders."""


def make_album(folder: Path) -> None:
    """Fill a new folder with the album; leave one that is there alone.

    Either the whole album is there afterwards or, when something fails, no folder at all.
    The files of the same version of Dulcian and its libraries are always the same.
    """
    if folder.exists():
        return
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)  # what a killed run left behind
    album = part / ARTIST / ALBUM
    album.mkdir(parents=True)
    try:
        _record_all(album)
        cover.draw(album / "cover.jpg", ALBUM, ARTIST)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _record_all(album: Path) -> None:
    """Every processor core plays its share; a share ends by itself, whatever becomes of us."""
    cores = min(os.cpu_count() or 1, 4)
    spawn = multiprocessing.get_context("spawn")  # safe whatever threads the caller has
    players = [
        spawn.Process(target=_record_share, args=(album, first, cores), daemon=True)
        for first in range(cores)
    ]
    for player in players:
        player.start()
    for player in players:
        player.join()
    if any(player.exitcode for player in players):
        raise DemoError("The demo album could not be made; what went wrong stands above.")


def _record_share(album: Path, first: int, step: int) -> None:
    for index in range(first, len(pieces()), step):
        _record(index, album)


def _record(index: int, album: Path) -> None:
    songs = pieces()
    song, number = songs[index], index + 1
    tags = {
        "title": song.title,
        "artist": ARTIST,
        "album": ALBUM,
        "album_artist": ARTIST,
        "track": f"{number}/{len(songs)}",
        "date": YEAR,
        "genre": song.genre,
        "composer": "Dulcian",
    }
    record(song, album / f"{number:02} {song.title}.{song.suffix}", tags)
