"""What a scan does for searches: words of what is new, and of what was folded by older rules."""

from __future__ import annotations

import pytest

from db.search import Cut
from library.steps import words
from tests.library.conftest import Shop
from tests.support.audio import Song, write
from tests.support.rows import ids, person

KINDS = {
    "tracks": "Unfinished",
    "albums": "Symphonies",
    "artists": "The Orchestra",
    "folders": "Classics",
}


@pytest.fixture
def music(shop: Shop) -> Shop:
    """One song, whose names are those of `KINDS`."""
    song = Song(title="Unfinished", artist="The Orchestra", album="Symphonies")
    write(shop.music / "Classics/Sub/1.mp3", song)
    return shop


async def found(shop: Shop, kind: str, text: str) -> int:
    user = await person(shop.db, f"u{text}{kind}")
    return len(ids(await getattr(shop.db.search, kind)(text, user, user.libraries, Cut(9, 0))))


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("tracks", "finish"),
        ("tracks", "phoni orche unfin"),
        ("tracks", "rchest"),
        ("albums", "phonie"),
        ("albums", "rchest"),
        ("artists", "chestra"),
        ("folders", "lassi"),
    ],
)
async def test_parts_of_all_names_are_found_after_a_scan(music: Shop, kind: str, text: str) -> None:
    await music.scan()
    assert await found(music, kind, text) == 1


async def test_a_scan_folds_anew_what_is_there_without_reading_a_file(music: Shop) -> None:
    await music.scan()
    folded = "select name_key, words::text from {} order by id"
    before = {kind: await music.rows(folded.format(kind)) for kind in KINDS}
    for kind in KINDS:
        await music.db.pool.execute(f"update {kind} set name_key = '', words = strip(words)")  # noqa: S608
    await music.db.vocabulary.forget()
    await music.db.state.drop("wording")
    for kind, name in KINDS.items():
        assert await found(music, kind, name) == 1
        assert await found(music, kind, name[-4:]) == 0
    await music.scan()
    assert music.sandbox.read == []
    assert {kind: await music.rows(folded.format(kind)) for kind in KINDS} == before
    for kind, name in KINDS.items():
        assert await found(music, kind, name[-5:]) == 1


async def test_other_articles_are_other_keys(music: Shop) -> None:
    await music.scan()
    music.use(ignored_articles=())
    await music.scan()
    assert ("the orchestra",) in await music.rows("select name_key from artists")
    music.use(ignored_articles=("The",))
    await music.scan()
    assert ("orchestra",) in await music.rows("select name_key from artists")


async def test_names_are_folded_anew_only_once(
    music: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await music.scan()
    monkeypatch.setattr(type(music.db.names), "fold_tracks", None)
    await music.scan()
    monkeypatch.setattr(words, "WORDING", -1)
    with pytest.raises(TypeError):
        await music.scan()
    monkeypatch.undo()
    await music.scan()
    assert await found(music, "tracks", "finish") == 1
