from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psycopg
import pytest

from conf.settings import Database
from db.errors import AlreadyRunningError, DataFolderError, EmbeddedError, OtherVersionError
from db.migrate import migrate
from tests.support import postgres
from tests.support.servers import (
    Make,
    as_root,
    ask,
    copy_tree,
    gone,
    mode,
    user_of,
)


async def test_both_drivers_take_the_dsn(data: Path, make: Make) -> None:
    dsn = make(data).start()
    assert ask(dsn, "select current_user || '@' || current_database()") == "dulcian@dulcian"
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select current_user") == "dulcian"
    await connection.close()


def test_what_was_written_is_there_after_a_restart(data: Path, make: Make) -> None:
    embedded = make(data)
    postgres.run(embedded.start(), "create table kept as select 7 as number")
    embedded.stop()
    assert ask(embedded.start(), "select number from kept") == 7


def test_stopping_twice_and_without_a_start_is_harmless(data: Path, make: Make) -> None:
    embedded = make(data)
    embedded.stop()
    embedded.start()
    pid = embedded.pid
    embedded.stop()
    embedded.stop()
    assert pid
    assert gone(pid)
    assert embedded.pid is None


@pytest.mark.attack("X92")
def test_nobody_comes_in_without_the_password(data: Path, make: Make) -> None:
    dsn = make(data).start()
    password = urlsplit(dsn).password
    assert password
    for role in ("dulcian", "postgres"):
        wrong = dsn.replace("//dulcian:", f"//{role}:").replace(password, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with pytest.raises(psycopg.OperationalError, match="no password"):
            psycopg.connect(dsn.replace(f"dulcian:{password}@", f"{role}@"))


def test_the_program_is_no_superuser(data: Path, make: Make) -> None:
    dsn = make(data).start()
    question = "select rolsuper from pg_roles where rolname = current_user"
    assert ask(dsn, question) is False


@pytest.mark.attack("X92")
def test_it_listens_on_its_socket_only_and_only_its_user_reaches_that(
    data: Path, make: Make
) -> None:
    embedded = make(data)
    dsn = embedded.start()
    assert ask(dsn, "show listen_addresses") == ""
    assert mode(embedded.cluster) == 0o700
    assert mode(embedded.cluster / ".s.PGSQL.5432") == 0o700
    assert mode(data / "postgres.password") == 0o600
    assert mode(data / "postgres.log") == 0o600


@pytest.mark.attack("X90", "X92")
def test_no_password_shows_in_processes_log_or_repr(data: Path, make: Make) -> None:
    embedded = make(data)
    dsn = embedded.start()
    password = urlsplit(dsn).password
    assert password
    assert embedded.pid
    assert password not in repr(dsn)
    assert password not in repr(embedded)
    assert password not in (data / "postgres.log").read_text()
    assert password.encode() not in Path(f"/proc/{embedded.pid}/cmdline").read_bytes()
    try:
        variables = Path(f"/proc/{embedded.pid}/environ").read_bytes()
    except PermissionError:  # a container without the right to trace
        pytest.skip("the environment of another user's process cannot be read here")
    assert password.encode() not in variables


@pytest.mark.attack("X90")
def test_variables_of_ours_do_not_reach_the_server(
    data: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6000")
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
    assert ask(make(data).start(), "show port") == "5432"


def test_settings_reach_the_server(data: Path, make: Make) -> None:
    dsn = make(data, Database(shared_buffers="17MB", max_connections=23)).start()
    assert ask(dsn, "show shared_buffers") == "17MB"
    assert ask(dsn, "show max_connections") == "23"


async def test_another_thread_than_the_main_one_may_not_start_it(data: Path, make: Make) -> None:
    with pytest.raises(RuntimeError, match="main thread"):
        await asyncio.to_thread(make(data).start)


def test_a_second_start_on_the_same_data_names_the_first(data: Path, make: Make) -> None:
    first, second = make(data), make(data)
    dsn = first.start()
    with pytest.raises(AlreadyRunningError, match=f"already running .pid {os.getpid()}") as caught:
        second.start()
    assert caught.value.pid == os.getpid()
    second.stop()
    assert ask(dsn, "select 1") == 1


def test_a_command_attaches_to_a_running_server_and_to_no_other(data: Path, make: Make) -> None:
    server, command = make(data), make(data)
    assert command.attach() is None
    dsn = server.start()
    attached = command.attach()
    assert attached
    assert ask(attached, "select 1") == 1
    command.stop()
    assert ask(dsn, "select 1") == 1
    server.stop()
    assert command.attach() is None


def test_the_terminal_s_interrupt_does_not_reach_the_server(data: Path, make: Make) -> None:
    embedded = make(data)
    embedded.start()
    assert embedded.pid
    assert os.getpgid(embedded.pid) != os.getpgrp()


@pytest.mark.parametrize(
    "name",
    ["with space", "pünktchen", "a,b", "x" * 120, os.fsdecode(b"not\xffutf-8"), "50%41?&#"],
    ids=["space", "umlaut", "comma", "long", "bytes", "signs"],
)
def test_any_folder_name_will_do(whole: Path, tmp_path: Path, make: Make, name: str) -> None:
    copy_tree(whole, tmp_path / name)
    dsn = make(tmp_path / name).start()
    assert ask(dsn, "select 1") == 1


async def test_a_long_folder_name_serves_child_processes_and_the_other_driver_too(
    whole: Path, tmp_path: Path, make: Make
) -> None:
    folder = tmp_path / ("long" * 30)
    copy_tree(whole, folder)
    dsn = make(folder).start()
    await asyncio.to_thread(migrate, dsn)
    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select count(*) from libraries") == 0
    await connection.close()


def test_a_lost_password_is_replaced(data: Path, make: Make) -> None:
    old = (data / "postgres.password").read_text()
    (data / "postgres.password").unlink()
    dsn = make(data).start()
    assert ask(dsn, "select 1") == 1
    assert ask(postgres.as_superuser(dsn), "select 1") == 1
    assert urlsplit(dsn).password != old


def test_data_of_another_major_version_is_refused_by_both_names(data: Path, make: Make) -> None:
    (data / "postgres" / "PG_VERSION").write_text("13\n")
    with pytest.raises(OtherVersionError, match=r"written by PostgreSQL 13.* PostgreSQL 18"):
        make(data).start()


def test_a_folder_that_holds_no_database_is_left_alone(tmp_path: Path, make: Make) -> None:
    precious = tmp_path / "postgres" / "precious"
    precious.parent.mkdir()
    precious.touch()
    with pytest.raises(DataFolderError, match="no database"):
        make(tmp_path).start()
    assert precious.exists()


def test_a_failing_start_shows_the_end_of_the_log_and_lets_go_of_the_data(
    data: Path, make: Make
) -> None:
    with pytest.raises(EmbeddedError, match="bogus_setting"):
        make(data, bogus_setting="1").start()
    assert ask(make(data).start(), "select 1") == 1


def test_the_log_stays_small_and_keeps_its_end(data: Path, make: Make) -> None:
    embedded = make(data)
    embedded.log_file.write_text("old line\n" * 200_000)
    embedded.start()
    with embedded.log_file.open("a") as file:
        file.write("noise\n" * 200_000 + "the last line\n")
    embedded.check()
    assert embedded.log_file.stat().st_size < 300_000
    assert embedded.log_file.read_text().endswith("the last line\n")


def test_the_check_tells_that_the_server_is_gone(data: Path, make: Make) -> None:
    embedded = make(data)
    embedded.start()
    embedded.check()
    assert embedded.pid
    os.kill(embedded.pid, signal.SIGINT)
    assert gone(embedded.pid)
    with pytest.raises(EmbeddedError, match="database system is shut down"):
        embedded.check()


def test_a_data_folder_below_a_file_is_refused(tmp_path: Path, make: Make) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataFolderError, match="stands where a folder is needed"):
        make(tmp_path / "file" / "data").start()


@as_root
def test_root_starts_it_as_another_user_and_leaves_the_rights_of_parents_alone(
    whole: Path, make: Make
) -> None:
    with tempfile.TemporaryDirectory(dir="/root") as private:
        folder = Path(private) / "data"
        parents = [Path("/root"), Path(private)]
        before = [parent.stat() for parent in parents]
        copy_tree(whole, folder)
        embedded = make(folder)
        assert ask(embedded.start(), "select 1") == 1
        assert embedded.pid
        assert user_of(embedded.pid) == 65534
        assert groups_of(embedded.pid) == []
        rights = [(found.st_mode, found.st_uid, found.st_gid) for found in before]
        assert rights == [
            (found.st_mode, found.st_uid, found.st_gid) for found in (p.stat() for p in parents)
        ]
        embedded.stop()


def groups_of(pid: int) -> list[str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1:] for line in lines if line.startswith("Groups:"))
