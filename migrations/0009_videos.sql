-- Films and other moving pictures of the libraries.
-- depends: 0002_users

create table if not exists videos (
    id            bigint generated always as identity primary key,
    folder_id     bigint not null references folders on delete cascade,
    library_id    integer not null references libraries on delete cascade,
    title         text not null,                        -- the name of the file
    sort_name     text collate "C" not null,
    missing_since timestamptz,                          -- a tombstone keeps what users attached
    path          bytea not null,                       -- relative to the library
    size          bigint not null,
    mtime_ns      bigint not null,
    reader        smallint not null,                    -- version of the reader that made this row
    hash          bytea not null,                       -- of the size, the beginning and the end of the file
    suffix        text not null,
    content_type  text not null,
    duration      double precision not null,            -- seconds
    bit_rate      integer not null,                     -- kbit/s
    width         integer not null,
    height        integer not null,
    card          json not null,                        -- db.cards.VideoCard
    average_rating real,
    created       timestamptz not null default now()
);
create unique index if not exists videos_path on videos (library_id, path)
    include (id, size, mtime_ns, reader) where missing_since is null;
create index if not exists videos_sort on videos (sort_name, id) include (library_id)
    where missing_since is null;
create index if not exists videos_folder on videos (folder_id);
create index if not exists videos_missing on videos (library_id) where missing_since is not null;

alter table marks drop constraint if exists marks_kind_check;
alter table marks add constraint marks_kind_check
    check (kind in ('track', 'album', 'artist', 'folder', 'episode', 'video'));

-- Files that may hold moving pictures were taken for songs so far: the next scan looks again.
update tracks set reader = 0 where suffix in ('mp4', '3gp', 'webm', 'asf') and reader <> 0;
