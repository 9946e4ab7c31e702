from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg
import pytest

from db.errors import MigrationError, NewerSchemaError
from db.migrate import FOLDER, ROOT, Request, down, migrate, pending, plan
from tests.support import postgres

ALL = sorted(path.stem for path in FOLDER.glob("[0-9]*.sql") if ".rollback" not in path.name)


@pytest.fixture
def empty_url(postgres_url: str) -> Iterator[str]:
    """A database in which nothing is."""
    with postgres.clone(postgres_url, "template0") as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two small migrations, the second outside of a transaction."""
    (tmp_path / "0001_one.sql").write_text("create table if not exists one (id int);")
    (tmp_path / "0001_one.rollback.sql").write_text("drop table if exists one;")
    (tmp_path / "0002_two.sql").write_text(
        "-- depends: 0001_one\n-- transactional: false\n\n"
        "create index concurrently if not exists one_id on one (id);"
    )
    (tmp_path / "0002_two.rollback.sql").write_text("drop index if exists one_id;")
    return tmp_path


def tables(dsn: str) -> set[str]:
    with psycopg.connect(dsn) as connection:
        question = "select tablename from pg_tables where schemaname = 'public'"
        found = {name for (name,) in connection.execute(question)}
    return {name for name in found if "yoyo" not in name}


def test_all_migrations_are_applied_once_and_in_order(empty_url: str) -> None:
    assert pending(empty_url) == ALL
    assert migrate(empty_url) == ALL
    assert {"tracks", "albums", "users"} <= tables(empty_url)
    assert pending(empty_url) == []
    assert migrate(empty_url) == []


def test_looking_at_what_is_pending_changes_nothing(empty_url: str) -> None:
    pending(empty_url)
    with psycopg.connect(empty_url) as connection:
        found = connection.execute("select count(*) from pg_tables where schemaname = 'public'")
        assert found.fetchone() == (0,)


def test_a_plan_is_the_names_with_their_sql(empty_url: str) -> None:
    steps = plan(empty_url)
    assert [step.name for step in steps] == ALL
    assert "create table if not exists tracks" in steps[0].sql


def test_every_migration_can_be_undone_and_done_again(empty_url: str) -> None:
    migrate(empty_url)
    assert down(empty_url, 1) == ALL[-1:]
    assert pending(empty_url) == ALL[-1:]
    assert down(empty_url, len(ALL)) == ALL[-2::-1]
    assert tables(empty_url) == set()
    assert migrate(empty_url) == ALL


def test_a_migration_whose_mark_was_lost_is_applied_again_without_harm(empty_url: str) -> None:
    migrate(empty_url)
    postgres.run(empty_url, "delete from _yoyo_migration")
    assert migrate(empty_url) == ALL


def test_every_migration_can_be_taken_back() -> None:
    assert [name for name in ALL if not (FOLDER / f"{name}.rollback.sql").is_file()] == []
    assert not (FOLDER / "__init__.py").exists()


async def test_nodes_that_start_together_all_succeed_and_one_migrates(
    empty_url: str, folder: Path
) -> None:
    runs = [asyncio.to_thread(migrate, empty_url, folder=folder) for _ in range(3)]
    applied = await asyncio.gather(*runs)
    assert sorted(applied) == [[], [], ["0001_one", "0002_two"]]


def test_a_lock_that_a_killed_process_left_behind_is_taken_away(
    empty_url: str, folder: Path
) -> None:
    migrate(empty_url, folder=folder)
    postgres.run(empty_url, "insert into yoyo_lock (locked, ctime, pid) values (1, now(), 4)")
    (folder / "0003_three.sql").write_text("create table if not exists three (id int);")
    assert migrate(empty_url, folder=folder) == ["0003_three"]


def test_waiting_for_another_node_has_an_end(empty_url: str, folder: Path) -> None:
    from db.migrate_child import LOCK

    with psycopg.connect(empty_url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s, %s)", LOCK)
        with pytest.raises(MigrationError, match="Another node has been migrating"):
            migrate(empty_url, folder=folder, wait=0.3)


def test_a_failing_migration_is_named_leaves_nothing_and_stops_the_rest(
    empty_url: str, folder: Path
) -> None:
    (folder / "0002_two.sql").write_text("create table half (id int); select 1/0;")
    (folder / "0003_three.sql").write_text("create table three (id int);")
    with pytest.raises(MigrationError, match=r"migration 0002_two failed: division by zero"):
        migrate(empty_url, folder=folder)
    assert tables(empty_url) == {"one"}
    assert pending(empty_url, folder=folder) == ["0002_two", "0003_three"]


def test_a_migration_that_cannot_be_read_is_an_error(empty_url: str, folder: Path) -> None:
    (folder / "0002_two.sql").write_text("-- depends: 0099_missing\nselect 1;")
    with pytest.raises(MigrationError, match="0002_two"):
        migrate(empty_url, folder=folder)


def test_a_database_that_a_newer_program_changed_is_refused(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder=folder)
    (folder / "0002_two.sql").unlink()
    for refuse in (migrate, pending, plan):
        with pytest.raises(NewerSchemaError, match=r"newer Dulcian \(0002_two\)"):
            refuse(empty_url, folder=folder)
    with pytest.raises(NewerSchemaError):
        down(empty_url, 1, folder=folder)


def test_a_role_that_may_not_make_tables_is_told_so(
    postgres_url: str, empty_url: str, folder: Path
) -> None:
    database = postgres.database_of(empty_url)
    admin = postgres.on_database(postgres_url, database)
    role = f"reader_{database}"
    postgres.run(admin, f"create role {role} login password 'reader'")
    try:
        parts = empty_url.partition("@")
        reader = f"postgresql://{role}:reader@{parts[2]}"
        with pytest.raises(MigrationError, match="needs the right to make tables"):
            migrate(reader, folder=folder)
    finally:
        postgres.run(admin, f"drop role {role}")


def test_a_server_that_is_not_there_is_an_error_without_the_password(folder: Path) -> None:
    dsn = f"postgresql://dulcian:sesame@127.0.0.1:{postgres.free_port()}/dulcian"
    with pytest.raises(MigrationError, match="refused") as caught:
        migrate(dsn, folder=folder)
    assert "sesame" not in str(caught.value)


def test_the_tool_s_memory_is_not_ours(empty_url: str, folder: Path) -> None:
    migrate(empty_url, folder=folder)
    assert "yoyo" not in sys.modules


def test_a_child_that_dies_is_an_error(
    empty_url: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(MigrationError, match="ended with 1"):
        migrate(empty_url, folder=folder)


STOPPABLE = """
import signal, sys
from pathlib import Path
from db.migrate import migrate

