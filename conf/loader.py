"""Settings from defaults, a file, the environment and the command line; the later one wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints

from conf.checks import problems
from conf.exposure import is_exposed
from conf.fields import FIELDS, Field, Raw, absolute, convert
from conf.settings import Settings
from conf.sources import Entry, Found, from_credentials, from_environment, from_file

FILE_NAME = "dulcian.yaml"


class ConfigError(Exception):
    """Everything that is wrong with the settings, one sentence per mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Loaded:
    """Settings, and where each was said.

    As `default`, `file …:3`, `credential …`, `environment …` or `command line`.
    """

    settings: Settings
    origin: dict[str, str]
    exposed: tuple[Path, ...] = ()
    """Files with secrets that every user of the machine may read."""


def load(file: Path | None, environ: Mapping[str, str], overrides: Mapping[str, Raw]) -> Loaded:
    """Read everything the operator says.

    Without a file it is `$DULCIAN_CONFIG`, `./dulcian.yaml` or `dulcian.yaml` in the data folder,
    the first that is there. Overrides are the command line's: texts by dotted name;
    `library.folders` adds to the folders of the other sources, all others replace.
    """
    said = from_environment(environ)
    command = [Entry(name, text, "command line", Path.cwd()) for name, text in overrides.items()]
    path = _file(file, environ, [*said.entries, *command])
    written = from_file(path) if path else Found()
    handed = environ.get("CREDENTIALS_DIRECTORY")
    credentials = from_credentials(Path(handed)) if handed else Found()
    wrong = [*written.problems, *credentials.problems, *said.problems]
    entries = [*written.entries, *credentials.entries, *said.entries, *command]
    values, origin = _merge(entries, wrong)
    settings = _settings(values)
    for name, problem in problems(settings).items():
        wrong.append(f"{origin[name]}: {problem}")
    if wrong:
        raise ConfigError(wrong)
    return Loaded(settings, origin, _exposed(entries))


def _exposed(entries: list[Entry]) -> tuple[Path, ...]:
    files = {one.file for one in entries if one.file and one.value and FIELDS[one.name].secret}
    return tuple(sorted(filter(is_exposed, files)))


def _file(file: Path | None, environ: Mapping[str, str], said: list[Entry]) -> Path | None:
    if file is not None:
        return absolute(file, Path.cwd())
    if named := environ.get("DULCIAN_CONFIG"):
        return absolute(named, Path.cwd())
    data = [entry.value for entry in said if entry.name == "data.dir" and entry.value]
    home = str(data[-1]) if data else FIELDS["data.dir"].default
    usual = (Path.cwd() / FILE_NAME, absolute(home, Path.cwd()) / FILE_NAME)
    return next((path for path in usual if path.is_file()), None)


def _merge(entries: list[Entry], wrong: list[str]) -> tuple[dict[str, Any], dict[str, str]]:
    values = {name: _default(field) for name, field in FIELDS.items()}
    origin = dict.fromkeys(FIELDS, "default")
    for entry in entries:
        field = FIELDS[entry.name]
        if entry.value == "" and not (field.text or field.is_list):
            continue  # nothing said: `name:` in a file, an empty variable from a container's file
        try:
            value = convert(field, entry.value, entry.folder)
        except ValueError as error:
            wrong.append(f"{entry.origin}: {error}")
            continue
        adds = field.folders and entry.origin == "command line"
        values[entry.name] = values[entry.name] + value if adds else value
        origin[entry.name] = entry.origin
    return values, origin


def _default(field: Field) -> Any:
    value = field.default
    return absolute(value, Path.cwd()) if isinstance(value, Path) else value


def _settings(values: dict[str, Any]) -> Settings:
    sections = {}
    for section, kind in get_type_hints(Settings).items():
        prefix = f"{section}."
        mine = {n.removeprefix(prefix): v for n, v in values.items() if n.startswith(prefix)}
        sections[section] = kind(**mine)
    return Settings(**sections)
