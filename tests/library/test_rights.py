from __future__ import annotations

import os
from pathlib import Path

import pytest

from library.rights import unreadable


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Perhaps it is a disk."""
    assert "Is a disk not mounted?" in unreadable(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    assert "is not a folder" in unreadable(tmp_path / "file")
    assert unreadable(tmp_path) == ""


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_who_lacks_which_right_is_told(tmp_path: Path) -> None:
    """To the folder itself, or to one on the way."""
    closed = tmp_path / "closed"
    (closed / "music").mkdir(parents=True)
    closed.chmod(0o600)
    try:
        assert f"may not enter {closed} (right x)" in unreadable(closed / "music")
        closed.chmod(0o300)
        assert f"may not read {closed} (right r)" in unreadable(closed)
    finally:
        closed.chmod(0o700)
