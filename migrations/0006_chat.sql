-- Chat: what users last said to each other.
-- depends: 0002_users

create table if not exists messages (
    id            bigint generated always as identity primary key,
    user_id       integer not null references users on delete cascade,
    sent          timestamptz not null,                 -- to the millisecond, each later than the one before
    message       text not null
);
create index if not exists messages_sent on messages (sent);
create index if not exists messages_user on messages (user_id);
