drop table if exists jukebox;
