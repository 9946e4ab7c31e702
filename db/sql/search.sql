-- part: track_columns
t.id, t.folder_id, t.album_id, t.picture_id, t.suffix, t.content_type, t.size, t.duration,
t.bit_rate, t.created, t.average_rating, m.starred, m.rating, m.play_count, m.played, t.card as stored

-- part: album_columns
a.id, a.picture_id, a.year, a.song_count, a.duration, a.created, a.average_rating,
m.starred, m.rating, m.play_count, m.played, a.card as stored

-- part: artist_columns
a.id, a.name, a.sort_name, a.letter, a.mbid, a.picture_id, c.album_count, c.song_count, c.roles,
a.average_rating, m.starred, m.rating

-- part: folder_columns
f.id, f.library_id, f.parent_id, f.name, f.letter, f.picture_id, f.created, f.average_rating,
m.starred, m.rating, m.play_count, m.played

-- part: counts
select sum(album_count)::integer as album_count, sum(song_count)::integer as song_count, max(roles) as roles
from artist_counts where artist_id = a.id and library_id = any(:libraries)

-- name: tracks
-- Titles that begin with what was typed come first.
select {track_columns} from (
    select t.id, not starts_with(t.title_sort, :text) as later, t.title_sort from tracks t
    where t.words @@ :query::tsquery and t.missing_since is null and t.library_id = any(:libraries)
    order by later, t.title_sort, t.id limit :size offset :offset
) page join tracks t using (id)
left join marks m on m.user_id = :user and m.kind = 'track' and m.item_id = t.id
order by page.later, page.title_sort, page.id

-- name: all_tracks
select {track_columns} from (
    select t.id from tracks t where t.missing_since is null and t.library_id = any(:libraries)
    order by t.id limit :size offset :offset
) page join tracks t using (id)
left join marks m on m.user_id = :user and m.kind = 'track' and m.item_id = t.id
order by t.id

-- name: albums
select {album_columns} from (
    select a.id, not starts_with(a.sort_name, :text) as later, a.sort_name from albums a
    where a.words @@ :query::tsquery and a.missing_since is null and a.library_id = any(:libraries)
    order by later, a.sort_name, a.id limit :size offset :offset
) page join albums a using (id)
left join marks m on m.user_id = :user and m.kind = 'album' and m.item_id = a.id
order by page.later, page.sort_name, page.id

-- name: all_albums
select {album_columns} from (
    select a.id from albums a where a.missing_since is null and a.library_id = any(:libraries)
    order by a.id limit :size offset :offset
) page join albums a using (id)
left join marks m on m.user_id = :user and m.kind = 'album' and m.item_id = a.id
order by a.id

-- name: artists
select {artist_columns} from (
    select a.id, not starts_with(a.sort_name, :text) as later, a.sort_name from artists a
    where a.words @@ :query::tsquery
      and exists (select from artist_counts c where c.artist_id = a.id and c.library_id = any(:libraries))
    order by later, a.sort_name, a.id limit :size offset :offset
) page join artists a using (id)
join lateral ({counts}) c on true
left join marks m on m.user_id = :user and m.kind = 'artist' and m.item_id = a.id
order by page.later, page.sort_name, page.id

-- name: all_artists
select {artist_columns} from (
    select a.id from artists a
    where exists (
        select from artist_counts c
        where c.artist_id = a.id and c.library_id = any(:libraries) and c.album_count > 0)
    order by a.id limit :size offset :offset
) page join artists a using (id)
join lateral ({counts}) c on true
left join marks m on m.user_id = :user and m.kind = 'artist' and m.item_id = a.id
order by a.id

-- name: folders
-- Those at the top of a library, which stand where artists do.
select {folder_columns} from folders f join folders root on root.id = f.parent_id
left join marks m on m.user_id = :user and m.kind = 'folder' and m.item_id = f.id
where f.words @@ :query::tsquery and root.parent_id is null
  and f.missing_since is null and f.library_id = any(:libraries)
order by not starts_with(f.sort_name, :text), f.sort_name, f.id limit :size offset :offset

-- name: all_folders
select {folder_columns} from folders f join folders root on root.id = f.parent_id
left join marks m on m.user_id = :user and m.kind = 'folder' and m.item_id = f.id
where root.parent_id is null and f.missing_since is null and f.library_id = any(:libraries)
order by f.id limit :size offset :offset
