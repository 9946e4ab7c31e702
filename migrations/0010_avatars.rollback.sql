drop table if exists avatars;
