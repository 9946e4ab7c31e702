from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from conf.settings import Database
from db import binaries, cluster
from db.errors import EmbeddedError
from tests.support import postgres
from tests.support.servers import (
    Make,
    as_root,
    ask,
    mode,
    packaged_elsewhere,
)


def test_missing_programs_are_named_with_the_way_out(tmp_path: Path, make: Make) -> None:
    with pytest.raises(EmbeddedError, match=r"no postgres in .*database\.bin_dir"):
        make(tmp_path / "data", Database(bin_dir=tmp_path)).start()


@pytest.mark.parametrize("programs", postgres.OTHERS)
def test_the_programs_of_an_installed_postgresql_will_do(
    tmp_path: Path, make: Make, programs: Path
) -> None:
    dsn = make(tmp_path / "data", Database(bin_dir=programs)).start()
    assert str(ask(dsn, "show server_version")).startswith(f"{programs.parent.name}.")
    assert ask(dsn, "show data_checksums") == "on"


@as_root
def test_programs_out_of_reach_are_copied_once_for_all_to_read(tmp_path: Path) -> None:
    programs = binaries.Binaries(packaged_elsewhere(tmp_path))
    tmp_path.chmod(0o700)
    with tempfile.TemporaryDirectory(dir="/tmp") as open_to_all:
        Path(open_to_all).chmod(0o755)
        copies = Path(open_to_all) / "copies"
        found = binaries.runnable(programs, binaries.NOBODY, copies)
        again = binaries.runnable(programs, binaries.NOBODY, copies)
        assert found == again
        assert found.folder.is_relative_to(copies)
        assert len(list(copies.iterdir())) == 1
        assert {path.stat().st_uid for path in copies.rglob("*")} == {0}
        assert not [path for path in copies.rglob("*") if mode(path) & 0o022]
        assert makes_a_cluster(found, Path(open_to_all) / "postgres")


def makes_a_cluster(programs: binaries.Binaries, place: Path) -> bool:
    cluster.make(place, programs, binaries.NOBODY, cluster.new_password())
    return (place / "PG_VERSION").is_file()


@as_root
def test_a_folder_for_copies_that_others_can_change_is_refused(tmp_path: Path) -> None:
    programs = binaries.Binaries(packaged_elsewhere(tmp_path))
    copies = tmp_path / "copies"
    copies.mkdir()
    copies.chmod(0o777)
    with pytest.raises(EmbeddedError, match="can be changed by others"):
        binaries.runnable(programs, binaries.NOBODY, copies)
