-- part: counting
-- Rows are written in one order, or two backlogs at once would wait for each other for ever.
sums as (
    select 'track' as kind, track_id as item_id, count(*)::integer as n, max(played) as played
    from fresh group by track_id
    union all
    select 'album', k.album_id, count(*)::integer, max(f.played)
    from fresh f join (select distinct track_id, album_id from known) k using (track_id)
    group by k.album_id
), summed as (
    insert into marks (user_id, kind, item_id, play_count, played)
    select :user, kind, item_id, n, played from sums order by kind, item_id
    on conflict (user_id, kind, item_id) do update
    set play_count = marks.play_count + excluded.play_count,
        played = greatest(marks.played, excluded.played)
)

-- part: heard_so_far
-- Seconds of the song `t` since the last report `n`: by the clock, but never past its end.
case when n.state = 'playing' then least(
    greatest(extract(epoch from now() - n.reported), 0) * n.playback_rate,
    case when t.duration > 0 then greatest(t.duration - n.position_ms / 1000.0, 0) end
) else 0 end

-- part: over
-- Half an hour after its planned end a session `n` of the song `t` cannot go on.
n.reported + make_interval(
    secs => greatest(t.duration - n.position_ms / 1000.0, 0) / n.playback_rate + 1800
) < now()

-- name: add
with session as (
    select n.track_id, n.started, n.counted from now_playing n
    where n.user_id = :user and n.client = :client and n.state is not null
    for update
), given as (
    -- A play is one of the song that stands for all.
    select coalesce(w.twin_of, g.track_id) as track_id, g.played
    from unnest(:tracks::bigint[], :times::timestamptz[]) as g (track_id, played)
    left join tracks w on w.id = g.track_id and w.twin_of is not null
), known as (
    -- What the app reported, too, is counted by then, or is counted now and not again.
    select g.track_id, g.played, t.album_id, s.track_id is not null as live, s.counted or exists (
        select from plays p
        where p.user_id = :user and p.track_id = g.track_id and p.client = :client and p.reported
          and g.played >= p.played - interval '30 seconds'
          and g.played <= p.played + make_interval(secs => t.duration + 600)
    ) as told
    from given g join tracks t on t.id = g.track_id
    left join session s on s.track_id = g.track_id and g.played >= s.started - interval '30 seconds'
    where t.library_id = any(:libraries)
), fresh as (
    insert into plays (user_id, track_id, played, client)
    select :user, track_id, played, :client from known where told is not true
    order by track_id, played
    on conflict (user_id, track_id, played) do nothing
    returning track_id, played
), {counting}, met as (
    update now_playing set counted = true
    where user_id = :user and client = :client and exists (select from known where live)
)
select count(*)::integer from known

-- name: hear
-- A session that the app reports knows more of the song than this, and stays.
with song as (
    select coalesce(twin_of, id) as id from tracks where id = :track and library_id = any(:libraries)
), heard as (
    insert into now_playing as n (user_id, client, track_id, started)
    select :user, :client, id, now() from song
    on conflict (user_id, client) do update
    set track_id = excluded.track_id, started = excluded.started, state = null, reported = null,
        position_ms = 0, playback_rate = 1, listened = 0, counted = false, ignored = false
    where n.track_id <> excluded.track_id or n.state is null or n.state = 'stopped' or (
        select {over} from tracks t where t.id = n.track_id
    )
)
select true from song

-- name: report
-- The time since the last report was spent on the session that was there before, whether it goes
-- on or another takes its place. One that is over is left as it was.
with song as (
    select coalesce(twin_of, id) as id from tracks where id = :track and library_id = any(:libraries)
), before as (
    select n.track_id, t.album_id, t.duration, n.started, n.counted, n.ignored, {over} as over,
        n.track_id = (select id from song) and n.state <> 'stopped' and :state <> 'starting' as same,
        n.listened + least({heard_so_far}, case
            when n.track_id = (select id from song) and :position >= n.position_ms
            then (:position - n.position_ms) / 1000.0
        end) as listened
    from now_playing n join tracks t on t.id = n.track_id
    where n.user_id = :user and n.client = :client and n.state is not null
      and exists (select from song) and (:state <> 'stopped' or n.track_id = (select id from song))
    for update of n
), live as (
    select *, case when same then :ignore else ignored end as silent,
        listened >= case when duration > 0 then least(duration / 2, 240) else 240 end as enough
    from before where not over
), known as (
    select track_id, album_id, started as played from live where enough and not counted and not silent
), fresh as (
    insert into plays (user_id, track_id, played, client, reported)
    select :user, track_id, played, :client, true from known
    on conflict (user_id, track_id, played) do nothing
    returning track_id, played
), {counting}, noted as (
    insert into now_playing (
        user_id, client, track_id, started, state, reported, position_ms, playback_rate, listened,
        counted, ignored
    )
    select :user, :client, s.id, coalesce(l.started, now()), :state, now(), :position, :rate,
        coalesce(l.listened, 0), coalesce(l.counted or exists (select from known), false), :ignore
    from song s left join live l on l.same
    where :state <> 'stopped' or l.same
    on conflict (user_id, client) do update
    set track_id = excluded.track_id, started = excluded.started, state = excluded.state,
        reported = excluded.reported, position_ms = excluded.position_ms,
        playback_rate = excluded.playback_rate, listened = excluded.listened,
        counted = excluded.counted, ignored = excluded.ignored
)
select true from song

-- name: forget
delete from now_playing where coalesce(reported, started) < now() - interval '1 day'
