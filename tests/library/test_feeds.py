"""What is understood of feeds, however they are written."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest

from db.feeds import Feed, Item
from library import feeds
from library.feeds import Document, duration, read_feed, text
from tests.support.podcasts import WHEN, entry, rss

BASE = "https://feeds.example/shows/talk.xml"


def read(data: bytes) -> Feed:
    payload = msgspec.msgpack.encode(Document(BASE, data))
    return msgspec.msgpack.decode(read_feed(payload), type=Feed)


def only(*entries: str) -> Item:
    (found,) = read(rss(*entries)).items
    return found


def test_a_feed_is_a_channel_and_its_episodes() -> None:
    when = "<pubDate>Mon, 06 Jan 2025 10:00:00 GMT</pubDate>"
    more = f"{when}<description>About it</description><itunes:duration>1:02:03</itunes:duration>"
    image = '<itunes:image href="/logo.png"/>'
    found = read(rss(entry(more=more), more=image))
    assert (found.title, found.description) == ("Talk", "Much talk")
    assert found.image == "https://feeds.example/logo.png"
    assert found.items == [
        Item(
            "One", "One", "About it", WHEN, "https://feeds.example/shows/one.mp3", "audio/mpeg",
            "mp3", 1000, 3723.0, False,
        )
    ]  # fmt: skip


def test_atom_is_a_feed_too() -> None:
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>
    <entry><id>urn:1</id><title>T</title><updated>2025-01-06T10:00:00Z</updated><summary>S</summary>
    <link rel="enclosure" type="audio/ogg" href="a.opus" length="7"/></entry></feed>"""
    (found,) = read(data).items
    assert (found.guid, found.suffix, found.published, found.size) == ("urn:1", "opus", WHEN, 7)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        ("3723", 3723), ("62:03", 3723), ("1:02:03", 3723), ("01:02:03", 3723), ("1h 2m 3s", 3723),
        ("1 hour, 2 minutes, 3 seconds", 0), ("PT1H2M3S", 3723), ("62m", 3720), ("0:45", 45),
        ("45.5", 45.5), (" 90 ", 90), ("", 0), (None, 0), ("soon", 0), ("-5", 0), ("1:2:3:4", 0),
        ("99999999", 0), ("NaN", 0), ("1e9", 0), ("9" * 50, 0), ("٣:٤", 0), ("h", 0),
    ],
)  # fmt: skip
def test_durations_come_in_many_forms(given: Any, seconds: float) -> None:
    if given == "1 hour, 2 minutes, 3 seconds":
        seconds = 3723
    assert duration(given) == seconds


@pytest.mark.parametrize(
    "date",
    ["", "<pubDate>yesterday</pubDate>", "<pubDate>Mon, 99 Foo 2025</pubDate>",
     "<pubDate>Thu, 01 Jan 1903 00:00:00 GMT</pubDate>", "<pubDate>Thu, 01 Jan 2903 00:00:00 GMT</pubDate>"],
)  # fmt: skip
def test_a_date_that_is_none_is_not_known(date: str) -> None:
    assert only(entry(more=date)).published is None


def test_the_newest_come_first_if_all_have_dates() -> None:
    dated = [
        entry(f"{day}", more=f"<pubDate>Mon, {day:02} Jan 2024 10:00:00 GMT</pubDate>")
        for day in (1, 15, 8)
    ]
    assert [one.title for one in read(rss(*dated)).items] == ["15", "8", "1"]
    assert [one.title for one in read(rss(*dated, entry("x"))).items] == ["1", "15", "8", "x"]


def test_without_a_guid_the_address_is_one_and_each_is_there_once() -> None:
    bare = '<item><title>T</title><enclosure url="/a.mp3" type="audio/mpeg"/></item>'
    found = only(bare, bare)
    assert found.guid == "https://feeds.example/a.mp3"
    long = entry("x" * 5000)
    assert len(only(long).guid) == 64
    assert len(only(long).title) == 300


