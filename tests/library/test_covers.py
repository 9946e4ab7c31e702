"""Pictures: of albums, songs, folders and artists.

Music/
├── Ada/                     artist.png
│   ├── First/               cover.png; 1.mp3 without, 2.mp3 with a picture of its own
│   └── Second/              1.flac with a picture; no cover file
└── Bo/Box/                  folder.jpg
    ├── CD1/1.mp3
    └── CD2/1.mp3
"""

from __future__ import annotations

import io
from hashlib import sha256

import pytest
from PIL import Image

from library.artwork import embedded
from tests.library.conftest import Shop
from tests.support.audio import Song, write


def picture(color: str, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(file, kind)
    return file.getvalue()


TEAL, GOLD, PINK, GREY, RED = (picture(each) for each in ("teal", "gold", "pink", "grey", "red"))


def first(track: int, own: bytes = b"") -> Song:
    return Song(title=f"{track}", artist="Ada", album="First", track=track, picture=own)


@pytest.fixture
async def gallery(shop: Shop) -> Shop:
    music = shop.music
    write(music / "Ada/First/1.mp3", first(1))
    write(music / "Ada/First/2.mp3", first(2, GOLD))
    (music / "Ada/First/cover.png").write_bytes(TEAL)
    write(music / "Ada/Second/1.flac", Song(title="3", artist="Ada", album="Second", picture=PINK))
    (music / "Ada/artist.png").write_bytes(GREY)
    for disc in (1, 2):
        song = Song(title=f"{disc}", artist="Bo", album="Box", hertz=200.0 + disc)
        write(music / f"Bo/Box/CD{disc}/1.mp3", song)
    (music / "Bo/Box/folder.jpg").write_bytes(picture("red", "JPEG"))
    await shop.scan()
    return shop


async def shown(shop: Shop, table: str, name: str) -> tuple[bytes, bytes, bool] | None:
    """Hash, path and kind of the picture of an album, artist or folder."""
    rows = await shop.rows(
        f"select p.hash, p.path, p.embedded from {table} x"  # noqa: S608
        " join pictures p on p.id = x.picture_id where x.name = $1",
        name,
    )
    return (rows[0][0], rows[0][1], rows[0][2]) if rows else None


async def song_picture(shop: Shop, path: bytes) -> bytes:
    ((found,),) = await shop.rows(
        "select p.hash from tracks t join pictures p on p.id = t.picture_id where t.path = $1", path
    )
    return bytes(found)


def hashed(data: bytes) -> bytes:
    return sha256(data).digest()


async def test_a_cover_file_comes_before_a_picture_in_the_tags(gallery: Shop) -> None:
    assert await shown(gallery, "albums", "First") == (hashed(TEAL), b"Ada/First/cover.png", False)
    assert await shown(gallery, "albums", "Second") == (hashed(PINK), b"Ada/Second/1.flac", True)


async def test_a_song_shows_its_own_picture_or_its_albums(gallery: Shop) -> None:
    assert await song_picture(gallery, b"Ada/First/1.mp3") == hashed(TEAL)
    assert await song_picture(gallery, b"Ada/First/2.mp3") == hashed(GOLD)


async def test_a_cover_above_the_folders_of_discs_is_the_albums(gallery: Shop) -> None:
    found = await shown(gallery, "albums", "Box")
    assert found is not None
    assert found[1] == b"Bo/Box/folder.jpg"


async def test_folders_show_their_own_cover_or_that_of_an_album(gallery: Shop) -> None:
    for name, wanted in (("First", TEAL), ("Second", PINK), ("Ada", TEAL)):
        found = await shown(gallery, "folders", name)
        assert found is not None
        assert found[0] == hashed(wanted)


async def test_an_artist_shows_the_portrait_in_their_folder(gallery: Shop) -> None:
    assert await shown(gallery, "artists", "Ada") == (hashed(GREY), b"Ada/artist.png", False)
    assert await shown(gallery, "artists", "Bo") is None
    (gallery.music / "Ada/artist.png").unlink()
    await gallery.scan()
    assert await shown(gallery, "artists", "Ada") is None


async def test_a_cover_that_changes_alone_is_noticed(gallery: Shop) -> None:
    (gallery.music / "Ada/First/cover.png").write_bytes(RED)
    row = await gallery.scan()
    assert gallery.sandbox.read == []
    assert row.message == "5 songs seen, nothing changed."
    found = await shown(gallery, "albums", "First")
    assert found is not None
    assert found[0] == hashed(RED)
    assert await song_picture(gallery, b"Ada/First/1.mp3") == hashed(RED)
    assert await song_picture(gallery, b"Ada/First/2.mp3") == hashed(GOLD)


async def test_a_cover_that_goes_leaves_the_picture_in_the_tags(gallery: Shop) -> None:
    (gallery.music / "Ada/First/cover.png").unlink()
    await gallery.scan()
    assert await shown(gallery, "albums", "First") == (hashed(GOLD), b"Ada/First/2.mp3", True)
    assert await song_picture(gallery, b"Ada/First/1.mp3") == hashed(GOLD)
    assert not await gallery.rows("select from pictures where hash = $1", hashed(TEAL))


async def test_a_cover_that_comes_later_is_shown(gallery: Shop) -> None:
    (gallery.music / "Ada/Second/Front.PNG").write_bytes(RED)
    await gallery.scan()
    assert await shown(gallery, "albums", "Second") == (hashed(RED), b"Ada/Second/Front.PNG", False)


async def test_the_best_name_wins(gallery: Shop) -> None:
    (gallery.music / "Bo/Box/cover.webp").write_bytes(GOLD)
    await gallery.scan()
    found = await shown(gallery, "albums", "Box")
    assert found is not None
    assert found[1] == b"Bo/Box/cover.webp"


async def test_one_picture_in_two_places_survives_the_loss_of_one(gallery: Shop) -> None:
    (gallery.music / "Ada/Second/cover.png").write_bytes(TEAL)
    await gallery.scan()
    (gallery.music / "Ada/Second/cover.png").unlink()
    await gallery.scan()
    assert await shown(gallery, "albums", "First") == (hashed(TEAL), b"Ada/First/cover.png", False)


async def test_a_picture_in_a_song_that_moves_moves_with_it(gallery: Shop) -> None:
    (gallery.music / "Ada/Second").rename(gallery.music / "Ada/Third")
    await gallery.scan()
    assert await shown(gallery, "albums", "Second") == (hashed(PINK), b"Ada/Third/1.flac", True)


async def test_a_huge_cover_is_passed_over(gallery: Shop) -> None:
    path = gallery.music / "Ada/Second/cover.png"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024)
    await gallery.scan()
    assert await shown(gallery, "albums", "Second") == (hashed(PINK), b"Ada/Second/1.flac", True)


async def test_pictures_come_out_of_files_of_every_kind(shop: Shop) -> None:
    for kind in ("mp3", "flac", "ogg", "opus", "m4a", "wav", "aiff"):
        path = write(shop.music / f"a.{kind}", Song(title="T", picture=TEAL))
        assert embedded(bytes(path)) == TEAL
    assert embedded(bytes(write(shop.music / "none.mp3", Song(title="T")))) == b""