class Stop(BaseException): ...

def stop(*_): raise Stop

signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
try:
    migrate(sys.argv[1], folder=Path(sys.argv[2]))
except Stop:
    print("stopped")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_while_another_node_migrates_is_heard_at_once_and_quietly(
    empty_url: str, folder: Path, number: signal.Signals
) -> None:
    from db.migrate_child import LOCK

    command = [sys.executable, "-u", "-c", STOPPABLE, empty_url, str(folder)]
    with psycopg.connect(empty_url, autocommit=True) as other:
        other.execute("select pg_advisory_lock(%s, %s)", LOCK)
        process = subprocess.Popen(
            command, cwd=ROOT, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        assert process.stdout
        assert "waiting for another node" in process.stdout.readline()
        os.killpg(process.pid, number)  # as a terminal does
        # Its child has these pipes, too: they end with both.
        assert process.communicate(timeout=30) == ("stopped\n", "")


@pytest.mark.parametrize("asked", [True, False], ids=["after the request", "before the request"])
def test_a_child_whose_parent_has_left_changes_nothing_and_says_nothing(
    empty_url: str, folder: Path, asked: bool
) -> None:
    request = msgspec.json.encode(Request("apply", empty_url, str(folder)))
    process = subprocess.Popen(
        [sys.executable, "-m", "db.migrate_child"], cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout
    process.stdout.close()
    process.stdout = None
    _, complaints = process.communicate(request if asked else b"", timeout=30)
    assert complaints == b""
    assert tables(empty_url) == set()
