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
from pathlib import Path

import pytest
from PIL import Image

from library.artwork import embedded, fingerprint
from library.tags.raw import UnreadableError
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
        assert embedded(b"%b\0%b" % (bytes(shop.music), path.name.encode())) == TEAL
    write(shop.music / "none.mp3", Song(title="T"))
    assert embedded(bytes(shop.music) + b"\0none.mp3") == b""


@pytest.mark.attack("X51")
def test_a_picture_is_taken_from_files_below_the_folder_only(tmp_path: Path) -> None:
    """Since the scan, a link may have come in place of the song, or of its folder."""
    write(tmp_path / "elsewhere/a.mp3", Song(title="T", picture=TEAL))
    (tmp_path / "music").mkdir()
    (tmp_path / "music/album").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "music/a.mp3").symlink_to(tmp_path / "elsewhere/a.mp3")
    for path in (b"album/a.mp3", b"a.mp3", b"../elsewhere/a.mp3"):
        with pytest.raises(UnreadableError, match="out of the music folder"):
            embedded(b"%b\0%b" % (bytes(tmp_path / "music"), path))


async def picture_of(shop: Shop, table: str, name: str) -> bytes:
    found = await shown(shop, table, name)
    return found[0] if found else b""


async def disc_pictures(shop: Shop, album: str) -> dict[int, bytes]:
    """Hashes of the pictures of discs, as the album's card has them."""
    card = await shop.album_card(album)
    hashes = dict(await shop.rows("select id, hash from pictures"))
    return {
        disc["disc"]: bytes(hashes[disc["picture_id"]])
        for disc in card.get("disc_titles", [])
        if "picture_id" in disc
    }


async def test_a_picture_in_the_folder_of_a_disc_is_that_of_the_disc(gallery: Shop) -> None:
    assert await disc_pictures(gallery, "Box") == {}
    (gallery.music / "Bo/Box/CD2/cover.png").write_bytes(RED)
    await gallery.scan()
    assert gallery.sandbox.read == []
    whole = await picture_of(gallery, "albums", "Box")
    assert await disc_pictures(gallery, "Box") == {2: hashed(RED)}
    assert await song_picture(gallery, b"Bo/Box/CD1/1.mp3") == whole
    assert await song_picture(gallery, b"Bo/Box/CD2/1.mp3") == hashed(RED)
    (gallery.music / "Bo/Box/CD2/cover.png").unlink()
    await gallery.scan()
    assert await disc_pictures(gallery, "Box") == {}
    assert await song_picture(gallery, b"Bo/Box/CD2/1.mp3") == whole
    assert not await gallery.rows("select from pictures where hash = $1", hashed(RED))


async def test_discs_are_told_apart_on_a_first_scan_too(shop: Shop) -> None:
    for disc, color in ((1, TEAL), (2, GOLD)):
        song = Song(title=f"{disc}", artist="Bo", album="Box", disc=disc)
        write(shop.music / f"Box/Disc {disc}/1.mp3", song)
        (shop.music / f"Box/Disc {disc}/front.png").write_bytes(color)
    await shop.scan()
    assert await picture_of(shop, "albums", "Box") == hashed(TEAL)
    assert await disc_pictures(shop, "Box") == {2: hashed(GOLD)}
    assert await song_picture(shop, b"Box/Disc 2/1.mp3") == hashed(GOLD)


async def test_discs_may_have_their_pictures_in_the_tags(shop: Shop) -> None:
    for disc, color in ((1, TEAL), (2, GOLD)):
        for track in (1, 2):
            own = color if track == 1 else b""
            song = Song(title=f"{disc}{track}", album="Box", disc=disc, track=track, picture=own)
            write(shop.music / f"Box/{disc}-{track}.mp3", song)
    await shop.scan()
    assert await disc_pictures(shop, "Box") == {2: hashed(GOLD)}
    assert await song_picture(shop, b"Box/2-2.mp3") == hashed(GOLD)


async def test_a_folder_for_pictures_serves_the_album_around_it(gallery: Shop) -> None:
    scans = gallery.music / "Ada/Second/Scans"
    scans.mkdir()
    (scans / "Booklet front.png").write_bytes(RED)
    await gallery.scan()
    assert gallery.sandbox.read == []
    assert await picture_of(gallery, "albums", "Second") == hashed(RED)
    assert await picture_of(gallery, "folders", "Second") == hashed(RED)
    (gallery.music / "Ada/Second/folder.png").write_bytes(GREY)
    await gallery.scan()
    assert await picture_of(gallery, "albums", "Second") == hashed(GREY)
    (gallery.music / "Ada/Second/folder.png").unlink()
    (scans / "Booklet front.png").unlink()
    await gallery.scan()
    assert await picture_of(gallery, "albums", "Second") == hashed(PINK)


