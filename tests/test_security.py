"""The page on security says what the suite plays."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs/security.md").read_text(encoding="utf-8")
LISTED, _, _ = PAGE.partition("## Not there yet")
_ROW = re.compile(r"^\| (X\d\d) \|", re.MULTILINE)


def _marks() -> Iterator[str]:
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.attack":
                yield from (ast.literal_eval(one) for one in node.args)


def test_every_attack_on_the_page_is_played_and_no_other() -> None:
    assert set(_marks()) == set(_ROW.findall(LISTED))


def test_no_attack_is_listed_twice() -> None:
    rows = _ROW.findall(PAGE)
    assert sorted(set(rows)) == sorted(rows)
