-- part: pending
-- As the index has it.
t.missing_since is null and t.card #>> '{replay_gain,track_gain}' is null
    and t.loudness ->> 'track_gain' is null and t.loudness ->> 'reason' is null

-- part: same_sound
-- Of rows `t` and `new`: other tags alone are no other sound. Without a hash the file has to do.
t.cue_begin = new.cue_begin and t.cue_end = new.cue_end and case
    when t.audio_hash is null then coalesce(new.audio_hash, '') = ''
        and t.size = new.size and t.mtime_ns = new.mtime_ns
    else t.audio_hash = new.audio_hash
end

-- part: known
where gain is not null

-- part: free
exists (select from libraries l where l.id = t.library_id and l.active)
    and not exists (select from loudness_claims c where c.album_id = t.album_id and c.lease > now())

-- name: claim
-- New albums first: they are what is heard. Two nodes that want the same one: the second gets none.
with free as (
    select t.album_id from tracks t where {pending} and {free}
    order by t.album_id desc, t.id desc limit 1
), claimed as (
    insert into loudness_claims as c (album_id, lease)
    select album_id, now() + make_interval(secs => :lease) from free
    on conflict (album_id) do update set lease = excluded.lease where c.lease <= now()
    returning c.album_id
)
select free.album_id, claimed.album_id is not null as ours
from free left join claimed using (album_id)

-- name: renew
update loudness_claims set lease = now() + make_interval(secs => :lease) where album_id = :album

-- name: release
delete from loudness_claims where album_id = :album

-- name: songs
select t.id, l.path as root, t.path, t.size, t.mtime_ns, t.duration, t.cue_begin as begin,
    t.cue_end as "end"
from tracks t join libraries l on l.id = t.library_id
where t.album_id = :album and {pending}
order by t.disc, t.track, t.id

-- name: save
-- Not when the file has become another one meanwhile.
update tracks t set loudness = :loudness
where t.id = :track and t.size = :size and t.mtime_ns = :mtime_ns
    and t.cue_begin = :begin and t.cue_end = :end

-- name: settle
-- What follows from the songs for their albums, once all songs are known: the mean of their
-- energies, over time. What the tags say counts as if it was measured.
with songs as (
    select t.id, t.album_id, greatest(t.duration, 0.1) as seconds, {pending} as pending,
        t.card #>> '{replay_gain,album_gain}' is not null as tagged,
        coalesce(t.card #>> '{replay_gain,track_gain}', t.loudness ->> 'track_gain')::float8 as gain,
        coalesce(t.card #>> '{replay_gain,track_peak}', t.loudness ->> 'track_peak')::float8 as peak
    from tracks t
    where t.missing_since is null and t.album_id = any(:albums::bigint[])
), means as (
    select album_id, max(peak) as peak, round((-10 * log(
        sum(seconds * power(10::float8, -greatest(-60, least(60, gain)) / 10)) filter ({known})
        / sum(seconds) filter ({known})
    ))::numeric, 2) as gain
    from songs group by album_id having not bool_or(pending)
), news as (
    select s.id, case when not s.tagged then m.gain end as gain,
        case when not s.tagged then m.peak end as peak
    from songs s join means m using (album_id)
)
update tracks t
set loudness = nullif(json_strip_nulls(json_build_object(
    'track_gain', t.loudness -> 'track_gain', 'track_peak', t.loudness -> 'track_peak',
    'album_gain', n.gain, 'album_peak', n.peak, 'reason', t.loudness -> 'reason'
))::text, '{}')::json
from news n
where t.id = n.id and (
    (t.loudness ->> 'album_gain')::numeric is distinct from n.gain
    or (t.loudness ->> 'album_peak')::float8 is distinct from n.peak
)

-- name: last_album
select max(id) from albums

-- name: waiting
select count(*)::integer from tracks t
where {pending} and exists (select from libraries l where l.id = t.library_id and l.active)
