"""Values that stand in instructions and examples until somebody puts their own in."""

from __future__ import annotations

import re
from itertools import pairwise

_DECORATION = re.compile(r"[\s_\-.<>\[\]{}()$%!]+")
_PLACEHOLDER = re.compile(
    r"(please|must|todo)*(change|replace)((me|it|this|that|with|before)\w*)?"
    r"|(put|insert|enter|add|type|set|generate)?(an?|my|the|your)\w*"
    r"(password|passwd|secret|key|token|value)(here)?"
    r"|(password|secret|key|token|value)here"
    r"|placeholder\w*|example\w*|dummy|default|insecure|todo|fixme|tbd|x{3,}|\*{3,}"
)
_UNFILLED = re.compile(r"\$\{.*\}|\$\(.*\)|\{\{.*\}\}|<.*>|\$[A-Z][A-Z0-9_]*|%[A-Z][A-Z0-9_]*%")
_FEWEST_DIGITS = 8  # of 64 random ones, fewer differ once in a thousand million keys


def is_placeholder(text: str) -> bool:
    """Whether a secret is one that everybody knows from a manual, or was never filled in."""
    if _UNFILLED.fullmatch(text.strip()):
        return True
    return _PLACEHOLDER.fullmatch(_DECORATION.sub("", text.lower())) is not None


def is_regular(key: str) -> bool:
    """Whether a key of hex digits was typed, not drawn: `000…`, `0123456789abcdef0123…`."""
    half = len(key) // 2
    return len(set(key)) < _FEWEST_DIGITS or key in (key + key)[1:-1] or _counts(key[:half])


def _counts(digits: str) -> bool:
    steps = {(int(b, 16) - int(a, 16)) % 16 for a, b in pairwise(digits)}
    return len(steps) == 1
