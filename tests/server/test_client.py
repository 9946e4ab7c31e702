"""A server process and an independent client, py-sonic, from the first scan to the last chord."""

from __future__ import annotations

import io
import os
import signal
import socket
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libsonic
import pytest
from PIL import Image

from tests.support.audio import Song, write
from tests.support.program import Program, run, serving, wait_until_gone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

PASSWORD = "Pässw0rd"
ADMIN = {"DULCIAN_ADMIN_USER": "ann", "DULCIAN_ADMIN_PASSWORD": PASSWORD}
SIGNED = "u=ann&p=enc:50c3a4737377307264&v=1.16.1&c=test"


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An album with a cover, and a song that is too long for any buffer."""
    root = tmp_path_factory.mktemp("Music")
    album = root / "Ada" / "First"
    for number, title in enumerate(("Alpha", "Beta", "Gamma"), 1):
        song = Song(title=title, artist="Ada", album="First", track=number, seconds=2)
        write(album / f"{number:02} {title}.{('mp3', 'flac', 'opus')[number - 1]}", song)
    Image.new("RGB", (300, 300), "teal").save(album / "cover.jpg")
    with wave.open(str(root / "Long.wav"), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(os.urandom(44100 * 4) * 300)
    return root


@pytest.fixture(scope="module")
def program(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A server that has scanned the music."""
    data = tmp_path_factory.mktemp("data") / "d"
    with serving(data, "--music", str(music), environ=ADMIN) as started:
        assert started.event("scan finished")["state"] == "done"
        yield started
        assert started.stop() == 0


@pytest.fixture(params=[True, False], ids=["clear", "token"])
def client(program: Program, request: pytest.FixtureRequest) -> Any:
    """Signed in by password or by token, with a password that is not ASCII."""
    return libsonic.Connection(
        "http://127.0.0.1", "ann", PASSWORD, port=program.port, legacyAuth=request.param
    )


def songs_of(client: Any, artist: str) -> list[dict[str, Any]]:
    """All songs of an artist, by the way from the index to the album."""
    index = client.getArtists()["artists"]["index"]
    found = [one for letter in index for one in letter["artist"] if one["name"] == artist]
    albums = client.getArtist(found[0]["id"])["artist"]["album"]
    return [song for album in albums for song in client.getAlbum(album["id"])["album"]["song"]]


def test_a_client_signs_in(client: Any) -> None:
    """And learns who it is."""
    assert client.ping()
    assert client.getLicense()["license"]["valid"] is True
    assert client.getUser("ann")["user"]["adminRole"] is True


def test_a_client_browses_tags_and_folders(client: Any, music: Path) -> None:
    """Both ways lead to the same songs."""
    by_tag = songs_of(client, "Ada")
    assert [song["title"] for song in by_tag] == ["Alpha", "Beta", "Gamma"]
    (folder,) = client.getMusicFolders()["musicFolders"]["musicFolder"]
    assert folder["name"] == music.name
    letters = client.getIndexes()["indexes"]["index"]
    (artist,) = [one for letter in letters for one in letter["artist"] if one["name"] == "Ada"]
    (album,) = client.getMusicDirectory(artist["id"])["directory"]["child"]
    children = client.getMusicDirectory(album["id"])["directory"]["child"]
    assert [song["id"] for song in children] == [song["id"] for song in by_tag]


def test_a_client_searches(client: Any) -> None:
    """By the beginning of a word."""
    found = client.search3("gam")["searchResult3"]["song"]
    assert [song["title"] for song in found] == ["Gamma"]


def test_a_client_stars_and_scrobbles(client: Any) -> None:
    """What it says of a song stays with the song."""
    song = songs_of(client, "Ada")[0]["id"]
    client.star([song])
    assert [one["id"] for one in client.getStarred2()["starred2"]["song"]] == [song]
    client.unstar([song])
    assert client.getStarred2()["starred2"]["song"] == []
    before = client.getSong(song)["song"]["playCount"]
    client.scrobble(song)
    assert client.getSong(song)["song"]["playCount"] == before + 1


