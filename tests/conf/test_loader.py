"""Where settings come from, which one wins, and what is said about mistakes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conf import ConfigError, Loaded, load
from conf.fields import FIELDS, Raw
from conf.settings import MusicFolder, Secret


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No dulcian.yaml of the machine takes part."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "work")


def loaded(
    text: str = "",
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Raw] | None = None,
) -> Loaded:
    """Settings of a file, an environment and a command line."""
    file = None
    if text:
        file = Path("settings.yaml")
        file.write_text(text, encoding="utf-8")
    return load(file, environ or {}, overrides or {})


def mistakes(text: str = "", environ: Mapping[str, str] | None = None) -> list[str]:
    """What is said about wrong settings."""
    with pytest.raises(ConfigError) as caught:
        loaded(text, environ)
    return caught.value.problems


def value(settings: Loaded, name: str) -> Any:
    section, key = name.split(".")
    return getattr(getattr(settings.settings, section), key)


def test_without_a_word_everything_is_at_its_default() -> None:
    """Nothing is needed for a first start."""
    settings = loaded()
    assert set(settings.origin.values()) == {"default"}
    assert settings.settings.server.listen == "0.0.0.0:5000"


def test_paths_of_defaults_are_absolute(tmp_path: Path) -> None:
    """`~` is the home folder."""
    assert loaded().settings.data.dir == tmp_path / "home/.local/share/dulcian"


def test_the_later_source_wins() -> None:
    """File, then environment, then command line; each origin is remembered."""
    text = "server:\n  workers: 2\n  listen: 127.0.0.1:1\nlogging:\n  level: debug\n"
    environ = {"DULCIAN_SERVER__WORKERS": "3", "DULCIAN_SERVER__LISTEN": "127.0.0.1:2"}
    found = loaded(text, environ, {"server.workers": "4"})
    assert found.settings.server.workers == 4
    assert found.settings.server.listen == "127.0.0.1:2"
    assert found.settings.logging.level == "debug"
    assert found.origin["server.workers"] == "command line"
    assert found.origin["server.listen"] == "environment DULCIAN_SERVER__LISTEN"
    assert found.origin["logging.level"] == f"file {Path('settings.yaml').absolute()}:5"


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("server.workers", "2", 2),
        ("server.shutdown_grace", "2.5", 2.5),
        ("library.scan_on_start", "no", False),
        ("library.scan_on_start", "ON", True),
        ("transcoding.mode", "off", "off"),
        ("data.cache_dir", "/tmp/cache", Path("/tmp/cache")),
        ("data.cache_dir", "", None),
        ("library.cover_names", "cover, front", ("cover", "front")),
        ("library.cover_names", "", ()),
        ("library.artist_separators", '["; ", " / "]', ("; ", " / ")),
        ("library.folders", "/a:/b", (MusicFolder(path=Path("/a")), MusicFolder(path=Path("/b")))),
        ("library.folders", "[{path: /a, name: A}]", (MusicFolder(path=Path("/a"), name="A"),)),
        ("auth.admin_user", "null", "null"),
    ],
)
def test_a_variable_becomes_a_value(name: str, text: str, expected: object) -> None:
    """Every kind of setting can be written in the environment."""
    assert value(loaded(environ={FIELDS[name].variable: text}), name) == expected


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ("transcoding: {mode: on}", "transcoding.mode", "on"),
        ("transcoding: {mode: off}", "transcoding.mode", "off"),
        ("auth: {admin_user: 0123}", "auth.admin_user", "0123"),
        ("auth: {admin_user: 2024-05-06}", "auth.admin_user", "2024-05-06"),
        ("data: {cache_dir: }", "data.cache_dir", None),
        ("data: {cache_dir: ~}", "data.cache_dir", None),
        ("library: {ignored_articles: []}", "library.ignored_articles", ()),
        ("library: {scan_interval: 1e3}", "library.scan_interval", 1000.0),
    ],
)
def test_yaml_is_taken_as_it_is_written(line: str, name: str, expected: object) -> None:
    """YAML's guesses (`on` is true, 0123 is 83, a date) do not get between."""
    assert value(loaded(line), name) == expected


def test_relative_paths_count_from_the_file(tmp_path: Path) -> None:
    """A file names its neighbours, wherever the server is started."""
    file = tmp_path / "home" / "dulcian.yaml"
    file.write_text("library:\n  folders: [music, {path: ~/more}]\n", encoding="utf-8")
    folders = load(file, {}, {}).settings.library.folders
    assert [folder.path for folder in folders] == [tmp_path / "home/music", tmp_path / "home/more"]


def test_the_command_line_adds_music_folders() -> None:
    """`--music` does not forget the folders of the file."""
    found = loaded("library: {folders: [/a]}", overrides={"library.folders": ["/b", "c"]})
    paths = [folder.path for folder in found.settings.library.folders]
    assert paths == [Path("/a"), Path("/b"), Path.cwd() / "c"]


