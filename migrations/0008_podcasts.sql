-- Podcasts: channels, which all users share, and their episodes.
-- depends: 0002_users

-- A row is also the request to refresh it (`due`) and the lease of who does (`lease`, `turn`).
create table if not exists channels (
    id            bigint generated always as identity primary key,
    url           text collate "C" not null unique,
    title         text not null default '',
    description   text not null default '',
    image_url     text not null default '',
    picture       bytea,                                -- small, and read before: never the original
    picture_hash  bytea,
    status        text not null default 'new'
                  check (status in ('new', 'downloading', 'completed', 'error')),
    message       text not null default '',             -- why it is in error
    etag          text not null default '',
    modified      text not null default '',
    created       timestamptz not null default now(),
    tried         timestamptz,                          -- begin of the last refresh
    due           timestamptz not null default now(),
    lease         timestamptz,                          -- until when somebody is at it
    turn          integer not null default 0,           -- which time somebody is at it
    failures      integer not null default 0
);
create index if not exists channels_due on channels (due);

create table if not exists episodes (
    id            bigint generated always as identity primary key,
    channel_id    bigint not null references channels on delete cascade,
    guid          text collate "C" not null,
    title         text not null,
    description   text not null,
    published     timestamptz not null,                 -- or when it was first seen
    url           text not null,
    content_type  text not null,                        -- what the feed says, later what the file is
    suffix        text not null,
    size          bigint not null,
    duration      double precision not null,            -- seconds
    bit_rate      integer not null default 0,           -- kbit/s
    video         boolean not null,
    status        text not null default 'new'
                  check (status in ('new', 'downloading', 'completed', 'error', 'deleted', 'skipped')),
    message       text not null default '',
    path          bytea,                                -- in the folder of podcasts, once completed
    asked         boolean not null default false,       -- somebody wants it: it stays until deleted
    created       timestamptz not null default now(),
    due           timestamptz not null default now(),
    lease         timestamptz,
    turn          integer not null default 0,
    failures      integer not null default 0,
    unique (channel_id, guid)
);
create index if not exists episodes_newest on episodes (published desc, id desc);
create index if not exists episodes_channel on episodes (channel_id, published desc, id desc);
create index if not exists episodes_wanted on episodes (due) where status = 'downloading';
