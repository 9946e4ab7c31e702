-- name: known
select path, size, mtime_ns, reader, files, reason from sheets where library_id = :library

-- name: write
insert into sheets (library_id, path, size, mtime_ns, reader, files, reason)
select :library, path, size, mtime_ns, :reader,
    array(select jsonb_array_elements_text(files::jsonb)), reason
from unnest(:path::bytea[], :size::bigint[], :mtime_ns::bigint[], :files::text[], :reason::text[])
    as new (path, size, mtime_ns, files, reason)
on conflict (library_id, path) do update
set size = excluded.size, mtime_ns = excluded.mtime_ns, reader = excluded.reader,
    files = excluded.files, reason = excluded.reason

-- name: drop
delete from sheets where library_id = :library and path = any(:paths::bytea[])
