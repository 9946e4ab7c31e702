"""How the demo album's music is written down: notes in lanes, lanes in a piece."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from streaming.demo.voices import RATE, Chord, Voice

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_CHORDS = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "6": (0, 4, 7, 9),
    "add9": (0, 4, 7, 14),
    "m9": (0, 7, 10, 14, 15),
    "maj9": (0, 7, 11, 14, 16),
    "sus4": (0, 5, 7),
}
_CUT = 256  # samples over which a note gives way to the next one of its lane


@dataclass(frozen=True, slots=True)
class Note:
    """When it begins and how long it is held, in beats."""

    beat: float
    chord: Chord
    beats: float
    level: float = 1.0


@dataclass(frozen=True, slots=True)
class Lane:
    """One string, key or player: a note ends where the lane's next one begins."""

    voice: Voice
    notes: tuple[Note, ...]
    gain: float
    place: float = 0.0
    """From -1, left, to 1, right."""

    def samples(self, bpm: float, beats: float) -> array[float]:
        """The whole lane, mono."""
        second = 60 / bpm
        track = array("f", bytes(4 * int(beats * second * RATE)))
        ends = [note.beat for note in self.notes[1:]] + [beats]
        for note, end in zip(self.notes, ends, strict=True):
            sound = _struck(self.voice, note.chord, round(note.beats * second, 3), note.level)
            start = int(note.beat * second * RATE)
            room = min(int(end * second * RATE), len(track)) - start
            track[start : start + min(room, len(sound))] = _cut(sound, room)
        return track


@cache
def _struck(voice: Voice, chord: Chord, seconds: float, level: float) -> array[float]:
    sound = voice(chord, seconds)
    return sound if level == 1.0 else array("f", [value * level for value in sound])


def _cut(sound: array[float], room: int) -> array[float]:
    kept = sound[:room]
    if room < len(sound):
        for at in range(min(_CUT, len(kept))):
            kept[-1 - at] *= at / _CUT
    return kept


@dataclass(frozen=True, slots=True)
class Piece:
    """One song of the album."""

    title: str
    genre: str
    suffix: str
    bpm: float
    beats: float
    lanes: tuple[Lane, ...]
    room: float = 0.3
    """How much of the hall is heard."""
    gain: float = 1.0


def pitch(name: str) -> int:
    """`C4`, `F#5`, `Bb3` as a MIDI pitch."""
    step, sign, octave = name[0], name[1:-1], name[-1]
    return 12 * (int(octave) + 1) + _STEPS[step] + sign.count("#") - sign.count("b")


def chords(text: str, octave: int = 3) -> list[Chord]:
    """`D A/C# Bm7` as pitches from low to high; what follows a slash is its lowest tone."""
    return [_chord(word, octave) for word in text.split()]


def _chord(word: str, octave: int) -> Chord:
    match = re.fullmatch(r"([A-G][#b]?)([^/]*)(?:/(.+))?", word)
    if match is None or match[2] not in _CHORDS:
        raise ValueError(f"{word!r} is no chord")
    root, kind, bass = match.groups()
    low = pitch(f"{root}{octave}")
    tones = tuple(low + step for step in _CHORDS[kind])
    if bass is None:
        return tones
    bottom = pitch(f"{bass}{octave}")
    return tuple(sorted(bottom + (tone - bottom) % 12 for tone in tones))


def melody(text: str, start: float = 0.0, shift: int = 0) -> tuple[Note, ...]:
    """`D5 E5:2 -:0.5 F5` as notes in a row; one beat each where no length is given."""
    notes = []
    for word in text.replace("|", " ").split():
        name, _, length = word.partition(":")
        beats = float(length or 1)
        if name != "-":
            notes.append(Note(start, (pitch(name) + shift,), beats))
        start += beats
    return tuple(notes)


def arpeggio(
    voice: Voice, bars: Iterable[Chord], pattern: str, bar: float, gain: float, shift: int = 0
) -> tuple[Lane, ...]:
    """Broken chords; each place of the pattern is a string of its own and rings for a bar.

    A number of the pattern counts the tones of the chord upwards, on into the next octave.
    """
    places = pattern.split()
    step = bar / len(places)
    bars = list(bars)
    return tuple(
        Lane(
            voice,
            tuple(
                Note(number * bar + at * step, (_tone(chord, int(place)) + shift,), bar * 0.9)
                for number, chord in enumerate(bars)
            ),
            gain if at == 0 else gain * 0.75,
            0.6 * (2 * at / (len(places) - 1) - 1),
        )
        for at, place in enumerate(places)
        if place != "-"
    )


def _tone(chord: Chord, place: int) -> int:
    octave, at = divmod(place, len(chord))
    return chord[at] + 12 * octave


def held(
    voice: Voice, bars: Iterable[Chord], bar: float, gain: float, place: float = 0.7
) -> tuple[Lane, ...]:
    """Long chords that melt into each other: odd and even bars in lanes of their own."""
    notes = [Note(number * bar, chord, bar) for number, chord in enumerate(bars)]
    return (
        Lane(voice, tuple(notes[0::2]), gain, -place),
        Lane(voice, tuple(notes[1::2]), gain, place),
    )


def pulse(
    beats: Iterable[float], chord: Chord, level: Iterable[float] = (1.0,)
) -> tuple[Note, ...]:
    """The same sound again and again, in a round of levels."""
    levels = list(level)
    return tuple(
        Note(beat, chord, 0.25, levels[number % len(levels)]) for number, beat in enumerate(beats)
    )
