-- Files of one recording. One stands for all: the others name it in `twin_of`, and are missing since
-- `infinity`, so that lists need not look at more than they do anyway.

-- part: there
-- There is a file of `t`, whether lists show it or not.
(t.missing_since is null or t.missing_since = 'infinity')

-- part: back
-- What `t` is missing since when its file is there again.
case when t.twin_of is not null then 'infinity'::timestamptz end

-- part: any
-- Asked once in a statement: where nothing stands behind anything, nothing is looked up.
(select exists (select from tracks where twin_of is not null))

-- part: behind
-- To ids `e`: the songs `t` that stand for them.
join tracks w on w.id = e.id and w.twin_of is not null join tracks t on t.id = w.twin_of and {any}

-- part: kin
-- Of a song `t`: all files of its recording.
select coalesce(t.twin_of, t.id) as id
union all
select x.id from tracks x where x.twin_of = coalesce(t.twin_of, t.id)

-- part: album_kin
select coalesce(a.twin_of, a.id) as id
union all
select x.id from albums x where x.twin_of = coalesce(a.twin_of, a.id)

-- part: lost
-- No song of an album `found` is shown.
not exists (select from tracks t where t.album_id = found.id and t.missing_since is null)

-- part: pairs
unnest(:old::bigint[], :new::bigint[]) as pair (old, new)

-- name: shown_for
-- For songs that no list shows: those that stand for them.
select x.id as twin, x.twin_of as id from tracks x
where x.id = any(:ids::bigint[]) and x.twin_of is not null

-- name: album_for
select twin_of from albums where id = :album and twin_of is not null

-- name: names
-- What the albums are called; null: all of the library.
select distinct name_key as name from albums
where library_id = :library and (:albums::bigint[] is null or id = any(:albums))
order by name_key

-- name: copies
-- Songs that may be one recording: they agree in album, disc and track.
select t.id, coalesce(t.twin_of, 0) as twin_of, coalesce(t.missing_since < 'infinity', false) as missing,
    coalesce(t.missing_since = 'infinity', false) as hidden, a.name_key as album,
    greatest(t.disc, 1) as disc, t.track, t.duration, t.bit_rate, coalesce(t.year, 0) as year, t.cue > 0 as cut,
    coalesce(t.mb_recording, '') as recording, t.tag_key, coalesce(t.album_tags ->> 'version', '') as version,
    t.card
from (
    select t.id, count(*) over (partition by a.name_key, greatest(t.disc, 1), t.track) as songs
    from albums a join tracks t on t.album_id = a.id
    where a.library_id = :library and a.name_key = any(:names::text[]) and t.library_id = :library
) of_place join tracks t using (id) join albums a on a.id = t.album_id
where of_place.songs > 1 or t.twin_of is not null or t.missing_since = 'infinity'
order by t.id

-- name: kin
-- All files of the recordings of which these are.
select distinct m.id from tracks t cross join lateral ({kin}) m where t.id = any(:ids::bigint[])

-- name: album_kin
select distinct m.id from albums a cross join lateral ({album_kin}) m where a.id = any(:ids::bigint[])

-- name: settle
update tracks t set twin_of = nullif(pair.old, 0), missing_since = case
    when t.missing_since < 'infinity' then t.missing_since
    when pair.old <> 0 then 'infinity'
end from {pairs} where t.id = pair.new

-- name: settle_albums
update albums a set twin_of = nullif(pair.old, 0) from {pairs} where a.id = pair.new

-- name: of
-- What stands behind these.
select twin_of as old, id as new from tracks where twin_of = any(:ids::bigint[]) order by id

-- name: albums_of
select twin_of as old, id as new from albums where twin_of = any(:ids::bigint[]) order by id

-- name: albums
-- An album without a song that is shown stands behind the one that most of its songs are shown on.
with found as (
    select a.id, a.twin_of, (
        select r.album_id from tracks t join tracks r on r.id = t.twin_of
        where t.album_id = a.id and r.album_id <> a.id
        group by r.album_id order by count(*) desc, r.album_id limit 1
    ) as heir
    from albums a
    where a.library_id = :library and a.name_key = any(:names::text[])
)
select coalesce(case when {lost} then heir end, 0) as old, id as new from found
where twin_of is distinct from case when {lost} then heir end
