-- name: get
-- A node that was not heard of for a minute plays no more.
select tracks, current, playing, gain,
    position + case when playing then extract(epoch from now() - since)::double precision else 0 end as position,
    turn, version, coalesce(node is not null and seen > now() - interval '1 minute', false) as available
from jukebox

-- name: put
-- Only over the version that was read: what two people do at once is done one after the other.
with written as (
    update jukebox set tracks = :tracks, current = :current, playing = :playing, gain = :gain,
        position = :position, since = now(), turn = :turn, version = version + 1
    where version = :version
    returning version
), told as (
    select pg_notify('dulcian_jukebox', '') from written
)
select count(*) > 0 from told

-- name: advance
-- The song of this turn is over: the next one, or after the last one silence; `go_on` false: silence.
with written as (
    update jukebox set
        current = case when current + 1 < cardinality(tracks) then current + 1 else 0 end,
        playing = :go_on and current + 1 < cardinality(tracks),
        position = 0, since = now(), turn = turn + 1, version = version + 1
    where turn = :turn and playing
    returning version
)
select pg_notify('dulcian_jukebox', '') from written

-- name: take
-- The node that has it keeps it; another one may have it when nothing is heard of that one.
update jukebox set node = :node, seen = now()
where node is null or node = :node or seen < now() - interval '1 minute'
returning true

-- name: leave
update jukebox set node = null, playing = false,
    position = position + case when playing then extract(epoch from now() - since)::double precision else 0 end,
    since = now(), turn = turn + 1, version = version + 1
where node = :node
