"""Files that hold secrets, and who else may read them."""

from __future__ import annotations

import stat
from pathlib import Path

_MOUNTED = Path("/run/secrets")
"""Where container engines put secrets, readable to all; in a container there is nobody else."""


def is_exposed(path: Path) -> bool:
    """Whether every user of this machine may read a file: it, and each folder above it."""
    if path.is_relative_to(_MOUNTED):
        return False
    try:
        real = path.resolve(strict=True)
        return _others(real, stat.S_IROTH) and all(_others(up, stat.S_IXOTH) for up in real.parents)
    except OSError:
        return False


def _others(path: Path, right: int) -> bool:
    return bool(path.stat().st_mode & right)
