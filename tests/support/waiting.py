"""Time goes by for who has to wait, and for nobody else."""

from __future__ import annotations

from db.database import Database

_PASS = """
    update tries set last = last - make_interval(secs => $1), until = until - make_interval(secs => $1)
"""


async def let_pass(database: Database, seconds: float) -> None:
    """What was counted was counted so much earlier."""
    await database.pool.execute(_PASS, seconds)
    waits = database.tries._waits
    waits.update({key: until - seconds for key, until in waits.items()})
