"""The program as people start it: started, stopped, killed, twice at once, several processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict

from tests.support.audio import Song, write
from tests.support.program import Program, children, run, serving, wait_until_gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

ADMIN = {"DULCIAN_ADMIN_USER": "ann", "DULCIAN_ADMIN_PASSWORD": "sesame"}
SIGNED = "u=ann&p=sesame&v=1.16.1&c=test&f=json"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database and an account, used by one test after the other."""
    place = tmp_path_factory.mktemp("data") / "d"
    assert (
        run("user", "add", "ann", "--admin", "--data", str(place), text="sesame\n").returncode == 0
    )
    return place


def ping(program: Program) -> str:
    """What the protocol says."""
    answer = json.loads(program.get(f"/rest/ping.view?{SIGNED}")[1])
    return str(answer["subsonic-response"]["status"])


def test_a_server_serves_and_stops(data: Path) -> None:
    """SIGTERM ends it with 0, PostgreSQL last; every line of its log is JSON without a password."""
    with serving(data) as program:
        postgres = program.postgres
        assert ping(program) == "ok"
        assert program.stop() == 0
        wait_until_gone(postgres)
        names = [event["event"] for event in program.events]
        assert names.index("ready") < names.index("embedded postgresql stopped")
        assert names[-1] == "stopped"
        assert "sesame" not in program.log


def test_the_key_is_changed_while_a_server_runs(data: Path) -> None:
    """Token sign-in needs what is sealed: before, meanwhile and after the next start."""
    with serving(data) as program:
        before = (data / "secret.key").read_text()
        assert ping(program) == "ok"
        rotated = run("secrets", "rotate", "--data", str(data))
        assert rotated.returncode == 0, rotated.stderr
        assert "sealed with another key now" in rotated.stdout
        after = (data / "secret.key").read_text()
        assert after != before
        assert len(after.split()) == 1
        assert after.strip() not in rotated.stdout + rotated.stderr
        assert ping(program) == "ok"
        assert program.stop() == 0
    with serving(data) as program:
        assert ping(program) == "ok"


def test_a_first_start_prints_a_link_that_makes_the_first_account(tmp_path: Path) -> None:
    """The link is asked for in a browser."""
    with serving(tmp_path / "d") as program:
        link = program.event("nobody has an account yet; make the first one at this address")[
            "link"
        ]
        path = "/" + link.split("/", 3)[3]
        assert path.startswith("/setup/")
        assert program.get(path)[0] == 200
        assert program.get("/setup/guessed")[0] == 404
        program.stop()


def test_a_first_start_makes_the_account_of_the_environment(tmp_path: Path) -> None:
    """An app can sign in at once."""
    with serving(tmp_path / "d", environ=ADMIN) as program:
        assert ping(program) == "ok"
        program.stop()


def test_a_second_server_on_the_same_data_is_refused(data: Path) -> None:
    """It says so and exits with 5; the first one goes on."""
    with serving(data) as program:
        second = run("serve", "--data", str(data), "--listen", "127.0.0.1:0")
        assert second.returncode == 5
        assert f"already running (pid {program.process.pid})" in second.stderr
        assert ping(program) == "ok"
        program.stop()


