"""What must hold of the settings for sign-ins elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from conf.presets import resolved
from conf.roles import role_map
from conf.settings import Settings

_TOKEN = re.compile(r"[A-Za-z0-9-]+")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def _proxy_header(settings: Settings) -> None:
    header = settings.auth.proxy_header
    if not header:
        return
    if not _TOKEN.fullmatch(header):
        raise ValueError("auth.proxy_header must be the name of a header, such as Remote-User")
    if not settings.server.trusted_proxies:
        raise ValueError(
            "auth.proxy_header needs server.trusted_proxies: from anybody else the header would be a lie"
        )


def _sign_out_url(settings: Settings) -> None:
    url = settings.auth.proxy_sign_out_url
    if url and not _is_url(url):
        raise ValueError("auth.proxy_sign_out_url must begin with https:// or http://")


def _issuer(settings: Settings) -> None:
    oidc = resolved(settings.oidc)
    if not oidc.issuer:
        if oidc.client_id or oidc.client_secret:
            raise ValueError("oidc.client_id is given without oidc.issuer")
        return
    parts = urlsplit(oidc.issuer)
    if not _is_url(oidc.issuer) or parts.query or parts.fragment:
        raise ValueError(
            "oidc.issuer must be the provider's address, such as https://id.example.org"
        )
    if parts.scheme != "https" and parts.hostname not in _HERE:
        raise ValueError("oidc.issuer must begin with https://: else others on the way sign in")
    if not settings.server.public_url:
        raise ValueError(
            "oidc.issuer needs server.public_url, to which the provider sends people back"
        )


def _client(settings: Settings) -> None:
    oidc = resolved(settings.oidc)
    if oidc.issuer and not oidc.client_id:
        raise ValueError("oidc.client_id must be what the provider calls Dulcian")


def _scopes(settings: Settings) -> None:
    if settings.oidc.issuer and "openid" not in settings.oidc.scopes:
        raise ValueError("oidc.scopes must hold openid")


def _everybody(settings: Settings) -> None:
    oidc = settings.oidc
    if oidc.preset == "google" and oidc.create_users and not oidc.allowed_domains:
        raise ValueError(
            "oidc.create_users would let in everybody who has an account with Google;"
            " name your own in oidc.allowed_domains"
        )


def _roles(name: str, given: Callable[[Settings], tuple[str, ...]]) -> Callable[[Settings], None]:
    def check(settings: Settings) -> None:
        try:
            role_map(given(settings))
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None

    return check


def _directory(settings: Settings) -> None:
    ldap = settings.ldap
    if not ldap.url:
        return
    parts = urlsplit(ldap.url)
    if parts.scheme not in {"ldap", "ldaps"} or not parts.hostname or parts.path.strip("/"):
        raise ValueError("ldap.url must be ldaps://HOST:PORT or ldap://HOST:PORT")
    if parts.scheme == "ldaps" and ldap.start_tls:
        raise ValueError("ldap.start_tls is for ldap://; ldaps:// is TLS from its start")
    plain = parts.scheme == "ldap" and not ldap.start_tls and parts.hostname not in _HERE
    if plain and not ldap.allow_plain:
        raise ValueError(
            "ldap.url sends passwords in the clear: use ldaps:// or ldap.start_tls, or say that"
            " this is meant with ldap.allow_plain"
        )
    if not ldap.base_dn and not ldap.bind_template:
        raise ValueError("ldap.url needs ldap.base_dn to search in, or ldap.bind_template")


def _bind(settings: Settings) -> None:
    ldap = settings.ldap
    if ldap.bind_template and "{name}" not in ldap.bind_template:
        raise ValueError("ldap.bind_template must hold {name}, else everybody is the same")


def _service(settings: Settings) -> None:
    if settings.ldap.bind_dn and not settings.ldap.bind_password:
        raise ValueError("ldap.bind_dn is given without ldap.bind_password")


def _filters(name: str, place: str, given: Callable[[Settings], str]) -> Callable[[Settings], None]:
    def check(settings: Settings) -> None:
        if not settings.ldap.url:
            return
        from sansldap import LDAPFilter

        text = given(settings)
        try:
            LDAPFilter.from_string(text.replace(place, "x"))
        except ValueError as error:
            raise ValueError(f"{name} is no filter: {error}") from None
        if place not in text:
            raise ValueError(f"{name} must hold {place}, else everybody is found")

    return check


CHECKS: dict[str, Callable[[Settings], None]] = {
    "auth.proxy_header": _proxy_header,
    "auth.proxy_sign_out_url": _sign_out_url,
    "oidc.issuer": _issuer,
    "oidc.client_id": _client,
    "oidc.scopes": _scopes,
    "oidc.create_users": _everybody,
    "oidc.roles": _roles("oidc.roles", lambda settings: settings.oidc.roles),
    "ldap.url": _directory,
    "ldap.bind_template": _bind,
    "ldap.bind_password": _service,
    "ldap.filter": _filters("ldap.filter", "{name}", lambda settings: settings.ldap.filter),
    "ldap.group_filter": _filters(
        "ldap.group_filter", "{dn}", lambda settings: settings.ldap.group_filter
    ),
    "ldap.roles": _roles("ldap.roles", lambda settings: settings.ldap.roles),
}


def _is_url(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