async def test_a_folder_for_pictures_serves_all_discs(gallery: Shop) -> None:
    (gallery.music / "Bo/Box/folder.jpg").unlink()
    (gallery.music / "Bo/Box/Artwork").mkdir()
    (gallery.music / "Bo/Box/Artwork/cover.png").write_bytes(GOLD)
    await gallery.scan()
    for disc in (1, 2):
        assert await song_picture(gallery, f"Bo/Box/CD{disc}/1.mp3".encode()) == hashed(GOLD)


async def test_pictures_in_tags_may_come_first(gallery: Shop) -> None:
    gallery.use(cover_names=("embedded", "cover"))
    await gallery.scan(complete=True)
    assert await picture_of(gallery, "albums", "First") == hashed(GOLD)
    assert await song_picture(gallery, b"Ada/First/1.mp3") == hashed(GOLD)
    assert await picture_of(gallery, "albums", "Box") == b""


async def test_other_names_are_noticed_without_reading_songs(gallery: Shop) -> None:
    gallery.use(cover_names=("f?lder.*",))
    await gallery.scan()
    assert gallery.sandbox.read == []
    assert await picture_of(gallery, "albums", "First") == hashed(GOLD)
    found = await shown(gallery, "albums", "Box")
    assert found is not None
    assert found[1] == b"Bo/Box/folder.jpg"


async def test_a_picture_in_the_tags_that_changes_or_goes_is_another_or_none(
    gallery: Shop,
) -> None:
    path = gallery.music / "Ada/Second/1.flac"
    before = await gallery.rows("select picture_id from albums where name = 'Second'")
    write(path, Song(title="3", artist="Ada", album="Second", picture=RED))
    await gallery.scan()
    assert await picture_of(gallery, "albums", "Second") == hashed(RED)
    after = await gallery.rows("select picture_id from albums where name = 'Second'")
    assert before != after
    write(path, Song(title="3 now", artist="Ada", album="Second"))
    await gallery.scan()
    assert await shown(gallery, "albums", "Second") is None
    assert await shown(gallery, "folders", "Second") is None
    assert await gallery.rows(
        "select from tracks where path = $1 and picture_id is null", b"Ada/Second/1.flac"
    )
    assert not await gallery.rows(
        "select from pictures where hash = any($1)", [hashed(PINK), hashed(RED)]
    )


async def test_a_picture_that_one_of_two_songs_loses_is_taken_from_the_other(
    gallery: Shop,
) -> None:
    """What is extracted must be what the hash says, or apps get another picture under an old id."""
    write(
        gallery.music / "Ada/Second/2.flac",
        Song(title="4", artist="Ada", album="Second", picture=PINK),
    )
    await gallery.scan()
    for path, other in ((b"Ada/Second/1.flac", b"Ada/Second/2.flac"), (b"Ada/Second/2.flac", b"")):
        song = Song(title="new", artist="Ada", album="Second", picture=RED, hertz=99.0 + len(other))
        write(gallery.music / path.decode(), song)
        await gallery.scan()
        rows = await gallery.rows("select path from pictures where hash = $1", hashed(PINK))
        assert rows == ([(other,)] if other else [])


async def test_a_cover_that_one_of_two_folders_replaces_is_taken_from_the_other(
    gallery: Shop,
) -> None:
    (gallery.music / "Ada/Second/cover.png").write_bytes(TEAL)
    await gallery.scan()
    (gallery.music / "Ada/Second/cover.png").write_bytes(RED)
    await gallery.scan()
    assert await shown(gallery, "albums", "First") == (hashed(TEAL), b"Ada/First/cover.png", False)
    assert await shown(gallery, "albums", "Second") == (hashed(RED), b"Ada/Second/cover.png", False)


async def test_songs_that_come_after_the_portrait_have_it(gallery: Shop) -> None:
    (gallery.music / "Cyd").mkdir()
    (gallery.music / "Cyd/artist.png").write_bytes(GOLD)
    await gallery.scan()
    write(gallery.music / "Cyd/Third/1.mp3", Song(title="1", artist="Cyd", album="Third"))
    await gallery.scan()
    assert await picture_of(gallery, "artists", "Cyd") == hashed(GOLD)
    assert await picture_of(gallery, "artists", "Ada") == hashed(GREY)


