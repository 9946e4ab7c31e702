"""Lyrics: as one text for old apps; by language, with times of lines and words, for newer ones."""

from __future__ import annotations

from typing import Any

from db.cards import TrackCard
from db.rows import FileRow
from library.lyrics import Line as SheetLine
from library.lyrics import Sheet
from subsonic.endpoint import Call, endpoint
from subsonic.errors import NotFoundError
from subsonic.ids import Kind, parse
from subsonic.models.lyrics import Agent, Cue, CueLine, Line, Lyrics, LyricsList, StructuredLyrics

_MAIN = "main"
_BACKGROUND = "bg"


@endpoint("getLyrics", key="lyrics", scope="stream")
async def get_lyrics(call: Call, *, artist: str = "", title: str = "") -> Lyrics:
    """Return the words of the song that this artist and title name best; of none: no words."""
    for file in await call.services.db.tracks.named(artist, title, call.user):
        for sheet in await _sheets(call, file):
            return Lyrics(artist=file.card.artist, title=file.card.title, value=sheet.text)
    return Lyrics(value="")


@endpoint("getLyricsBySongId", key="lyricsList", scope="stream")
async def get_lyrics_by_song_id(call: Call, *, id: str, enhanced: bool = False) -> LyricsList:
    """Return all lyrics of a song; times of words only for apps that ask for them."""
    file = await call.services.db.tracks.file(parse(id, Kind.TRACK).number, call.user)
    if file is None:
        raise NotFoundError("There is no such song.")
    sheets = await _sheets(call, file)
    return LyricsList(
        structured_lyrics=[_structured(sheet, file.card, enhanced) for sheet in sheets]
    )


async def _sheets(call: Call, file: FileRow) -> list[Sheet]:
    """The words of a file; what is in or beside one with several songs is none of theirs."""
    return [] if file.cut else await call.services.lyrics.of(file.root, file.path)


def _structured(sheet: Sheet, card: TrackCard, enhanced: bool) -> StructuredLyrics:
    return StructuredLyrics(
        lang=sheet.lang,
        synced=sheet.synced,
        display_artist=sheet.artist or card.artist or None,
        display_title=sheet.title or card.title or None,
        offset=sheet.offset or None,
        line=[Line(start=line.start, value=line.text) for line in sheet.lines],
        **(_enhanced(sheet) if enhanced else {}),
    )


def _enhanced(sheet: Sheet) -> dict[str, Any]:
    """What the second version of the extension adds."""
    timed = [(index, line) for index, line in enumerate(sheet.lines) if line.cues]
    if not timed:
        return {"kind": "main"}
    agents = _agents([line.voice for _, line in timed], sheet.names)
    lines = [_cue_line(index, line, bool(agents)) for index, line in timed]
    return {"kind": "main", "agents": agents or None, "cue_line": lines}


def _agents(voices: list[str], names: dict[str, str]) -> list[Agent]:
    """The voices, of which exactly one is the main one; none where the lines name none."""
    if not any(voices):
        return []
    ids = list(dict.fromkeys(voice or _MAIN for voice in voices))
    main = next((one for one in ids if one != _BACKGROUND), _MAIN)
    others = [one for one in ids if one != main]
    return [
        Agent(id=main, role="main", name=names.get(main)),
        *(Agent(id=one, role=_role(one), name=names.get(one)) for one in others),
    ]


def _role(voice: str) -> str:
    return "bg" if voice == _BACKGROUND else "voice"


def _cue_line(index: int, line: SheetLine, attributed: bool) -> CueLine:
    return CueLine(
        index=index,
        start=line.cues[0].start,
        end=line.cues[-1].end,
        value=line.text,
        agent_id=(line.voice or _MAIN) if attributed else None,
        cue=[
            Cue(
                start=cue.start,
                end=cue.end,
                byte_start=cue.first,
                byte_end=cue.last,
                value=cue.text,
            )
            for cue in line.cues
        ],
    )
