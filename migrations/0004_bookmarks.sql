-- Bookmarks, which are marks like a star, and the queue that each user hears.
-- depends: 0002_users

alter table marks add column if not exists bookmark bigint;                     -- ms into it
alter table marks add column if not exists bookmark_comment text;
alter table marks add column if not exists bookmark_created timestamptz;
alter table marks add column if not exists bookmark_changed timestamptz;
alter table marks drop constraint if exists marks_kind_check;
alter table marks add constraint marks_kind_check
    check (kind in ('track', 'album', 'artist', 'folder', 'episode', 'video'));
create index if not exists marks_bookmarked on marks (user_id, kind, bookmark_changed desc, item_id desc)
    where bookmark is not null;

-- One per user. `current` counts from 0; null: nothing is in it. Songs that are gone stay, unseen.
create table if not exists queues (
    user_id       integer primary key references users on delete cascade,
    songs         bigint[] not null,
    current       integer,
    position      bigint not null default 0,            -- ms into the current song
    changed       timestamptz not null default now(),
    changed_by    text not null                         -- the app
);
