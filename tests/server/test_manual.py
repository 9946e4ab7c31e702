"""The manual and the example say what the program does."""

from __future__ import annotations

from pathlib import Path

import pytest

from conf import load
from conf.fields import FIELDS
from server.manual import chapters, example, manual

ROOT = Path(__file__).parents[2]


def test_the_manual_is_up_to_date() -> None:
    """`make docs` writes it."""
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == manual()


def test_the_example_is_up_to_date() -> None:
    """`python -m server.manual --example > conf/defaults.yaml` writes it."""
    assert (ROOT / "conf/defaults.yaml").read_text(encoding="utf-8") == example()


def test_the_example_says_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Who copies the file whole changes nothing."""
    monkeypatch.chdir(tmp_path)
    assert load(ROOT / "conf/defaults.yaml", {}, {}).settings == load(None, {}, {}).settings


def test_every_setting_is_documented() -> None:
    """A field without a text below it is a mistake."""
    entries = [entry for chapter in chapters() for entry in chapter.entries]
    assert [field.name for field, _ in entries] == list(FIELDS)
    assert [field.name for field, meaning in entries if not meaning] == []
    assert [chapter.name for chapter in chapters() if not chapter.meaning] == []
