"""Cue sheets for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def sheet(
    tracks: Sequence[tuple[str, str]],
    file: str = "Disc.flac",
    *,
    first: int = 1,
    own: Mapping[str, str] | None = None,
    head: str = 'PERFORMER "Ada"\nTITLE "Whole"\nREM DATE 2001\nREM GENRE Rock',
) -> str:
    """A sheet of tracks, each a title and the time it begins; `own` has more lines by title."""
    lines = [head, f'FILE "{file}" WAVE']
    for number, (title, time) in enumerate(tracks, first):
        lines += [f"  TRACK {number:02} AUDIO", f'    TITLE "{title}"']
        if more := (own or {}).get(title):
            lines.append(f"    {more}")
        lines.append(f"    INDEX 01 {time}")
    return "\r\n".join(lines) + "\r\n"
