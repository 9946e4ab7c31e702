"""Who may do what with a folder."""

from __future__ import annotations

import os
from pathlib import Path

from conf.sources import user_name
from library.paths import shown


def unreadable(place: Path) -> str:
    """Which user lacks which right to a music folder, or nothing."""
    above = next((one for one in reversed(place.parents) if not os.access(one, os.X_OK)), None)
    if above is not None:
        return f"The user {user_name()} may not enter {_shown(above)} (right x), on the way to {_shown(place)}."
    if not os.access(place, os.F_OK):
        return f"{_shown(place)} does not exist. Is a disk not mounted?"
    if not place.is_dir():
        return f"{_shown(place)} is not a folder."
    lacking = [
        name for name, right in (("r", os.R_OK), ("x", os.X_OK)) if not os.access(place, right)
    ]
    if lacking:
        return (
            f"The user {user_name()} may not read {_shown(place)} (right {' and '.join(lacking)})."
        )
    return ""


def _shown(place: Path) -> str:
    return shown(os.fsencode(place))
