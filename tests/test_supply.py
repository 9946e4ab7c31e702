"""The packages that come along: locked, of known licences, without known holes."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.support.postgres import free_port

ROOT = Path(__file__).parents[1]
HASH = "--hash=sha256:" + "0" * 64
HOLE = {
    "id": "PYSEC-2026-1", "modified": "2026-01-01T00:00:00Z", "details": "It lets in anybody.",
    "affected": [{
        "package": {"ecosystem": "PyPI", "name": "aiohttp"},
        "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "9.9.9"}]}],
        "versions": ["3.14.5"],
    }],
}  # fmt: skip

pytestmark = pytest.mark.attack("X95")


@contextmanager
def knowing(*holes: object) -> Iterator[str]:
    """The address of a database of holes, which knows of these."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"vulns": holes} if holes else {}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1/query"
        finally:
            server.shutdown()
            thread.join()


def gate(name: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "tools" / name, *words], capture_output=True, text=True, timeout=50
    )


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "lock.txt"
    file.write_text(f"aiohttp==3.14.5 {HASH}\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_locked_by_hash(name: str) -> None:
    entries = re.split(r"(?<!\\)\n", (ROOT / name).read_text(encoding="utf-8").strip())
    assert len(entries) > 30
    for entry in entries:
        assert re.match(r"[a-z0-9_.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", entry, re.DOTALL), entry


def test_a_package_with_a_known_hole_stops_the_check(lock: Path) -> None:
    with knowing(HOLE) as address:
        done = gate("holes.sh", lock, address)
    assert done.returncode == 1
    assert "PYSEC-2026-1" in done.stderr
    with knowing() as address:
        assert gate("holes.sh", lock, address).returncode == 0


def test_no_answer_is_told_and_a_broken_list_is_an_error(lock: Path) -> None:
    done = gate("holes.sh", lock, f"http://127.0.0.1:{free_port()}/v1/query")
    assert (done.returncode, "NOT CHECKED" in done.stderr) == (0, True)
    lock.write_text("aiohttp\n", encoding="utf-8")
    assert gate("holes.sh", lock).returncode == 1


def test_a_licence_that_is_not_allowed_stops_the_check() -> None:
    """Not those of pyproject.toml: these all pass in `make lint`."""
    done = gate("licences.sh", ROOT / "requirements.txt", "MIT;BSD;Apache")
    assert done.returncode == 1
    assert "was found for package anyascii" in done.stderr
