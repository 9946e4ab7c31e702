"""What fills the database: walking music folders, reading tags, knowing songs again.

`scan` runs one scan that was asked for. Whatever parses a file for the first time (`library.tags`,
`library.artwork.embedded`) runs in a child with limits, so this door imports nothing heavy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from conf import Settings
    from db.database import Database
    from db.rows import ScanRow

__all__ = ["Sandbox", "scan"]


class Sandbox(Protocol):
    """Runs `module:function` on bytes in a process that may die."""

    async def call(self, target: str, payload: bytes, *, timeout: float = 30) -> bytes: ...  # noqa: ASYNC109


async def scan(db: Database, settings: Settings, job: ScanRow, sandbox: Sandbox) -> None:
    """Run a claimed scan to its end; how it went stands in its row, whatever happens."""
    from library.scanner import run

    await run(db, settings, job, sandbox)