def test_a_path_need_not_be_text() -> None:
    """File names on Linux are bytes."""
    strange = os.fsdecode(b"/music/\xff")
    (folder,) = loaded(overrides={"library.folders": [strange]}).settings.library.folders
    assert os.fsencode(folder.path) == b"/music/\xff"


def test_a_secret_may_stand_in_a_file() -> None:
    """As container platforms hand them over; the newline at the end is the editor's."""
    Path("secret").write_text("s3cret word \n", encoding="utf-8")
    found = loaded(environ={"DULCIAN_DATABASE__PASSWORD_FILE": "secret"})
    assert str(found.settings.database.password) == "s3cret word "
    assert found.origin["database.password"] == "environment DULCIAN_DATABASE__PASSWORD_FILE"


def test_systemd_hands_over_credentials(tmp_path: Path) -> None:
    """Each a file named after a setting; the environment wins over them, files of others are theirs."""
    for name, text in {
        "database.password": "s3cret \n",
        "library.ignored_names": ".*, @eaDir\n",
        "logging.level": "error\n",
        "tls.key": "somebody else's",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path), "DULCIAN_LOGGING__LEVEL": "debug"}
    found = loaded("logging: {level: info}", environ)
    assert str(found.settings.database.password) == "s3cret "
    assert found.settings.library.ignored_names == (".*", "@eaDir")
    assert found.settings.logging.level == "debug"
    assert found.origin["database.password"] == "credential database.password"


