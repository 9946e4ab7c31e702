"""Who came in and who changed what is written down once, in the log and in the database."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from db.audit import Audit, By
from db.database import Database

ANN = By("ann", "192.0.2.1", "page")


@pytest.fixture
def audit(database: Database) -> Audit:
    return database.audit


async def column(database: Database, name: str) -> list[Any]:
    return [row[name] for row in await database.pool.fetch("select * from audit order by id")]


async def test_a_line_says_who_did_what_from_where_and_the_newest_comes_first(audit: Audit) -> None:
    with capture_logs() as lines:
        await audit.note("sign-in", ANN)
        await audit.note("user changed", ANN, subject="bob", detail="+share")
        await audit.note("sign-in", ANN, outcome="refused")
    shape = {"outcome": "done", "address": "192.0.2.1", "way": "page", "actor": "ann"}
    assert [list(line)[: len(shape)] for line in lines] == [list(shape)] * 3
    assert lines[1] == shape | {
        "subject": "bob", "detail": "+share", "event": "user changed", "log_level": "info"
    }  # fmt: skip
    assert lines[2]["log_level"] == "warning"
    rows = await audit.page(2)
    assert [(row.event, row.outcome) for row in rows] == [
        ("sign-in", "refused"), ("user changed", "done"),
    ]  # fmt: skip
    assert (rows[1].actor, rows[1].subject, rows[1].detail) == ("ann", "bob", "+share")
    assert [row.event for row in await audit.page(2, rows[1].id)] == ["sign-in"]


@pytest.mark.attack("X09", "X39")
async def test_names_are_anybodys_invention(audit: Audit, database: Database) -> None:
    for name in ("a\0b", "\udcff", "x" * 1_000_000, "'; drop table audit; --"):
        await audit.note("sign-in", By(name, "192.0.2.1", "app"), outcome="refused")
    assert [len(name) for name in await column(database, "actor")] == [3, 1, 100, 23]


@pytest.mark.attack("X09", "X93")
async def test_lines_are_forgotten_after_a_while_and_refusals_push_nothing_else_out(
    audit: Audit, database: Database
) -> None:
    await audit.note("sign-in", ANN)
    await database.pool.execute("update audit set at = now() - interval '91 days'")
    await audit.note("user deleted", ANN, subject="bob")
    for number in range(6):
        await audit.note("sign-in", By(f"name {number}", "192.0.2.1", "app"), outcome="refused")
    await audit.sweep(most_refused=2)
    assert await column(database, "actor") == ["ann", "name 4", "name 5"]
    assert (await column(database, "event"))[0] == "user deleted"


@pytest.mark.attack("X93")
async def test_of_somebody_who_is_gone_no_address_stays(audit: Audit, database: Database) -> None:
    await database.users.add("root", "correct horse", admin=True)
    await database.users.add("Ann", "correct horse")
    await audit.note("sign-in", ANN)
    await audit.note("sign-in", By("ANN", "198.51.100.7", "app"), outcome="refused")
    await audit.note("sign-in", By("root", "192.0.2.9", "page"))
    await database.users.delete("ann")
    assert await column(database, "address") == ["", "", "192.0.2.9"]
    assert await column(database, "actor") == ["ann", "ANN", "root"]


async def test_what_is_held_back_is_a_line_now_and_then_and_no_row(audit: Audit) -> None:
    with capture_logs() as lines:
        for _ in range(100):
            for address in ("192.0.2.1", "192.0.2.2"):
                await audit.note("sign-in", By("ann", address, "app"), outcome="held")
    assert [line["address"] for line in lines] == ["192.0.2.1", "192.0.2.2"]
    assert await audit.page(9) == []


async def test_with_no_days_nothing_is_kept(database: Database) -> None:
    audit = Audit(database.pool, 0)
    with capture_logs() as lines:
        await audit.note("sign-in", ANN)
    assert len(lines) == 1
    assert await audit.page(9) == []


async def test_what_was_done_stays_done_without_the_database(
    audit: Audit, database: Database
) -> None:
    await database.close()
    with capture_logs() as lines:
        await audit.note("user deleted", ANN, subject="bob")
    assert [line["event"] for line in lines] == [
        "user deleted", "a line of the audit log is not kept",
    ]  # fmt: skip
