-- The music: libraries, their real folders, and what the tags say.
-- depends:

create table if not exists libraries (
    id            integer generated always as identity primary key,
    path          bytea not null unique,
    name          text not null,
    active        boolean not null default true,        -- still in the configuration
    created       timestamptz not null default now(),
    changed       timestamptz not null default now(),   -- last change of its contents
    scanned       timestamptz                           -- end of the last complete scan
);

-- Paths are bytes: a file name on Linux need not be UTF-8. They are relative to their library.
create table if not exists pictures (
    id            bigint generated always as identity primary key,
    library_id    integer not null references libraries on delete cascade,
    hash          bytea not null,                       -- SHA-256 of the original bytes
    embedded      boolean not null,                     -- inside the audio file at `path`
    path          bytea not null,
    unique (library_id, hash)
);

create table if not exists folders (
    id            bigint generated always as identity primary key,
    library_id    integer not null references libraries on delete cascade,
    parent_id     bigint references folders on delete cascade,  -- null: the library itself
    path          bytea not null,
    name          text not null,
    sort_name     text collate "C" not null,
    letter        text collate "C" not null,            -- heading in an index
    words         tsvector not null,
    picture_id    bigint references pictures on delete set null,
    average_rating real,
    created       timestamptz not null default now(),
    missing_since timestamptz,
    unique (library_id, path)
);
create index if not exists folders_parent on folders (parent_id, sort_name, id);
create index if not exists folders_words on folders using gin (words);
create index if not exists folders_picture on folders (picture_id);

create table if not exists artists (
    id            bigint generated always as identity primary key,
    key           text collate "C" not null unique,                 -- folded name: one entry per name
    name          text not null,
    sort_name     text collate "C" not null,
    letter        text collate "C" not null,
    mbid          text,
    words         tsvector not null,
    picture_id    bigint references pictures on delete set null,
    average_rating real,
    created       timestamptz not null default now()
);
create index if not exists artists_words on artists using gin (words);
create index if not exists artists_sort on artists (sort_name, id);
create index if not exists artists_picture on artists (picture_id);

-- What an artist has in a library; no row: nothing that is there now.
create table if not exists artist_counts (
    artist_id     bigint not null references artists on delete cascade,
    library_id    integer not null references libraries on delete cascade,
    album_count   integer not null,                     -- as album artist
    song_count    integer not null,                     -- in any role
    roles         text[] not null,
    primary key (artist_id, library_id)
);

create table if not exists albums (
    id            bigint generated always as identity primary key,
    library_id    integer not null references libraries on delete cascade,
    key           text collate "C" not null,                        -- identity within the library
    name          text not null,
    sort_name     text collate "C" not null,
    artist_sort   text collate "C" not null,
    year          integer,
    genre_keys    text[] not null default '{}',
    words         tsvector not null,
    song_count    integer not null default 0,
    duration      double precision not null default 0,
    card          json not null,                        -- db.rows.AlbumCard
    picture_id    bigint references pictures on delete set null,
    average_rating real,
    created       timestamptz not null default now(),
    missing_since timestamptz,                          -- no song left that is there
    unique (library_id, key)
);
create index if not exists albums_newest on albums (created desc, id desc) include (library_id)
    where missing_since is null;
create index if not exists albums_name on albums (sort_name, id) include (library_id)
    where missing_since is null;
create index if not exists albums_artist on albums (artist_sort, sort_name, id) include (library_id)
    where missing_since is null;
create index if not exists albums_year on albums (year, sort_name, id) where missing_since is null;
create index if not exists albums_genres on albums using gin (genre_keys);
create index if not exists albums_words on albums using gin (words);
create index if not exists albums_picture on albums (picture_id);

create table if not exists album_artists (
    album_id      bigint not null references albums on delete cascade,
    artist_id     bigint not null references artists on delete cascade,
    position      integer not null,
    primary key (album_id, artist_id)
);
create index if not exists album_artists_artist on album_artists (artist_id);

