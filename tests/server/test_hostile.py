"""A mob before the door of a real server; `python -m tests.hostile` is the whole of it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.program import ROOT


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.attack("X70", "X71", "X72", "X84")
def test_a_mob_gets_answers_that_are_its_own_fault_and_leaves_nothing_behind() -> None:
    """No 5xx, no request that hangs, no memory, file or process that is kept, a cache within bounds."""
    words = [sys.executable, "-m", "tests.hostile", "400"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
