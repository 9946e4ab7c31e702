-- Playlists that files of the libraries make, and playlists that rules make.
-- depends: 0003_playlists

alter table playlists add column if not exists rules json;                  -- db.smart_rules.Rules
alter table playlists add column if not exists evaluated timestamptz;       -- when they were last

-- What a scan knows of such a file. Which of its lines is which song stands in the playlist itself:
-- the lines that wait for a song are kept with their positions, the others are the songs, in order.
create table if not exists playlist_files (
    library_id    integer not null references libraries on delete cascade,
    path          bytea not null,
    size          bigint not null,
    mtime_ns      bigint not null,
    hash          bytea not null,                       -- of the contents
    playlist_id   bigint references playlists on delete set null,           -- null: somebody deleted it
    name          text not null,                        -- as the file calls it
    follows       boolean not null default true,        -- false: people changed its songs
    waiting       json not null,                        -- [[position, line], ...]
    primary key (library_id, path)
);
create index if not exists playlist_files_playlist on playlist_files (playlist_id);
