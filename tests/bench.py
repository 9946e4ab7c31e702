"""How fast Dulcian is here, as ratios that mean the same on every machine.

    python -m tests.bench [ALBUMS]

Makes a library of that many albums of ten songs, scans it, and asks for the lists that apps ask for
most. Beside each figure stands that of a bare aiohttp handler which returns the very same bytes from
memory: what is left between the two is Dulcian. The figure to trust on a busy machine is the
processor time per request, PostgreSQL included.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import av
import click
from aiohttp import web
from mutagen.easyid3 import EasyID3

ROOT = Path(__file__).parent.parent
SONGS = 10
CONNECTIONS = 8
ROUNDS = 3
TICK = os.sysconf("SC_CLK_TCK")
WORDS = (
    "amber", "birch", "canal", "delta", "ember", "fjord",
    "grove", "harbour", "island", "juniper", "kettle", "lantern",
)  # fmt: skip


@dataclass(frozen=True)
class Speed:
    """One round of load on one server."""

    per_second: float
    cpu_ms: float


@dataclass(frozen=True)
class Server:
    """A process that answers, and everything it has started."""

    port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str) -> bytes:
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=30) as answer:
            return bytes(answer.read())

    def json(self, name: str, **words: str) -> dict[str, Any]:
        return dict(json.loads(self.get(rest(name, **words)))["subsonic-response"])

    def cpu(self) -> float:
        """Seconds of processor time of the process and its descendants, ended ones included."""
        stats = {}
        for file in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = file.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            stats[int(file.parent.name)] = int(fields[1]), sum(map(int, fields[11:15]))
        family = {self.process.pid}
        while more := {pid for pid, (parent, _) in stats.items() if parent in family} - family:
            family |= more
        return sum(stats[pid][1] for pid in family if pid in stats) / TICK


def rest(name: str, **words: str) -> str:
    """The path and query of an API request, signed as apps sign it."""
    salt = "f00d"
    token = hashlib.md5(f"bench{salt}".encode()).hexdigest()  # noqa: S324
    who = {"u": "bench", "t": token, "s": salt, "v": "1.16.1", "c": "bench", "f": "json"}
    return f"/rest/{name}?{urlencode(who | words)}"


def make_library(folder: Path, albums: int) -> None:
    """Albums of ten songs by a quarter as many artists; each file is the same second of silence."""
    silence = folder / "silence.mp3"
    with av.open(str(silence), "w") as container:
        stream = container.add_stream("libmp3lame", rate=44100, layout="stereo")
        frame = av.AudioFrame("s16p", "stereo", 44100)
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    for album in range(albums):
        artist = f"{WORDS[album // 4 % 12]} {WORDS[album // 48 % 12]} {album // 4}".title()
        title = f"{WORDS[album % 12]} {WORDS[album // 12 % 12]} {album}".title()
        place = folder / artist / title
        place.mkdir(parents=True)
        for song in range(1, SONGS + 1):
            path = shutil.copyfile(silence, place / f"{song:02}.mp3")
            tags = EasyID3()
            tags.update(
                artist=artist, album=title, albumartist=artist, tracknumber=str(song),
                title=f"{WORDS[(album + song) % 12]} {song}".title(), genre=WORDS[album % 12],
                date=str(1960 + album % 60),
            )  # fmt: skip
            tags.save(path)
    silence.unlink()


def free_port() -> int:
    """A port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(arguments: list[str], port: int, **environment: str) -> Iterator[Server]:
    """A Python process of ours that answers on the port, and is ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments], cwd=ROOT, env=os.environ | environment,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_until(lambda: answers(port), process)
        yield Server(port, process)
    finally:
        process.terminate()
        process.wait(30)


def answers(port: int) -> bool:
    """Whether the server is ready."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5):
            return True
    except OSError:
        return False


def wait_until(done: Any, process: subprocess.Popen[bytes] | None = None) -> None:
    """Look again and again for up to ten minutes."""
    until = time.monotonic() + 600
    while not done():
        if time.monotonic() > until or (process and process.poll() is not None):
            raise click.ClickException("The server did not come so far.")
        time.sleep(0.02)


async def load(server: Server, paths: list[str], seconds: float) -> Speed:
    """As many requests as go over a few connections that stay open."""
    until = time.monotonic() + seconds
    before, start = server.cpu(), time.monotonic()
    counts = await asyncio.gather(*(_ask(server.port, paths, until) for _ in range(CONNECTIONS)))
    elapsed = time.monotonic() - start
    return Speed(sum(counts) / elapsed, 1000 * (server.cpu() - before) / sum(counts))


