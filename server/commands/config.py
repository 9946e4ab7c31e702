"""`dulcian config`: what the settings say."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import click

from conf import Loaded
from conf.fields import FIELDS, SECTIONS
from server.commands.options import common, settings_of
from server.manual import in_yaml

_MASK = "********"


@click.group()
def config() -> None:
    """Check and show the settings."""


@config.command()
@common
def check(config: Path | None, data: str | None) -> None:
    """Say everything that is wrong with the settings (exit 3), or that nothing is."""
    loaded = settings_of(config, data)
    said = sum(origin != "default" for origin in loaded.origin.values())
    click.echo(f"The settings are right: {said} given, {len(FIELDS) - said} at their defaults.")


@config.command()
@click.option("--origin", is_flag=True, help="Say of each where it comes from.")
@common
def show(origin: bool, config: Path | None, data: str | None) -> None:
    """Print the settings that hold, as YAML; secrets are masked."""
    loaded = settings_of(config, data)
    for section in SECTIONS:
        click.echo(f"{section}:")
        for name, field in FIELDS.items():
            if name.startswith(f"{section}."):
                key = name.partition(".")[2]
                value = _value(loaded, name)
                text = f'"{_MASK}"' if field.secret and value else in_yaml(value)
                click.echo(f"  {key}: {text}" + (f"  # {loaded.origin[name]}" if origin else ""))


@config.command()
def example() -> None:
    """Print an annotated file with every setting at its default."""
    text = (resources.files("conf") / "defaults.yaml").read_text(encoding="utf-8")
    click.echo(text, nl=False)


def _value(loaded: Loaded, name: str) -> Any:
    section, _, key = name.partition(".")
    return getattr(getattr(loaded.settings, section), key)
