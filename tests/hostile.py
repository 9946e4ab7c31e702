"""A mob before the door: thousands of requests that nobody should send, against a real server.

    python -m tests.hostile [REQUESTS] [--seed N] [--url URL --user NAME --password WORD]

Starts a server of its own on a small library, unless `--url` names one; that account must be an
administrator. Garbage, floods, half requests, forged tickets, wrong passwords: in an order that the
seed decides. Exits with 1 when an answer was the server's fault (5xx), when one did not come, when
the server is not ready afterwards, or when it has kept memory, files or processes.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import click

import subsonic.app  # noqa: F401  (registers the endpoints)
from subsonic.endpoint import ENDPOINTS
from tests import bench
from tests.support import audio
from tests.support.mob import WHOLE, Mob, Usage

AT_ONCE = 24
WARM_UP = 3000
"""Until every kind of statement, picture and process was there once: what grows after that is growth."""
SETTLE = 6.0
MORE_MEMORY = 96 * 2**20
MORE_FILES = 16
MORE_PROCESSES = 2
CACHE = 24 * 2**20
LINES = (
    b"", b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"get / http/1.1\r\n\r\n",
    b"SSH-2.0-x\r\n", b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"GET \0 HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost x\r\n\r\n", b"GET / HTTP/1.1\n\n",
    b"GET http:// HTTP/1.1\r\n\r\n", b"GET // HTTP/1.1\r\nHost: x\r\n\r\n", b"\x80" * 3000,
    b"GET /rest/%zz HTTP/1.1\r\nHost: \xff\r\n\r\n", b"GET /" + b"../" * 500 + b"etc/passwd HTTP/1.1\r\n\r\n",
)  # fmt: skip
FRAMINGS = (
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x HTTP/1.1\r\n\r\n",
    b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", b"Content-Length: +5\r\n\r\nabcde",
    b"Content-Length: -1\r\n\r\n", b"Content-Length: 99999999999999999999\r\n\r\nx",
    b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx", b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b'Transfer-Encoding: chunked\r\n\r\n5;a="\r\nhello\r\n0\r\n\r\n', b"Content-Length: 5\n\nhello",
    b"Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n", b"X: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    b"Expect: 200-maybe\r\nContent-Length: 3\r\n\r\nabc", b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
)  # fmt: skip
RANGES = (
    "bytes=0-", "bytes=-1", "bytes=5-2", "bytes=99999999999999999999-", "bytes=-0", "bytes=a-b", "lines=1-2",
    "bytes=" + ",".join(f"{n}-{n + 1}" for n in range(0, 6000, 3)), "bytes=" + "0-," * 3000 + "0-",
)  # fmt: skip
PAGES = (
    "/", "/login", "/account", "/users", "/users/1", "/playlists", "/scan", "/setup/guessed", "/static/..%2f",
    "/share/{}", "/share/{}/stream/1", "/art/{}", "/rest/hls/{}.ts", "/rest/hls/{}", "/metrics", "/health/live", "/{}",
)  # fmt: skip


Attack = Callable[[Mob], Coroutine[None, None, None]]
ATTACKS: dict[Attack, int] = {}
"""With how often each comes, against the others."""


def attack(weight: int) -> Callable[[Attack], Attack]:
    def register(play: Attack) -> Attack:
        ATTACKS[play] = weight
        return play

    return register


@attack(8)
async def garbage(mob: Mob) -> None:
    noise = mob.dice.randbytes(mob.dice.randint(1, 2000))
    await mob.send(mob.dice.choice([*LINES, noise, b"GET " + noise]))


@attack(3)
async def huge_heads(mob: Mob) -> None:
    many, size = mob.dice.choice([(2000, 10), (3, 70_000), (1, 500_000), (100, 8000)])
    await mob.get("/rest/ping", "".join(f"X-{n}: {'a' * size}\r\n" for n in range(many)))


@attack(4)
async def half_requests(mob: Mob) -> None:
    whole = f"GET {mob.path('ping')} HTTP/1.1\r\nHost: {mob.host}\r\n\r\n".encode()
    await mob.send(whole[: mob.dice.randint(1, len(whole) - 1)], most=0, pause=0.05)


@attack(3)
async def slow_bodies(mob: Mob) -> None:
    head = f"POST {mob.path('ping')} HTTP/1.1\r\nHost: {mob.host}\r\nContent-Length: 5000\r\n\r\nab"
    await mob.send(head.encode(), most=0, pause=mob.dice.uniform(0.1, 1))


@attack(6)
async def framings(mob: Mob) -> None:
    start = (
        f"POST {mob.dice.choice(['/rest/ping', '/login', '/'])} HTTP/1.1\r\nHost: {mob.host}\r\n"
    )
    await mob.send(start.encode() + mob.dice.choice(FRAMINGS))


@attack(2)
async def pipelines(mob: Mob) -> None:
    one = f"GET {mob.path('getAlbumList2', type='newest')} HTTP/1.1\r\nHost: {mob.host}\r\n"
    data = f"{one}\r\n" * 60 + f"{one}Connection: close\r\n\r\n"
    await mob.send(data.encode(), most=mob.dice.choice([100, WHOLE]), shut=False)


@attack(6)
async def aborted_downloads(mob: Mob) -> None:
    name = mob.dice.choice(["stream", "download"])
    await mob.get(mob.path(name, id=mob.song()), most=mob.dice.choice([1, 5000, 100_000]))


@attack(6)
async def ranges(mob: Mob) -> None:
    name = mob.dice.choice(["stream", "download", "getCoverArt"])
    head = f"Range: {mob.dice.choice(RANGES)}\r\nIf-Range: {mob.dice.choice(['x', '*'])}\r\n"
    await mob.get(
        mob.path(name, id=mob.song()),
        head if mob.dice.random() < 0.5 else head.split("If", maxsplit=1)[0],
    )


@attack(4)
async def methods(mob: Mob) -> None:
    method = mob.dice.choice(
        ["HEAD", "HEAD", "PUT", "DELETE", "TRACE", "CONNECT", "OPTIONS", "PATCH", "A" * 300]
    )
    await mob.get(mob.path(mob.dice.choice([*ENDPOINTS])), method=method)


@attack(24)
async def odd_parameters(mob: Mob) -> None:
    name = mob.dice.choice(
        [name for name in ENDPOINTS if not name.startswith(("delete", "change"))]
    )
    words = {
        one.encode_name: mob.odd() for one in ENDPOINTS[name].fields() if mob.dice.random() < 0.6
    }
    words |= {"id": mob.song()} if mob.dice.random() < 0.4 else {}
    await mob.get(mob.path(name, **words))


@attack(4)
async def unknown_endpoints(mob: Mob) -> None:
    await mob.get(f"/rest/{mob.odd() or 'x'}?{mob.signed()}&c={mob.dice.random()}")


@attack(6)
async def wrong_credentials(mob: Mob) -> None:
    who = mob.dice.choice(["u=victim&p=wrong", "u=victim&t=0&s=0", f"apiKey={mob.odd()}", "u=nobody&p=enc:zz",
                           f"u={mob.odd()}&p={mob.odd()}", "u=victim&p=a&t=b&s=c", "u=&p="])  # fmt: skip
    await mob.get(f"/rest/{mob.dice.choice([*ENDPOINTS])}?{who}&v=1.16.1&c=mob")


@attack(8)
async def forged(mob: Mob) -> None:
    ticket = mob.dice.choice(
        [mob.odd() or "x", mob.dice.randbytes(40).hex(), "a" * 5000, "eyJhbGciOiJub25lIn0.e30."]
    )
    cookie = f"Cookie: dulcian={mob.dice.choice(['a' * 43, ticket[:3000], '%00'])}\r\nAccept: text/html\r\n"
    await mob.get(mob.dice.choice(PAGES).format(ticket), cookie)


@attack(3)
async def forms_of_others(mob: Mob) -> None:
    page = mob.dice.choice(
        ["/login", "/logout", "/users", "/account/password", "/playlists", "/scan"]
    )
    await mob.post(page, f"form_token={'0' * 64}&name={mob.odd()}&password={mob.odd()}".encode())


@attack(8)
async def covers(mob: Mob) -> None:
    number, size = mob.dice.randint(1, 12), mob.dice.randint(1, 6000)
    await mob.get(
        mob.path("getCoverArt", id=f"{mob.dice.choice(['al', 'co', 'tr'])}-{number}", size=size)
    )


@attack(8)
async def transcodes(mob: Mob) -> None:
    form, rate = mob.dice.choice(["mp3", "opus", "aac", "flac"]), mob.dice.randint(8, 400)
    words = {
        "id": mob.song(),
        "format": form,
        "maxBitRate": rate,
        "timeOffset": mob.dice.randint(0, 40),
    }
    await mob.get(mob.path("stream", **words), most=mob.dice.choice([1, 20_000, WHOLE]))


@attack(1)
async def large_bodies(mob: Mob) -> None:
    size = mob.dice.choice([200_000, 3_000_000, 17_000_000])
    await mob.post(mob.path("createPlaylist"), b"songId=tr-1&" * (size // 12))


@attack(2)
async def deep_bodies(mob: Mob) -> None:
    body = mob.dice.choice([b"[" * 50_000, b'{"a":' * 9000, b"\xff" * 100, b"null", b"1e999"])
    path = mob.path("getTranscodeDecision", mediaId=mob.song(), mediaType="song")
    await mob.post(path, body, "application/json")


@attack(1)
async def many_ids(mob: Mob) -> None:
    name, key = mob.dice.choice(
        [("star", "id"), ("scrobble", "id"), ("savePlayQueue", "id"), ("createShare", "id")]
    )
    await mob.get(mob.path(name) + f"&{key}=tr-{mob.dice.randint(1, 60)}" * 10_000)


async def play(mob: Mob, requests: int) -> None:
    """So many, a few at once."""
    names, weights = [*ATTACKS], [*ATTACKS.values()]
    turns = iter(mob.dice.choices(names, weights, k=requests))

    async def member() -> None:
        for one in turns:
            mob.now.set(one.__name__)
            await one(mob)

    await asyncio.gather(*(member() for _ in range(AT_ONCE)))


def report(mob: Mob, before: Usage | None, after: Usage | None, cache: Path | None) -> list[str]:
    """Print how it went; gives what was wrong."""
    ends = Counter(answer.end for answer in mob.answers)
    took = sorted(answer.seconds for answer in mob.answers)
    click.echo("  ".join(f"{end}: {count}" for end, count in sorted(ends.items())))
    middle, late = took[len(took) // 2], took[int(len(took) * 0.99)]
    click.echo(f"seconds: {middle:.3f} median, {late:.3f} of 99 in 100, {took[-1]:.3f} at most")
    failed = [one for one in mob.answers if one.end[:1] == "5" or one.end == "hang"]
    wrong = [
        f"{count} of {name}: {end}"
        for (name, end), count in Counter((one.name, one.end) for one in failed).items()
    ]
    if before and after:
        click.echo(f"before: {before}\nafter:  {after}")
        wrong += ["memory"] * (after.memory > before.memory + MORE_MEMORY)
        wrong += ["files"] * (after.files > before.files + MORE_FILES)
        wrong += ["processes"] * (after.processes > before.processes + MORE_PROCESSES)
    if cache:
        size = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())
        click.echo(f"cache: {size / 2**20:.1f} MB of {CACHE / 2**20:.0f}")
        wrong += ["cache"] * (size > 1.2 * CACHE)
    return wrong


@contextmanager
def own_server(place: Path) -> Iterator[bench.Server]:
    """A server on a small library, with an account that may do everything."""
    music, data, port = place / "music", place / "data", bench.free_port()
    music.mkdir()
    bench.make_library(music, 5)
    audio.write(
        music / "Long/Long/01 Long.wav", audio.Song(title="Long", artist="Long", seconds=40)
    )
    account = {"DULCIAN_ADMIN_USER": "bench", "DULCIAN_ADMIN_PASSWORD": "bench",
               "DULCIAN_DATA__CACHE_BYTES": str(CACHE),
               # It would begin when the mob is gone, and be taken for something left behind.
               "DULCIAN_LOUDNESS__MODE": "off"}  # fmt: skip
    words = [
        "server",
        "serve",
        "--data",
        str(data),
        "--music",
        str(music),
        "--listen",
        f"127.0.0.1:{port}",
    ]
    with bench.started(words, port, **account) as server:
        bench.wait_until(lambda: bench.scanned(server, 51), server.process)
        server.json("createUser", username="victim", password="right", email="v@x.example")
        yield server


def besiege(mob: Mob, requests: int, pid: int, cache: Path | None) -> list[str]:
    """Warm up, look, play, look again; gives what was wrong."""
    asyncio.run(play(mob, min(WARM_UP, requests)))
    time.sleep(SETTLE)
    mob.answers.clear()
    before = Usage.of(pid) if pid else None
    asyncio.run(play(mob, requests))
    time.sleep(SETTLE)
    return report(mob, before, Usage.of(pid) if pid else None, cache)


@click.command()
@click.argument("requests", type=int, default=10_000)
@click.option("--seed", type=int, default=1)
@click.option("--url", help="A server that runs already.")
@click.option("--user", default="bench")
@click.option("--password", default="bench")
def main(requests: int, seed: int, url: str | None, user: str, password: str) -> None:
    """Send so many hostile REQUESTS."""
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="dulcian-hostile-") as name:
        if url:
            place = urlsplit(url)
            mob = Mob(place.hostname or "", place.port or 80, user, password, dice)
            wrong = besiege(mob, requests, 0, None)
        else:
            with own_server(Path(name)) as server:
                mob = Mob("127.0.0.1", server.port, user, password, dice)
                cache = Path(name, "data", "cache")
                wrong = besiege(mob, requests, server.process.pid, cache)
                wrong += ["it is not ready any more"] * (not bench.answers(server.port))
    if wrong:
        raise click.ClickException(f"Not as it should be: {', '.join(wrong)}.")
    click.echo("It stands.")


if __name__ == "__main__":
    main()
