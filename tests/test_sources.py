"""What no line of the program does, whoever asks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
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


@cache
def _files() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8")))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    )


def _calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def _users_of(*names: str) -> set[str]:
    return {
        path for path, tree in _files() if any(name.endswith(names) for name, _ in _calls(tree))
    }


@pytest.mark.attack("X96", "X40")
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


def _imports() -> Iterator[tuple[str, str]]:
    """Files, and the modules that they import."""
    for path, tree in _files():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((path, each.name) for each in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield path, node.module or ""


@pytest.mark.attack("X34")
def test_no_object_is_made_of_foreign_bytes() -> None:
    builders = {"pickle", "marshal", "shelve", "dill", "jsonpickle", "cloudpickle", "copyreg"}
    assert not [found for found in _imports() if found[1].partition(".")[0] in builders]


@pytest.mark.attack("X40")
def test_no_text_from_outside_is_a_template() -> None:
    """Templates are files of ours; `format` is asked of constants only."""
    found = set()
    for path, tree in _files():
        for name, call in _calls(tree):
            verb = name.rpartition(".")[2]
            constant = isinstance(getattr(call.func, "value", None), ast.Constant)
            if verb in {"Template", "from_string", "format_map"} or (
                verb == "format" and isinstance(call.func, ast.Attribute) and not constant
            ):
                found.add((path, name))
    # Constants with a name; what lays out JSON; filters of a directory, whose values are escaped.
    assert found <= {
        ("conf/sign_in.py", "LDAPFilter.from_string"),
        ("web/ldap.py", "LDAPFilter.from_string"),
        ("db/cluster.py", "verb.format"),
        ("db/secrets.py", "MISSING.format"),
        ("server/commands/secrets.py", "_DONE.format"),
        ("server/commands/secrets.py", "rest.format"),
        ("subsonic/manual.py", "_HEAD.format"),
        ("web/playlists.py", "msgspec.json.format"),
    }


@pytest.mark.attack("X33")
def test_yaml_is_read_in_one_place_and_makes_nothing_but_texts() -> None:
    used = {(path, name) for path, tree in _files() for name, _ in _calls(tree) if "yaml." in name}
    assert used == {("conf/sources.py", "yaml.compose"), ("conf/sources.py", "yaml.ScalarNode")}


@pytest.mark.attack("X32")
def test_xml_is_read_by_two_parsers_and_no_other() -> None:
    """Expat, where document types are refused, and that of feeds, in a child that reaches nothing."""
    readers = {"xml", "lxml", "defusedxml", "feedparser", "xmltodict", "bs4"}
    assert {found for found in _imports() if found[1].partition(".")[0] in readers} == {
        ("library/playlists.py", "xml.parsers"),
        ("library/feeds.py", "feedparser.api"),
    }
