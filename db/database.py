"""The database as the rest of the program sees it: one noun beside the other."""

from __future__ import annotations

from functools import partial

import asyncpg

from conf import Settings
from db.albums import Albums
from db.annotations import Annotations
from db.artists import Artists
from db.audit import Audit
from db.avatars import Avatars
from db.bookmarks import Bookmarks
from db.bundles import Bundles
from db.bus import Bus
from db.catalog import Catalog
from db.chat import Chat
from db.credentials import Credentials
from db.folders import Folders
from db.genres import Genres
from db.identities import Identities
from db.jukebox import Jukebox
from db.keys import KeyStore
from db.libraries import Libraries
from db.loudness import Loudnesses
from db.names import Names
from db.pictures import Pictures
from db.playlist_files import PlaylistFiles
from db.playlist_pictures import PlaylistPictures
from db.playlists import Playlists
from db.plays import Plays
from db.podcasts import Podcasts
from db.pool import create_pool
from db.queue import Queue
from db.radio import Radio
from db.scans import Scans
from db.sealing import Sealing
from db.search import Search
from db.sessions import Sessions
from db.shares import Shares
from db.similarity import Similarity
from db.smart import Smart
from db.state import State
from db.tracks import Tracks
from db.tries import Tries
from db.users import Users
from db.videos import Videos
from db.vocabulary import Vocabulary


class Database:
    """A pool, and the nouns that speak through it."""

    def __init__(self, pool: asyncpg.Pool, bus: Bus, settings: Settings) -> None:
        self.sealing = Sealing(pool, bus, KeyStore(settings))
        secrets = self.sealing.box
        account = secrets if settings.auth.account_password_in_apps else None
        told = partial(bus.tell, "dulcian_users")
        self.pool = pool
        self.bus = bus
        self.vocabulary = Vocabulary(pool, bus)
        self.secrets = secrets
        self.albums = Albums(pool)
        self.annotations = Annotations(pool)
        self.artists = Artists(pool)
        self.audit = Audit(pool, settings.auth.audit_days)
        self.avatars = Avatars(pool, told)
        self.bookmarks = Bookmarks(pool)
        self.bundles = Bundles(pool)
        self.catalog = Catalog(pool)
        self.chat = Chat(pool)
        self.credentials = Credentials(pool, account, told)
        self.folders = Folders(pool)
        self.genres = Genres(pool)
        self.identities = Identities(pool)
        self.jukebox = Jukebox(pool)
        self.libraries = Libraries(pool)
        self.loudness = Loudnesses(pool)
        self.pictures = Pictures(pool)
        self.names = Names(pool)
        self.playlist_files = PlaylistFiles(pool)
        self.playlist_pictures = PlaylistPictures(pool)
        self.plays = Plays(pool)
        self.podcasts = Podcasts(pool)
        self.queue = Queue(pool)
        self.radio = Radio(pool)
        self.scans = Scans(pool)
        self.search = Search(pool, self.vocabulary, settings.library.ignored_articles)
        self.sessions = Sessions(pool, settings.auth)
        self.shares = Shares(pool, secrets)
        self.similarity = Similarity(pool)
        self.state = State(pool)
        self.tracks = Tracks(pool)
        self.tries = Tries(pool, settings.auth)
        self.users = Users(pool, account, told)
        self.smart = Smart(pool, self.users)
        self.playlists = Playlists(pool, self.smart)
        self.videos = Videos(pool)

    @classmethod
    async def open(cls, dsn: str, settings: Settings, *, bulk: bool = False) -> Database:
        """Connect to a migrated database; `bulk` as for a scan. Raises WrongKeyError.

        That is when the secrets in it are sealed with another key.
        """
        pool = await create_pool(dsn, settings.database, bulk=bulk)
        database = cls(pool, Bus(dsn), settings)
        try:
            await database.sealing.start()
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Give back every connection."""
        await self.bus.close()
        await self.pool.close()
