"""What programs that watch the log find in it, and the command that prints the audit log."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import structlog

from conf.settings import Logging
from db.audit import Audit, By
from db.database import Database
from server import logs
from server.commands.audit import _line
from tests.server.test_logs import Capture, _as_before  # noqa: F401

PAGE = (Path(__file__).parents[2] / "docs/security.md").read_text(encoding="utf-8")
PATTERNS = re.findall(r"^ +failregex = (.+)$|^ +(\^.+)$", PAGE, re.MULTILINE)
GUESSER = "203.0.113.5"
FORGED = (
    "192.0.2.66",
    'x","address":"192.0.2.66","way":"app',
    "x address=192.0.2.66 way=app",
    "x\n18:40:14 [warning  ] sign-in outcome=refused address=192.0.2.66 way=app",
    'x\r\n{"timestamp":"","level":"warning","event":"sign-in","outcome":"refused","address":"192.0.2.66"',
    "\u2028\u202e\x1b[2K\udcff\0",
)


def banned(line: str) -> set[str]:
    """Whom the patterns of the page name, as fail2ban reads them: the time is cut out before."""
    found = set()
    without_time = re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|^\d\d:\d\d:\d\d", "", line)
    for one in PATTERNS:
        pattern = "".join(one).replace("<HOST>", r"(?P<host>[0-9a-fA-F:.]+)")
        for text in (line, without_time):
            found |= {match["host"] for match in re.finditer(pattern, text)}
    return found


@pytest.mark.parametrize("format_", ["json", "console"])
@pytest.mark.attack("X09", "X39")
async def test_each_refusal_names_the_address_it_came_from_and_no_other(
    capsys: Capture, format_: str, database: Database
) -> None:
    assert len(PATTERNS) == 2
    logs.configure(Logging(format=format_))  # type: ignore[arg-type]
    audit = Audit(database.pool, 1)
    capsys.readouterr()
    for at, name in enumerate(FORGED):
        await audit.note("sign-in", By(name, GUESSER, "app"), outcome="refused")
        await audit.note("sign-in", By(name, f"2001:db8::{at}", "page"), outcome="held")
        await audit.note("user changed", By(name, "192.0.2.66", "page"), subject=name, detail=name)
        await audit.note("sign-in", By(name, "192.0.2.66", "page"))
        structlog.get_logger().warning("sign-ins", user=name)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 5 * len(FORGED)
    named = [banned(line) for line in lines]
    for at in range(len(FORGED)):
        assert named[5 * at : 5 * at + 5] == [{GUESSER}, {f"2001:db8::{at}"}, set(), set(), set()]


@pytest.mark.attack("X39")
async def test_the_command_prints_one_line_for_each(database: Database) -> None:
    await database.audit.note("sign-in", By("a\nb\tc", GUESSER, "app"), outcome="refused")
    (row,) = await database.audit.page(9)
    columns = _line(row).split("\t")
    assert columns[1:6] == ["sign-in", "refused", "app", GUESSER, "a\\nb\\tc"]
