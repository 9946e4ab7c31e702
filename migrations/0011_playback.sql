-- What apps report of playing, from second to second.
-- depends: 0002_users

-- Without a state: an app only said what it plays. Else a session, from `starting` to `stopped`.
alter table now_playing
    add column if not exists state text check (state in ('starting', 'playing', 'paused', 'stopped')),
    add column if not exists reported timestamptz,
    add column if not exists position_ms bigint not null default 0,
    add column if not exists playback_rate double precision not null default 1 check (playback_rate > 0),
    add column if not exists listened double precision not null default 0,  -- seconds of the song
    add column if not exists counted boolean not null default false,        -- as a play
    add column if not exists ignored boolean not null default false;        -- must not be counted

-- Whether the server counted a play by the reports of an app, and not because the app said so.
alter table plays add column if not exists reported boolean not null default false;