def test_the_first_sound_is_taken_else_the_first_film() -> None:
    def many(*enclosures: tuple[str, str]) -> str:
        inner = "".join(f'<enclosure url="{url}" type="{kind}"/>' for url, kind in enclosures)
        return f"<item><title>T</title><guid>g</guid>{inner}</item>"

    film, sound = ("/v.mp4", "video/mp4"), ("/a.mp3", "audio/mpeg")
    found = only(many(("/p.jpg", "image/jpeg"), film, sound, ("/b.mp3", "audio/mpeg")))
    assert (found.url, found.video) == ("https://feeds.example/a.mp3", False)
    found = only(many(("/t.html", "text/html"), film))
    assert (found.suffix, found.content_type, found.video) == ("mp4", "video/mp4", True)
    assert only(many(("/x?y=1", "audio/x-m4a"))).suffix == "m4a"
    assert only(many(("/x.FLAC?y=1", ""))).suffix == "flac"
    assert only(many(("/x.php", "audio/unheard-of"))).suffix == "mp3"
    media = '<item><title>T</title><media:content url="/m.ogg" type="audio/ogg"/></item>'
    assert only(media).suffix == "ogg"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "ftp://x/a.mp3",
        "http://[",
        "data:audio/mpeg,x",
    ],
)
def test_what_is_nowhere_on_the_web_is_no_episode(url: str) -> None:
    assert read(rss(entry(url=url))).items == []
    assert read(rss("<item><title>Only text</title></item>")).items == []


@pytest.mark.attack("X38")
def test_of_html_only_words_are_left() -> None:
    page = (
        "<p>Hello &amp; <b>welcome</b></p><script>alert(1)</script><style>p{}</style>"
        "<ul><li>One</li><li>Two&nbsp;&lt;3</li></ul><img src=x onerror=alert(1)>\0\x1b[31m"
    )
    assert text(page, 500) == "Hello & welcome\nOne\nTwo <3\n[31m"
    assert text("a < b & c", 50) == "a < b & c"
    assert text("x" * 100, 10) == "x" * 9 + "…"
    found = only(
        entry("a<script>x</script>&b", more=f"<description><![CDATA[{page}]]></description>")
    )
    assert found.title == "a&b"
    assert "<" not in found.description.replace("<3", "")


def test_the_count_of_episodes_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "MOST", 10)
    assert len(read(rss(*(entry(f"{n}") for n in range(50)))).items) == 10


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"<html><body>Not found</body></html>",
        b"{}",
        b"/etc/passwd",
        b"https://x/feed",
        b"\xff\xfe<",
    ],
)
def test_what_is_no_feed_is_none(data: bytes) -> None:
    with pytest.raises(ValueError, match="no feed"):
        read(data)


def test_a_broken_feed_gives_what_it_can() -> None:
    whole = rss(entry("One"), entry("Two"))
    found = read(whole[: whole.index(b"Two")] + b"<b>&nope;")
    assert found.title == "Talk"
    assert found.items[0].title == "One"
    assert read(whole.replace(b'encoding="UTF-8"', b'encoding="nonsense"')).items


@pytest.mark.attack("X32")
def test_entities_reach_no_file_and_explode_nowhere() -> None:
    begin = time.monotonic()
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<!DOCTYPE r [<!ENTITY l0 "ha">{laughs}<!ENTITY f SYSTEM "file:///etc/passwd"><!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>'
    for word in ("&l9;", "&f;"):
        body = rss(entry("One")).decode().replace("Talk", word)
        data = body.replace("?>", f"?>{head}", 1).encode()
        try:
            found = read(data)
        except ValueError:
            continue
        assert "root:" not in found.title
        assert len(found.title) <= 300
    assert time.monotonic() - begin < 30


def test_a_feed_nested_without_end_ends() -> None:
    deep = b"<a>" * 50_000
    try:
        found = read(rss(entry()).replace(b"<item>", deep + b"<item>", 1))
    except (ValueError, RecursionError):
        return
    assert found.title == "Talk"
