-- name: all
select max(name) as name, sum(song_count)::integer as song_count, sum(album_count)::integer as album_count
from genres where library_id = any(:libraries)
group by key order by key
