"""How many ids are drawn for a random pick."""

from __future__ import annotations

import pytest

from db.draws import draws


@pytest.mark.parametrize("size", [0, 1, 2, 10, 100, 500])
def test_of_four_times_as_many_ids_enough_different_ones_are_to_be_expected(size: int) -> None:
    there = 4 * size
    assert draws(size) > size
    assert there - there * (1 - 1 / max(there, 1)) ** draws(size) >= size
