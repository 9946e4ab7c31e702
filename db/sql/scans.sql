-- part: columns
id, library_id, state, complete, accept_removals, step, seen, todo, read, added, changed, moved,
missing, broken, message, requested, started, finished

-- name: request
with asked as (
    insert into scans (library_id, complete, accept_removals)
    values (:library, :complete, :accept)
    on conflict (coalesce(library_id, 0), complete) where state = 'queued'
    do update set accept_removals = scans.accept_removals or excluded.accept_removals
    returning *
), told as (
    select pg_notify('dulcian_scan', asked.id::text) from asked
)
select {columns} from asked cross join (select count(*) from told) as done

-- name: claim
with free as (
    select id from scans
    where state = 'queued' and not exists (select from scans where state = 'running')
    order by id limit 1
    for update skip locked
)
update scans set state = 'running', started = now(), heartbeat = now()
from free where scans.id = free.id
returning scans.id, scans.library_id, scans.state, scans.complete, scans.accept_removals,
    scans.step, scans.seen, scans.todo, scans.read, scans.added, scans.changed, scans.moved,
    scans.missing, scans.broken, scans.message, scans.requested, scans.started, scans.finished

-- name: claim_turn
select pg_advisory_xact_lock(hashtext('dulcian claims a scan'))

-- name: progress
with written as (
    update scans set heartbeat = now(), step = :step, seen = :seen, todo = :todo, read = :read,
        added = :added, changed = :changed, moved = :moved, missing = :missing, broken = :broken
    where id = :scan and state = 'running'
    returning id
), told as (
    select pg_notify('dulcian_scan', '') from written
)
select count(*) > 0 from told

-- name: finish
with written as (
    update scans set state = :state, message = :message, finished = now(), step = ''
    where id = :scan and state = 'running'
    returning id
)
select pg_notify('dulcian_scan', '') from written

-- name: latest
select {columns} from scans
order by array_position('{running,queued}'::text[], state) nulls last,
    case when state = 'queued' then id else -id end
limit 1

-- name: get
select {columns} from scans where id = :scan

-- name: abandoned
with ended as (
    update scans set state = 'failed', finished = now(), step = '',
        message = 'The server that scanned went away; the next scan goes on from there.'
    where state = 'running' and heartbeat < now() - make_interval(secs => :seconds)
    returning id
)
select count(*)::integer from ended

-- name: forget
delete from scans where state not in ('queued', 'running')
    and id not in (select id from scans order by id desc limit 200)

-- name: problems
select problems.library_id, problems.path, problems.reason, problems.since
from problems
join libraries on libraries.id = problems.library_id and libraries.active
order by problems.library_id, problems.path
limit :most
