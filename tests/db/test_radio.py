"""Radio stations in the database."""

from __future__ import annotations

from db.database import Database


async def test_stations_go_by_name_and_then_by_id(database: Database) -> None:
    radio = database.radio
    made = [await radio.add(name, "http://x.example/") for name in ("b", "Éa", "B", "a", "b")]
    found = await radio.all()
    assert [row.name for row in found] == ["a", "b", "B", "b", "Éa"]
    assert [row.id for row in found] == [made[index] for index in (3, 0, 2, 4, 1)]


async def test_a_change_is_of_one_station_and_of_all_its_facts(database: Database) -> None:
    radio = database.radio
    first = await radio.add("First", "http://x.example/1", "http://x.example/")
    second = await radio.add("Second", "http://x.example/2", "http://x.example/")
    assert await radio.change(second, "Aria", "https://y.example/2")
    rows = {row.id: row for row in await radio.all()}
    assert list(rows) == [second, first]
    assert (rows[second].name, rows[second].stream_url) == ("Aria", "https://y.example/2")
    assert rows[second].home_page_url == ""
    assert rows[first].home_page_url == "http://x.example/"


async def test_what_is_not_there_cannot_be_changed_or_deleted(database: Database) -> None:
    radio = database.radio
    station = await radio.add("One", "http://x.example/")
    assert await radio.delete(station)
    assert not await radio.delete(station)
    assert not await radio.change(station, "Two", "http://x.example/")
    assert await radio.all() == []