async def _ask(port: int, paths: list[str], until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    requests = [f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for path in paths]
    count = 0
    while time.monotonic() < until:
        writer.write(requests[count % len(requests)])
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 200 " not in head[:20]:
            raise click.ClickException(f"An answer was {head[:20]!r}.")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
        count += 1
    writer.close()
    await writer.wait_closed()
    return count


def questions(server: Server, albums: int) -> dict[str, list[str]]:
    """What is asked, in a few variants each."""
    indexes = server.json("getArtists")["artists"]["index"]
    artists = [artist["id"] for index in indexes for artist in index["artist"]][:50]
    page = {"type": "alphabeticalByName", "size": "50"}
    offsets = range(0, max(1, albums - 50), 50)
    return {
        "ping": [rest("ping")],
        "getAlbumList2": [rest("getAlbumList2", **page, offset=str(at)) for at in offsets],
        "getArtist": [rest("getArtist", id=artist) for artist in artists],
        "search3": [rest("search3", query=word[:4]) for word in WORDS],
        "getRandomSongs": [rest("getRandomSongs", size="50")],
    }


def bare(folder: Path, port: int) -> None:
    """Serve each file of the folder under its name, from memory, with nothing in between."""
    app = web.Application()
    for file in folder.iterdir():

        async def answer(_request: web.Request, body: bytes = file.read_bytes()) -> web.Response:
            return web.Response(body=body, content_type="application/json")

        app.router.add_get(f"/rest/{file.name}", answer)

    async def ready(_request: web.Request) -> web.Response:
        return web.Response()

    app.router.add_get("/health/ready", ready)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


def compare(ours: Server, bodies: Path, albums: int, seconds: float) -> None:
    """One line for each question: ours, the bare server's, and the ratio, in alternating rounds."""
    asked = questions(ours, albums)
    for name, paths in asked.items():
        (bodies / name).write_bytes(ours.get(paths[0]))
    click.echo(f"{'':16}{'requests/s':>12}{'ms CPU':>9}{'bare':>12}{'ms CPU':>9}{'CPU ratio':>11}")
    port = free_port()
    with started(["tests.bench", "--bare", str(bodies), "--port", str(port)], port) as plain:
        for name, paths in asked.items():
            rounds = [
                (asyncio.run(load(ours, paths, seconds)), asyncio.run(load(plain, paths, seconds)))
                for _ in range(ROUNDS)
            ]
            mine, theirs = (
                Speed(
                    median(pair[side].per_second for pair in rounds),
                    median(pair[side].cpu_ms for pair in rounds),
                )
                for side in (0, 1)
            )
            click.echo(
                f"{name:16}{mine.per_second:12.0f}{mine.cpu_ms:9.2f}{theirs.per_second:12.0f}"
                f"{theirs.cpu_ms:9.2f}{mine.cpu_ms / theirs.cpu_ms:11.1f}"
            )


def scanned(server: Server, files: int) -> bool:
    """Whether the scan is over and has found everything."""
    status = server.json("getScanStatus")["scanStatus"]
    return not status["scanning"] and int(status.get("count", 0)) >= files


def scans(server: Server, files: int) -> None:
    """How fast the first scan was, and one that finds nothing new."""
    for name, ask in (("first scan", None), ("nothing new", "startScan")):
        before, start = server.cpu(), time.monotonic()
        if ask:
            server.json(ask)
        wait_until(lambda: scanned(server, files))
        took, cpu = time.monotonic() - start, server.cpu() - before
        click.echo(f"{name:16}{files / took:12.0f} files/s, {cpu:.2f} s of processor time")


@click.command()
@click.argument("albums", type=int, default=100)
@click.option("--seconds", type=float, default=1.0, help="Length of a round of load.")
@click.option("--bare", "folder", type=click.Path(path_type=Path), hidden=True)
@click.option("--port", type=int, hidden=True)
def main(albums: int, seconds: float, folder: Path | None, port: int | None) -> None:
    """Measure Dulcian on a library of so many ALBUMS of ten songs."""
    if folder and port:
        bare(folder, port)
        return
    with tempfile.TemporaryDirectory(prefix="dulcian-bench-") as name:
        place = Path(name)
        for part in ("music", "data", "bodies"):
            (place / part).mkdir()
        click.echo(f"Making {albums} albums of {SONGS} songs")
        make_library(place / "music", albums)
        port = free_port()
        arguments = ["server", "serve", "--data", str(place / "data"), "--music"]
        account = {"DULCIAN_ADMIN_USER": "bench", "DULCIAN_ADMIN_PASSWORD": "bench"}
        with started(
            [*arguments, str(place / "music"), "--listen", f"127.0.0.1:{port}"], port, **account
        ) as ours:
            scans(ours, albums * SONGS)
            compare(ours, place / "bodies", albums, seconds)


if __name__ == "__main__":
    main()
