"""One name for each tag, whatever a container or a program calls it.

The names are those of Vorbis comments as the common taggers write them.
"""

from __future__ import annotations

from functools import lru_cache

_ALIASES = {
    "album artist": "albumartist",
    "album_artist": "albumartist",
    "album artists": "albumartists",
    "album_artists": "albumartists",
    "albumartist sort order": "albumartistsort",
    "album artist sort order": "albumartistsort",
    "album artistsort": "albumartistsort",
    "track": "tracknumber",
    "disc": "discnumber",
    "disk": "discnumber",
    "year": "date",
    "release date": "releasedate",
    "originalyear": "originaldate",
    "originalreleasedate": "originaldate",
    "original_year": "originaldate",
    "original year": "originaldate",
    "original release date": "originaldate",
    "origyear": "originaldate",
    "release_date": "releasedate",
    "setsubtitle": "discsubtitle",
    "disc subtitle": "discsubtitle",
    "organization": "label",
    "publisher": "label",
    "description": "comment",
    "tempo": "bpm",
    "itunescompilation": "compilation",
    "itunes_compilation": "compilation",
    "work title": "work",
    "movement name": "movementname",
    "movement_name": "movementname",
    "movement": "movementnumber",
    "content group": "grouping",
    "contentgroup": "grouping",
    "albumversion": "version",
    "releaseversion": "version",
    "edition": "version",
    "musicbrainz album comment": "version",
    "musicbrainz_albumcomment": "version",
    "mixartist": "remixer",
    "modifiedby": "remixer",
    "mixedby": "mixer",
    "dj mixer": "djmixer",
    "itunesadvisory": "explicit",
    "rtng": "explicit",
    "musicbrainz album id": "musicbrainz_albumid",
    "musicbrainz track id": "musicbrainz_trackid",
    "musicbrainz recording id": "musicbrainz_trackid",
    "musicbrainz artist id": "musicbrainz_artistid",
    "musicbrainz album artist id": "musicbrainz_albumartistid",
    "musicbrainz work id": "musicbrainz_workid",
    "musicbrainz album type": "releasetype",
    "musicbrainz_albumtype": "releasetype",
    "album type": "releasetype",
    "replaygain track gain": "replaygain_track_gain",
    "replaygain track peak": "replaygain_track_peak",
    "replaygain album gain": "replaygain_album_gain",
    "replaygain album peak": "replaygain_album_peak",
}


@lru_cache(maxsize=1024)
def common(name: str) -> str:
    """The name under which a free-form tag is known."""
    plain = name.replace("\0", "").strip().lower()
    if plain.startswith("musicbrainz/"):
        plain = plain.replace("/", " ", 1)
    return _ALIASES.get(plain, plain)
