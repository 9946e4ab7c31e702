"""What accounts may be allowed, and how a directory's groups become that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

ROLES = (
    "admin",
    "settings",
    "download",
    "upload",
    "playlist",
    "cover_art",
    "comment",
    "podcast",
    "stream",
    "jukebox",
    "share",
    "video_conversion",
)
"""All that an account may be allowed; an administrator may everything."""

RoleMap = Mapping[str, frozenset[str]]
"""The roles of each group."""


def role_map(lines: Iterable[str]) -> RoleMap:
    """The map that lines such as `music-admins=admin` say; a ValueError tells what is wrong.

    The last `=` counts, as names of groups may hold some (`cn=admins,dc=example=admin`).
    """
    found: dict[str, frozenset[str]] = {}
    for line in lines:
        group, _, names = line.rpartition("=")
        roles = frozenset(names.split())
        if not group.strip() or not roles:
            raise ValueError(f"'{line}' is no group with its roles, such as music-admins=admin")
        if unknown := sorted(roles - set(ROLES)):
            known = ", ".join(ROLES)
            raise ValueError(f"there is no role '{unknown[0]}'; the roles are {known}")
        found[group.strip()] = found.get(group.strip(), frozenset()) | roles
    return found
