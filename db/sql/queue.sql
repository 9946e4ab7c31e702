-- name: get
select songs, current, position, changed, changed_by from queues where user_id = :user

-- name: save
-- All or nothing: an unknown song among them leaves the queue as it was.
insert into queues (user_id, songs, current, position, changed, changed_by)
select :user, :songs, :current, :position, clock_timestamp(), :client
where not exists (
    select from unnest(:songs::bigint[]) as given (id) where not exists (
        select from tracks t where t.id = given.id and t.library_id = any(:libraries)
    )
)
on conflict (user_id) do update
set songs = excluded.songs, current = excluded.current, position = excluded.position,
    changed = excluded.changed, changed_by = excluded.changed_by
returning true
