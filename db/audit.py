"""Who came in, from where, and who changed which account: a line in the log, and a row for a while."""

from __future__ import annotations

import time
from typing import Literal, NamedTuple

import structlog

from db.errors import DatabaseError
from db.queries import Executor, Sql
from db.rows import AuditRow
from db.users import name_key

log = structlog.get_logger()

Outcome = Literal["done", "refused", "held"]
"""`held`: nothing was looked at, for there were too many tries."""

_SQL = Sql("audit")
_ADD = _SQL.command("add")
_PAGE = _SQL.rows("page", AuditRow)
_SWEEP = _SQL.command("sweep")

_SWEEP_EVERY = 3600.0
_MOST_REFUSED = 100_000
_LONGEST = 100
_HELD_EVERY = 10.0
_REMEMBERED = 1000


class By(NamedTuple):
    """Who did it, or said to be them; from where, and which way."""

    name: str
    address: str
    way: str


class Audit:
    """The one place that writes of sign-ins and accounts. Rows are kept for `days`, or not at all."""

    def __init__(self, pool: Executor, days: int) -> None:
        self._pool, self.days = pool, days
        self._swept = -_SWEEP_EVERY
        self._held: dict[str, float] = {}

    async def note(
        self, event: str, by: By, *, outcome: Outcome = "done", subject: str = "", detail: str = ""
    ) -> None:
        """Write it down. What was done stays done when the database does not take the row.

        A name may be anybody's invention: the address stands before it in the line, which
        docs/security.md has a pattern for. Who does not wait when told to is told of now and then.
        """
        if outcome == "held" and self._told_lately(by.address):
            return
        actor, subject = by.name[:_LONGEST], subject[:_LONGEST]
        tell = log.info if outcome == "done" else log.warning
        told = {"outcome": outcome, "address": by.address, "way": by.way, "actor": actor}
        rest = {"subject": subject, "detail": detail}
        tell(event, **told, **{name: text for name, text in rest.items() if text})
        if self.days and outcome != "held":
            given = told | rest | {"event": event, "key": name_key(actor)}
            try:
                await _ADD(self._pool, **{name: _storable(text) for name, text in given.items()})
                await self._sweep_now_and_then()
            except DatabaseError as error:
                log.error("a line of the audit log is not kept", error=str(error))

    def _told_lately(self, address: str) -> bool:
        now = time.monotonic()
        if self._held.get(address, 0.0) > now:
            return True
        if len(self._held) >= _REMEMBERED:
            self._held.clear()
        self._held[address] = now + _HELD_EVERY
        return False

    async def page(self, count: int, before: int | None = None) -> list[AuditRow]:
        """So many lines, the newest first; `before` is the id of the last of the page before."""
        return await _PAGE(self._pool, count=count, before=before)

    async def sweep(self, most_refused: int = _MOST_REFUSED) -> None:
        """Forget what is old, and of many refusals the oldest: they push nothing else out."""
        await _SWEEP(self._pool, days=self.days, most=most_refused)

    async def _sweep_now_and_then(self) -> None:
        if time.monotonic() - self._swept >= _SWEEP_EVERY:
            self._swept = time.monotonic()
            await self.sweep()


def _storable(text: str) -> str:
    """PostgreSQL has no NUL in text, and surrogates have no UTF-8."""
    return text.replace("\0", "�").encode("utf-8", "replace").decode()
