"""What is known of providers of sign-ins, so that an operator need not say it."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from conf.settings import Oidc


def resolved(oidc: Oidc) -> Oidc:
    """The settings with everything filled in; what the operator says counts."""
    if oidc.preset == "google":
        oidc = replace(
            oidc,
            issuer=oidc.issuer or "https://accounts.google.com",
            label=oidc.label or "Google",
            name_claim=oidc.name_claim or "email",
        )
    return replace(
        oidc,
        label=oidc.label or urlsplit(oidc.issuer).hostname or "",
        name_claim=oidc.name_claim or "preferred_username",
    )
