"""What every page needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aiohttp import web

from conf.settings import Settings
from db.database import Database
from web.assets import Assets
from web.doorman import Doorman


class Services(Protocol):
    """What this room asks of the program."""

    @property
    def settings(self) -> Settings: ...
    @property
    def db(self) -> Database: ...


@dataclass(frozen=True)
class Site:
    """The parts that are made once and used by every page."""

    settings: Settings
    db: Database
    assets: Assets
    doorman: Doorman


SITE = web.AppKey("site", Site)