def test_a_port_in_use_is_told_before_anything_is_made(tmp_path: Path) -> None:
    """One line, exit 5, no database."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        refused = run("serve", "--data", str(tmp_path / "d"), "--listen", listen)
    assert refused.returncode == 5
    (line,) = [line for line in refused.stderr.splitlines() if not line.startswith("{")]
    assert f"{listen} is in use" in line
    assert not (tmp_path / "d/postgres").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_music_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    """By the log and by the scan: the user, the right and the folder. The server serves all the same."""
    music = tmp_path / "Music"
    music.mkdir(mode=0o300)
    with serving(tmp_path / "d", "--music", str(music), environ=ADMIN) as program:
        told = program.event("a music folder cannot be read")["reason"]
        assert told.endswith(f"may not read {music} (right r).")
        finished = program.event("scan finished")
        assert (finished["state"], told in finished["message"]) == ("refused", True)
        assert ping(program) == "ok"
        assert program.stop() == 0


def test_sigkill_leaves_no_process_behind_and_loses_nothing(data: Path) -> None:
    """The next start finds everything."""
    with serving(data, "--workers", "2") as program:
        others = [program.postgres, *program.children("server work")]
        assert len(others) == 2
        program.stop(signal.SIGKILL)
        wait_until_gone(*others)
    with serving(data) as program:
        assert ping(program) == "ok"
        assert program.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_can_be_stopped(tmp_path: Path, number: signal.Signals) -> None:
    """While the database is made."""
    with serving(tmp_path / "d", ready=False) as program:
        program.event("making the database, once")
        assert program.stop(number) == 0
    with serving(tmp_path / "d", environ=ADMIN) as program:
        assert ping(program) == "ok"
        program.stop()


def test_several_processes_answer_on_one_port(data: Path) -> None:
    """Each takes its part; the figures are of all of them."""
    with serving(data, "--workers", "2") as program:
        program.event("ready")
        for _ in range(40):
            assert program.get("/health/live")[0] == 200
        (child,) = program.children("server work")
        figures = _figures_folder(child)
        counted = {pid: _requests(figures, pid) for pid in (child, program.process.pid)}
        assert all(counted.values())
        text = program.get("/metrics")[1].decode()
        total = 'dulcian_requests_total{endpoint="other",status="200"}'
        shown = next(line for line in text.splitlines() if line.startswith(total))
        assert float(shown.split()[-1]) >= 40
        assert program.stop() == 0
        assert not figures.exists()
        wait_until_gone(child)


def _figures_folder(pid: int) -> Path:
    variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    name = b"PROMETHEUS_MULTIPROC_DIR="
    return Path(next(one for one in variables if one.startswith(name)).removeprefix(name).decode())


def _requests(folder: Path, pid: int) -> float:
    file = str(folder / f"counter_{pid}.db")
    values = list(MmapedDict.read_all_values_from_file(file))  # type: ignore[no-untyped-call]
    return float(sum(value for key, value, *_ in values if "dulcian_requests_total" in key))


def test_a_process_that_dies_is_replaced(data: Path) -> None:
    """The others go on meanwhile."""
    with serving(data, "--workers", "2") as program:
        (child,) = program.children("server work")
        os.kill(child, signal.SIGKILL)
        program.event("a process ended; starting another")
        program.wait_for(lambda: program.children("server work") not in ([], [child]))
        assert ping(program) == "ok"
        assert program.stop() == 0


@pytest.mark.attack("X90")
def test_no_secret_shows_anywhere(data: Path) -> None:
    """On command lines, in the environment of children, in log, answers, figures and reports."""
    token, key = (hashlib.sha256(word).hexdigest() for word in (b"a token", b"a key"))
    environ = {"DULCIAN_METRICS__TOKEN": token, "DULCIAN_ADMIN_USER": "bob"}
    environ |= {"DULCIAN_ADMIN_PASSWORD": "wheelbarrow", "DULCIAN_LOGGING__SLOW_REQUEST": "0"}
    with serving(data, "--workers", "2", environ=environ) as program:
        password = (data / "postgres.password").read_text()
        secrets = [token, "wheelbarrow", password, (data / "secret.key").read_text().strip()]
        children = program.children("")
        lines = [_read(pid, "cmdline") for pid in [*children, program.process.pid]]
        shown = [*lines, *(_read(pid, "environ") for pid in children)]
        wrong = SIGNED.replace("sesame", key)
        paths = (
            f"/rest/ping.view?{wrong}", f"/rest/nothing.view?{wrong}", f"/rest/stream.view?{wrong}&id=x",
            f"/rest/ping.view?{SIGNED}", f"/rest/ping.view?apiKey={key}&v=1.16.1&c=x", f"/{key}?{SIGNED}",
            "/metrics", "/health",
        )  # fmt: skip
        shown += [program.get(path)[1].decode() for path in paths]
        for command in (["doctor"], ["config", "show", "--origin"]):
            done = run(*command, "--data", str(data), **environ)
            shown += [done.stdout, done.stderr]
        assert program.stop() == 0
        # What was asked for is the asker's: only a path may hold what stands in the log again.
        log = program.log.replace(f"/{key}", "")
        for secret in (*secrets, key, "sesame"):
            assert secret not in log
            assert not any(secret in text for text in shown)


def _read(pid: int, name: str) -> str:
    return Path(f"/proc/{pid}/{name}").read_text(errors="replace")


def test_the_embedded_database_is_started_again(data: Path) -> None:
    """Red meanwhile, and nobody has to do anything."""
    with serving(data) as program:
        os.kill(program.postgres, signal.SIGKILL)
        program.wait_for(lambda: program.get("/health")[0] == 503)
        program.event("starting the database again")
        program.wait_until_ready()
        assert ping(program) == "ok"
        assert program.stop() == 0


def test_commands_work_beside_a_running_server(data: Path) -> None:
    """On its database; what they change holds at once."""
    with serving(data) as program:
        place = ("--data", str(data))
        assert ping(program) == "ok"
        assert run("user", "add", "bob", *place, DULCIAN_PASSWORD="pw").returncode == 0
        assert run("user", "add", "BOB", *place, text="pw\n").returncode == 1
        assert run("user", "list", *place).stdout == "ann\tadministrator\nbob\tuser\n"
        limits = ("--streams", "2", "--rate", "0", "--bit-rate", "192")
        limited = run("user", "limit", "bob", *limits, *place).stdout
        assert "streams at once 2, kbit/s over all without a limit, transcodes at once" in limited
        assert "of a song 192." in limited
        assert run("user", "delete", "ann", *place).returncode == 1
        assert run("user", "passwd", "ann", *place, text="other\n").returncode == 0
        program.wait_for(lambda: ping(program) == "failed")
        assert run("user", "passwd", "ann", *place, text="sesame\n").returncode == 0
        assert run("user", "delete", "bob", *place).returncode == 0
        lines = [line.split("\t") for line in run("audit", *place).stdout.splitlines()]
        told = [(event, way, subject) for _, event, _, way, _, _, subject, _ in lines]
        assert ("user created", "command line", "bob") in told
        assert ("user deleted", "command line", "bob") in told
        assert ("sign-in", "app", "") in told
        assert run("migrate", "--check", *place).returncode == 0
        assert run("migrate", "--down", "1", "--yes", *place).returncode == 5
        found = run("scan", "--wait", *place)
        assert (found.returncode, "no music folder" in found.stdout) == (0, True)
        assert run("scan", "--folder", "nowhere", *place).returncode == 2
        program.stop()


def test_what_comes_into_a_music_folder_is_there_within_seconds(tmp_path: Path) -> None:
    """Without anybody asking; the scan comes after all other work, and says what it did."""
    music = tmp_path / "Music"
    write(music / "A/a.mp3", Song(title="A", artist="Ann"))
    with serving(tmp_path / "d", "--music", str(music), environ=ADMIN) as program:
        program.event("watching for changes")
        nice: set[int] = set()

        def over() -> bool:
            nice.update(niceness(program))
            return bool(second(program, 0))

        program.wait_for(over)
        assert max(nice) == min(19, os.nice(0) + 10)
        assert program.event("scan finished")["message"] == "1 song seen, 1 added."
        write(music / "B/C/b.mp3", Song(title="B", artist="Bob"))
        program.wait_for(lambda: "1 song seen, 1 added." in second(program))
        assert program.stop() == 0
        assert not [event for event in program.events if event["level"] in {"error", "critical"}]


def niceness(program: Program) -> list[int]:
    """How far the processes of a scan that runs now stand behind others."""
    found = []
    for pid in program.children("scan-job"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            stat = Path(f"/proc/{pid}/stat").read_text()
            found.append(int(stat.rpartition(")")[2].split()[16]))
    return found


def second(program: Program, number: int = 1) -> str:
    """What the second scan, or another, said in the end."""
    ends = [event["message"] for event in program.events if event["event"] == "scan finished"]
    return ends[number] if len(ends) > number else ""


def test_commands_work_without_a_server(data: Path) -> None:
    """They start the database for themselves, and stop it."""
    place = ("--data", str(data))
    assert run("migrate", "--check", *place).returncode == 0
    assert run("migrate", "--plan", *place).stdout == ""
    assert run("scan", *place).stdout.count("no music folder") == 1
    doctor = run("doctor", *place, DULCIAN_SERVER__LISTEN="127.0.0.1:0")
    assert doctor.returncode == 0, doctor.stdout
    assert "tables up to date" in doctor.stdout
    assert not (data / "postgres/postmaster.pid").exists()


def test_migrations_go_down_and_up(tmp_path: Path) -> None:
    """`--check` tells by its exit code; nobody loses tables without being asked."""
    place = ("--data", str(tmp_path / "d"))
    assert run("migrate", *place).stdout.startswith("Applied 0001_library.\n")
    assert run("migrate", "--down", "1", *place).returncode == 1
    assert run("migrate", "--check", *place).returncode == 0
    assert run("migrate", "--down", "1", "--yes", *place).stdout.startswith("Undone ")
    assert run("migrate", "--check", *place).returncode == 1
    assert "alter table" in run("migrate", "--plan", *place).stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a process 1")
def test_it_can_be_the_first_process_of_a_container(data: Path) -> None:
    """It hands signals on, and buries orphans."""
    first = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
    if subprocess.run([*first, "true"], capture_output=True).returncode:
        pytest.skip("unshare is refused here: no process can be made process 1")
    with serving(data, before=first) as program:
        assert ping(program) == "ok"
        (inside,) = program.children("server serve")
        (server,) = children(inside, "server serve")
        (postgres,) = children(server, "bin/postgres")
        for orphan in children(postgres, "checkpointer"):
            os.kill(postgres, signal.SIGKILL)
            wait_until_gone(orphan)
        program.event("starting the database again")
        os.kill(inside, signal.SIGTERM)
        assert program.process.wait(30) == 0
        assert program.events[-1]["event"] == "stopped"
