"""What every page needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import web

from conf.settings import Settings
from db.database import Database
from streaming import Images, Streamer
from web.assets import Assets
from web.doorman import Doorman
from web.provider import Provider


class Services(Protocol):
    """What this room asks of the program."""

    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...
    @property
    def streamer(self) -> Streamer: ...
    @property
    def images(self) -> Images: ...


@dataclass(frozen=True)
class Site:
    """The parts that are made once and used by every page."""

    settings: Settings
    db: Database
    streamer: Streamer
    images: Images
    assets: Assets
    doorman: Doorman
    provider: Provider | None
    uploading: set[int] = field(default_factory=set)
    """The users whose picture is being received."""


SITE = web.AppKey("site", Site)
