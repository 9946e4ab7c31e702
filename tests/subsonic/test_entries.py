"""Rows as objects of the protocol: what is cached is the card's alone, and what is unknown is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from msgspec.structs import asdict, replace

from db import cards
from db.cards import Name
from db.rows import AlbumRow, ArtistRow, FolderRow, PlayingRow, TrackRow
from subsonic import entries
from subsonic.models.base import Model
from subsonic.models.media import Contributor, ItemDate, ItemGenre, ReplayGain

WHEN = datetime(2020, 2, 20, 20, 20, 20, 123456, tzinfo=UTC)
STAMP = "2020-02-20T20:20:20.123Z"
MINE: dict[str, Any] = {"starred": WHEN, "rating": 4, "play_count": 3, "played": WHEN}
"""What a user attached; those who attached nothing have None."""
NOTHING: dict[str, Any] = dict.fromkeys(MINE)
NAMES = (Name(id=4, name="Cyd"), Name(id=5, name="Dee"))


def stored(card: cards.Card) -> str:
    return msgspec.json.encode(card).decode()


PLAIN_SONG = cards.TrackCard(title="A", album="", artist="", album_artist="", path="a.mp3")
PLAIN_ALBUM = cards.AlbumCard(name="First", artist="Ada")
TRACK = TrackRow(
    id=1, folder_id=2, album_id=3, picture_id=None, suffix="mp3", content_type="audio/mpeg",
    size=9, duration=1.5, bit_rate=128, created=WHEN, average_rating=None, bookmark=None,
    stored=stored(PLAIN_SONG), loudness=None,
    **NOTHING,
)  # fmt: skip
ALBUM = AlbumRow(
    id=3, picture_id=None, year=None, song_count=2, duration=2.5, created=WHEN,
    average_rating=None, stored=stored(PLAIN_ALBUM), **NOTHING,
)  # fmt: skip
FOLDER = FolderRow(
    id=2, library_id=1, parent_id=8, name="Ada", letter="A", picture_id=None, created=WHEN,
    average_rating=None, **NOTHING,
)  # fmt: skip
ARTIST = ArtistRow(
    id=4, name="Cyd", sort_name="cyd", letter="C", mbid=None, picture_id=None, album_count=7,
    song_count=9, roles=["artist"], average_rating=None, starred=None, rating=None,
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """A row, and what makes an object of it."""

    make: Any
    row: Any


MAKERS = {
    "song": Made(entries.song, TRACK),
    "album": Made(entries.album, ALBUM),
    "album_with_songs": Made(lambda row: entries.album_with_songs(row, []), ALBUM),
    "album_directory": Made(entries.album_directory, ALBUM),
    "folder_directory": Made(entries.folder_directory, FOLDER),
    "folder_artist": Made(entries.folder_artist, FOLDER),
    "artist": Made(entries.artist, ARTIST),
    "artist_with_albums": Made(lambda row: entries.artist_with_albums(row, []), ARTIST),
    "artist_directory": Made(entries.artist_directory, ARTIST),
}


def mine(row: Any) -> dict[str, Any]:
    """What can be attached to such a row."""
    return {name: value for name, value in MINE.items() if name in row.__struct_fields__}


@pytest.mark.parametrize("name", MAKERS)
def test_what_one_user_attached_is_in_nobody_elses_answer(name: str) -> None:
    made = MAKERS[name]
    blank = made.make(made.row)
    full = made.make(replace(made.row, **mine(made.row), average_rating=4.5, picture_id=9))
    assert (full.starred, full.user_rating, full.average_rating) == (STAMP, 4, 4.5)
    assert full.cover_art == "co-9"
    again = made.make(replace(made.row))
    assert again == blank
    assert (again.starred, again.user_rating, again.average_rating) == (None, None, None)
    assert again.cover_art is None


@pytest.mark.parametrize("name", ["song", "album", "album_with_songs", "album_directory"])
def test_plays_are_counted_from_none_and_their_date_is_the_users(name: str) -> None:
    made = MAKERS[name]
    blank, full = made.make(made.row), made.make(replace(made.row, **mine(made.row)))
    assert (blank.play_count, blank.played) == (0, None)
    assert (full.play_count, full.played) == (3, STAMP)


@pytest.mark.parametrize("name", ["song", "album"])
def test_two_things_with_the_same_card_are_still_two(name: str) -> None:
    made = MAKERS[name]
    one, other = made.make(made.row), made.make(replace(made.row, id=77, duration=60.0))
    assert (other.id, other.duration) == (one.id.replace(str(made.row.id), "77"), 60)
    assert one != other
    assert made.make(made.row) == one


def test_songs_with_the_same_card_lie_in_their_own_folders_and_albums() -> None:
    moved = entries.song(replace(TRACK, folder_id=20, album_id=30, size=10, bit_rate=320))
    assert (moved.parent, moved.album_id, moved.size, moved.bit_rate) == ("fo-20", "al-30", 10, 320)
    assert entries.song(TRACK).parent == "fo-2"


def test_a_card_that_changed_is_read_anew() -> None:
    before = entries.song(TRACK)
    after = entries.song(replace(TRACK, stored=stored(replace(PLAIN_SONG, title="B"))))
    assert (before.title, after.title) == ("A", "B")
    changed = replace(ALBUM, stored=stored(replace(PLAIN_ALBUM, name="Second")))
    assert (entries.album(ALBUM).name, entries.album(changed).name) == ("First", "Second")


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (WHEN, STAMP),
        (datetime(2020, 1, 1, tzinfo=UTC), "2020-01-01T00:00:00.000Z"),
        (datetime(2020, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC), "2020-01-01T00:00:00.999Z"),
        (datetime(1, 1, 1, tzinfo=UTC), "0001-01-01T00:00:00.000Z"),
        (datetime.max.replace(tzinfo=UTC), "9999-12-31T23:59:59.999Z"),
        (None, None),
    ],
)
def test_a_moment_is_written_to_the_millisecond_and_never_rounded_up(
    moment: datetime | None, written: str | None
) -> None:
    assert entries.date(moment) == written


def unset(model: Model) -> set[str]:
    return {name for name, value in asdict(model).items() if value is None}


def test_what_a_songs_file_does_not_say_is_left_out_or_empty_as_the_protocol_wants() -> None:
    song = entries.song(TRACK)
    assert {"track", "year", "genre", "disc_number", "artist_id", "bit_depth"} <= unset(song)
    assert {"sampling_rate", "channel_count", "cover_art", "starred", "played"} <= unset(song)
    assert (song.genres, song.artists, song.contributors, song.works) == ([], [], [], [])
    assert (song.bpm, song.comment, song.music_brainz_id) == (0, "", "")
    assert song.replay_gain == ReplayGain()
    assert (song.duration, song.is_dir, song.play_count) == (2, False, 0)


def test_a_song_whose_file_says_everything() -> None:
    card = replace(
        PLAIN_SONG,
        artists=NAMES,
        genres=("Rock", "Jazz"),
        contributors=(cards.Contributor(role="performer", sub_role="oboe", artist=NAMES[1]),),
        works=(cards.Work(name="Suite"), cards.Work(name="Opus", mbid="m")),
        movements=(cards.Movement(name="I", number=1), cards.Movement(name="II", count=2)),
        replay_gain=cards.ReplayGain(track_gain=0.0, album_peak=1.0),
        year=1999,
        disc=2,
    )
    song = entries.song(replace(TRACK, stored=stored(card)))
    assert (song.genre, song.artist_id) == ("Rock", "ar-4")
    assert song.genres == [ItemGenre(name="Rock"), ItemGenre(name="Jazz")]
    (performer,) = song.contributors or ()
    assert performer == Contributor(role="performer", sub_role="oboe", artist=performer.artist)
    assert (performer.artist.id, performer.artist.name) == ("ar-5", "Dee")
    assert [one.music_brainz_id for one in song.works or ()] == [None, "m"]
    assert [(one.number, one.count) for one in song.movements or ()] == [(1, None), (None, 2)]
    assert song.replay_gain == ReplayGain(track_gain=0.0, album_peak=1.0)
    assert (song.year, song.disc_number) == (1999, 2)


def test_dates_of_which_parts_are_unknown_keep_the_others() -> None:
    card = replace(PLAIN_ALBUM, release_date=cards.Date(year=1999, month=5))
    album = entries.album(replace(ALBUM, stored=stored(card)))
    assert album.release_date == ItemDate(year=1999, month=5)
    assert album.original_release_date == ItemDate()


def test_a_disc_has_a_cover_where_it_is_not_the_albums() -> None:
    discs = (
        cards.DiscTitle(disc=1, title="Day"),
        cards.DiscTitle(disc=2, title="", picture_id=9),
    )
    album = entries.album(replace(ALBUM, stored=stored(replace(PLAIN_ALBUM, disc_titles=discs))))
    assert [(one.disc, one.title, one.cover_art) for one in album.disc_titles] == [
        (1, "Day", None),
        (2, "", "co-9"),
    ]


def test_an_album_has_the_year_of_its_row_as_album_and_as_directory() -> None:
    dated = replace(ALBUM, year=2001)
    assert entries.album(dated).year == entries.album_directory(dated).year == 2001
    assert entries.album(ALBUM).year is None


def test_an_album_opens_from_the_artist_it_lies_in() -> None:
    assert entries.album_directory(ALBUM).parent is None
    owned = replace(ALBUM, stored=stored(replace(PLAIN_ALBUM, artists=NAMES)))
    directory = entries.album_directory(owned)
    assert (directory.parent, directory.artist_id, directory.is_dir) == ("ar-4", "ar-4", True)


def test_an_artist_has_as_many_albums_as_are_listed() -> None:
    assert entries.artist(ARTIST).album_count == 7
    listed = entries.artist_with_albums(ARTIST, [ALBUM, replace(ALBUM, id=33)])
    assert listed.album_count == 2
    assert [album.id for album in listed.album] == ["al-3", "al-33"]


def test_a_library_as_a_folder_has_no_parent() -> None:
    assert entries.folder_directory(FOLDER).parent == "fo-8"
    assert entries.folder_directory(replace(FOLDER, parent_id=None)).parent is None


def heard(started: datetime, state: str | None = None) -> PlayingRow:
    return PlayingRow(
        **asdict(TRACK), user_name="ann", client="phone", started=started, state=state,
        position_ms=1500, playback_rate=1.5,
    )  # fmt: skip


@pytest.mark.parametrize(("seconds", "minutes"), [(-5, 0), (0, 0), (59, 0), (60, 1), (3599, 59)])
def test_whoever_plays_began_some_whole_minutes_ago_and_never_in_the_future(
    seconds: int, minutes: int
) -> None:
    """The clocks of the nodes differ a little."""
    started = WHEN - timedelta(seconds=seconds)
    row = heard(started)
    entry = entries.playing(row, WHEN, 3)
    assert (entry.minutes_ago, entry.username, entry.player_name) == (minutes, "ann", "phone")
    assert (entry.player_id, entry.id, entry.title) == (3, "tr-1", "A")


def test_only_what_was_reported_has_a_state_and_a_position() -> None:
    told, reported = (entries.playing(heard(WHEN, state), WHEN, 1) for state in (None, "paused"))
    assert (told.state, told.position_ms, told.playback_rate) == (None, None, None)
    assert (reported.state, reported.position_ms, reported.playback_rate) == ("paused", 1500, 1.5)
