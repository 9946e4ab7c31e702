"""The manual of the settings, made from their definitions: `python -m server.manual [--example]`.

It prints `docs/configuration.md`, or with `--example` the annotated file `conf/defaults.yaml`.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from dataclasses import dataclass
from typing import Any

import conf.settings
from conf.fields import FIELDS, Field
from conf.settings import MusicFolder

_HEAD = """\
# Configuration

Every setting has a default that suits a household; a first start needs none of them. A setting
is said in one or more of these places, and the later one wins:

1. `dulcian.yaml`: the file named by `--config` or `DULCIAN_CONFIG`, else `./dulcian.yaml`, else
   `dulcian.yaml` in the data folder. `dulcian config example` prints one to start from.
2. Credentials of systemd, each named after its setting:
   `LoadCredential=auth.secret_key:/etc/dulcian/secret.key`.
3. The environment: `DULCIAN_SECTION__KEY`, for example `DULCIAN_SERVER__WORKERS=2`. With `_FILE`
   at the end it names a file that holds the value, as container platforms hand over secrets. Lists
   are written `a, b` or as in YAML, `["a", "b"]`; music folders `/music:/more`.
4. The command line: `--data`, `--listen`, `--workers`, and `--music`, which adds a folder.

Short forms: `DULCIAN_DATA` for `data.dir`, `DULCIAN_ADMIN_USER` and `DULCIAN_ADMIN_PASSWORD` (also
with `_FILE`) for the first administrator. A relative path counts from the folder of the file that
names it, else from the current folder.

`dulcian config check` names every mistake, and `dulcian config show --origin` says what holds and
who said so. A secret that is still the placeholder of some example is a mistake, and `dulcian
doctor` tells of files with secrets that everybody on the machine may read. Sizes are bytes, times are seconds, bit rates are kbit/s.
"""


@dataclass(frozen=True)
class Chapter:
    """A section of the settings and what its fields mean."""

    name: str
    meaning: str
    entries: tuple[tuple[Field, str], ...]


def chapters() -> list[Chapter]:
    """The manual's contents, in the order of the definitions."""
    tree = ast.parse(inspect.getsource(conf.settings))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    sections = [node for node in classes["Settings"].body if isinstance(node, ast.AnnAssign)]
    return [
        _chapter(ast.unparse(node.target), classes[ast.unparse(node.annotation)])
        for node in sections
    ]


def _chapter(name: str, definition: ast.ClassDef) -> Chapter:
    meanings = _meanings(definition)
    mine = [field for field in FIELDS.values() if field.name.startswith(f"{name}.")]
    entries = tuple((field, meanings.get(field.name.partition(".")[2], "")) for field in mine)
    return Chapter(name, ast.get_docstring(definition) or "", entries)


def _meanings(definition: ast.ClassDef) -> dict[str, str]:
    """The text that stands below each field."""
    found = {}
    for node, after in zip(definition.body, definition.body[1:], strict=False):
        text = after.value if isinstance(after, ast.Expr) else None
        if isinstance(node, ast.AnnAssign) and isinstance(text, ast.Constant):
            found[ast.unparse(node.target)] = inspect.cleandoc(str(text.value))
    return found


def written(field: Field) -> str:
    """The default as it is written in YAML."""
    return in_yaml(field.default)


def in_yaml(value: Any) -> str:
    """A value as it is written in YAML."""
    if value is None or value == "":
        return '""'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(in_yaml(item) for item in value) + "]"
    if isinstance(value, MusicFolder):
        return f"{{path: {in_yaml(value.path)}, name: {in_yaml(value.name)}}}"
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _quoted(text: str) -> str:
    """YAML's double quotes are JSON's."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False)


def manual() -> str:
    """The page `docs/configuration.md`."""
    parts = [_HEAD]
    for chapter in chapters():
        parts.append(f"## {chapter.name}\n\n{chapter.meaning}\n")
        parts += [_entry(field, meaning) for field, meaning in chapter.entries]
    return "\n".join(parts)


def _entry(field: Field, meaning: str) -> str:
    default = "none" if field.default in ("", None, ()) else f"`{written(field)}`"
    facts = f"{field.expects[0].upper()}{field.expects[1:]}. Default: {default}."
    return f"**`{field.name}`** · `{field.variable}`\n\n{meaning}\n\n{facts}\n"


def example() -> str:
    """The file `conf/defaults.yaml`: every setting at its default, with its meaning."""
    lines = [
        "# Every setting of Dulcian at its default. Copy what you change into dulcian.yaml, in the",
        "# folder where you start Dulcian or in the data folder, and leave out the rest.",
    ]
    for chapter in chapters():
        lines += ["", *_comment(chapter.meaning, ""), f"{chapter.name}:"]
        for field, meaning in chapter.entries:
            key = field.name.partition(".")[2]
            lines += [*_comment(meaning, "  "), f"  {key}: {written(field)}"]
    return "\n".join(lines) + "\n"


def _comment(text: str, indent: str) -> list[str]:
    return textwrap.wrap(text, 98, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


if __name__ == "__main__":
    sys.stdout.write(example() if "--example" in sys.argv[1:] else manual())
