"""What the doctor sees."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import msgspec
import pytest

from conf.settings import Ldap, Library, MusicFolder, Oidc, Secret, Server, Settings
from server.doctor import Finding, examine


def by_subject(settings: Settings) -> dict[str, Finding]:
    return {finding.subject: finding for finding in examine(settings)}


@pytest.fixture
def settings(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "music").mkdir()
    return msgspec.structs.replace(
        settings,
        server=Server(listen="127.0.0.1:0"),
        library=Library(folders=(MusicFolder(path=tmp_path / "music"),)),
    )


def test_a_fresh_machine_is_well(settings: Settings) -> None:
    """Nothing was started yet, and the doctor makes nothing."""
    found = by_subject(settings)
    assert [finding for finding in found.values() if finding.state == "fail"] == []
    assert {
        "python",
        "encoders",
        "clock",
        "data folder",
        "disk",
        "music",
        "port",
        "database",
    } <= set(found)
    assert not settings.data.dir.exists()


def test_a_database_is_asked(settings: Settings, database_url: str) -> None:
    """Its version, and whether its tables are up to date."""
    external = msgspec.structs.replace(settings.database, url=Secret(database_url))
    found = by_subject(msgspec.structs.replace(settings, database=external))["database"]
    assert found.state == "ok"
    assert found.text.startswith("PostgreSQL ")


def test_a_database_that_does_not_answer_is_told(settings: Settings) -> None:
    """With the reason, and without the password."""
    url = Secret("postgresql://ann:hunter2@127.0.0.1:1/music")
    external = msgspec.structs.replace(settings.database, url=url, wait=0.0)
    found = by_subject(msgspec.structs.replace(settings, database=external))["database"]
    assert found.state == "fail"
    assert "refused" in found.text
    assert "hunter2" not in found.text


def test_a_port_in_use_is_told(settings: Settings) -> None:
    """By whom is not known, if it is not us."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        busy = msgspec.structs.replace(settings, server=Server(listen=listen))
        assert by_subject(busy)["port"].state == "fail"


def test_a_key_that_others_may_read_is_told(settings: Settings) -> None:
    """And how to mend it."""
    settings.data.dir.mkdir()
    key = settings.data.dir / "secret.key"
    key.touch(mode=0o644)
    finding = by_subject(settings)["secret key"]
    assert (finding.state, "chmod 600" in finding.text) == ("warn", True)


def test_files_with_secrets_that_others_may_read_are_told(settings: Settings) -> None:
    """As the settings found them."""
    (finding,) = [
        one for one in examine(settings, [Path("/srv/token")]) if one.subject == "secrets"
    ]
    assert (finding.state, "chmod o-r" in finding.text) == ("warn", True)


def test_a_clock_in_the_past_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Raspberry Pi without network wakes up in 1970."""
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert by_subject(settings)["clock"].state == "fail"


def test_a_provider_and_a_directory_are_asked(settings: Settings) -> None:
    oidc = Oidc(issuer="http://127.0.0.1:1", client_id="dulcian")
    ldap = Ldap(url="ldap://127.0.0.1:1", base_dn="dc=example", timeout=2)
    found = by_subject(msgspec.structs.replace(settings, oidc=oidc, ldap=ldap))
    for subject in ("provider", "directory"):
        assert found[subject].state == "fail"
        assert "127.0.0.1 cannot be reached" in found[subject].text
