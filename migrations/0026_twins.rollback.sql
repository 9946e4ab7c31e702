update marks set play_count = play_count - borrowed where borrowed > 0;
update tracks set missing_since = null where missing_since = 'infinity';
alter table marks drop column if exists borrowed;
drop index if exists tracks_twins;
drop index if exists albums_twins;
alter table albums drop column if exists twin_of;
alter table tracks drop column if exists twin_of;
