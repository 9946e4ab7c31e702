"""A small library that has one of everything, scanned once per process and cloned for each test.

Music/                          the library everybody sees
├── Loose.mp3                   Ada · Loose           in no album folder
├── Ada/
│   ├── First/    cover.png     2001, Rock
│   │   ├── 01 Alpha.mp3        Rock
│   │   ├── 02 Beta.flac        Rock, Jazz
│   │   └── 02 Beta.lrc         its words
│   └── Early/                  1999, Jazz, no cover
│       └── 01 Gamma.mp3
├── The Bärs/
│   └── Ünder/                  2010, Classical, two discs
│       ├── 1-01 Dvořák.opus
│       └── 2-01 Émigré.m4a
└── Various/
    ├── Film.mp4                12 s, in English and French
    ├── Film.en.srt             its captions
    └── Mixed/                  2005, a compilation
        ├── 01 One.mp3          Ada
        └── 02 Two.mp3          Cyd feat. Dee
Hidden/                         the library of the administrator alone
└── Secret/
    ├── Hidden film.mkv
    └── Vault/01 Secret.mp3     Eve, 2020, Secret Genre, with a picture inside
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import Image

from conf.settings import Data, MusicFolder, Settings
from db.database import Database
from library import scan
from tests.support import postgres, videos
from tests.support.audio import Song, write
from tests.support.pictures import picture
from tests.support.sandboxes import ThreadSandbox

ADMIN = ("admin", "Pässw0rd")
GUEST = ("guest", "guest-pass")
TEMPLATE = "shelf"
LYRICS = """[la:eng]
[offset:+100]
[00:01.00]v1:<00:01.00>Bé <00:01.50>ta<00:02.00>
[00:02.50]v2:<00:02.50>Two
[00:03.00]
[00:04.00]End
"""


@dataclass(frozen=True)
class Shelf:
    """Where the library is, and the settings its database was made with."""

    music: Path
    settings: Settings


def make(root: Path, admin_url: str) -> Shelf:
    """Write the files, and make the template database that knows them."""
    _write(root)
    settings = Settings(data=Data(dir=root / "data"))
    settings.data.dir.mkdir()
    postgres.run(
        admin_url, f"create database {TEMPLATE} template {postgres.TEMPLATE} owner dulcian"
    )
    dsn = postgres.as_role(postgres.on_database(admin_url, TEMPLATE))
    asyncio.run(_scan(dsn, root, settings))
    return Shelf(root / "Music", settings)


def _write(root: Path) -> None:
    music, hidden = root / "Music", root / "Hidden"
    ada = Song(artist="Ada", album="First", date="2001")
    songs = {
        "Loose.mp3": _song(ada, "Loose", album="Loose", date=""),
        "Ada/First/01 Alpha.mp3": _song(ada, "Alpha", 1, genre="Rock", seconds=3),
        "Ada/First/02 Beta.flac": _song(ada, "Beta", 2, genre=["Rock", "Jazz"], seconds=6),
        "Ada/Early/01 Gamma.mp3": _song(ada, "Gamma", 1, album="Early", date="1999", genre="Jazz"),
        "The Bärs/Ünder/1-01 Dvořák.opus": _bears("Dvořák", 1),
        "The Bärs/Ünder/2-01 Émigré.m4a": _bears("Émigré", 2),
        "Various/Mixed/01 One.mp3": _mixed("One", 1, "Ada"),
        "Various/Mixed/02 Two.mp3": _mixed("Two", 2, "Cyd feat. Dee"),
    }
    for name, song in songs.items():
        write(music / name, song)
    videos.write(music / "Various/Film.mp4", languages=("eng", "fra"))
    (music / "Various/Film.en.srt").write_text(videos.CAPTIONS)
    videos.write(hidden / "Secret/Hidden film.mkv", 1)
    Image.new("RGB", (600, 400), "teal").save(music / "Ada/First/cover.png")
    (music / "Ada/First/02 Beta.lrc").write_text(LYRICS)
    secret = Song(title="Secret", artist="Eve", album="Vault", date="2020", genre="Secret Genre")
    write(
        hidden / "Secret/Vault/01 Secret.mp3",
        _song(secret, "Secret", 1, picture=picture(64, 64, "PNG")),
    )


def _song(base: Song, title: str, track: int = 0, **more: Any) -> Song:
    return replace(base, title=title, track=track, **more)


def _bears(title: str, disc: int) -> Song:
    return Song(
        title=title, artist="The Bärs", album="Ünder", track=1, disc=disc, date="2010", genre="Classical"
    )  # fmt: skip


def _mixed(title: str, track: int, artist: str) -> Song:
    return Song(
        title=title, artist=artist, album="Mixed", albumartist="Various Artists", track=track,
        date="2005", compilation=True,
    )  # fmt: skip


async def _scan(dsn: str, root: Path, settings: Settings) -> None:
    database = await Database.open(dsn, settings)
    try:
        folders = [MusicFolder(path=root / name) for name in ("Music", "Hidden")]
        libraries = await database.libraries.sync(folders)
        await database.users.add(*ADMIN, admin=True)
        guest = await database.users.add(*GUEST)
        music = next(row.id for row in libraries if row.name == "Music")
        await database.pool.execute(
            "update users set all_libraries = false where id = $1", guest.id
        )
        await database.pool.execute("insert into user_libraries values ($1, $2)", guest.id, music)
        await database.scans.request()
        job = await database.scans.claim()
        assert job is not None
        await scan(database, settings, job, ThreadSandbox())
        done = await database.scans.latest()
        assert done is not None
        assert (done.state, done.added, done.broken) == ("done", 11, 0), done.message
    finally:
        await database.close()
