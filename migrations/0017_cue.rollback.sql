drop table if exists sheets;
delete from marks where kind = 'track' and item_id in (select id from tracks where cue > 0);
delete from tracks where cue > 0;
drop index if exists tracks_path;
create unique index if not exists tracks_path on tracks (library_id, path)
    include (id, size, mtime_ns, reader) where missing_since is null;
-- Files that were several songs are read again.
update tracks set reader = 0 where sheet <> 0;
alter table tracks drop column if exists sheet;
alter table tracks drop column if exists cue_end;
alter table tracks drop column if exists cue_begin;
alter table tracks drop column if exists cue;
