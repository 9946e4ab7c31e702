"""What no line of the program does, whoever asks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("conf", "db", "library", "server", "streaming", "subsonic", "web")
STARTING = {
    "db/binaries.py": "postgres, for its version",
    "db/cluster.py": "initdb",
    "db/embedded.py": "postgres",
    "db/migrate.py": "migrations, in a process of their own",
    "server/child.py": "scans, further workers",
    "server/first.py": "the server itself, below process 1 of a container",
    "server/sandbox.py": "whatever reads hostile files",
    "streaming/jukebox.py": "the player",
    "streaming/speakers.py": "the sound program of the settings",
}
"""Files that start programs, and which."""


def _files() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _users_of(*names: str) -> set[str]:
    return {
        path for path, tree in _files() if any(name.endswith(names) for name, _ in _calls(tree))
    }


@pytest.mark.attack("X96")
def test_programs_are_started_in_known_places_and_never_by_a_shell() -> None:
    starting = _users_of(
        "subprocess.run", "Popen", "check_output", "check_call", "create_subprocess_exec",
        "os.fork", "posix_spawn", "os.execv", "os.execve", "os.spawnv",
    )  # fmt: skip
    assert starting == set(STARTING)
    shells = ("os.system", "os.popen", "create_subprocess_shell", "getoutput")
    for path, tree in _files():
        for name, call in _calls(tree):
            assert name not in ("eval", "exec"), path
            assert not name.endswith(shells), path
            assert not any(one.arg == "shell" for one in call.keywords), path


@pytest.mark.attack("X94", "X64")
def test_one_file_alone_speaks_to_other_servers() -> None:
    """It calls nobody but whom its callers were told of, and judges each address.

    The operator's directory, which speaks no HTTP, is asked from another.
    """
    speaking = _users_of(
        "ClientSession", "urlopen", "HTTPConnection", "HTTPSConnection", "create_connection", "open_connection"
    )  # fmt: skip
    assert speaking == {"library/fetch.py", "web/ldap.py"}
