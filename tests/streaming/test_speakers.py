"""What sound is played on: programs of the system, of which these tests make their own."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from streaming.speakers import MuteError, Program, Silence, speaker

SECOND = bytes(48000 * 4)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs that write down how they were called, and what they were given."""
    for name in ("aplay", "pacat", "pw-cat"):
        program = tmp_path / name
        program.write_text(
            f'#!/bin/sh\necho "$@" > {tmp_path}/{name}.called\nexec cat > {tmp_path}/{name}.heard\n'
        )
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.parametrize(
    ("output", "program", "device", "called"),
    [
        ("alsa", "aplay", "hw:1", "-q -t raw -f S16_LE -c 2 -r 48000 -D hw:1"),
        ("alsa", "aplay", "", "-q -t raw -f S16_LE -c 2 -r 48000"),
        ("pulse", "pacat", "x", "--playback --format=s16le --channels=2 --rate=48000 --device=x"),
        ("pipewire", "pw-cat", "", "--playback --format=s16 --channels=2 --rate=48000 -"),
    ],
)
def test_each_output_is_a_program_that_gets_all_sound(
    programs: Path, output: str, program: str, device: str, called: str
) -> None:
    played = speaker(output, device)
    played.write(b"\x01\x02\x03\x04" * 100_000)
    played.write(b"\x05\x06\x07\x08")
    played.close()
    assert (programs / f"{program}.called").read_text().strip() == called
    assert (
        programs / f"{program}.heard"
    ).read_bytes() == b"\x01\x02\x03\x04" * 100_000 + b"\x05\x06\x07\x08"


def test_a_device_is_no_way_into_a_shell(programs: Path) -> None:
    played = speaker("alsa", f"x; touch {programs}/owned")
    played.write(SECOND)
    played.close()
    assert not (programs / "owned").exists()


def test_after_a_cut_a_new_program_plays(programs: Path) -> None:
    played = speaker("alsa", "")
    played.write(SECOND)
    played.cut()
    played.write(b"abcd")
    played.close()
    assert (programs / "aplay.heard").read_bytes() == b"abcd"


def test_a_missing_program_is_told_by_name() -> None:
    with pytest.raises(MuteError, match="no-such-program is not installed"):
        Program(["no-such-program"]).write(SECOND)


def test_a_program_that_ends_is_told() -> None:
    """At the latest when the pipe to it is full."""
    with pytest.raises(MuteError, match="false does not play"):
        Program(["false"]).write(SECOND * 10)


def test_silence_takes_as_long_as_the_sound_would() -> None:
    """Two tenths of a second less: that much is taken in advance, as by a real device."""
    began = time.monotonic()
    silence = Silence()
    for _ in range(5):
        silence.write(SECOND[: len(SECOND) // 10])
    assert time.monotonic() - began >= 0.29
    silence.cut()
    silence.close()
