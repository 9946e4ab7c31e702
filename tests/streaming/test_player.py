"""The program of the jukebox: real songs, a speaker that remembers."""

from __future__ import annotations

import io
import math
import os
import threading
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from conf.settings import Jukebox
from db.rows import FileRow
from streaming.jukebox import Event, Order, Player
from streaming.player import Desk, run
from streaming.speakers import MuteError
from tests.support.audio import Song, write

RATE = 48000


class Ear:
    """A speaker that keeps what it plays; `broken` plays nothing."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.cuts = 0
        self.broken = False
        self.playing = threading.Event()
        self.hold = threading.Event()
        self.hold.set()

    def write(self, sound: bytes) -> None:
        if self.broken:
            raise MuteError("There is no device.")
        self.heard += sound
        self.playing.set()
        self.hold.wait(10)

    def cut(self) -> None:
        self.cuts += 1

    def close(self) -> None:
        pass

    @property
    def seconds(self) -> float:
        return len(self.heard) / 4 / RATE

    @property
    def loudness(self) -> float:
        samples = array("h", bytes(self.heard))
        return math.sqrt(sum(one * one for one in samples) / len(samples))


class Stage:
    """A player with a desk to give orders at."""

    def __init__(self, ear: Ear) -> None:
        reader, self._writer = os.pipe()
        self.ear = ear
        self.desk = Desk()
        self.events = io.BytesIO()
        self._orders = os.fdopen(reader, "rb")
        self._threads = [
            threading.Thread(target=self.desk.read, args=(self._orders,)),
            threading.Thread(target=run, args=(self.desk, ear, self.events)),
        ]
        for thread in self._threads:
            thread.start()

    def order(self, order: Order) -> None:
        os.write(self._writer, msgspec.json.encode(order) + b"\n")

    def told(self) -> list[Event]:
        """End the player when it has done all that was ordered, and return its events."""
        waited = threading.Event()
        while self.desk.order is not None:
            waited.wait(0.02)
        self.close()
        return [
            msgspec.json.decode(line, type=Event) for line in self.events.getvalue().splitlines()
        ]

    def close(self) -> None:
        if self._writer >= 0:
            os.close(self._writer)
            self._writer = -1
            self.ear.hold.set()
            for thread in self._threads:
                thread.join(10)
            self._orders.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage(Ear())
    yield made
    made.close()


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    write(tmp_path / "song.mp3", Song(title="A", seconds=2.0))
    write(tmp_path / "other.flac", Song(title="B", seconds=1.0))
    (tmp_path / "broken.mp3").write_bytes(b"no sound at all" * 1000)
    return tmp_path


def play(songs: Path, name: str, turn: int = 1, offset: float = 0.0) -> Order:
    return Order("play", turn, os.fsencode(songs), name.encode(), name.rpartition(".")[2], offset)


def wait_for_order(stage: Stage) -> None:
    waited = threading.Event()
    while stage.desk.order is None and not stage.events.getvalue():
        waited.wait(0.005)


def test_a_song_is_heard_whole_and_its_end_told(stage: Stage, songs: Path) -> None:
    stage.order(play(songs, "other.flac", 7))
    wait_for_order(stage)
    assert stage.told() == [Event(7, "played")]
    assert stage.ear.seconds == pytest.approx(1.0, abs=0.01)


def test_a_song_begins_where_it_shall(stage: Stage, songs: Path) -> None:
    stage.order(play(songs, "song.mp3", offset=1.5))
    wait_for_order(stage)
    stage.told()
    assert stage.ear.seconds == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("name", ["broken.mp3", "missing.mp3", "../outside.mp3"])
def test_what_cannot_be_played_is_told_with_a_reason(stage: Stage, songs: Path, name: str) -> None:
    write(songs.parent / "outside.mp3", Song(title="C"))
    stage.order(play(songs, name, 3))
    wait_for_order(stage)
    (event,) = stage.told()
    assert (event.turn, event.how) == (3, "unplayable")
    assert event.reason
    assert not stage.ear.heard


def test_without_a_device_that_is_told(stage: Stage, songs: Path) -> None:
    stage.ear.broken = True
    stage.order(play(songs, "other.flac", 4))
    wait_for_order(stage)
    assert stage.told() == [Event(4, "mute", "There is no device.")]


@pytest.mark.parametrize("next_order", ["play", "stop"])
def test_another_order_cuts_a_song_off_without_an_end(
    stage: Stage, songs: Path, next_order: str
) -> None:
    stage.ear.hold.clear()
    stage.order(play(songs, "song.mp3", 1))
    assert stage.ear.playing.wait(10)
    first = stage.desk.order
    stage.order(play(songs, "other.flac", 2) if next_order == "play" else Order("stop"))
    waited = threading.Event()
    while stage.desk.order is first:
        waited.wait(0.01)
    stage.ear.hold.set()
    assert stage.told() == ([Event(2, "played")] if next_order == "play" else [])
    assert stage.ear.cuts == 1


def test_a_lower_gain_is_softer(songs: Path) -> None:
    loudness = []
    for gain in (1.0, 0.5, 0.0):
        stage = Stage(Ear())
        stage.order(Order("gain", gain=gain))
        stage.order(play(songs, "other.flac"))
        wait_for_order(stage)
        stage.told()
        loudness.append(stage.ear.loudness)
    assert loudness[1] == pytest.approx(loudness[0] / 2, rel=0.02)
    assert loudness[2] == 0


async def test_the_program_plays_and_ends_with_its_pipe(
    songs: Path, row: Callable[..., FileRow]
) -> None:
    player = await Player.start(Jukebox(output="silent"))
    player.set_gain(0.5)
    player.play(5, row("other.flac", songs), 0.5)
    assert await player.event() == Event(5, "played")
    await player.close()
    with pytest.raises(ChildProcessError):
        await player.event()