async def test_a_portrait_that_changes_or_goes_is_another_or_none(gallery: Shop) -> None:
    (gallery.music / "Ada/artist.png").write_bytes(RED)
    await gallery.scan()
    assert await picture_of(gallery, "artists", "Ada") == hashed(RED)
    assert not await gallery.rows("select from pictures where hash = $1", hashed(GREY))
    (gallery.music / "Bo/artist.jpg").write_bytes(picture("gold", "JPEG"))
    (gallery.music / "Ada/artist.png").unlink()
    await gallery.scan()
    assert await shown(gallery, "artists", "Ada") is None
    assert await shown(gallery, "artists", "Bo") is not None


async def test_various_artists_have_no_face(gallery: Shop) -> None:
    for index, artist in enumerate(("Ada", "Bo")):
        song = Song(title="1", artist=artist, album="Mixed", compilation=True, hertz=500.0 + index)
        write(gallery.music / f"Various Artists/Mixed/{index}.mp3", song)
    (gallery.music / "Various Artists/artist.png").write_bytes(GOLD)
    await gallery.scan()
    assert await shown(gallery, "artists", "Various Artists") is None
    assert await picture_of(gallery, "artists", "Ada") == hashed(GREY)


async def test_pictures_named_after_artists_come_first(gallery: Shop) -> None:
    (gallery.music / "People").mkdir()
    (gallery.music / "People/ADA.png").write_bytes(RED)
    (gallery.music / "People/bo.png").write_bytes(GOLD)
    (gallery.music / "People/Various Artists.png").write_bytes(PINK)
    gallery.use(artist_pictures="People")
    await gallery.scan()
    assert await picture_of(gallery, "artists", "Ada") == hashed(RED)
    assert await picture_of(gallery, "artists", "Bo") == hashed(GOLD)
    (gallery.music / "People/ADA.png").unlink()
    await gallery.scan()
    assert await picture_of(gallery, "artists", "Ada") == hashed(GREY)


async def test_nothing_is_written_again_when_nothing_changed(gallery: Shop) -> None:
    (gallery.music / "Bo/Box/CD2/cover.png").write_bytes(GOLD)
    await gallery.scan()
    query = "select xmin::text, id from {} order by id"
    tables = ("albums", "tracks", "folders", "artists", "pictures")
    before = [await gallery.rows(query.format(table)) for table in tables]
    await gallery.scan()
    assert [await gallery.rows(query.format(table)) for table in tables] == before


@pytest.mark.parametrize(
    "content", [b"", b"<html>Not found</html>", b"<svg/>", b"\xff\xd8", b"PK\3\4" + bytes(99)]
)
async def test_what_is_no_picture_gives_way_to_that_in_the_tags(
    gallery: Shop, content: bytes
) -> None:
    (gallery.music / "Ada/Second/cover.jpg").write_bytes(content)
    await gallery.scan()
    assert await picture_of(gallery, "albums", "Second") == hashed(PINK)
    (gallery.music / "Ada/Second/cover.jpg").write_bytes(RED)
    await gallery.scan()
    assert await picture_of(gallery, "albums", "Second") == hashed(RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "BMP", "TIFF"])
def test_pictures_of_every_kind_are_taken_for_such(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "cover.jpg"
    path.write_bytes(picture("teal", kind))
    assert fingerprint(bytes(path), 1_000_000) == hashed(path.read_bytes())
    assert fingerprint(bytes(path), 10) == b""


async def test_a_scan_of_some_folders_finds_pictures_there_and_keeps_the_others(
    gallery: Shop,
) -> None:
    scans = gallery.music / "Ada/Second/Scans"
    scans.mkdir()
    (scans / "front.png").write_bytes(RED)
    (gallery.music / "Bo/Box/CD2/cover.png").write_bytes(GOLD)
    await gallery.scan(folders=[b"Ada/Second/Scans"])
    assert await picture_of(gallery, "albums", "Second") == hashed(RED)
    assert await picture_of(gallery, "albums", "First") == hashed(TEAL)
    assert await picture_of(gallery, "artists", "Ada") == hashed(GREY)
    assert await disc_pictures(gallery, "Box") == {}
    await gallery.scan(folders=[b"Bo/Box/CD2"])
    assert await disc_pictures(gallery, "Box") == {2: hashed(GOLD)}
    (scans / "front.png").unlink()
    (gallery.music / "Ada/artist.png").unlink()
    await gallery.scan(folders=[b"Ada"])
    assert await picture_of(gallery, "albums", "Second") == hashed(PINK)
    assert await shown(gallery, "artists", "Ada") is None
