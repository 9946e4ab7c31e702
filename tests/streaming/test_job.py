"""Names of results: the same name means the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import product

import pytest

from db.rows import FileRow
from streaming.files import Opened
from streaming.job import Part, key_of, part_key
from streaming.profiles import AS_USUAL, BY_NAME, Shape

Row = Callable[..., FileRow]
FILE = BytesIO()


def keys(row: Row) -> Iterator[str]:
    """Of everything that makes a result another one, in every combination."""
    songs = [row(), row(id=11), row(begin=1.0), row(begin=1.0, end=2.0), row(end=11.0)]
    sources = [Opened(FILE, size, time) for size, time in ((1, 1), (1, 11), (11, 1), (111, 1))]
    profiles = [BY_NAME[name] for name in ("mp3", "opus", "aac", "flac")]
    shapes = [AS_USUAL, Shape(sample_rate=1), Shape(channels=1), Shape(bit_depth=1)]
    for song, source, profile, rate, shape, gain in product(
        songs, sources, profiles, (1, 11), shapes, (None, 0.0, 1.0)
    ):
        yield key_of(song, source, profile, rate, shape, gain)
    parts = [Part(1, 2, 3, 4.0, 5.0), Part(12, 3, 4, 5.0, 6.0), Part(1, 2, 3, 4.0, 5.0, (1, 1), 1)]
    for item, source, rate, part, gain in product(
        ("song 1", "song 11", "video 1", "song 1 1.0 0.0"), sources, (1, 11), parts, (None, 0.0)
    ):
        yield part_key(item, source, rate, part, gain)


@pytest.mark.attack("X53")
def test_no_two_results_share_a_name(row: Row) -> None:
    """Whoever could have two share one would hear, or have others hear, what is not meant."""
    found = list(keys(row))
    assert len(set(found)) == len(found)
    assert all(len(key) == 64 and set(key) <= set("0123456789abcdef") for key in found)


@pytest.mark.attack("X53")
def test_no_text_of_a_user_is_part_of_a_name(row: Row) -> None:
    """Titles and paths change and are chosen by others; what is hashed is ours."""
    song, source = row(), Opened(FILE, 1, 1)
    names = {
        key_of(each, source, BY_NAME["mp3"], 128, AS_USUAL)
        for each in (song, row(path=b"elsewhere.flac"), row(bit_rate=7, duration=1.0))
    }
    assert len(names) == 1
