"""Figures in rows, for eyes."""

from __future__ import annotations

from statistics import median

import click

_WIDTH = 26


def heading(title: str, *columns: str) -> None:
    """What the rows below it are, and their columns."""
    click.echo(f"\n{click.style(f'{title:{_WIDTH}}', bold=True)}{_cells(columns)}")


def row(title: str, *cells: str) -> None:
    """One line."""
    click.echo(f"{f'  {title}':{_WIDTH}}{_cells(cells)}")


def note(text: str) -> None:
    """A line of words."""
    click.echo(f"  {text}")


def spread(values: list[float]) -> str:
    """The median, and between which values it lies."""
    return f"{median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def _cells(cells: tuple[str, ...]) -> str:
    return "".join(f" {one:>16}" for one in cells)
