-- Playlists: songs in an order that people chose.
-- depends: 0002_users

-- An array is read and written as a whole, as apps do with playlists. Songs that are gone or hidden
-- stay in it, unseen.
create table if not exists playlists (
    id            bigint generated always as identity primary key,
    user_id       integer not null references users on delete cascade,  -- whose it is
    name          text not null,                        -- need not be unique
    sort_name     text collate "C" not null,
    comment       text not null default '',
    public        boolean not null default false,       -- others may hear it, not change it
    songs         bigint[] not null,
    created       timestamptz not null default now(),
    changed       timestamptz not null default now()
);
create index if not exists playlists_user on playlists (user_id, sort_name, id);

-- What is counted of a playlist, which may hold every song, is read from the index alone.
drop index if exists tracks_live;
create index tracks_live on tracks (id) include (library_id, duration, picture_id)
    where missing_since is null;
