"""How well Dulcian streams here, beside ffmpeg and nginx, in alternating rounds of one run.

    python -m tests.bench_streaming [--quick] [--json] [--seconds N] [--rounds N] [--only PART]
    python -m tests.bench_streaming --leaks N

Composes songs, starts a server with a data folder of its own, and measures transcodes beside the
program ffmpeg, with the same encoder, options and rate; first bytes, and how soon a worker is free
when a listener leaves; what eight transcodes at once and hundreds of slow readers cost; files, whole
and in ranges, beside nginx. Or what so many streams leave behind that are broken off. What is not installed is left out, and said. On a busy machine trust
ratios and processor seconds.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

import click

from streaming.demo import make_album
from tests.bench import free_port, scanned, started, wait_until
from tests.measure import files, load, transcodes
from tests.measure.bench import CASES, SONGS, Bench, Figures
from tests.measure.leaks import leaks as leaks_of
from tests.measure.music import album_of, record
from tests.measure.table import note

_SETTINGS = {
    "DULCIAN_ADMIN_USER": "bench", "DULCIAN_ADMIN_PASSWORD": "bench",
    "DULCIAN_TRANSCODING__PER_USER": "1000", "DULCIAN_TRANSCODING__QUEUE": "1000",
    "DULCIAN_LOUDNESS__MODE": "off",
}  # fmt: skip
_SERVER = "tests.measure.probed"
_PARTS: dict[str, Callable[[Bench], Figures]] = {
    "first": transcodes.first_bytes,
    "speed": transcodes.speed,
    "load": load.transcodes,
    "slow": load.slow_readers,
    "raw": files.raw,
}
_SHEET = """\
FILE "whole.flac" WAVE
  TRACK 01 AUDIO
    TITLE "One"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Two"
    INDEX 01 00:10:00
"""


def compose(folder: Path, seconds: int) -> None:
    """The songs that are measured with; they are always the same."""
    make_album(folder.parent / "album")
    for rate in {rate for rate, _ in SONGS.values()}:
        album = album_of(folder.parent / "album", rate)
        for name, (wanted, kilobits) in SONGS.items():
            if wanted == rate:
                record(folder / name, album, rate, seconds, kilobits)
    shutil.copyfile(folder / "cd.flac", folder / "whole.flac")
    (folder / "whole.cue").write_text(_SHEET)


@contextmanager
def benched(place: Path, seconds: int, rounds: int, quick: bool) -> Iterator[Bench]:
    """A server that has read the songs."""
    for part in ("music", "data"):
        (place / part).mkdir()
    note(f"Composing songs of {seconds} seconds")
    compose(place / "music", seconds)
    port = free_port()
    words = [_SERVER, "serve", "--data", str(place / "data"), "--music", str(place / "music")]
    with started([*words, "--listen", f"127.0.0.1:{port}"], port, **_SETTINGS) as server:
        wait_until(lambda: scanned(server, len(SONGS) + 2))
        songs = server.json("search3", query="", songCount="50")["searchResult3"]["song"]
        ids = {f"{song['title']}.{song['suffix']}": song["id"] for song in songs}
        ids["cue"] = next(song["id"] for song in songs if song["title"] == "Two")
        yield Bench(server, place, ids, seconds, rounds, quick)


@click.command(help=__doc__)
@click.option("--seconds", type=int, help="Length of the songs.")
@click.option("--rounds", type=int, help="How often each comparison is made.")
@click.option("--quick", is_flag=True, help="Short songs, one round.")
@click.option("--only", type=click.Choice(list(_PARTS)), multiple=True, help="These parts alone.")
@click.option("--leaks", type=int, metavar="N", help="Break off N streams of each kind, only that.")
@click.option("--json", "as_json", is_flag=True, help="Figures as JSON; the table to stderr.")
def main(
    seconds: int | None,
    rounds: int | None,
    quick: bool,
    only: tuple[str, ...],
    leaks: int | None,
    as_json: bool,
) -> None:
    """Measure, and tell."""
    quick = quick or leaks is not None
    seconds, rounds = seconds or (40 if quick else 180), rounds or (1 if quick else 3)
    found: Figures = {"seconds": seconds, "rounds": rounds}
    with (
        redirect_stdout(sys.stderr if as_json else sys.stdout),
        tempfile.TemporaryDirectory(prefix="dulcian-bench-") as name,
        benched(Path(name), seconds, rounds, quick) as bench,
    ):
        very_first = bench.ours(CASES[0])
        note(f"The first transcode of the process began after {1000 * very_first.first:.0f} ms")
        found["very_first_ms"] = 1000 * very_first.first
        if leaks is not None:
            found["leaks"] = leaks_of(bench, leaks)
        for part, measure in _PARTS.items() if leaks is None else ():
            if not only or part in only:
                found[part] = measure(bench)
    if as_json:
        click.echo(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
