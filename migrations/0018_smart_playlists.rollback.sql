drop table if exists playlist_files;
alter table playlists drop column if exists evaluated;
alter table playlists drop column if exists rules;
