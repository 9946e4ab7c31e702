"""Where a browser goes after signing in."""

from __future__ import annotations

import re

# A path of ours: "//host" and "/\host" lead elsewhere, control characters are dropped by browsers.
_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local(target: str) -> str:
    """The path that was wanted, if it is one of ours; else the first page."""
    return target if _LOCAL.fullmatch(target) else "/"
