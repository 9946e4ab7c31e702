"""Files of other projects' tests, where a folder of them is given (`DULCIAN_TEST_AUDIO`).

`expected.json` says for each file what several other readers agree on. What differs on purpose or
for a reason stands in `ACCEPTED`.
"""

from __future__ import annotations

import json
import os
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from library.tags import Facts, Splitting
from library.tags.reader import read_file

FOLDER = os.environ.get("DULCIAN_TEST_AUDIO", "")
pytestmark = pytest.mark.skipif(
    not FOLDER, reason="DULCIAN_TEST_AUDIO does not name a folder with expected.json"
)

ACCEPTED = {
    # iTunes' sound check is taken for ReplayGain where there is none.
    ("issue-362.apev1.mp3", "rg_track_gain"),
    ("soundcheck-nonascii.m4a", "rg_track_gain"),
    # The header of the stream is believed, not the tag or the container around it.
    ("click.mpc", "bitrate"),
    ("pcmwaveformat-24bit-4byte-48kHz-stereo.wav", "bitrate"),
    # A picture in a second tag counts.
    ("duplicate_id3v2.mp3", "has_picture"),
    # False and absent are the same to us.
    ("alac.m4a", "compilation"),
    ("strawberry.oga", "compilation"),
    ("strawberry.opus", "compilation"),
}

# Pictures move in them: they are videos here, not songs.
VIDEOS = {"elephant.asf", "sample_fragmented.mp4", "sample_fragmented_large_bitrates.mp4"}


@cache
def expected() -> dict[str, dict[str, Any]]:
    path = Path(FOLDER) / "expected.json"
    found: dict[str, dict[str, Any]] = json.loads(path.read_text())["files"]
    return found


def plain(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\0", "").strip())


def seen(facts: Facts) -> dict[str, Any]:
    """Facts by the names of `expected.json`."""
    sound, gains = facts.sound, facts.gains
    return {
        "title": facts.title or None,
        "album": facts.album or None,
        "artist": [person.name for person in facts.artists],
        "albumartist": [person.name for person in facts.album_artists],
        "composer": [credit.name for credit in facts.credits if credit.role == "composer"],
        "genre": facts.genres,
        "track": facts.track or None,
        "disc": facts.disc or None,
        "year": facts.date[0] or None,
        "bpm": facts.bpm or None,
        "isrc": facts.isrc[0] if facts.isrc else None,
        "has_picture": bool(facts.picture_hash),
        "compilation": facts.compilation or None,
        "mb_recording": facts.mb_recording or None,
        "mb_release": facts.mb_release or None,
        "mb_artist": [person.mbid for person in facts.artists if person.mbid],
        "mb_albumartist": [person.mbid for person in facts.album_artists if person.mbid],
        "rg_track_gain": gains.track_gain,
        "rg_track_peak": gains.track_peak,
        "rg_album_gain": gains.album_gain,
        "rg_album_peak": gains.album_peak,
        "duration": sound.duration,
        "channels": sound.channels,
        "sample_rate": sound.sampling_rate,
        "bitrate": sound.bit_rate * 1000,
    }


def agrees(name: str, wanted: Any, got: Any, also: list[float]) -> bool:
    """Within the tolerances that come with the files."""
    if name == "duration":
        return any(
            abs(got - each) <= max(0.2, 0.02 * each) for each in (wanted, *also) if each is not None
        )
    if name == "bitrate":
        return bool(abs(got - wanted) <= max(5000, 0.1 * wanted))
    if name.startswith("rg_"):
        both = wanted is not None and got is not None
        return abs(got - wanted) <= 0.02 if both else wanted is got
    if isinstance(wanted, list):
        ours, theirs = [plain(each) for each in got], [plain(each) for each in wanted]
        return ours == theirs or any("".join(ours) == joint.join(theirs) for joint in "/;")
    return (plain(wanted) == plain(got or "")) if isinstance(wanted, str) else wanted == got


def names(status: str) -> list[str]:
    if not FOLDER:
        return []
    return [name for name, about in expected().items() if about["status"] == status]


def is_video(name: str) -> bool:
    return name.rpartition("/")[2] in VIDEOS


@pytest.mark.parametrize("name", [name for name in names("index") if is_video(name)])
def test_what_moves_is_a_video(name: str) -> None:
    answer = read_file(os.fsencode(Path(FOLDER) / name), Splitting())
    wanted = expected()[name]["expected"]
    assert answer.video is not None
    also = wanted.get("duration_accept") or []
    if "duration" in wanted:
        assert agrees("duration", wanted["duration"], answer.video.duration, also)
    assert answer.video.width > 0
    assert len(answer.video.audio) == 1


@pytest.mark.parametrize("name", [name for name in names("index") if not is_video(name)])
def test_what_others_read_is_read(name: str) -> None:
    answer = read_file(os.fsencode(Path(FOLDER) / name), Splitting())
    assert answer.facts is not None, answer.reason
    wanted = expected()[name]["expected"]
    also = wanted.get("duration_accept") or []
    got = seen(answer.facts)
    differing = {
        field: (value, got[field])
        for field, value in wanted.items()
        if field in got
        and (name.rpartition("/")[2], field) not in ACCEPTED
        and not agrees(field, value, got[field], also)
    }
    assert not differing


@pytest.mark.parametrize("name", names("graceful"))
def test_what_others_stumble_over_is_answered(name: str) -> None:
    answer = read_file(os.fsencode(Path(FOLDER) / name), Splitting())
    assert answer.failed == bool(answer.reason)
