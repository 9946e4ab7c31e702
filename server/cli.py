"""The command line."""

from __future__ import annotations

from typing import Any

import click

from conf import VERSION, ConfigError
from server.commands.audit import audit
from server.commands.config import config
from server.commands.doctor import doctor
from server.commands.migrate import migrate
from server.commands.scan import scan
from server.commands.secrets import secrets
from server.commands.serve import scan_job, serve, work
from server.commands.user import user
from server.exits import CONFIGURATION, MEANING

_EPILOG = "\b\nExit codes:\n" + "\n".join(f"  {code}  {text}" for code, text in MEANING.items())


class Program(click.Group):
    """Commands whose failures end in one number and a message."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo("The settings have mistakes:", err=True)
            for problem in error.problems:
                click.echo(f"  {problem}", err=True)
            ctx.exit(CONFIGURATION)
        except Exception as error:
            from server.failures import explained

            ended = explained(error)
            if ended is None:
                raise
            click.echo(f"dulcian: {ended}", err=True)
            ctx.exit(ended.code)


@click.group(
    cls=Program,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(VERSION, message="Dulcian %(version)s")
def program() -> None:
    """Dulcian, a music server for Subsonic and OpenSubsonic apps.

    `dulcian serve --music ~/Music` is all that a first start needs. Everything else that can be set
    stands in docs/configuration.md, and `dulcian config example` prints it.
    """


for _command in (serve, user, audit, scan, migrate, secrets, config, doctor, work, scan_job):
    program.add_command(_command)
