-- The people: accounts, what their apps sign in with, and what they attached to the music.
-- depends: 0001_library

create table if not exists users (
    id            integer generated always as identity primary key,
    name          text not null,
    key           text collate "C" not null unique,                 -- case-folded name
    password_hash text not null,                        -- argon2id
    email         text not null default '',
    roles         text[] not null default '{settings,stream}',
    max_bit_rate  integer not null default 0,           -- kbit/s, 0: no limit
    all_libraries boolean not null default true,
    enabled       boolean not null default true,
    scrobbling    boolean not null default true,
    created       timestamptz not null default now()
);

create table if not exists user_libraries (
    user_id       integer not null references users on delete cascade,
    library_id    integer not null references libraries on delete cascade,
    primary key (user_id, library_id)
);

-- What token authentication must recover. `secret` is AES-GCM, its key is not in the database.
create table if not exists credentials (
    id            integer generated always as identity primary key,
    user_id       integer not null references users on delete cascade,
    kind          text not null check (kind in ('account', 'device')),
    name          text not null,
    secret        bytea not null,
    key_hash      bytea unique,                         -- SHA-256 of a device secret: what apiKey looks up
    created       timestamptz not null default now(),
    last_used     timestamptz,
    unique (user_id, kind, name)
);

create table if not exists sessions (
    token_hash    bytea primary key,                    -- SHA-256 of the cookie
    user_id       integer references users on delete cascade,
    data          json not null,
    created       timestamptz not null default now(),
    expires       timestamptz not null
);
create index if not exists sessions_user on sessions (user_id);
create index if not exists sessions_expires on sessions (expires);

-- A user's star, rating and plays of one thing; an album's plays are the sum of its songs'.
create table if not exists marks (
    user_id       integer not null references users on delete cascade,
    kind          text not null check (kind in ('track', 'album', 'artist', 'folder')),
    item_id       bigint not null,
    starred       timestamptz,
    rating        smallint check (rating between 1 and 5),
    play_count    integer not null default 0,
    played        timestamptz,
    primary key (user_id, kind, item_id)
);
create index if not exists marks_starred on marks (user_id, kind, starred desc, item_id desc)
    where starred is not null;
create index if not exists marks_played on marks (user_id, kind, played desc, item_id desc)
    where played is not null;
create index if not exists marks_frequent on marks (user_id, kind, play_count desc, item_id desc)
    where play_count > 0;
create index if not exists marks_rated on marks (kind, item_id) where rating is not null;

create table if not exists plays (
    id            bigint generated always as identity primary key,
    user_id       integer not null references users on delete cascade,
    track_id      bigint not null references tracks on delete cascade,
    played        timestamptz not null,
    client        text not null,
    unique (user_id, track_id, played)
);
create index if not exists plays_track on plays (track_id);

create table if not exists now_playing (
    user_id       integer not null references users on delete cascade,
    client        text not null,
    track_id      bigint not null references tracks on delete cascade,
    started       timestamptz not null default now(),
    primary key (user_id, client)
);
create index if not exists now_playing_track on now_playing (track_id);
