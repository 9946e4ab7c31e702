-- Who tries to come in: tries are counted, devices that came in are known, what was done is noted.
-- depends: 0002_users

-- Unlogged: a wrong password waits for no disk, and after a crash counting begins anew.
create unlogged table if not exists tries (
    key           bytea primary key,                    -- hash of network, name and device, or fewer
    count         integer not null,
    last          timestamptz not null,
    until         timestamptz                           -- no password is looked at before
);
create index if not exists tries_last on tries (last);

create table if not exists known_devices (
    key           bytea primary key,                    -- hash of network, name and device
    user_id       integer references users on delete cascade,   -- null: no person, but a program
    seen          timestamptz not null default now()
);
create index if not exists known_devices_user on known_devices (user_id, seen);

create table if not exists audit (
    id            bigint generated always as identity primary key,
    at            timestamptz not null default now(),
    event         text not null,
    outcome       text not null,
    way           text not null,                        -- page, app, command line and so on
    actor         text not null,                        -- names: they stay when the account goes
    subject       text not null,
    detail        text not null,
    address       text not null,
    user_id       integer                               -- the account with which the address goes
);
create index if not exists audit_at on audit (at);
create index if not exists audit_user on audit (user_id) where address <> '';

-- For the list of one's own browsers; a session ends when it is not used.
alter table sessions add column if not exists id bigint generated always as identity;
alter table sessions add column if not exists seen timestamptz not null default now();
alter table sessions add column if not exists address text not null default '';
alter table sessions add column if not exists agent text not null default '';
