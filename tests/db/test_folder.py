from __future__ import annotations

import os
from pathlib import Path

import pytest

from db.errors import AlreadyRunningError, DataFolderError
from db.folder import Claim, network_kind, prepare

LOCAL = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/sda1 rw"


def table(tmp_path: Path, *lines: str) -> Path:
    """A table of mounts as Linux shows it."""
    file = tmp_path / "mountinfo"
    file.write_text("\n".join((LOCAL, *lines)) + "\n")
    return file


def mount(point: Path | str, kind: str, source: str = "server:/export") -> str:
    return f"50 22 0:44 / {point} rw,noatime shared:9 - {kind} {source} rw,vers=4.2"


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p"])
def test_a_network_file_system_is_refused_by_its_name(tmp_path: Path, kind: str) -> None:
    mounts = table(tmp_path, mount(tmp_path, kind))
    with pytest.raises(DataFolderError, match=rf"network file system \({kind}\).*local disk"):
        prepare(tmp_path / "data", mounts)


def test_a_local_disk_inside_a_network_mount_is_local(tmp_path: Path) -> None:
    inner = mount(tmp_path / "data", "xfs", "/dev/sdb1")
    mounts = table(tmp_path, mount(tmp_path, "nfs4"), inner)
    assert network_kind(tmp_path / "data", mounts) is None
    assert network_kind(tmp_path / "database", mounts) == "nfs4"


def test_of_two_mounts_at_one_place_the_later_counts(tmp_path: Path) -> None:
    mounts = table(tmp_path, mount(tmp_path, "ext4"), mount(tmp_path, "cifs"))
    assert network_kind(tmp_path, mounts) == "cifs"


def test_mount_points_with_spaces_and_optional_fields_are_understood(tmp_path: Path) -> None:
    folder = tmp_path / "my share"
    folder.mkdir()
    point = str(folder).replace(" ", "\\040")
    line = f"50 22 0:44 / {point} rw master:1 propagate_from:2 - nfs server:/my\\040share rw"
    assert network_kind(folder / "data", table(tmp_path, line)) == "nfs"


def test_a_link_is_followed_to_where_the_data_really_is(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "share")
    mounts = table(tmp_path, mount(tmp_path / "share", "nfs4"))
    assert network_kind(tmp_path / "link", mounts) == "nfs4"


def test_without_a_table_of_mounts_every_folder_is_taken_for_local(tmp_path: Path) -> None:
    assert network_kind(tmp_path, tmp_path / "missing") is None


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    prepare(folder)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_one_at_a_time_holds_a_folder(tmp_path: Path) -> None:
    first, second = Claim(tmp_path), Claim(tmp_path)
    assert not second.is_taken()
    first.take()
    assert second.is_taken()
    with pytest.raises(AlreadyRunningError) as caught:
        second.take()
    assert caught.value.pid == os.getpid()
    first.release()
    first.release()
    second.take()
    assert (tmp_path / "dulcian.lock").read_text() == f"{os.getpid()}\n"
    second.release()


def test_a_lock_file_without_a_holder_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "dulcian.lock").write_text("1\n")
    claim = Claim(tmp_path)
    claim.take()
    claim.release()
