"""What a disk without room costs, and a disk that is no longer written to. Needs the right to mount."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.audio import Song, write
from tests.support.postgres import run as run_sql
from tests.support.program import Program, run, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

# The cache may try to take the last byte.
ADMIN = {
    "DULCIAN_ADMIN_USER": "ann",
    "DULCIAN_ADMIN_PASSWORD": "sesame",
    "DULCIAN_DATA__MIN_FREE_BYTES": "0",
}
SIGNED = "u=ann&p=sesame&v=1.16.1&c=test&f=json"


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A song, on another disk than the data."""
    folder = tmp_path_factory.mktemp("Music")
    song = Song(title="Alpha", artist="Ada", album="First", track=1, seconds=20)
    write(folder / "Alpha.flac", song)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk with little more room than a new database needs."""
    with mounted(tmp_path / "small", "-t", "tmpfs", "-o", "size=144m", "tmpfs") as disk:
        yield disk


@pytest.fixture
def fragile(tmp_path: Path) -> Iterator[Path]:
    """A disk whose kernel can be told that it is failing."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(192 << 20)
    try:
        subprocess.run(["mkfs.ext4", "-q", str(image)], check=True, capture_output=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        pytest.skip("mkfs.ext4 is not installed")
    with mounted(tmp_path / "fragile", "-o", "loop", str(image)) as disk:
        yield disk


@contextmanager
def mounted(place: Path, *what: str) -> Iterator[Path]:
    """A file system of the test's own."""
    place.mkdir()
    if subprocess.run(["mount", *what, str(place)], capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def serving_on(disk: Path, music: Path) -> Iterator[Program]:
    """A server whose data is on this disk, its log elsewhere, and whose user is known to it."""
    data = disk / "data"
    log = disk.with_suffix(".log")
    with serving(data, "--music", str(music), environ=ADMIN, output=log) as program:
        program.event("scan finished")
        assert answer(program, "ping")["status"] == "ok"
        yield program


def fill(disk: Path) -> Path:
    """Take all the room there is; returns what is to be removed."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 4096, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return filler


def answer(program: Program, endpoint: str, query: str = "") -> Any:
    """What the protocol says, which always comes with 200."""
    status, body = program.get(f"/rest/{endpoint}?{SIGNED}&{query}")
    assert status == 200
    return json.loads(body)["subsonic-response"]


def song(program: Program) -> str:
    """The id of the song."""
    found = answer(program, "search3", "query=Alpha")["searchResult3"]["song"]
    return str(found[0]["id"])


def listen(program: Program, song: str) -> int:
    """The length of a transcoded song."""
    status, body = program.get(f"/rest/stream?{SIGNED}&id={song}&format=mp3&maxBitRate=64")
    assert (status, body[:3]) == (200, b"ID3")
    return len(body)


def use_up_the_journal(program: Program) -> None:
    """Have PostgreSQL begin new pieces of its journal, until there is no room for one."""
    password = (program.data / "postgres.password").read_text()
    dsn = f"postgresql://postgres:{password}@/dulcian?host={program.data}/postgres"
    piece = ("select pg_switch_wal()", "select pg_logical_emit_message(true, '', '')")
    with pytest.raises(psycopg.OperationalError):
        run_sql(dsn, *piece * 20)


def starred(program: Program) -> list[str]:
    """The titles of the starred songs."""
    return [one["title"] for one in answer(program, "getStarred2")["starred2"]["song"]]


@pytest.mark.attack("X75")
def test_a_full_disk_costs_what_would_be_written_and_nothing_else(small: Path, music: Path) -> None:
    """And nothing has to be done once there is room again."""
    with serving_on(small, music) as program:
        alpha = song(program)
        filler = fill(small)
        assert answer(program, "ping")["status"] == "ok"
        refused = answer(program, "star", f"id={alpha}")
        assert (refused["error"]["code"], "disk is full" in refused["error"]["message"]) == (
            0,
            True,
        )
        assert listen(program, alpha) > 20 * 64_000 / 8 * 0.9
        status, body = program.get("/health/ready")
        assert (status, json.loads(body)["checks"]["disk"]) == (
            503,
            "only 0 kB left for the data folder",
        )
        filler.unlink()
        program.wait_until_ready()
        assert answer(program, "star", f"id={alpha}")["status"] == "ok"
        assert program.stop() == 0
        assert [event for event in program.events if "exception" in event] == []
    with serving_on(small, music) as program:
        assert starred(program) == ["Alpha"]
        assert program.stop() == 0


@pytest.mark.attack("X75")
def test_a_database_that_a_full_disk_ended_comes_back_with_the_room(
    small: Path, music: Path
) -> None:
    """The server goes on meanwhile; nothing that was saved is lost."""
    with serving_on(small, music) as program:
        assert answer(program, "star", f"id={song(program)}")["status"] == "ok"
        filler = fill(small)
        use_up_the_journal(program)
        reason = program.event("the database does not start; trying again")["reason"]
        assert "is full" in reason
        assert program.get("/health/live")[0] == 200
        assert program.get("/health/ready")[0] == 503
        assert answer(program, "getStarred2")["error"]["code"] == 0
        filler.unlink()
        program.wait_until_ready()
        assert starred(program) == ["Alpha"]
        assert program.stop() == 0


@pytest.mark.attack("X75")
def test_a_start_on_a_full_disk_says_so(small: Path) -> None:
    """Exit code 4, and a sentence for whoever started it."""
    data = ("--data", str(small / "data"))
    assert run("user", "add", "ann", *data, text="sesame\n").returncode == 0
    filler = fill(small)
    refused = run("serve", *data, "--listen", "127.0.0.1:0")
    assert refused.returncode == 4
    (line,) = [line for line in refused.stderr.splitlines() if not line.startswith("{")]
    assert "is full" in line
    filler.unlink()
    assert run("user", "list", *data).stdout == "ann\tuser\n"


@pytest.mark.attack("X75")
def test_a_disk_that_is_no_longer_written_to_is_told(fragile: Path, music: Path) -> None:
    """What Linux does to a failing one. The server goes on as far as it can, and says what is wrong."""
    with serving_on(fragile, music) as program:
        if subprocess.run(["mount", "-o", "remount,abort", str(fragile)]).returncode:
            pytest.skip("this kernel does not stop writing on demand")
        status, body = program.get("/health/ready")
        assert (status, json.loads(body)["checks"]["disk"]) == (
            503,
            "data folder: Read-only file system",
        )
        assert answer(program, "ping")["status"] == "ok"
        assert answer(program, "star", "id=tr-1")["error"]["code"] == 0
        assert program.get("/health/live")[0] == 200
        assert program.stop() == 0
        assert [event for event in program.events if "exception" in event] == []


def test_data_that_has_vanished_is_not_made_anew(small: Path, music: Path) -> None:
    """It may be a disk that somebody unplugged."""
    with serving_on(small, music) as program:
        cluster = program.data / "postgres"
        postgres = program.postgres
        cluster.rename(small / "elsewhere")
        os.kill(postgres, signal.SIGKILL)
        reason = program.event("the database does not start; trying again")["reason"]
        assert "Is a disk not mounted?" in reason
        assert not cluster.exists()
        (small / "elsewhere").rename(cluster)
        program.wait_until_ready()
        assert program.stop() == 0
