-- Tracks that are a part of a file, and the cue sheets that say so.
-- depends: 0002_users

alter table tracks add column if not exists cue smallint not null default 0;    -- number in the sheet; 0: all of the file
alter table tracks add column if not exists cue_begin double precision not null default 0;  -- seconds
alter table tracks add column if not exists cue_end double precision not null default 0;    -- 0: the file's end
alter table tracks add column if not exists sheet bigint not null default 0;    -- which state of which sheet the row was made by

-- Under its old name: the first migration, should it ever run again, must not bring the old one back.
do $$ begin
    if coalesce(pg_get_indexdef(to_regclass('tracks_path')), '') not like '%cue%' then
        drop index if exists tracks_path;
        create unique index tracks_path on tracks (library_id, path, cue)
            include (id, size, mtime_ns, reader, sheet) where missing_since is null;
    end if;
end $$;

-- Cue sheets as they were read last, so that they are read again only when they change.
create table if not exists sheets (
    library_id    integer not null references libraries on delete cascade,
    path          bytea not null,
    size          bigint not null,
    mtime_ns      bigint not null,
    reader        smallint not null,
    files         text[] not null,                      -- the names of files in it
    reason        text not null,                        -- why it cannot be used
    primary key (library_id, path)
);
