drop table if exists episodes;
drop table if exists channels;
