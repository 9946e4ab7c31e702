"""Archives: what other programs read in them, how long they are, and how they break off."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientError, web
from pytest_aiohttp import AiohttpClient

from db.bundles import BundledRow
from db.cards import TrackCard
from streaming import Bundled, Gone, Streamer, archive
from streaming.allowance import Anybody
from streaming.archive import Entry
from streaming.bundle import bundle
from tests.streaming.conftest import Client, until

Pack = Callable[[Bundled, Sequence[BundledRow]], Awaitable[Client]]
WHEN = 1_600_000_000 * 10**9


def entry(root: Path, name: str, data: bytes = b"", inside: str = "") -> Entry:
    (root / name).write_bytes(data)
    return Entry(bytes(root), name.encode(), inside or name, len(data), WHEN)


def packed(entries: Sequence[Entry]) -> bytes:
    return b"".join(archive.pieces(entries))


def unzip(path: Path, *names: str) -> None:
    """As the program of most systems sees it."""
    done = subprocess.run(["unzip", "-tqq", path, *names], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def entries(tmp_path: Path) -> list[Entry]:
    sizes = (0, 1, 1000, 300_000, 262_144)
    return [entry(tmp_path, f"{n}", os.urandom(n), f"Müsik/{n} 東京.flac") for n in sizes]


def test_what_is_read_back_is_what_was_packed(entries: list[Entry], tmp_path: Path) -> None:
    data = packed(entries)
    assert len(data) == archive.length(entries)
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert read.namelist() == [one.name for one in entries]
        for one in entries:
            assert read.read(one.name) == (tmp_path / os.fsdecode(one.path)).read_bytes()
            assert read.getinfo(one.name).date_time[0] == 2020
    (tmp_path / "a.zip").write_bytes(data)
    unzip(tmp_path / "a.zip")


@pytest.mark.parametrize("most", [1, 1000, 200_000, 300_000])
def test_what_needs_64_bits_is_read_back_too(
    entries: list[Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """The bound is made small in place of large files; the fields that say `elsewhere` are not."""
    wide = packed_beyond(entries, most, monkeypatch)
    with zipfile.ZipFile(io.BytesIO(wide)) as read:
        assert read.testzip() is None
        assert [info.file_size for info in read.infolist()] == [one.size for one in entries]
    (tmp_path / "a.zip").write_bytes(wide)
    unzip(tmp_path / "a.zip")


def packed_beyond(entries: Sequence[Entry], most: int, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(archive, "_BOUND", most)
    data = packed(entries)
    assert len(data) == archive.length(entries)
    return data


def test_seventy_thousand_files_are_all_there(tmp_path: Path) -> None:
    base = entry(tmp_path, "one", b"x")
    entries = [Entry(base.root, base.path, f"{n:05}", 1, WHEN) for n in range(70_000)]
    data = packed(entries)
    assert len(data) == archive.length(entries)
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert len(read.namelist()) == 70_000
        assert read.read("69999") == b"x"


def test_the_length_of_more_than_a_disk_holds_is_known() -> None:
    entries = [Entry(b"", b"", "a", 5 << 40, WHEN), Entry(b"", b"", "b", 1, WHEN)]
    small = [Entry(b"", b"", "a", 0, WHEN), Entry(b"", b"", "b", 1, WHEN)]
    # Twice sizes (20 + 20), a place (12), a longer trailer (8), the end of 64 bits (76).
    assert archive.length(entries) == archive.length(small) + (5 << 40) + 20 + 20 + 12 + 8 + 76


@pytest.mark.slow
def test_a_file_beyond_four_gibibytes_is_whole(tmp_path: Path) -> None:
    """A sparse one: it takes no room, but its time."""
    size = (1 << 32) + 5
    with (tmp_path / "big").open("wb") as file:
        file.truncate(size)
    entries = [Entry(bytes(tmp_path), b"big", "big", size, WHEN), entry(tmp_path, "b", b"after")]
    with (tmp_path / "a.zip").open("wb") as out:
        for piece in archive.pieces(entries):
            if piece.count(0) == len(piece):
                out.seek(len(piece), os.SEEK_CUR)
            else:
                out.write(piece)
    assert (tmp_path / "a.zip").stat().st_size == archive.length(entries)
    with zipfile.ZipFile(tmp_path / "a.zip") as read:
        assert read.getinfo("big").file_size == size
        assert read.read("b") == b"after"
    unzip(tmp_path / "a.zip", "b")


@pytest.mark.parametrize("mtime", [0, -(10**18), 10**19 * 9, WHEN, 2**80])
def test_no_time_of_a_file_breaks_an_archive(tmp_path: Path, mtime: int) -> None:
    one = entry(tmp_path, "a", b"a")
    data = packed([Entry(one.root, one.path, one.name, 1, mtime)])
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.getinfo("a").date_time[0] >= 1980


def test_a_file_that_changed_its_size_or_went_breaks_it_off(entries: list[Entry]) -> None:
    path = Path(os.fsdecode(entries[3].root)) / os.fsdecode(entries[3].path)
    path.write_bytes(b"short")
    with pytest.raises(Gone):
        packed(entries)
    path.unlink()
    with pytest.raises(Gone):
        packed(entries)


@pytest.fixture
def song(tmp_path: Path) -> Callable[..., BundledRow]:
    """Makes a file and its row."""

    def make(path: str | bytes, card: dict[str, Any] | None = None, **facts: Any) -> BundledRow:
        name = path.encode() if isinstance(path, str) else path
        real = Path(os.fsdecode(bytes(tmp_path / "music") + b"/" + name))
        real.parent.mkdir(parents=True, exist_ok=True)
        real.write_bytes(facts.pop("data", None) or b"sound of " + name)
        basis = TrackCard(title="T", album="A", artist="X", album_artist="X", path="")
        row = BundledRow(
            id=1, root=bytes(tmp_path / "music"), path=name, size=1, mtime_ns=0, suffix="mp3",
            content_type="audio/mpeg", duration=1, bit_rate=128,
            card=msgspec.structs.replace(basis, **(card or {})), album_id=1,
        )  # fmt: skip
        return msgspec.structs.replace(row, **facts)

    return make


Song = Callable[..., BundledRow]


def named(kind: Bundled, *files: BundledRow) -> list[str]:
    return [one.name for one in bundle(kind, files).entries]


def test_an_album_is_numbered_and_has_its_cover(song: Song, tmp_path: Path) -> None:
    cover = {"cover_root": bytes(tmp_path / "music"), "cover": b"A/front.PNG"}
    song("A/front.PNG")
    files = [song(f"A/{n}.flac", {"title": f"No {n}", "track": n}, **cover) for n in (1, 2, 112)]
    files.append(song("A/x.mp3", {"title": "Loose"}, **cover))
    assert named("album", *files) == [
        "01 No 1.flac", "cover.PNG", "02 No 2.flac", "112 No 112.flac", "Loose.mp3",
    ]  # fmt: skip


def test_discs_have_folders_where_there_are_several(song: Song) -> None:
    files = [song(f"{d}{t}.mp3", {"disc": d, "track": t}) for d in (1, 2) for t in (1, 2)]
    assert named("album", *files)[1:3] == ["Disc 1/02 T.mp3", "Disc 2/01 T.mp3"]
    assert named("album", *files[:2]) == ["01 T.mp3", "02 T.mp3"]


def test_an_artist_has_a_folder_for_each_album(song: Song, tmp_path: Path) -> None:
    song("b.jpg")
    files = [
        song("1.mp3", {"album": "A", "year": 1999}),
        song("2.mp3", {"album": "A", "year": 1999}, album_id=2),
        song("3.mp3", {"album": "B"}, album_id=3, cover_root=bytes(tmp_path / "music"), cover=b"b.jpg"),
    ]  # fmt: skip
    assert named("artist", *files) == [
        "1999 - A/T.mp3", "1999 - A (2)/T.mp3", "B/T.mp3", "B/cover.jpg",
    ]  # fmt: skip


def test_a_playlist_is_in_its_order_and_has_nothing_twice(song: Song) -> None:
    files = [song(f"{n}.mp3", {"title": f"T{n}"}) for n in range(3)]
    assert named("playlist", *files, files[0]) == [
        "01 X - T0.mp3", "02 X - T1.mp3", "03 X - T2.mp3",
    ]  # fmt: skip


def test_a_folder_is_as_it_lies_there(song: Song) -> None:
    paths: list[str | bytes] = ["Ada/1/a.mp3", "Ada/1/a?.mp3", b"Ada/\xff/b.mp3", "Ada/c.mp3"]
    assert named("folder", *map(song, paths)) == ["1/a.mp3", "1/a_.mp3", "_/b.mp3", "c.mp3"]
    deep = song("/".join(f"{n}" for n in range(40)) + "/x.mp3")
    assert named("folder", song("y.mp3"), deep)[1] == "0/1/2/3/4/5/6/7/x.mp3"


def test_a_file_of_a_cue_sheet_is_there_once_and_whole(song: Song) -> None:
    tracks = [song("Disc.flac", {"track": n}, begin=n * 9.0, end=n * 9 + 9.0) for n in range(3)]
    for kind in ("album", "playlist", "folder"):
        assert named(kind, *tracks) == ["Disc.flac"]


@pytest.mark.attack("X50")
def test_hostile_titles_lead_nowhere(song: Song, tmp_path: Path) -> None:
    titles = ["../../x", "/etc/passwd", "..", "con", "a\x00b", "x" * 999, "\u202e3pm.exe", "\udcff"]
    files = [
        song(f"{n}.mp3", {"title": title, "album": title, "artist": title}, album_id=n)
        for n, title in enumerate(titles)
    ]
    kinds: tuple[Bundled, ...] = ("album", "artist", "playlist")
    for kind in kinds:
        for name in named(kind, *files):
            assert not Path(name).is_absolute()
            assert ".." not in name.split("/")
            assert "\\" not in name
        data = packed(bundle(kind, files).entries)
        with zipfile.ZipFile(io.BytesIO(data)) as read:
            read.extractall(tmp_path / kind)
        found = [path for path in (tmp_path / kind).rglob("*") if path.is_file()]
        assert len(found) == len(files)
    assert {path.name for path in tmp_path.iterdir()} == {"music", *kinds}


def test_files_that_are_gone_are_left_out_and_all_gone_is_an_error(
    song: Song, tmp_path: Path
) -> None:
    here, gone = song("a.mp3"), song("b.mp3")
    (tmp_path / "music/b.mp3").unlink()
    assert len(bundle("album", [here, gone]).entries) == 1
    with pytest.raises(Gone):
        bundle("album", [gone])
    outside = msgspec.structs.replace(here, path=b"../other")
    (tmp_path / "other").write_bytes(b"secret")
    with pytest.raises(Gone):
        bundle("album", [outside])


@pytest.fixture
def pack(aiohttp_client: AiohttpClient, streamer: Streamer) -> Pack:
    """Starts a server for one archive."""

    async def start(kind: Bundled, files: Sequence[BundledRow]) -> Client:
        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await streamer.archive(request, kind, files, 'A "name"/../\r\n', Anybody(1))
            except Gone as gone:
                return web.Response(status=410, text=str(gone))

        app = web.Application()
        app.router.add_route("*", "/", answer)
        return await aiohttp_client(app)

    return start


async def test_it_is_sent_with_its_length_and_a_safe_name(pack: Pack, song: Song) -> None:
    files = [song(f"{n}.mp3", {"track": n}, data=os.urandom(700_000)) for n in (1, 2)]
    client = await pack("album", files)
    async with client.get("/") as answer:
        data = await answer.read()
        assert (answer.status, answer.content_type) == (200, "application/zip")
        assert answer.content_length == len(data)
        assert "/" not in answer.headers["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(data)) as read:
        assert read.testzip() is None
        assert read.namelist() == ["01 T.mp3", "02 T.mp3"]
    async with client.head("/") as answer:
        assert (answer.status, answer.headers["Content-Length"]) == (200, str(len(data)))
        assert await answer.read() == b""


async def test_a_file_that_changes_meanwhile_ends_the_transfer(
    pack: Pack, song: Song, tmp_path: Path, streamer: Streamer
) -> None:
    files = [song("1.mp3", data=bytes(30_000_000)), song("2.mp3", data=bytes(1000))]
    client = await pack("album", files)
    async with client.get("/") as answer:
        assert answer.status == 200
        await answer.content.readany()
        (tmp_path / "music/2.mp3").write_bytes(b"other")
        with pytest.raises(ClientError):
            await answer.read()
    await until(lambda: not streamer.active)


async def test_who_leaves_takes_the_open_file_along(
    pack: Pack, song: Song, streamer: Streamer
) -> None:
    client = await pack("album", [song("1.mp3", data=bytes(50_000_000))])
    answer = await client.get("/")
    await answer.content.readany()
    assert streamer.active == 1
    answer.close()
    await until(lambda: not streamer.active)
    assert not any("1.mp3" in name for name in open_files())


def open_files() -> list[str]:
    found = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            found.append(str(link.readlink()))
    return found
