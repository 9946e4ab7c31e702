"""Damaged songs and pictures in the real sandbox, with as little memory as a small machine gives it."""

from __future__ import annotations

import math
import os
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from library.tags.facts import Answer, Request, Splitting
from server.sandbox import Sandbox
from streaming.orders import Measure, Measured, Resize, encode
from tests.support import bombs
from tests.support.audio import Song, made
from tests.support.fuzz import damaged
from tests.support.pictures import picture

KINDS = ("mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff", "wma")
EACH = 38
LEAST = 256 * 1024 * 1024
_answers = msgspec.msgpack.Decoder(list[Answer]).decode
SPLITTING = Splitting((";",), (), (",",))
pytestmark = pytest.mark.timeout(300)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    box = Sandbox(1, LEAST)
    yield box
    await box.close()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def read(sandbox: Sandbox, folder: Path, names: list[bytes]) -> list[Answer]:
    order = msgspec.msgpack.encode(Request(bytes(folder), names, SPLITTING))
    return _answers(await sandbox.call("library.tags:read_files", order, timeout=120))


async def pid(sandbox: Sandbox) -> bytes:
    return await sandbox.call("tests.server.targets:pid", b"")


def sane(answer: Answer) -> bool:
    """A reason, or facts that a database holds and a page shows."""
    if answer.facts is None:
        return bool(answer.reason) or answer.video is not None
    facts = answer.facts
    texts = [facts.title, facts.album, facts.artist, *(person.name for person in facts.artists)]
    numbers = [facts.sound.duration, facts.gains.track_gain or 0.0, facts.gains.track_peak or 0.0]
    return all(math.isfinite(number) for number in numbers) and not any(
        unicodedata.category(each) in {"Cc", "Cs"} for text in texts for each in text
    )


@pytest.mark.attack("X41")
async def test_three_hundred_damaged_songs_cost_nobody_anything(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """Each is answered, by the same process from the first to the last; some are measured, too."""
    before = await pid(sandbox)
    names = []
    for kind in KINDS:
        inside = b"" if kind == "wma" else picture(60, 40, "PNG")
        gain = {"replaygain_track_gain": "-3 dB", "comment": "c"}
        whole = made(kind, Song("T", ["A", "B"], "Al", track=3, picture=inside, more=gain))
        for number in range(EACH):
            name = f"{kind}{number}.{kind}"
            (tmp_path / name).write_bytes(damaged(whole, (kind, number)))
            names.append(name.encode())
    answers = [answer for at in range(0, len(names), 50) for answer in await read(sandbox, tmp_path, names[at : at + 50])]  # fmt: skip
    assert [name for name, answer in zip(names, answers, strict=True) if not sane(answer)] == []
    for song in names[::7]:
        order = Measure(bytes(tmp_path), song, song.decode().rpartition(".")[2], 0.0, 0.0, 100)
        body = await sandbox.call("streaming.loudness:measure", encode(order))
        assert msgspec.msgpack.decode(body, type=Measured)
    assert await pid(sandbox) == before


@pytest.mark.attack("X41", "X38")
async def test_a_hundred_damaged_pictures_are_pictures_or_errors(sandbox: Sandbox) -> None:
    before = await pid(sandbox)
    shown = 0
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "TIFF"):
        for number in range(20):
            data = damaged(picture(120, 90, kind), (kind, number))
            try:
                order = encode(Resize(data, 100, 100, 1_000_000, 80))
                made_anew = await sandbox.call("streaming.resize:remake", order)
            except RuntimeError:
                continue
            shown += 1
            assert made_anew.startswith(b"\xff\xd8\xff")
    assert shown > 10
    assert await pid(sandbox) == before


@pytest.mark.attack("X41")
async def test_files_that_promise_gigabytes_cost_one_process(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """A picture of 65,535 x 65,535, an index of millions: told, and the next file is read."""
    order = encode(Resize(bombs.png(65_535, 65_535), 100, 100, 64_000_000, 80))
    with pytest.raises(RuntimeError, match="pixels"):
        await sandbox.call("streaming.resize:remake", order)
    (tmp_path / "x.m4a").write_bytes(bombs.mp4(40_000_000))
    (answer,) = await read(sandbox, tmp_path, [b"x.m4a"])
    assert sane(answer)
    measure = encode(Measure(bytes(tmp_path), b"x.m4a", "m4a", 0.0, 0.0, 100))
    body = await sandbox.call("streaming.loudness:measure", measure)
    assert msgspec.msgpack.decode(body, type=Measured).loudness.reason


@pytest.mark.skipif(
    not os.environ.get("DULCIAN_TEST_AUDIO"), reason="DULCIAN_TEST_AUDIO does not name a folder"
)
async def test_the_least_memory_is_enough_for_songs(sandbox: Sandbox) -> None:
    folder = Path(os.environ["DULCIAN_TEST_AUDIO"])
    names = [bytes(path.relative_to(folder)) for path in _files(folder)]
    answers = await read(sandbox, folder, names)
    assert not [answer.reason for answer in answers if "memory" in answer.reason]
