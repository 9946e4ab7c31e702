drop table if exists playlist_pictures;
