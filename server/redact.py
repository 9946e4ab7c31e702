"""What keeps credentials and forged lines out of the log."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from structlog.typing import EventDict

HIDDEN = "***"
SECRETS = frozenset({
    "p", "t", "s", "apikey", "api_key", "password", "passwd", "token", "jwt", "secret", "salt",
    "authorization", "cookie", "set-cookie", "admin_password", "secret_key", "account_password",
})  # fmt: skip
_DEPTH = 6

# name=value as in an address or a form; the name may be percent-encoded to pass a plain search.
_PAIR = re.compile(r"(?<![\w%.+-])([\w%.+-]{1,60})=([^&\s\"'<>]*)")
# "name": "value" as in JSON or the repr of a mapping.
_QUOTED = re.compile(r"""(["'])([\w-]{1,30})\1(\s*[:,]\s*)b?(["'])(.*?)(?<!\\)\4""")
_LOGIN = re.compile(r"(://[^:/@\s]*):[^@\s]{0,512}@")
_SCHEME = re.compile(r"\b(Bearer|Basic)\s+[\w+/=.~-]{6,}", re.IGNORECASE)
_SHARE = re.compile(r"(?<=/share/)[\w-]{27}(?![\w-])")
# Control characters end or overwrite a line, marks of direction reorder it, surrogates have no UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def is_secret(name: str) -> bool:
    """Whether a parameter of this name holds a credential."""
    return name.lower() in SECRETS


def _pair(match: re.Match[str]) -> str:
    name = unquote_plus(match[1])
    return f"{match[1]}={HIDDEN}" if match[2] and is_secret(name) else match[0]


def _quoted(match: re.Match[str]) -> str:
    if not is_secret(match[2]):
        return match[0]
    return f"{match[1]}{match[2]}{match[1]}{match[3]}{match[4]}{HIDDEN}{match[4]}"


def without_secrets(text: str) -> str:
    """The text with the values of credentials blotted out."""
    text = _QUOTED.sub(_quoted, _PAIR.sub(_pair, text))
    text = _SCHEME.sub(rf"\1 {HIDDEN}", _LOGIN.sub(rf"\1:{HIDDEN}@", text))
    return _SHARE.sub(HIDDEN, text)


def one_line(text: str) -> str:
    """The text as one harmless line: what could end, colour or reorder it is written out."""
    return _UNPRINTABLE.sub(lambda match: ascii(match[0])[1:-1], text)


def clean(value: Any, depth: int = _DEPTH) -> Any:
    """A value that can be logged: no credentials, no control characters, nothing but plain types."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if depth and isinstance(value, Mapping):
        return {one_line(str(key)): _named(str(key), item, depth) for key, item in value.items()}
    if depth and isinstance(value, (list, tuple, set, frozenset)):
        return [clean(item, depth - 1) for item in value]
    return one_line(without_secrets(str(value)))


def _named(name: str, value: Any, depth: int) -> Any:
    return HIDDEN if is_secret(name) and value else clean(value, depth - 1)


def clean_event(_logger: object, _method: str, event: EventDict) -> EventDict:
    """A structlog processor: every value cleaned; a traceback stays many lines, each of them indented."""
    trace = event.pop("exception", None)
    cleaned: dict[str, Any] = clean(event)
    if trace:
        lines = str(trace).splitlines()
        cleaned["exception"] = "\n".join("    " + one_line(without_secrets(line)) for line in lines)
    return cleaned