-- What a search looks at stands first: PostgreSQL takes a row apart from its left.
create table if not exists tracks (
    id            bigint generated always as identity primary key,
    folder_id     bigint not null references folders on delete cascade,
    album_id      bigint not null references albums on delete cascade,
    library_id    integer not null references libraries on delete cascade,
    title_sort    text collate "C" not null,
    missing_since timestamptz,                          -- a tombstone keeps what users attached
    picture_id    bigint references pictures on delete set null,
    size          bigint not null,
    mtime_ns      bigint not null,
    created       timestamptz not null default now(),   -- when it was added
    changed       timestamptz not null default now(),
    duration      double precision not null,            -- seconds
    bit_rate      integer not null,                     -- kbit/s
    disc          integer not null default 0,
    track         integer not null default 0,
    year          integer,
    average_rating real,
    suffix        text not null,
    content_type  text not null,
    card          json not null,                        -- db.rows.TrackCard
    path          bytea not null,
    reader        smallint not null,                    -- version of the tag reader that made this row
    scan_id       bigint not null default 0,            -- the scan that added it
    genre_keys    text[] not null default '{}',
    words         tsvector not null,
    audio_hash    bytea,                                -- of the audio payload, tags excluded
    mb_recording  text,
    mb_release    text,
    tag_key       text collate "C" not null,            -- folded artist, album, title
    album_tags    json not null,                        -- db.rows.AlbumTags: what this file says of its album
    album_claim   json not null,                        -- to which album it says it belongs
    picture_hash  bytea                                 -- of the picture in its tags
);
-- Two songs can have stood at one path, but only one can be there. All that a scan without changes reads.
create unique index if not exists tracks_path on tracks (library_id, path)
    include (id, size, mtime_ns, reader) where missing_since is null;
create index if not exists tracks_scan on tracks using brin (scan_id);
create index if not exists tracks_album on tracks (album_id, disc, track, title_sort, id);
create index if not exists tracks_folder on tracks (folder_id);
create index if not exists tracks_live on tracks (id) include (library_id) where missing_since is null;
create index if not exists tracks_missing on tracks (library_id) where missing_since is not null;
create index if not exists tracks_genres on tracks using gin (genre_keys);
create index if not exists tracks_words on tracks using gin (words);
create index if not exists tracks_picture on tracks (picture_id);

create table if not exists track_artists (
    track_id      bigint not null references tracks on delete cascade,
    artist_id     bigint not null references artists on delete cascade,
    role          text not null,                        -- artist, albumartist, composer, ...
    position      integer not null,
    primary key (track_id, role, position)
);
create index if not exists track_artists_artist on track_artists (artist_id, role);

create table if not exists genres (
    library_id    integer not null references libraries on delete cascade,
    key           text collate "C" not null,                        -- folded name
    name          text not null,
    song_count    integer not null,
    album_count   integer not null,
    primary key (library_id, key)
);

-- One request for a scan and how it went. `library_id` null: every library.
create table if not exists scans (
    id            bigint generated always as identity primary key,
    library_id    integer references libraries on delete cascade,
    state         text not null default 'queued'
                  check (state in ('queued', 'running', 'done', 'refused', 'failed')),
    complete      boolean not null default false,       -- read every file again
    accept_removals boolean not null default false,     -- the threshold guard is off for this one
    step          text not null default '',
    seen          integer not null default 0,           -- audio files found
    todo          integer not null default 0,           -- of these to be read
    read          integer not null default 0,
    added         integer not null default 0,
    changed       integer not null default 0,
    moved         integer not null default 0,
    missing       integer not null default 0,
    broken        integer not null default 0,
    message       text not null default '',
    requested     timestamptz not null default now(),
    started       timestamptz,
    heartbeat     timestamptz,
    finished      timestamptz
);
create unique index if not exists scans_queued on scans (coalesce(library_id, 0), complete)
    where state = 'queued';
create index if not exists scans_state on scans (state, id);

-- Cover files of folders, so that they are read again only when they change.
create table if not exists images (
    library_id    integer not null references libraries on delete cascade,
    path          bytea not null,
    size          bigint not null,
    mtime_ns      bigint not null,
    picture_id    bigint references pictures on delete set null,
    primary key (library_id, path)
);
create index if not exists images_picture on images (picture_id);

-- Files that could not be read, so that they are not tried again until they change.
create table if not exists problems (
    library_id    integer not null references libraries on delete cascade,
    path          bytea not null,
    size          bigint not null,
    mtime_ns      bigint not null,
    reader        smallint not null,
    reason        text not null,
    since         timestamptz not null default now(),
    primary key (library_id, path)
);

create table if not exists state (
    key           text collate "C" primary key,
    value         json not null
);
