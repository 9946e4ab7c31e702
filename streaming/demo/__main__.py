"""`python -m streaming.demo FOLDER` makes the demo album there, once."""

from __future__ import annotations

from pathlib import Path

import click

from streaming.demo import DemoError, make_album


@click.command(help="Make the demo album in a new FOLDER; a folder that is there is left alone.")
@click.argument("folder", type=click.Path(path_type=Path))
def main(folder: Path) -> None:
    """Say what takes a while, and do it."""
    if folder.exists():
        return
    click.echo(f"Composing a demo album in {folder} (about ten seconds)", err=True)
    try:
        make_album(folder)
    except (DemoError, OSError) as error:
        raise click.ClickException(str(error)) from error


if __name__ == "__main__":
    main()
