"""By how much a song becomes louder in a transcode, so that all are equally loud. Pure."""

from __future__ import annotations

from math import log10
from typing import Literal

from db.cards import ReplayGain

_MOST = 24.0
"""Made louder by more dB, nearly silent sound is noise."""


def gain_for(found: ReplayGain, mode: Literal["off", "track", "album"]) -> float | None:
    """dB, never so many that the loudest sample is cut off; None: the song stays as it is.

    Without an album gain it gets its own, and the other way round. Nothing becomes louder whose
    peak is not known.
    """
    song, album = (found.track_gain, found.track_peak), (found.album_gain, found.album_peak)
    first, second = (album, song) if mode == "album" else (song, album)
    gain, peak = second if first[0] is None else first
    if mode == "off" or gain is None:
        return None
    room = -20 * log10(peak) if peak else 0.0
    return round(min(gain, room, _MOST), 2)
