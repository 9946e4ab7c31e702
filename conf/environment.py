"""What child processes see of the environment."""

from __future__ import annotations

import os


def without_settings() -> dict[str, str]:
    """The environment but for settings: children are handed those, and need none of the secrets."""
    return {name: text for name, text in os.environ.items() if not name.startswith("DULCIAN_")}
