"""What must hold beyond the type of a single setting."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from ipaddress import ip_network
from urllib.parse import unquote, urlsplit

from conf.fields import FIELDS
from conf.placeholders import is_placeholder, is_regular
from conf.settings import Settings
from conf.sign_in import CHECKS as SIGN_IN

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_SIZE = re.compile(r"[1-9]\d*(kB|MB|GB)")


def address(listen: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT` or `[IPv6]:PORT`; a ValueError when it is neither."""
    host, colon, port = listen.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    bracketed = host.startswith("[") and host.endswith("]")
    if not colon or not port.isdecimal() or int(port) > 65535 or (":" in bare) != bracketed:
        raise ValueError("server.listen must be HOST:PORT, such as 0.0.0.0:5000 or [::]:5000")
    return bare or "0.0.0.0", int(port)  # noqa: S104 - an empty host means every address


def _listen(settings: Settings) -> None:
    address(settings.server.listen)


def _proxies(settings: Settings) -> None:
    _networks("server.trusted_proxies", settings.server.trusted_proxies)


def _opened(settings: Settings) -> None:
    _networks("outbound.allow_networks", settings.outbound.allow_networks)


def _networks(name: str, given: Iterable[str]) -> None:
    for one in given:
        try:
            ip_network(one, strict=False)
        except ValueError:
            raise ValueError(
                f"{name}: '{one}' is no address or network, such as 10.0.0.0/8"
            ) from None


def _public_url(settings: Settings) -> None:
    url = settings.server.public_url
    if url and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
        raise ValueError("server.public_url must begin with https:// or http:// and name a host")


def _database_url(settings: Settings) -> None:
    url = str.__str__(settings.database.url)
    if url and urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise ValueError("database.url must begin with postgresql://")


def _shared_buffers(settings: Settings) -> None:
    if not _SIZE.fullmatch(settings.database.shared_buffers):
        raise ValueError("database.shared_buffers must be a size such as 32MB")


def _secret_key(settings: Settings) -> None:
    keys = settings.auth.secret_key.split()
    if not all(re.fullmatch(r"[0-9A-Fa-f]{64}", key) for key in keys):
        raise ValueError("auth.secret_key must be 64 hex digits (`openssl rand -hex 32` makes one)")
    if any(is_regular(key.lower()) for key in keys):
        raise ValueError("auth.secret_key is too regular (`openssl rand -hex 32` makes a good one)")


def _folders(settings: Settings) -> None:
    paths = [folder.path for folder in settings.library.folders]
    for path in {path for path in paths if paths.count(path) > 1}:
        raise ValueError(f"library.folders: {path} is given twice")


def _scan_at(settings: Settings) -> None:
    for text in settings.library.scan_at:
        if not _TIME.fullmatch(text):
            raise ValueError(f"library.scan_at: '{text}' is no time of the day, such as 03:30")


def _admin(settings: Settings) -> None:
    if settings.auth.admin_password and not settings.auth.admin_user:
        raise ValueError("auth.admin_password is given without auth.admin_user")


_CHECKS: dict[str, Callable[[Settings], None]] = {
    "server.listen": _listen,
    "server.trusted_proxies": _proxies,
    "server.public_url": _public_url,
    "database.url": _database_url,
    "database.shared_buffers": _shared_buffers,
    "auth.secret_key": _secret_key,
    "auth.admin_password": _admin,
    "library.folders": _folders,
    "library.scan_at": _scan_at,
    "outbound.allow_networks": _opened,
    **SIGN_IN,
}


def _placeholders(settings: Settings) -> dict[str, str]:
    """Secrets that were copied from an example and never replaced."""
    return {
        name: f"{name} is a placeholder that anybody can guess: choose a value of your own"
        for name, field in FIELDS.items()
        if field.secret and is_placeholder(_password(_value(settings, name)))
    }


def _value(settings: Settings, name: str) -> str:
    section, _, key = name.partition(".")
    return str.__str__(getattr(getattr(settings, section), key))


def _password(secret: str) -> str:
    """The secret itself, or the password of an address."""
    return unquote(urlsplit(secret).password or "") if "://" in secret else secret


def problems(settings: Settings) -> dict[str, str]:
    """What does not hold, by setting."""
    found = {}
    for name, check in _CHECKS.items():
        try:
            check(settings)
        except ValueError as error:
            found[name] = str(error)
    return found | _placeholders(settings)
