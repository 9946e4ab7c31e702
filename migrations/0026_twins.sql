-- Files of one recording: where the operator wants that, one of them stands for all.
-- depends: 0004_bookmarks 0017_cue

-- Null: it stands for itself. Else the one that lists show in its place, which stands for itself. What
-- is there and stands behind another is missing in lists for ever: its `missing_since` is `infinity`.
alter table tracks add column if not exists twin_of bigint references tracks on delete set null;
alter table albums add column if not exists twin_of bigint references albums on delete set null;
create index if not exists tracks_twins on tracks (twin_of) where twin_of is not null;
create index if not exists albums_twins on albums (twin_of) where twin_of is not null;

-- How many of the plays are those of twins, which have them too, for when they stand for themselves again.
alter table marks add column if not exists borrowed integer not null default 0;
