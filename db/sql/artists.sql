-- part: columns
a.id, a.name, a.sort_name, a.letter, a.mbid, a.picture_id, c.album_count, c.song_count, c.roles,
a.average_rating, m.starred, m.rating

-- part: mine
left join marks m on m.user_id = :user and m.kind = 'artist' and m.item_id = a.id

-- part: counts
select artist_id, sum(album_count)::integer as album_count, sum(song_count)::integer as song_count,
       max(roles) as roles
from artist_counts where library_id = any(:libraries)

-- name: by_id
select {columns} from artists a
join ({counts} and artist_id = :artist group by artist_id) c on c.artist_id = a.id {mine}

-- name: album_artists
select {columns} from artists a
join ({counts} and album_count > 0 group by artist_id) c on c.artist_id = a.id {mine}
order by a.sort_name, a.id

-- name: starred
select {columns} from marks m
join artists a on a.id = m.item_id
join lateral ({counts} and artist_id = a.id group by artist_id) c on true
where m.user_id = :user and m.kind = 'artist' and m.starred is not null
order by m.starred desc, a.id desc
