-- Scans of some folders only; who accepts removals does so for what they ask for, and nothing else.
-- depends: 0001_library

alter table scans add column if not exists folders bytea[] not null default '{}';
drop index if exists scans_queued;
create unique index if not exists scans_queued
    on scans (coalesce(library_id, 0), complete, accept_removals) where state = 'queued';
