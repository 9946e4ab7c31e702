"""Answers about radio stations."""

from __future__ import annotations

from collections.abc import Sequence

from subsonic.models.base import Model


class InternetRadioStation(Model, frozen=True, kw_only=True):
    """A station; the app plays its address by itself."""

    id: str
    name: str
    stream_url: str
    home_page_url: str | None = None


class InternetRadioStations(Model, frozen=True, kw_only=True):
    """All stations."""

    internet_radio_station: Sequence[InternetRadioStation]
