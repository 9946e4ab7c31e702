"""`python -m server`, which is `dulcian`."""

from __future__ import annotations

import os


def main() -> None:
    """Run the command line; as the first process of a container, in a child of it."""
    if os.getpid() == 1:
        from server.first import be_first

        be_first()
    from server.cli import program

    program.main(prog_name="dulcian")


if __name__ == "__main__":
    main()
