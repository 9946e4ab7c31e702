"""The words of songs: read when somebody asks, from the files beside a song and from its tags.

`LyricsReader` is for the server; what it has read in a child (`library.lyrics.child`) comes as sheets.
"""

from library.lyrics.reader import LyricsReader
from library.lyrics.sheet import Cue, Line, Sheet

__all__ = ["Cue", "Line", "LyricsReader", "Sheet"]
