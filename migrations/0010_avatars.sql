-- Pictures of the users, decoded and made anew before they are kept.
-- depends: 0002_users

create table if not exists avatars (
    user_id       integer primary key references users on delete cascade,
    picture       bytea not null,                       -- JPEG, 512 pixels at most
    changed       timestamptz not null default now()
);
