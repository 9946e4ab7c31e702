-- part: columns
id, library_id, folders, state, complete, accept_removals, step, seen, todo, read, added, changed,
moved, missing, broken, message, requested, started, finished

-- part: wider
-- First what does most, so that the rest need not be done.
library_id is not null, folders <> '{}', not complete, not accept_removals, id

-- name: request
-- What does all that is asked for, and waits or began after it happened, is the answer. Else folders
-- are added to those that wait.
with covering as (
    select {columns} from scans
    where (state = 'queued' or state <> 'failed' and started > now() - make_interval(secs => :age))
        and (library_id is null or library_id = :library)
        and (folders = '{}' or :folders::bytea[] <> '{}' and folders @> :folders::bytea[])
        and (complete or not :complete) and (accept_removals or not :accept)
    order by {wider} limit 1
), asked as (
    insert into scans (library_id, folders, complete, accept_removals)
    select :library, :folders::bytea[], :complete, :accept where not exists (select from covering)
    on conflict (coalesce(library_id, 0), complete, accept_removals) where state = 'queued'
    do update set requested = now(), folders = case
        when scans.folders = '{}' or excluded.folders = '{}' then '{}'
        when cardinality(scans.folders || excluded.folders) > 100 then '{}'
        else array(select distinct unnest(scans.folders || excluded.folders) order by 1)
    end
    returning *
), waiting as (
    update scans set requested = now()
    where state = 'queued' and id in (select id from covering)
), told as (
    select pg_notify('dulcian_scan', asked.id::text) from asked
)
select {columns} from asked cross join (select count(*) from told) as done
union all
select {columns} from covering

-- name: claim
with free as (
    select id from scans
    where state = 'queued' and not exists (select from scans where state = 'running')
    order by {wider} limit 1
    for update skip locked
)
update scans set state = 'running', started = now(), heartbeat = now()
from free where scans.id = free.id
returning scans.id, scans.library_id, scans.folders, scans.state, scans.complete,
    scans.accept_removals, scans.step, scans.seen, scans.todo, scans.read, scans.added,
    scans.changed, scans.moved, scans.missing, scans.broken, scans.message, scans.requested,
    scans.started, scans.finished

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
-- What waited for no more than this scan did is over, too.
with written as (
    update scans set state = :state, message = :message, finished = now(), step = ''
    where id = :scan and state = 'running'
    returning *
), spared as (
    update scans set state = :state, message = :message, started = w.started, finished = now()
    from written w
    where :state <> 'failed' and scans.state = 'queued' and scans.requested <= w.started
        and (w.library_id is null or w.library_id = scans.library_id)
        and (w.folders = '{}' or scans.folders <> '{}' and w.folders @> scans.folders)
        and (w.complete or not scans.complete)
        and (w.accept_removals or not scans.accept_removals)
)
select pg_notify('dulcian_scan', '') from written

-- name: latest
select {columns} from scans
order by array_position('{running,queued}'::text[], state) nulls last,
    case when state = 'queued' then id else -id end
limit 1

-- name: latest_whole
select {columns} from scans where library_id is null and folders = '{}'
order by array_position('{running,queued}'::text[], state) nulls last, id desc
limit 1

-- name: latest_ended
select {columns} from scans where finished is not null order by finished desc, id desc limit 1

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
