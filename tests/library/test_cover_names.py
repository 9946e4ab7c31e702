"""Which picture shows what, by its name."""

from __future__ import annotations

from typing import Any

import pytest

from conf.settings import Library
from library.cover_names import CoverNames, folders_shown_by


def names(*covers: str, **more: Any) -> CoverNames:
    return CoverNames(Library(cover_names=covers, **more) if covers else Library(**more))


def best(rules: CoverNames, *pictures: str) -> list[str]:
    return [path.decode() for path in rules.notable([name.encode() for name in pictures])]


@pytest.mark.parametrize(
    ("given", "pictures", "expected"),
    [
        (("cover", "folder"), ["folder.jpg", "cover.png"], ["cover.png"]),
        (("cover.*",), ["cover.png", "Cover.JPG", "discover.jpg"], ["Cover.JPG"]),
        (("cover.png", "cover"), ["cover.jpg", "cover.png"], ["cover.png"]),
        (("*front*",), ["x - Front (1).webp", "back.jpg"], ["x - Front (1).webp"]),
        (("embedded", "cover"), ["embedded.jpg", "cover.gif"], ["cover.gif"]),
        (("[ab]",), ["c.jpg", "b.jpg"], ["b.jpg"]),
        (("cover",), ["cover.svg", "cover.html", "cover", "cover.jpg.exe"], []),
        (("cover",), ["cover.JPEG", "artist.png", "artist.jpg"], ["cover.JPEG", "artist.jpg"]),
        ((), ["back.jpg", "AlbumArt.jpg", "my FRONT.jpg"], ["AlbumArt.jpg"]),
    ],
)
def test_the_best_name_is_the_first_of_the_list_then_the_best_format(
    given: tuple[str, ...], pictures: list[str], expected: list[str]
) -> None:
    assert best(names(*given), *pictures) == expected


def test_names_need_not_be_text() -> None:
    assert names().notable([b"\xff\xfe.jpg", b"caf\xe9 front.jpg"]) == [b"caf\xe9 front.jpg"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("cover", "embedded"), False),
        (("cover",), False),
        (("embedded", "cover"), True),
        (("Embedded", "COVER"), True),
        (("folder", "embedded", "cover"), True),
    ],
)
def test_the_list_says_whether_pictures_in_tags_come_first(
    given: tuple[str, ...], *, expected: bool
) -> None:
    assert names(*given).after_embedded(b"A/cover.jpg") is expected


def test_a_folder_for_pictures_serves_the_album_around_it_that_has_none() -> None:
    pictures = [
        b"A/Scans/front.jpg", b"A/artwork/cover.jpg", b"B/Scans/cover.jpg", b"B/folder.jpg",
        b"C/Covers/cover.jpg", b"Scans/front.png", b"D/artist.jpg", b"E/Photos/cover.jpg",
    ]  # fmt: skip
    found = names().covers(pictures, {b"C/Covers"})
    assert found[b"A"] == b"A/artwork/cover.jpg"
    assert found[b"B"] == b"B/folder.jpg"
    assert found[b""] == b"Scans/front.png"
    assert found[b"C/Covers"] == b"C/Covers/cover.jpg"
    assert not {b"C", b"D", b"E"} & found.keys()


def test_a_change_concerns_the_folder_and_the_album_around_it() -> None:
    assert folders_shown_by([b"A/cover.jpg"]) == {b"A"}
    assert folders_shown_by([b"A/Scans/front.jpg"]) == {b"A", b"A/Scans"}


def test_portraits_are_called_artist_or_lie_where_the_settings_say() -> None:
    rules = names(artist_pictures="/People/")
    assert rules.is_portrait(b"A/Artist.JPG")
    assert rules.is_portrait(b"People/Ada.jpg")
    assert not rules.is_portrait(b"People/Ada/cover.jpg")
    assert best(rules, "People/Ada.jpg", "People/Bo.png") == ["People/Ada.jpg", "People/Bo.png"]
    assert not names().is_portrait(b"People/Ada.jpg")
    assert not names().is_portrait(b"Ada.jpg")
