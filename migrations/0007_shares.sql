-- Links that anybody may open: what they hold, whose they are, and until when they work.
-- depends: 0002_users

create table if not exists shares (
    id            bigint generated always as identity primary key,
    user_id       integer not null references users on delete cascade,
    token         bytea not null,                       -- sealed: its owner is shown the address again
    token_hash    bytea not null unique,                -- SHA-256: what an address is looked up by
    description   text not null default '',
    created       timestamptz not null default now(),
    expires       timestamptz,                          -- null: never
    visit_count   integer not null default 0,
    last_visited  timestamptz
);
create index if not exists shares_user on shares (user_id, id);

-- What was given away, not the songs that were in it then. What is gone is passed over.
create table if not exists share_items (
    share_id      bigint not null references shares on delete cascade,
    position      integer not null,
    kind          text not null,
    item_id       bigint not null,
    primary key (share_id, position)
);
