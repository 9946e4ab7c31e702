drop table if exists stations;
