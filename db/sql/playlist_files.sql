-- name: known
select f.library_id, f.path, f.size, f.mtime_ns, f.hash, f.playlist_id, f.name, f.follows,
    f.waiting::text as waiting
from playlist_files f where f.library_id = any(:libraries::integer[])
order by f.library_id, f.path

-- name: owner
-- The one who was named, else the first administrator.
select id from users where case when :key = '' then enabled and 'admin' = any(roles) else key = :key end
order by id limit 1

-- name: places
-- Songs of the libraries that are in use, by id.
select t.id, t.library_id, t.path from tracks t join libraries l on l.id = t.library_id and l.active
where {twins.there} and t.id > :after order by t.id limit :most

-- name: add
with made as (
    insert into playlists (user_id, name, sort_name, comment, public, songs, rules)
    values (:user, :name, :sort_name, :comment, :public, :songs, nullif(:rules::text, '')::json)
    returning id
)
insert into playlist_files (library_id, path, size, mtime_ns, hash, playlist_id, name, waiting)
select :library, :path, :size, :mtime_ns, :hash, made.id, :name, :waiting::text::json from made
on conflict (library_id, path) do update
set size = excluded.size, mtime_ns = excluded.mtime_ns, hash = excluded.hash,
    playlist_id = excluded.playlist_id, name = excluded.name, follows = true,
    waiting = excluded.waiting

-- name: lock
-- Who edits the playlist waits, or has to be waited for.
select songs from playlists where id = :playlist for update

-- name: follows
select follows from playlist_files
where library_id = :library and path = :path and playlist_id = :playlist

-- name: note
update playlist_files
set library_id = :library, path = :path, size = :size, mtime_ns = :mtime_ns, hash = :hash, name = :name,
    waiting = :waiting::text::json
where library_id = :old_library and path = :old_path

-- name: write
-- A name that people gave it stays.
update playlists p
set songs = :songs,
    name = case when p.name = :old_name then :name else p.name end,
    sort_name = case when p.name = :old_name then :sort_name else p.sort_name end,
    rules = nullif(:rules::text, '')::json, evaluated = null,
    changed = greatest(clock_timestamp(), p.changed + interval '1 millisecond')
where p.id = :playlist and (p.songs is distinct from :songs::bigint[]
    or p.name = :old_name and :name::text <> :old_name::text
    or coalesce(p.rules::text, '') <> :rules::text)

-- name: drop
-- The playlist goes with its file, unless people have made it theirs.
with gone as (
    delete from playlist_files where library_id = :library and path = :path
    returning playlist_id, follows
)
delete from playlists where id in (select playlist_id from gone where follows)
