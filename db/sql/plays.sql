-- name: add
-- Rows are written in one order, or two backlogs at once would wait for each other for ever.
with given as (
    select * from unnest(:tracks::bigint[], :times::timestamptz[]) as g (track_id, played)
), known as (
    select g.track_id, g.played, t.album_id from given g join tracks t on t.id = g.track_id
    where t.library_id = any(:libraries)
), fresh as (
    insert into plays (user_id, track_id, played, client)
    select :user, track_id, played, :client from known order by track_id, played
    on conflict (user_id, track_id, played) do nothing
    returning track_id, played
), sums as (
    select 'track' as kind, track_id as item_id, count(*)::integer as n, max(played) as played
    from fresh group by track_id
    union all
    select 'album', k.album_id, count(*)::integer, max(f.played)
    from fresh f join (select distinct track_id, album_id from known) k using (track_id)
    group by k.album_id
), counted as (
    insert into marks (user_id, kind, item_id, play_count, played)
    select :user, kind, item_id, n, played from sums order by kind, item_id
    on conflict (user_id, kind, item_id) do update
    set play_count = marks.play_count + excluded.play_count,
        played = greatest(marks.played, excluded.played)
)
select count(*)::integer from known

-- name: hear
insert into now_playing (user_id, client, track_id, started)
select :user, :client, t.id, now() from tracks t where t.id = :track and t.library_id = any(:libraries)
on conflict (user_id, client) do update set track_id = excluded.track_id, started = excluded.started
returning true

-- name: forget
delete from now_playing where started < now() - interval '1 day'