def test_a_misspelt_credential_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "database.pasword").write_text("x", encoding="utf-8")
    (problem,) = mistakes(environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert problem.startswith("credential database.pasword: there is no such setting")
    assert "did you mean 'database.password'?" in problem


@pytest.mark.attack("X90")
def test_files_with_secrets_that_all_may_read_are_told() -> None:
    """A closed folder above them is enough, and so is a file without secrets."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        folder.chmod(0o755)
        for name, mode in {"open": 0o644, "own": 0o640, "shut/inside": 0o644}.items():
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("word", encoding="utf-8")
            (folder / name).chmod(mode)
        (folder / "shut").chmod(0o700)
        environ = {
            "DULCIAN_DATABASE__PASSWORD_FILE": str(folder / "open"),
            "DULCIAN_METRICS__TOKEN_FILE": str(folder / "own"),
            "DULCIAN_ADMIN_PASSWORD_FILE": str(folder / "shut/inside"),
            "DULCIAN_ADMIN_USER_FILE": str(folder / "open"),
        }
        assert loaded(environ=environ).exposed == (folder / "open",)
        (folder / "open").chmod(0o640)
        assert loaded(environ=environ).exposed == ()


def test_secrets_do_not_show_themselves() -> None:
    """Printing settings prints no password."""
    found = loaded(environ={"DULCIAN_METRICS__TOKEN": "hidden"})
    assert isinstance(found.settings.metrics.token, Secret)
    assert "hidden" not in repr(found)


@pytest.mark.parametrize("suffix", ["", "_FILE"])
def test_short_forms(suffix: str) -> None:
    """The first administrator and the data folder have short names."""
    Path("word").write_text("pw\n", encoding="utf-8")
    word = "word" if suffix else "pw"
    environ = {
        "DULCIAN_ADMIN_USER": "ann",
        f"DULCIAN_ADMIN_PASSWORD{suffix}": word,
        "DULCIAN_DATA": "/srv/dulcian",
    }
    settings = loaded(environ=environ).settings
    assert (settings.auth.admin_user, str(settings.auth.admin_password)) == ("ann", "pw")
    assert settings.data.dir == Path("/srv/dulcian")


def test_what_is_no_setting_is_left_alone() -> None:
    """Some variables are for commands, for processes of ours, for tests."""
    environ = dict.fromkeys(("DULCIAN_PASSWORD", "DULCIAN_WORKER_INDEX", "DULCIAN_TEST_X"), "x")
    assert set(loaded(environ=environ).origin.values()) == {"default"}


def test_an_empty_variable_says_nothing() -> None:
    """Compose files pass on variables that nobody set."""
    found = loaded(environ={"DULCIAN_SERVER__WORKERS": "", "DULCIAN_TRANSCODING__MODE": ""})
    assert found.origin["server.workers"] == "default"


@pytest.mark.parametrize("where", ["flag", "variable", "here", "data"])
def test_places_of_the_file(where: str, tmp_path: Path) -> None:
    """The file is named, or stands in one of two usual places."""
    data = tmp_path / "data"
    data.mkdir()
    usual = {"here": Path("dulcian.yaml"), "data": data / "dulcian.yaml"}
    file = usual.get(where, tmp_path / "other.yaml")
    file.write_text("server: {workers: 7}", encoding="utf-8")
    environ = {"DULCIAN_DATA": str(data)}
    if where == "variable":
        environ["DULCIAN_CONFIG"] = str(file)
    found = load(file if where == "flag" else None, environ, {})
    assert found.settings.server.workers == 7


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("libary: {}", "settings.yaml:1: unknown section 'libary'; did you mean 'library'?"),
        ("server: {worker: 1}", "unknown setting 'server.worker'; did you mean 'server.workers'?"),
        ("server: {folders: []}", "did you mean 'library.folders'?"),
        ("server:\n  workers: many", "yaml:2: server.workers must be a whole number from 1 to 64"),
        ("server: {workers: 65}", "from 1 to 64, not '65'"),
        ("server: {workers: [1]}", "not ['1']"),
        ("server: {listen: 5000}", "server.listen must be HOST:PORT"),
        ("server: {listen: '::1:80'}", "server.listen must be HOST:PORT"),
        ("server: {listen: 'x:70000'}", "server.listen must be HOST:PORT"),
        ("server: {trusted_proxies: [10.0.0.0/33]}", "'10.0.0.0/33' is no address or network"),
        ("server: {public_url: music.example.org}", "must begin with https://"),
        ("server: {shutdown_grace: nan}", "must be a number of at least 0, not 'nan'"),
        ("library: {scan_on_start: maybe}", "must be true or false, not 'maybe'"),
        ("library: {cover_names: cover}", "must be a list of texts, not 'cover'"),
        ("library: {folders: [{path: /a, nmae: A}]}", "no 'nmae'; did you mean 'name'?"),
        ("library: {folders: [/a, /b/../a]}", "library.folders: /a is given twice"),
        ("transcoding: {mode: sometimes}", "must be one of on, cache-only, off"),
        ("database: {url: mysql://x}", "database.url must begin with postgresql://"),
        ("database: {shared_buffers: lots}", "must be a size such as 32MB"),
        ("auth: {secret_key: abc}", "64 hex digits"),
        ("auth: {admin_password: x}", "without auth.admin_user"),
        ("server: {workers: 1, workers: 2}", "'workers' is given twice"),
        ("server: 5", "server must hold `name: value` lines"),
        ("- a", "the file must hold `name: value` lines"),
        ("server: {", "not YAML"),
    ],
)
def test_a_mistake_in_the_file_is_named(text: str, message: str) -> None:
    """What is wrong, where, and what was meant."""
    (problem,) = mistakes(text)
    assert message in problem


@pytest.mark.attack("X33")
def test_tags_of_yaml_make_nothing(tmp_path: Path) -> None:
    """Some parsers would call the function that the file names."""
    place = tmp_path / "made"
    mistakes(f"server: !!python/object/apply:os.mkdir ['{place}']")
    settings = loaded(
        f"server: {{listen: !!python/object/apply:os.mkdir '127.0.0.1:1', workers: !!python/name:os.system 2}}\nlibrary: {{ignored_names: [!!python/object/apply:os.mkdir '{place}']}}"
    )
    assert settings.settings.library.ignored_names == (str(place),)
    assert not place.exists()


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"DULCIAN_SERVER__WORKER": "1"}, "did you mean 'DULCIAN_SERVER__WORKERS'?"),
        ({"DULCIAN_WORKERS": "2"}, "environment DULCIAN_WORKERS: there is no such setting"),
        ({"DULCIAN_SERVER__WORKERS": "x"}, "DULCIAN_SERVER__WORKERS: server.workers must be"),
        ({"DULCIAN_DATABASE__PASSWORD_FILE": "nowhere"}, "nowhere: No such file"),
        ({"DULCIAN_DATA": "/a", "DULCIAN_DATA__DIR": "/b"}, "DULCIAN_DATA sets the same"),
        ({"DULCIAN_LIBRARY__FOLDERS": "[/a"}, "DULCIAN_LIBRARY__FOLDERS"),
    ],
)
def test_a_mistake_in_the_environment_is_named(environ: dict[str, str], message: str) -> None:
    """Also a variable that nobody knows."""
    (problem,) = mistakes(environ=environ)
    assert message in problem


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody wants to start a server five times to mend a file."""
    text = "server: {workers: x}\nlibary: {}\ndatabase: {shared_buffers: y}"
    assert len(mistakes(text, {"DULCIAN_NONSENSE": "1"})) == 4


def test_the_value_of_a_secret_is_not_told() -> None:
    """Not even when it is wrong."""
    (problem,) = mistakes("auth: {secret_key: [hunter2]}")
    assert "hunter2" not in problem


def test_a_file_that_cannot_be_read_is_a_mistake(tmp_path: Path) -> None:
    """Whoever names a file wants it."""
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "nowhere.yaml", {}, {})
    (tmp_path / "latin.yaml").write_bytes(b"server: {listen: '\xe4:1'}")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load(tmp_path / "latin.yaml", {}, {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_is_not_ours_names_the_user(tmp_path: Path) -> None:
    """Which user lacks the right."""
    file = tmp_path / "closed.yaml"
    file.touch(mode=0)
    with pytest.raises(ConfigError, match=r"the user \w+ may not read"):
        load(file, {}, {})
