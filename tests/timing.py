"""Whether answers tell by their time who has an account: medians, one beside the other.

    python -m tests.timing [ROUNDS]

Wrong passwords for a name with an account, and for one without, in turns, on one server with nothing
else to do. The account is asked twice: by how much it differs from itself is noise. Beside the time
on the clock stands the processor time of this process, which a busy machine changes less. What must
not differ is work, and that is tested (`-m attack -k as_much_work`); this shows the rest.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles

import structlog
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from conf.settings import Auth, Data, Settings
from db.database import Database
from server.app import build
from server.sandbox import Sandbox
from tests.support import postgres
from tests.support.browser import Browser

Client = TestClient[web.Request, web.Application]
Ask = Callable[[str], Awaitable[object]]

KNOWN, NOBODY, PASSWORD = "maria", "paula", "correct horse"


@dataclass(frozen=True)
class Took:
    """Milliseconds of one try."""

    clock: float
    processor: float


async def measure(ask: Ask, rounds: int) -> dict[str, list[Took]]:
    """What the account, nobody, and the account once more took, in changing order."""
    took: dict[str, list[Took]] = {"account": [], "nobody": [], "itself": []}
    kinds = list(took)
    for number in range(rounds):
        for kind in kinds[number % 3 :] + kinds[: number % 3]:
            clock, processor = time.perf_counter(), time.process_time()
            await ask(NOBODY if kind == "nobody" else KNOWN)
            now = time.perf_counter(), time.process_time()
            took[kind].append(Took(1000 * (now[0] - clock), 1000 * (now[1] - processor)))
    return took


def report(way: str, took: dict[str, list[Took]]) -> None:
    """A line for the clock, and one for the processor."""
    for what in ("clock", "processor"):
        middle = {kind: median(getattr(one, what) for one in all_) for kind, all_ in took.items()}
        low, _, high = quantiles([getattr(one, what) for one in took["account"]], n=4)
        account = middle["account"]
        print(  # noqa: T201
            f"{way:10} {what:9} account {account:8.3f} ms  nobody {middle['nobody'] / account - 1:+.1%}"
            f"  itself {middle['itself'] / account - 1:+.1%}"
            f"  (half of all within {high - low:.3f} ms, n = {len(took['account'])})"
        )


def ways(client: Client, browser: Browser, token: str) -> dict[str, tuple[Ask, int]]:
    """How a name is tried, and how many rounds of it fit in one: a page takes an Argon2."""

    async def rest(**given: str) -> None:
        common = {"v": "1.16.1", "c": f"timing {secrets.token_hex(4)}", "f": "json"}
        await (await client.get("/rest/ping", params=common | given)).read()

    async def page(name: str) -> None:
        fields = {"name": name, "password": "wrong", "form_token": token}
        assert (await browser.send("/login", fields)).status == 403

    return {
        "/rest p": (lambda name: rest(u=name, p="wrong"), 4),
        "/rest t+s": (lambda name: rest(u=name, t="0" * 32, s="salt"), 4),
        "/login": (page, 1),
    }


async def compare(database: Database, settings: Settings, rounds: int) -> None:
    """Print a line for each way."""
    sandbox = Sandbox(1)
    client: Client = TestClient(TestServer(build(settings, database, sandbox)))
    await client.start_server()
    await database.users.add(KNOWN, PASSWORD, admin=True)
    browser = Browser(client)
    try:
        token = await browser.token("/login")
        for way, (ask, times) in ways(client, browser, token).items():
            await measure(ask, 10)
            report(way, await measure(ask, rounds * times))
    finally:
        await client.close()
        await sandbox.close()


async def run(url: str, folder: Path, rounds: int) -> None:
    """On a database of its own, where nobody has to wait."""
    auth = Auth(max_failures=10**6)
    settings = Settings(data=Data(dir=folder), auth=auth)
    database = await Database.open(url, settings)
    try:
        await compare(database, settings, rounds)
    finally:
        await database.close()


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "data").mkdir()
        with postgres.server(folder / "postgres") as admin:
            postgres.make_template(admin)
            with postgres.clone(admin) as url:
                rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 200
                asyncio.run(run(url, folder / "data", rounds))


if __name__ == "__main__":
    main()
