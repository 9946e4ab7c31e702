"""The instruments of the demo album: each makes the samples of one note, in plain Python.

A partial that dies away is a complex number turned on and shrunk once per sample;
`itertools.accumulate` does that in C, which is what makes an album in seconds possible.
"""

from __future__ import annotations

import cmath
import math
from array import array
from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate, pairwise, repeat
from operator import mul
from random import Random

RATE = 44100
Chord = tuple[int, ...]
Voice = Callable[[Chord, float], "array[float]"]
"""Chord as MIDI pitches and length in seconds, to mono samples of about 0.5 at their loudest.

What rings on is longer than asked."""


def hertz(pitch: int) -> float:
    """The frequency of a MIDI pitch; 69 is the A of 440 Hz."""
    return 440.0 * math.pow(2.0, (pitch - 69) / 12)


def faded(samples: Sequence[float], attack: float, release: float) -> array[float]:
    """The samples with both ends brought to silence, over seconds."""
    shaped = array("f", samples)
    rise = min(int(attack * RATE), len(shaped) // 2)
    fall = min(int(release * RATE), len(shaped) // 2)
    if rise:
        shaped[:rise] = array("f", map(mul, shaped[:rise], _ramp(rise)))
    if fall:
        shaped[-fall:] = array("f", map(mul, shaped[-fall:], reversed(_ramp(fall))))
    return shaped


@cache
def _ramp(count: int) -> array[float]:
    return array("f", [at / count for at in range(count)])


def _ringing(frequency: float, dies: float, count: int) -> list[float]:
    """A partial that falls to a thousandth (-60 dB) in `dies` seconds, and is left out there."""
    turn = cmath.exp(complex(math.log(0.001) / dies, 2 * math.pi * frequency) / RATE)
    until = min(count, int(dies * RATE))
    return [point.imag for point in accumulate(repeat(turn, until - 1), mul, initial=0.5 + 0j)]


def _struck(*partials: tuple[float, float, float]) -> Voice:
    """A voice of dying partials, each given as ratio, level, seconds at middle C."""

    @cache
    def ring(chord: Chord, seconds: int) -> array[float]:
        mixed = array("f", bytes(4 * int((seconds + 0.4) * RATE)))
        for pitch in chord:
            shorter = math.sqrt(hertz(60) / hertz(pitch))
            for ratio, level, dies in partials:
                sound = _ringing(hertz(pitch) * ratio, dies * shorter, len(mixed))
                mixed[: len(sound)] = array(
                    "f", [was + level * new for was, new in zip(mixed, sound, strict=False)]
                )
        return faded(mixed, 0.002, 0.5)

    # Whole seconds: it dies by itself, and fewer different notes have to be made.
    return lambda chord, seconds: ring(chord, math.ceil(seconds))


kalimba = _struck((1.0, 1.0, 1.6), (2.0, 0.12, 0.8), (5.4, 0.16, 0.15))
bell = _struck((1.0, 0.8, 4.5), (2.76, 0.3, 1.8), (5.4, 0.12, 0.5))
music_box = _struck((1.0, 0.9, 3.0), (3.0, 0.12, 0.9), (6.2, 0.1, 0.25))
electric_piano = _struck((1.0, 0.8, 3.2), (2.0, 0.22, 1.2), (7.0, 0.06, 0.3))
bass = _struck((1.0, 0.9, 1.6), (2.0, 0.3, 0.8), (3.0, 0.1, 0.4))


@cache
def harp(chord: Chord, seconds: float) -> array[float]:
    """A plucked string (Karplus and Strong), tuned between samples by a three-point filter."""
    frequency = hertz(chord[0])
    whole = int(RATE / frequency - 0.5)
    part = RATE / frequency - 0.5 - whole
    keep = 10 ** (-3 / (frequency * 5.0 * math.sqrt(hertz(57) / frequency)))
    near, middle, far = keep * (1 - part) / 2, keep / 2, keep * part / 2
    string = _pick(whole + 2, Random(chord[0]))
    for _ in range(int((seconds + 0.6) * RATE) // whole):
        string += [
            near * a + middle * b + far * c
            for a, b, c in zip(
                string[-whole:], string[-whole - 1 : -1], string[-whole - 2 : -2], strict=True
            )
        ]
    return faded(string, 0.001, 0.5)


def _pick(count: int, random: Random) -> list[float]:
    """A soft finger on a string at rest: noise without its highest notes, centred."""
    noise = [random.uniform(-1, 1) for _ in range(count)]
    for _ in range(4):
        noise = [(a + b) / 2 for a, b in zip(noise, noise[-1:] + noise[:-1], strict=True)]
    middle = sum(noise) / count
    loudest = max(abs(value - middle) for value in noise)
    return [(value - middle) * 0.55 / loudest for value in noise]


TABLE = 2048


@cache
def _wave(levels: tuple[float, ...], size: int = TABLE) -> tuple[float, ...]:
    """One period of a wave with these harmonics, at a peak of one."""
    sine = [math.sin(2 * math.pi * at / size) for at in range(size)]
    wave = [
        sum(level * sine[number * at % size] for number, level in enumerate(levels, start=1))
        for at in range(size)
    ]
    loudest = max(map(abs, wave))
    return tuple(value / loudest for value in wave)


@cache
def _shaken_clock(vibrato: float, seconds: int) -> array[float]:
    """The numbers of the samples, running ahead and behind as a player's breath does."""
    turn = 2 * math.pi * 5.2 / RATE
    swing = vibrato / turn
    return array(
        "d",
        [at - swing * min(2 * at / RATE, 1) * math.cos(turn * at) for at in range(seconds * RATE)],
    )


def _blown(levels: tuple[float, ...], vibrato: float, attack: float) -> Voice:
    """A voice that holds its note; the vibrato, in parts of the pitch, comes after a moment."""

    @cache
    def voice(chord: Chord, seconds: float) -> array[float]:
        wave = _wave(levels)
        count = int((seconds + 0.05) * RATE)
        step = hertz(chord[0]) * TABLE / RATE
        clock = _shaken_clock(vibrato, math.ceil(seconds + 0.05))
        return faded([0.4 * wave[int(step * at) % TABLE] for at in clock[:count]], attack, 0.07)

    return voice


reed = _blown((0.7, 1.0, 0.75, 0.55, 0.5, 0.25, 0.2, 0.12, 0.1, 0.06), 0.003, 0.025)
flute = _blown((1.0, 0.28, 0.1, 0.04), 0.005, 0.07)


@cache
def _string(pitch: int) -> array[float]:
    """Two seconds of two bowed strings, half a beat apart, which go round without a seam."""
    count = 2 * RATE
    wave = [0.1 * value for value in _wave((1.0, 0.31, 0.15, 0.09, 0.06, 0.05), count)]
    slow = round(hertz(pitch) * 2)
    turns = zip(range(0, slow * count, slow), range(0, (slow + 1) * count, slow + 1), strict=True)
    return array("f", [wave[a % count] + wave[b % count] for a, b in turns])


@cache
def strings(chord: Chord, seconds: float) -> array[float]:
    """A held chord that swells and leaves slowly."""
    loop = array("f", map(sum, zip(*map(_string, chord), strict=True)))
    count = int((seconds + 0.9) * RATE)
    return faded((loop * (count // len(loop) + 1))[:count], 0.9, 0.9)


@cache
def drum(chord: Chord, seconds: float) -> array[float]:
    """A soft skin: its tone, the lowest of the chord, falls by a fifth while it dies."""
    base = hertz(chord[0])
    beat = [
        0.5
        * math.exp(-9 * at / RATE)
        * math.sin(2 * math.pi * base * (at / RATE + 0.02 * (1 - math.exp(-at / RATE * 40))))
        for at in range(int(max(seconds, 0.4) * RATE))
    ]
    return faded(beat, 0.002, 0.1)


@cache
def shaker(chord: Chord, seconds: float) -> array[float]:
    """Seeds in a gourd: a breath of bright noise."""
    random = Random(chord[0])
    count = int(min(seconds, 0.12) * RATE)
    noise = [random.uniform(-0.4, 0.4) for _ in range(count + 1)]
    bright = [(a - b) * math.exp(-32 * at / RATE) for at, (a, b) in enumerate(pairwise(noise))]
    return faded(bright, 0.012, 0.03)


@cache
def rain(chord: Chord, seconds: float) -> array[float]:
    """Steady soft noise with a drop now and then; it goes round every seven seconds."""
    random = Random(chord[0])
    count = 7 * RATE
    smooth = accumulate(
        (random.uniform(-1, 1) for _ in range(count)), lambda was, new: was + 0.09 * (new - was)
    )
    fall = array("f", (0.3 * value for value in smooth))
    for _ in range(40):
        at, size = random.randrange(count - 2000), random.uniform(0.02, 0.1)
        for step in range(900):
            fall[at + step] += (
                size * math.exp(-step / 150) * math.sin(step * step / 2500 + step / 5)
            )
    return faded((fall * (int(seconds * RATE) // count + 1))[: int(seconds * RATE)], 2.0, 2.0)
