-- Scans of folders that wait would be scans of everything.
delete from scans where state = 'queued';
drop index if exists scans_queued;
create unique index if not exists scans_queued on scans (coalesce(library_id, 0), complete)
    where state = 'queued';
alter table scans drop column if exists folders;
