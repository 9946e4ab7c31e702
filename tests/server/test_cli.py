"""The command line, without a server."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from conf.sources import from_file
from server.cli import program
from server.exits import CONFIGURATION, MEANING, USAGE


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))


def run(*words: str, environ: dict[str, str] | None = None, text: str = "") -> Result:
    return CliRunner().invoke(program, words, env=environ, input=text)


def test_help_is_good_enough_to_work_from() -> None:
    """Every command and every exit code is named; what is internal is not."""
    text = run("--help").output
    for word in ("serve", "user", "audit", "scan", "migrate", "secrets", "config", "doctor"):
        assert f"\n  {word} " in text
        assert (
            "--data DIR" in run(word, "--help").output or "Commands:" in run(word, "--help").output
        )
    for code, meaning in MEANING.items():
        assert f"{code}  {meaning}" in text
    assert "scan-job" not in text


@pytest.mark.parametrize("command", [["serve"], ["user", "add"], ["scan"], ["migrate"], ["doctor"]])
def test_every_command_takes_settings_and_data(command: list[str]) -> None:
    """Wherever they stand."""
    text = run(*command, "--help").output
    assert "--config FILE" in text
    assert "--data DIR" in text


def test_a_wrong_word_is_the_users_mistake() -> None:
    """With a hint at the help."""
    result = run("sreve")
    assert result.exit_code == USAGE
    assert "No such command 'sreve'" in result.stderr


def test_every_mistake_in_the_settings_is_told() -> None:
    """On standard error, one per line."""
    Path("dulcian.yaml").write_text("server: {workers: x}\nlibary: {}", encoding="utf-8")
    result = run("serve", environ={"DULCIAN_NONSENSE": "1"})
    assert result.exit_code == CONFIGURATION
    assert result.stdout == ""
    assert "did you mean 'library'?" in result.stderr
    assert "server.workers must be" in result.stderr
    assert "DULCIAN_NONSENSE" in result.stderr


def test_settings_are_checked() -> None:
    """Before a server is started with them."""
    Path("good.yaml").write_text("server: {workers: 2}", encoding="utf-8")
    assert "1 given" in run("config", "check", "--config", "good.yaml").output
    Path("bad.yaml").write_text("server: {workers: 0}", encoding="utf-8")
    assert run("config", "check", "--config", "bad.yaml").exit_code == CONFIGURATION


def test_settings_are_shown_without_secrets() -> None:
    """With where they come from; what is shown is YAML."""
    environ = {"DULCIAN_METRICS__TOKEN": "hunter2", "DULCIAN_LIBRARY__FOLDERS": "/my music:/more"}
    result = run("config", "show", "--origin", "--data", "/srv/d", environ=environ)
    assert result.exit_code == 0
    assert "hunter2" not in result.output
    assert 'token: "********"  # environment DULCIAN_METRICS__TOKEN' in result.output
    assert 'dir: "/srv/d"  # command line' in result.output
    assert "workers: 1  # default" in result.output
    shown = yaml.safe_load(result.output)
    assert shown["library"]["folders"][0] == {"path": "/my music", "name": ""}


def test_what_is_shown_can_be_read_again() -> None:
    """As settings that say the same."""
    shown = run("config", "show").output
    Path("again.yaml").write_text(shown, encoding="utf-8")
    assert not from_file(Path("again.yaml")).problems
    assert run("config", "show", "--config", "again.yaml").output == shown


def test_the_example_has_every_setting() -> None:
    """Ready to be copied."""
    text = run("config", "example").output
    Path("copy.yaml").write_text(text, encoding="utf-8")
    assert run("config", "check", "--config", "copy.yaml").exit_code == 0


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\x1b[31m"])
def test_a_name_must_be_one(name: str) -> None:
    """Before any database is started."""
    result = run("user", "add", name, environ={"DULCIAN_PASSWORD": "x"})
    assert result.exit_code == USAGE


def test_an_empty_password_is_refused() -> None:
    """With the two ways to give one."""
    result = run("user", "add", "ann", environ={"DULCIAN_PASSWORD": ""})
    assert result.exit_code == USAGE
    assert "DULCIAN_PASSWORD" in result.stderr


def test_migrate_does_one_thing_at_a_time() -> None:
    """Before any database is started."""
    assert run("migrate", "--check", "--plan").exit_code == USAGE
