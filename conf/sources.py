"""Where settings come from: a YAML file, credentials of systemd, the environment; all give texts."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from conf.fields import FIELDS, SECTIONS, Raw, suggestion

PREFIX = "DULCIAN_"
_SHORT = {
    "DULCIAN_ADMIN_USER": "auth.admin_user",
    "DULCIAN_ADMIN_PASSWORD": "auth.admin_password",
    "DULCIAN_DATA": "data.dir",
}
_NOT_SETTINGS = {"DULCIAN_PASSWORD", "DULCIAN_CONFIG"}
_NOT_OURS = ("DULCIAN_WORKER_", "DULCIAN_TEST")
_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True)
class Entry:
    """One setting as it was written, and where."""

    name: str
    value: Raw
    origin: str
    folder: Path
    """What a relative path counts from."""
    file: Path | None = None
    """The file that it stands in."""


@dataclass
class Found:
    """What a source holds: settings, and what could not be understood."""

    entries: list[Entry] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def read(path: Path) -> str:
    """The text of a file; a ValueError says who may not read it, or what else is wrong."""
    try:
        return path.read_text(encoding="utf-8")
    except PermissionError:
        raise ValueError(f"{path}: the user {user_name()} may not read this file") from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: this file is not UTF-8 text") from None


def user_name() -> str:
    """Who this process is; its number where it has no name, as often in containers."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def from_file(path: Path) -> Found:
    """The settings of a YAML file, with the line of each."""
    found = Found()
    try:
        root = yaml.compose(read(path), Loader=yaml.BaseLoader)
    except ValueError as error:
        found.problems.append(str(error))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        found.problems.append(f"file {path}:{line}: not YAML: {error.problem}")
    except yaml.YAMLError as error:
        found.problems.append(f"file {path}: not YAML: {error}")
    else:
        if root is not None and not _is_null(root):
            _sections(root, path, found)
    return found


def _sections(root: yaml.Node, path: Path, found: Found) -> None:
    for section, node, place in _pairs(root, path, found, "the file"):
        if section not in SECTIONS:
            known = [*SECTIONS, *FIELDS]
            found.problems.append(
                f"{place}: unknown section '{section}'{suggestion(section, known)}"
            )
        elif not _is_null(node):
            for key, value, where in _pairs(node, path, found, section):
                _setting(f"{section}.{key}", value, where, path, found)


def _setting(name: str, node: yaml.Node, place: str, path: Path, found: Found) -> None:
    if name in FIELDS:
        found.entries.append(Entry(name, _plain(node), place, path.parent, path))
    else:
        found.problems.append(f"{place}: unknown setting '{name}'{_like(name)}")


def _like(name: str) -> str:
    """The setting that was meant: of that name in its section, or else in another one."""
    section, _, key = name.partition(".")
    siblings = [known for known in FIELDS if known.startswith(f"{section}.")]
    elsewhere = [known for known in FIELDS if known.endswith(f".{key}")]
    return suggestion(name, elsewhere or siblings) or suggestion(name, list(FIELDS))


def _pairs(
    node: yaml.Node, path: Path, found: Found, what: str
) -> Iterator[tuple[str, yaml.Node, str]]:
    """Keys, values and places of a mapping; a key given twice is a mistake."""
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1
        found.problems.append(f"file {path}:{line}: {what} must hold `name: value` lines")
        return
    seen: set[str] = set()
    for key, value in node.value:
        place = f"file {path}:{key.start_mark.line + 1}"
        name = str(key.value)
        if name in seen:
            found.problems.append(f"{place}: '{name}' is given twice")
        seen.add(name)
        yield name, value, place


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS


def _plain(node: yaml.Node) -> Raw:
    """The texts of a node: nothing is guessed from their looks, so `on` stays `on`."""
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    return "" if _is_null(node) else str(node.value)


def from_environment(environ: Mapping[str, str]) -> Found:
    """The settings of the environment, including those that stand in files named by `…_FILE`."""
    found = Found()
    names = {known.variable: known.name for known in FIELDS.values()} | _SHORT
    givers: dict[str, str] = {}
    for variable, value in sorted(environ.items()):
        if not _is_ours(variable):
            continue
        name = names.get(variable) or names.get(variable.removesuffix("_FILE"))
        if name is None:
            meant = suggestion(variable, list(names))
            found.problems.append(f"environment {variable}: there is no such setting{meant}")
        elif name in givers:
            found.problems.append(f"environment {variable}: {givers[name]} sets the same; keep one")
        else:
            givers[name] = variable
            _variable(name, variable, value, variable not in names, found)
    return found


def from_credentials(folder: Path) -> Found:
    """The settings that systemd hands over: `LoadCredential=auth.secret_key:/etc/dulcian.key`.

    Files whose name begins with no section are somebody else's.
    """
    found = Found()
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        name, origin = file.name, f"credential {file.name}"
        if name.partition(".")[0] not in SECTIONS:
            continue
        if name not in FIELDS:
            found.problems.append(f"{origin}: there is no such setting{_like(name)}")
            continue
        try:
            text = read(file).rstrip("\r\n")
            found.entries.append(Entry(name, _listed(name, text), origin, Path.cwd(), file))
        except (ValueError, yaml.YAMLError) as error:
            found.problems.append(f"{origin}: {error}")
    return found


def _is_ours(variable: str) -> bool:
    if variable in _NOT_SETTINGS or variable.startswith(_NOT_OURS):
        return False
    return variable.startswith(PREFIX)


def _variable(name: str, variable: str, value: str, in_file: bool, found: Found) -> None:
    origin = f"environment {variable}"
    file = Path(value).expanduser() if in_file else None
    try:
        text = value if file is None else read(file).rstrip("\r\n")
        found.entries.append(Entry(name, _listed(name, text), origin, Path.cwd(), file))
    except (ValueError, yaml.YAMLError) as error:
        found.problems.append(f"{origin}: {error}")


def _listed(name: str, text: str) -> Raw:
    """A list is written as in YAML, `[a, b]`, or `a, b`; paths of folders `/a:/b`."""
    if not FIELDS[name].is_list or not text:
        return text
    if text.lstrip().startswith("["):
        return _plain(yaml.compose(text, Loader=yaml.BaseLoader) or yaml.ScalarNode("", ""))
    items = text.split(":" if FIELDS[name].folders else ",")
    return [item.strip() for item in items if item.strip()]
