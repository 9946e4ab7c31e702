-- part: columns
id, path, name, changed, scanned

-- name: all
select {columns} from libraries where active order by name, id

-- name: retire
update libraries set active = false, changed = now()
where active and not path = any(:paths::bytea[])

-- name: rename
-- A folder that moved, as told by its name: the library goes with it, ids and all.
update libraries set path = :path, active = true, changed = now()
where id = (
    select id from libraries
    where name = :name and not active and not exists (select from libraries where path = :path)
    order by id limit 1
)

-- name: add
insert into libraries (path, name) values (:path, :name)
on conflict (path) do update set name = excluded.name, active = true

-- name: totals
select (select count(*)::integer from tracks where missing_since is null and library_id = any(:libraries)) as songs,
       (select count(*)::integer from albums where missing_since is null and library_id = any(:libraries)) as albums,
       (select count(distinct artist_id)::integer from artist_counts
        where library_id = any(:libraries) and album_count > 0) as artists,
       (select count(*)::integer from folders where missing_since is null and library_id = any(:libraries)) as folders,
       coalesce(sum(size), 0)::bigint as bytes,
       coalesce(sum(duration), 0)::double precision as seconds
from tracks where missing_since is null and library_id = any(:libraries)
