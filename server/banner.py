"""What the one who started the server wants to know: where it is, and what to do first."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import structlog
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from conf import VERSION
from conf.settings import Logging
from server.logs import on_terminal, readable

log = structlog.get_logger()


def announce(settings: Logging, addresses: Sequence[str], folders: int, link: str | None) -> None:
    """Say that the server is ready: a box for people, a line for programs."""
    if not readable(settings, terminal=on_terminal()):
        log.info("ready", addresses=list(addresses))
        if link:
            log.warning("nobody has an account yet; make the first one at this address", link=link)
        return
    # Wide enough that an address to be clicked is never broken.
    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    console.print(Panel.fit(_text(addresses, folders, link), border_style="green"))


def _text(addresses: Sequence[str], folders: int, link: str | None) -> Text:
    text = Text.assemble((f"Dulcian {VERSION} is ready", "bold green"), "\n\n")
    for name, address in zip(["Listen at", "and at"], addresses, strict=False):
        text.append(f"{name:<10}").append(address, "bold").append("\n")
    if link:
        text.append("\nNobody has an account yet. Open this address to make yours:\n")
        text.append(link, "bold yellow").append("\n")
    if not folders:
        text.append("\nThere is no music folder yet: start with --music DIR.\n", "yellow")
    return text.append("\nCtrl-C stops it.")