def test_a_client_plays(client: Any, music: Path) -> None:
    """The original byte by byte, and something smaller on request."""
    song = songs_of(client, "Ada")[1]
    original = (music / "Ada/First/02 Beta.flac").read_bytes()
    assert client.stream(song["id"], tformat="raw").read() == original
    assert client.download(song["id"]).read() == original
    smaller = client.stream(song["id"], maxBitRate=64, tformat="mp3")
    assert smaller.headers["Content-Type"] == "audio/mpeg"
    body = smaller.read()
    assert body[:3] == b"ID3" or body[0] == 0xFF
    assert 64_000 / 8 * 1.5 < len(body) < 64_000 / 8 * 4


def test_a_client_sees_the_cover(client: Any) -> None:
    """In the size it asks for."""
    song = songs_of(client, "Ada")[0]
    picture = Image.open(io.BytesIO(client.getCoverArt(song["coverArt"], size=64).read()))
    assert max(picture.size) == 64


def test_a_client_has_the_music_scanned(client: Any, program: Program, music: Path) -> None:
    """What is new is found."""
    name = f"New {time.time_ns()}"
    write(music / f"{name}.mp3", Song(title=name, artist="Bob", album="New", seconds=1))
    client.startScan()
    program.wait_for(lambda: not client.getScanStatus()["scanStatus"]["scanning"])
    program.wait_for(lambda: client.search3(name)["searchResult3"]["song"] != [])


def test_a_song_goes_on_while_the_server_stops(music: Path, tmp_path: Path) -> None:
    """For the time of grace; a second signal ends that time."""
    patient = ADMIN | {"DULCIAN_SERVER__SHUTDOWN_GRACE": "600"}
    with serving(tmp_path / "d", "--music", str(music), environ=patient) as program:
        program.event("scan finished")
        postgres = program.postgres
        with _listening(program) as heard:
            assert heard.recv(65536)
            program.process.send_signal(signal.SIGTERM)
            program.event("stopping")
            assert _refused(program)
            assert heard.recv(65536)
            assert program.process.poll() is None
            program.process.send_signal(signal.SIGTERM)
            assert program.process.wait(30) == 0
        wait_until_gone(postgres)


def test_a_song_does_not_keep_the_server_from_stopping(music: Path, tmp_path: Path) -> None:
    """Beyond the time of grace."""
    short = ADMIN | {"DULCIAN_SERVER__SHUTDOWN_GRACE": "0.2"}
    with serving(tmp_path / "d", "--music", str(music), environ=short) as program:
        program.event("scan finished")
        with _listening(program) as heard:
            assert heard.recv(65536)
            assert program.stop() == 0
        assert program.events[-1]["event"] == "stopped"
        assert [event for event in program.events if event["level"] in {"error", "critical"}] == []


def test_a_running_server_does_the_scan_of_the_command_line(program: Program, music: Path) -> None:
    """The command only watches; without `--wait` not even that."""
    place = ("--data", str(program.data))
    waited = run("scan", "--wait", *place)
    assert (waited.returncode, waited.stderr) == (0, "")
    assert "nothing changed" in waited.stdout
    assert run("scan", "--folder", music.name, *place).stdout == "The server scans.\n"


def _listening(program: Program) -> socket.socket:
    """A listener who takes the long song slowly."""
    found = program.get(f"/rest/search3?{SIGNED}&query=Long&f=json")[1]
    song = found.partition(b'"song":[{"id":"')[2].partition(b'"')[0].decode()
    heard = socket.socket()
    heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    heard.connect(("127.0.0.1", program.port))
    request = f"GET /rest/stream?{SIGNED}&id={song}&format=raw HTTP/1.1\r\nHost: x\r\n\r\n"
    heard.sendall(request.encode())
    return heard


def _refused(program: Program) -> bool:
    with socket.socket() as other:
        return other.connect_ex(("127.0.0.1", program.port)) != 0
