"""Radio stations: addresses that apps play by themselves. They are everybody's."""

from __future__ import annotations

from db.queries import Executor, Sql
from db.rows import StationRow
from db.words import sort_key

_SQL = Sql("radio")
_ALL = _SQL.rows("all", StationRow)
_ADD = _SQL.value("add", int)
_CHANGE = _SQL.value("change", bool)
_DELETE = _SQL.value("delete", bool)


class Radio:
    """An empty `home_page_url` is none."""

    def __init__(self, on: Executor) -> None:
        self._on = on

    async def all(self) -> list[StationRow]:
        """Sorted by name."""
        return await _ALL(self._on)

    async def add(self, name: str, stream_url: str, home_page_url: str = "") -> int:
        """Add a station; gives its id."""
        station = await _ADD(
            self._on,
            name=name,
            sort_name=sort_key(name, ()),
            stream_url=stream_url,
            home_page_url=home_page_url,
        )
        return station or 0

    async def change(
        self, station: int, name: str, stream_url: str, home_page_url: str = ""
    ) -> bool:
        """Give a station other facts; False: there is none of this id."""
        changed = await _CHANGE(
            self._on,
            station=station,
            name=name,
            sort_name=sort_key(name, ()),
            stream_url=stream_url,
            home_page_url=home_page_url,
        )
        return bool(changed)

    async def delete(self, station: int) -> bool:
        """Remove a station; False: there is none of this id."""
        return bool(await _DELETE(self._on, station=station))
