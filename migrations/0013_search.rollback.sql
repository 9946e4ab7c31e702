drop table if exists words;
drop index if exists tracks_name;
alter table folders drop column if exists name_key;
alter table artists drop column if exists name_key;
alter table albums drop column if exists name_key;
alter table tracks drop column if exists name_key;
