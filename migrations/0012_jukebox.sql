-- The jukebox: one list of songs that everybody with the role edits, and the one node that plays it.
-- depends: 0002_users

create table if not exists jukebox (
    id            boolean primary key default true check (id),  -- there is one
    tracks        bigint[] not null default '{}',
    current       integer not null default -1,          -- place in the list; -1: none
    playing       boolean not null default false,
    gain          double precision not null default 0.75,
    position      double precision not null default 0,  -- seconds into the song, at `since`
    since         timestamptz not null default now(),
    turn          bigint not null default 0,            -- rises when the sound has to jump
    version       bigint not null default 0,            -- rises with every change
    node          text,                                 -- who plays
    seen          timestamptz                           -- when that node was heard of last
);
insert into jukebox default values on conflict do nothing;
