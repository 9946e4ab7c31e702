"""What is drawn where there is no picture."""

from __future__ import annotations

import pytest

from streaming.orders import Draw, encode
from streaming.placeholder import draw, initials
from tests.support.pictures import see


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Abbey Road", "AR"),
        ("the end of all things", "TE"),
        ("Blue", "B"),
        ("…(What's) the Story?", "WT"),
        ("Älska öl", "AO"),
        ("夜に 駆ける", "夜駆"),
        ("", ""),
        ("!!! ***", ""),
    ],
)
def test_initials_are_those_of_the_first_two_words(title: str, expected: str) -> None:
    assert initials(title) == expected


@pytest.mark.parametrize("title", ["Abbey Road", "夜に駆ける", "Кино", "", "!!!", "\U0001f600"])
@pytest.mark.parametrize("size", [1, 16, 300])
def test_any_title_is_drawn_in_any_size(title: str, size: int) -> None:
    image = see(draw(encode(Draw(title, size))))
    assert (image.format, image.size) == ("PNG", (size, size))


def test_the_same_title_looks_the_same_and_another_does_not() -> None:
    one, same, other = (draw(encode(Draw(t, 200))) for t in ("Blue", "Blue", "Kind of Blue"))
    assert one == same != other
    assert len(one) < 20_000
