"""The music of the demo album, written for it."""

from __future__ import annotations

from random import Random

from streaming.demo import voices
from streaming.demo.score import Lane, Note, Piece, arpeggio, chords, held, melody, pulse


def _canal() -> Piece:
    bars = chords("D A/C# Bm F#m/C# G/B D/A Em7 A") * 3 + chords("D D")
    tune = """
        F#5:2 E5 | E5:2 C#5 | D5:1.5 C#5:.5 B4 | A4:3 | B4 D5 G5 | F#5:2 D5 | E5 G5 F#5 | E5:3
        A5:2 F#5 | E5 A5 G5 | F#5:2 D5 | C#5 F#5 A5 | B5:1.5 A5:.5 G5 | F#5 A5 D5 | G5 F#5 E5
        C#5 E5:2 | D5:3
    """
    return Piece(
        title="Morning on the Canal",
        genre="Folk",
        suffix="flac",
        bpm=98,
        beats=3.0 * len(bars) + 2,
        lanes=(
            *arpeggio(voices.harp, bars, "0 2 3 4 3 2", 3, 0.65),
            *held(voices.strings, bars, 3, 0.2),
            Lane(voices.flute, melody(tune, start=24), 0.27, 0.15),
        ),
        room=0.35,
    )


def _boats() -> Piece:
    bars = chords("G D/F# Em7 Cadd9") * 5 + chords("G")
    low = [chord[:1] for chord in chords("G D/F# Em7 Cadd9", octave=2) * 5 + chords("G", octave=2)]
    verse = """
        B5 A5:.5 G5:.5 D5 G5 | A5:1.5 F#5:.5 D5:2 | G5 F#5:.5 E5:.5 B4 E5 | D5 E5 G5:2
        B5 D6:.5 B5:.5 A5 G5 | F#5:1.5 A5:.5 D6:2 | B5 G5:.5 E5:.5 G5 B5 | D6 C6:.5 B5:.5 G5:2
    """
    eighths = [number / 2 for number in range(32, 8 * len(bars) - 8)]
    return Piece(
        title="Paper Boats",
        genre="Pop",
        suffix="mp3",
        bpm=112,
        beats=4.0 * len(bars) + 3,
        lanes=(
            *arpeggio(voices.kalimba, bars, "0 3 2 4 3 5 2 3", 4, 0.42, shift=12),
            Lane(voices.kalimba, melody(verse + verse[: len(verse) // 2], start=32), 0.5, 0.1),
            Lane(voices.bass, _bass(low, (0, 1.5, 3)), 0.5),
            Lane(voices.shaker, pulse(eighths, (1,), (0.5, 0.3, 0.9, 0.3)), 0.35, -0.35),
            *held(voices.strings, bars, 4, 0.16),
        ),
    )


def _bass(roots: list[tuple[int, ...]], places: tuple[float, ...]) -> tuple[Note, ...]:
    return tuple(
        Note(number * 4 + at, root, 1.0, 1.0 if at == 0 else 0.7)
        for number, root in enumerate(roots)
        for at in places
    )


def _train() -> Piece:
    bars = chords("Am7 Fmaj7 Cmaj7 G6") * 5 + chords("Am7")
    low = [chord[:1] for chord in chords("A F C G", octave=2) * 5 + chords("A", octave=2)]
    tune = """
        E5:3 D5 | C5:2.5 A4:1.5 | G5:3 E5 | D5:2 B4:2 | A5:2.5 G5:1.5 | E5:2 C5:2 | E5:1.5 G5:1.5 B5
        A5:2 D5:2 | C5:3 E5 | A5:2 G5:1 E5 | G5:4 | D5:3 B4 | A4:4
    """
    last = 4 * (len(bars) - 1)
    return Piece(
        title="Night Train to Lübeck",
        genre="Electronic",
        suffix="opus",
        bpm=118,
        beats=4.0 * len(bars) + 3,
        lanes=(
            *arpeggio(voices.electric_piano, bars, "0 2 3 1 4 2 5 3", 4, 0.3, shift=12),
            Lane(voices.bass, _bass(low, (0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5)), 0.4),
            Lane(voices.drum, pulse(range(16, last), (36,), (1.0, 0.8)), 0.55),
            Lane(voices.shaker, pulse([at + 0.5 for at in range(16, last)], (2,)), 0.3, 0.3),
            *held(voices.strings, bars, 4, 0.2),
            Lane(voices.flute, melody(tune, start=32), 0.24, -0.15),
        ),
    )


def _rain() -> Piece:
    bars = chords("Ebmaj9 Cm9 Abmaj9 Bbsus4") * 3 + chords("Ebmaj9")
    random = Random(4)
    scale = [63, 65, 67, 70, 72, 75, 77, 79, 82, 84]
    drops = [
        [
            Note(beat, (scale[random.randrange(10)] + 12,), 3.5, random.choice((0.4, 0.7, 1.0)))
            for beat in range(2 + lane, 50, 3)
            if random.random() < 0.75
        ]
        for lane in range(3)
    ]
    return Piece(
        title="Rain on the Skylight",
        genre="Ambient",
        suffix="m4a",
        bpm=64,
        beats=4.0 * len(bars),
        lanes=(
            *held(voices.strings, bars, 4, 0.26),
            *(
                Lane(voices.bell, tuple(notes), 0.42, side)
                for notes, side in zip(drops, (-0.6, 0.0, 0.6), strict=True)
            ),
            Lane(voices.bass, _bass([chord[:1] for chord in bars], (0,)), 0.35),
            Lane(voices.rain, (Note(0, (7,), 4.0 * len(bars)),), 0.7),
        ),
        room=0.5,
    )


def _jig() -> Piece:
    first = """
        D5 A4 D5 F5 E5 D5 | E5 C5 G4 C5 D5 E5 | F5 D5 A4 D5 E5 F5 | G5 E5 C5 E5:3
        A5 G5 F5 E5 F5 D5 | F5 E5 D5 E5 D5 C5 | C5 A4 C5 E5 D5 C5 | D5:2 A4 D5:3
    """
    second = """
        A5 F5 C5 F5 G5 A5 | G5 E5 C5 E5 F5 G5 | F5 D5 A4 D5 E5 F5 | E5 C5 A4 E5:3
        A5:2 C6 A5 G5 F5 | G5:2 E5 C5 D5 E5 | B4 D5 G5 E5 C5 A4 | D5:3 D5:3
    """
    bars = (
        chords("Dm C Dm C Dm F Am Dm Dm C Dm C Dm F Am Dm F C Dm Am F C G Dm F C Dm Am F C G Dm")
        + chords("Dm")
    )  # fmt: skip
    end = 6 * (len(bars) - 1)
    tune = melody(first * 2 + second * 2 + "D5:6", shift=-12)
    return Piece(
        title="The Dulcian's Jig",
        genre="Renaissance",
        suffix="flac",
        bpm=330,
        beats=6.0 * len(bars) + 4,
        lanes=(
            Lane(voices.reed, tune, 0.4, -0.1),
            *arpeggio(voices.harp, bars, "0 2 3 1 2 3", 6, 0.45),
            Lane(voices.drum, pulse(range(48, end, 3), (45,), (1.0, 0.5)), 0.5, 0.2),
            Lane(voices.shaker, pulse(range(98, end, 3), (3,), (0.6, 1.0)), 0.28, -0.3),
            *held(voices.strings, chords("Dsus4") * (len(bars) // 2 + 1), 12, 0.14),
        ),
        room=0.25,
        gain=1.1,
    )


def _lantern() -> Piece:
    bars = chords("F C/E Dm Am/E Bb/D F/C Gm7 C7 F C/E Dm Bbmaj7 Gm7 F")
    tune = """
        A5 C6 A5 F5 | G5:2 E5 G5 | F5 A5 D6 C6 | A5:3 E5 | D5 F5 Bb5 A5 | A5 F5 C5:2 | D5 G5 Bb5 A5
        G5:3 G5 | A5 C6 F6 C6 | Bb5 G5 E5:2 | F5 A5 D6 A5 | D6 C6 A5 F5 | G5 Bb5 E5 G5 | F5:4
    """
    return Piece(
        title="Lantern Song",
        genre="Lullaby",
        suffix="mp3",
        bpm=80,
        beats=4.0 * len(bars) + 4,
        lanes=(
            Lane(voices.music_box, melody(tune), 0.5, 0.1),
            *arpeggio(voices.harp, bars, "0 2 3 4 3 2 1 2", 4, 0.5),
            *held(voices.strings, bars, 4, 0.18),
        ),
        room=0.4,
        gain=1.15,
    )


def pieces() -> tuple[Piece, ...]:
    """The songs in their order."""
    return (_canal(), _boats(), _train(), _rain(), _jig(), _lantern())
