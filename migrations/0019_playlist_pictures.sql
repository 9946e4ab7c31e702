-- Pictures that people gave their playlists, decoded and made anew before they are kept.
-- depends: 0003_playlists

create table if not exists playlist_pictures (
    playlist_id   bigint primary key references playlists on delete cascade,
    picture       bytea not null,                       -- JPEG, 1000 pixels at most
    hash          bytea not null                        -- SHA-256 of it
);
