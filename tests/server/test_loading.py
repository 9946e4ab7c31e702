"""What an idle server does not load."""

from __future__ import annotations

import json
import subprocess
import sys


def test_what_signs_in_elsewhere_is_loaded_when_somebody_does() -> None:
    """A small computer without a provider or a directory has no memory to spare for them."""
    look = "import json, sys, server.app; print(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", look], capture_output=True, check=True)
    loaded = {name.partition(".")[0] for name in json.loads(answer.stdout)}
    assert "aiohttp" in loaded
    assert not loaded & {"joserfc", "sansldap"}
