"""What must hold of the settings for sign-ins elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from conf.checks import problems
from conf.fields import FIELDS
from conf.presets import resolved
from conf.roles import ROLES, role_map
from conf.settings import Auth, Ldap, Oidc, Secret, Server, Settings

PUBLIC = Server(public_url="https://music.example.org", trusted_proxies=("10.0.0.9",))
OIDC: dict[str, Any] = {"issuer": "https://id.example.org", "client_id": "dulcian"}
LDAP: dict[str, Any] = {"url": "ldaps://ldap.example.org", "base_dn": "dc=example,dc=org"}


@pytest.mark.parametrize(
    "settings",
    [
        Settings(),
        Settings(server=PUBLIC, auth=Auth(proxy_header="Remote-User")),
        Settings(server=PUBLIC, oidc=Oidc(**OIDC, roles=("cn=a,dc=b=admin", "c=share stream"))),
        Settings(server=PUBLIC, oidc=Oidc(preset="google", client_id="x")),
        Settings(server=PUBLIC, oidc=Oidc(issuer="http://localhost:9000", client_id="x")),
        Settings(ldap=Ldap(**LDAP)),
        Settings(ldap=Ldap(url="ldap://127.0.0.1:389", bind_template="uid={name},dc=x")),
        Settings(ldap=Ldap(url="ldap://lldap:3890", base_dn="dc=x", allow_plain=True)),
    ],
)
def test_what_makes_sense_is_accepted(settings: Settings) -> None:
    assert problems(settings) == {}


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("auth.proxy_header", Settings(auth=Auth(proxy_header="Remote-User")), "trusted_proxies"),
        ("auth.proxy_header", Settings(server=PUBLIC, auth=Auth(proxy_header="a b")), "name of a"),
        ("auth.proxy_sign_out_url", Settings(auth=Auth(proxy_sign_out_url="/x")), "https://"),
        ("oidc.issuer", Settings(oidc=Oidc(**OIDC)), "server.public_url"),
        ("oidc.issuer", Settings(oidc=Oidc(client_id="x")), "without oidc.issuer"),
        ("oidc.issuer", Settings(server=PUBLIC, oidc=Oidc(issuer="id", client_id="x")), "address"),
        (
            "oidc.issuer",
            Settings(server=PUBLIC, oidc=Oidc(issuer="http://id.lan", client_id="x")),
            "https://",
        ),
        (
            "oidc.client_id",
            Settings(server=PUBLIC, oidc=Oidc(issuer="https://id.example.org")),
            "calls Dulcian",
        ),
        ("oidc.scopes", Settings(server=PUBLIC, oidc=Oidc(**OIDC, scopes=("email",))), "openid"),
        (
            "oidc.create_users",
            Settings(server=PUBLIC, oidc=Oidc(preset="google", client_id="x", create_users=True)),
            "everybody who has an account with Google",
        ),
        ("oidc.roles", Settings(oidc=Oidc(roles=("admins",))), "music-admins=admin"),
        ("oidc.roles", Settings(oidc=Oidc(roles=("admins=root",))), "no role 'root'"),
        ("ldap.url", Settings(ldap=Ldap(url="https://x")), "ldaps://HOST:PORT"),
        ("ldap.url", Settings(ldap=Ldap(url="ldap://x", base_dn="dc=x")), "in the clear"),
        ("ldap.url", Settings(ldap=Ldap(url="ldaps://x")), "ldap.base_dn"),
        ("ldap.url", Settings(ldap=Ldap(**LDAP, start_tls=True)), "TLS from its start"),
        ("ldap.bind_template", Settings(ldap=Ldap(**LDAP, bind_template="cn=x")), "{name}"),
        ("ldap.bind_password", Settings(ldap=Ldap(**LDAP, bind_dn="cn=x")), "without ldap.bind"),
        ("ldap.filter", Settings(ldap=Ldap(**LDAP, filter="(uid={name}")), "no filter"),
        ("ldap.filter", Settings(ldap=Ldap(**LDAP, filter="(uid=ann)")), "{name}"),
        ("ldap.group_filter", Settings(ldap=Ldap(**LDAP, group_filter="(x=y)")), "{dn}"),
        ("ldap.roles", Settings(ldap=Ldap(roles=("=admin",))), "ldap.roles: '=admin'"),
    ],
)
def test_what_makes_none_is_told_with_what_to_do(name: str, settings: Settings, words: str) -> None:
    assert list(problems(settings)) == [name]
    assert words in problems(settings)[name]


def test_google_needs_no_more_than_its_client() -> None:
    filled = resolved(Oidc(preset="google", client_id="x"))
    assert (filled.issuer, filled.label) == ("https://accounts.google.com", "Google")
    assert filled.name_claim == "email"
    other = resolved(Oidc(issuer="https://id.example.org/realms/home"))
    assert (other.label, other.name_claim) == ("id.example.org", "preferred_username")


def test_a_group_may_have_roles_on_several_lines() -> None:
    given = role_map(["a=admin", "b = share  stream", "a=share"])
    assert given == {"a": {"admin", "share"}, "b": {"share", "stream"}}
    assert set(ROLES) >= {"admin", "share", "stream"}


def test_secrets_stay_secret() -> None:
    for name in ("oidc.client_secret", "ldap.bind_password"):
        assert FIELDS[name].secret
    assert "hunter2" not in repr(Oidc(client_secret=Secret("hunter2")))
