"""Scans: asked for by anybody, claimed by one node at a time, watched by all."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

from db.queries import Sql
from db.rows import ProblemRow, ScanRow

CHANNEL = "dulcian_scan"
"""Told when a scan is asked for (its id), goes on or ends (nothing)."""
SILENCE = 60.0
"""A running scan that has not been heard of for so many seconds has lost its server."""

_SQL = Sql("scans")
_REQUEST = _SQL.rows("request", ScanRow)
_CLAIM_TURN = _SQL.command("claim_turn")
_CLAIM = _SQL.rows("claim", ScanRow)
_PROGRESS = _SQL.value("progress", bool)
_FINISH = _SQL.command("finish")
_LATEST = _SQL.rows("latest", ScanRow)
_LATEST_WHOLE = _SQL.rows("latest_whole", ScanRow)
_LATEST_ENDED = _SQL.rows("latest_ended", ScanRow)
_GET = _SQL.rows("get", ScanRow)
_ABANDONED = _SQL.value("abandoned", int)
_FORGET = _SQL.command("forget")
_PROBLEMS = _SQL.rows("problems", ProblemRow)


class Scans:
    """The row of a scan is its request, its lease and its report."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def request(
        self,
        library_id: int | None = None,
        *,
        folders: Sequence[bytes] = (),
        complete: bool = False,
        accept_removals: bool = False,
        age: float = 0.0,
    ) -> ScanRow:
        """Ask for a scan, of some folders of a library if any are given.

        One that does the same or more is answered instead: if it waits, or began since what is to be
        seen happened, `age` seconds ago.
        """
        (row,) = await _REQUEST(
            self._pool, library=library_id, folders=list(folders), complete=complete,
            accept=accept_removals, age=age,
        )  # fmt: skip
        return row

    async def claim(self) -> ScanRow | None:
        """Take the next scan, unless one is running anywhere."""
        async with self._pool.acquire() as connection, connection.transaction():
            await _CLAIM_TURN(connection)
            return await _CLAIM.first(connection)

    async def progress(
        self,
        scan_id: int,
        *,
        step: str = "",
        seen: int = 0,
        todo: int = 0,
        read: int = 0,
        added: int = 0,
        changed: int = 0,
        moved: int = 0,
        missing: int = 0,
        broken: int = 0,
    ) -> bool:
        """Say how far a scan is, and that it lives; False: it was given up, and has to stop."""
        return bool(
            await _PROGRESS(
                self._pool, scan=scan_id, step=step, seen=seen, todo=todo, read=read,
                added=added, changed=changed, moved=moved, missing=missing, broken=broken,
            )
        )  # fmt: skip

    async def finish(self, scan_id: int, state: str, message: str) -> None:
        """End a running scan as `done`, `refused` or `failed`, and forget very old ones."""
        await _FINISH(self._pool, scan=scan_id, state=state, message=message)
        await _FORGET(self._pool)

    async def latest(self) -> ScanRow | None:
        """The scan that runs, else the next one waiting, else the last one."""
        return await _LATEST.first(self._pool)

    async def latest_whole(self) -> ScanRow | None:
        """The scan of everything that runs, else the next one waiting, else the last one."""
        return await _LATEST_WHOLE.first(self._pool)

    async def latest_ended(self) -> ScanRow | None:
        """The scan that ended last."""
        return await _LATEST_ENDED.first(self._pool)

    async def get(self, scan_id: int) -> ScanRow | None:
        """One scan."""
        return await _GET.first(self._pool, scan=scan_id)

    async def abandoned(self) -> int:
        """Give up running scans whose server is gone; how many."""
        return await _ABANDONED(self._pool, seconds=SILENCE) or 0

    async def problems(self, limit: int = 500) -> list[ProblemRow]:
        """Files and folders that could not be read."""
        return await _PROBLEMS(self._pool, most=limit)
