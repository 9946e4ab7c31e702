drop index if exists tracks_live;
create index tracks_live on tracks (id) include (library_id) where missing_since is null;
drop table if exists playlists;
