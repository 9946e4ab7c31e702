drop table if exists queues;
drop index if exists marks_bookmarked;
delete from marks where kind in ('episode', 'video');
alter table marks drop constraint if exists marks_kind_check;
alter table marks add constraint marks_kind_check check (kind in ('track', 'album', 'artist', 'folder'));
alter table marks drop column if exists bookmark_changed;
alter table marks drop column if exists bookmark_created;
alter table marks drop column if exists bookmark_comment;
alter table marks drop column if exists bookmark;
