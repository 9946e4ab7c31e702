-- part: arrays
:id::bigint[], :folder_id::bigint[], :title::text[], :sort_name::text[], :path::bytea[], :size::bigint[],
    :mtime_ns::bigint[], :hash::bytea[], :suffix::text[], :content_type::text[],
    :duration::double precision[], :bit_rate::integer[], :width::integer[], :height::integer[],
    :card::json[], :created::timestamptz[]

-- part: names
id, folder_id, title, sort_name, path, size, mtime_ns, hash, suffix, content_type, duration, bit_rate,
    width, height, card, created

-- name: known
select id, path, size, mtime_ns, reader from videos
where library_id = :library and missing_since is null

-- name: lost
-- Those of these that are there, and all that are missing.
select id, path, hash from videos
where library_id = :library and (missing_since is not null or id = any(:vanished::bigint[]))
order by missing_since desc nulls first, id

-- name: write
insert into videos (library_id, reader, {names}) overriding system value
select :library, :reader, {names} from unnest({arrays}) as new ({names})
on conflict (id) do update
set folder_id = excluded.folder_id, title = excluded.title, sort_name = excluded.sort_name,
    path = excluded.path, size = excluded.size, mtime_ns = excluded.mtime_ns, hash = excluded.hash,
    suffix = excluded.suffix, content_type = excluded.content_type, duration = excluded.duration,
    bit_rate = excluded.bit_rate, width = excluded.width, height = excluded.height,
    card = excluded.card, reader = excluded.reader, missing_since = null

-- name: bury
update videos set missing_since = now() where id = any(:ids::bigint[]) and missing_since is null

-- name: purge
with gone as (
    delete from videos
    where library_id = :library and missing_since < now() - make_interval(days => :days)
    returning id
), forgotten as (
    delete from marks where kind = 'video' and item_id in (select id from gone)
)
select count(*)::integer from gone
