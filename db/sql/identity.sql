-- Things that are known again: one row stays, the one that users know.

-- part: pairs
unnest(:old::bigint[], :new::bigint[]) as pair (old, new)

-- name: fold_tracks
-- Songs that were found elsewhere: the old row, which users know, takes all that the new one says.
update tracks t
set library_id = n.library_id, folder_id = n.folder_id, album_id = n.album_id, path = n.path,
    size = n.size, mtime_ns = n.mtime_ns, reader = n.reader, suffix = n.suffix,
    content_type = n.content_type, duration = n.duration, bit_rate = n.bit_rate,
    title_sort = n.title_sort, disc = n.disc, track = n.track, year = n.year,
    genre_keys = n.genre_keys, words = n.words, audio_hash = n.audio_hash,
    mb_recording = n.mb_recording, mb_release = n.mb_release, tag_key = n.tag_key,
    name_key = n.name_key, card = n.card, album_tags = n.album_tags, album_claim = n.album_claim,
    picture_hash = n.picture_hash,
    picture_id = n.picture_id, cue = n.cue, cue_begin = n.cue_begin, cue_end = n.cue_end,
    sheet = n.sheet, changed = now(), missing_since = {twins.back},
    loudness = coalesce(case when t.audio_hash = n.audio_hash and t.cue_begin = n.cue_begin
        and t.cue_end = n.cue_end then t.loudness end, n.loudness)
from {pairs}
join tracks n on n.id = pair.new
where t.id = pair.old

-- name: drop_tracks
delete from tracks where id = any(:ids::bigint[])

-- name: clear_roles
delete from track_artists where track_id = any(:tracks::bigint[])

-- name: bury_tracks
update tracks t set missing_since = now() where t.id = any(:ids::bigint[]) and {twins.there}

-- name: move_roles
update track_artists r set track_id = pair.old from {pairs} where r.track_id = pair.new

-- name: move_marks
with moved as (
    delete from marks m using {pairs}
    where m.kind = :kind::text and m.item_id = pair.new
    returning m.*, pair.old
)
insert into marks ({marks.marked})
select user_id, kind, old, {marks.gathered}
from moved group by user_id, kind, old
on conflict (user_id, kind, item_id) do update set {marks.kept}

-- name: average
-- What is known again may have been rated by more people than before.
with rated as (
    select kind, item_id, avg(rating)::real as average from marks
    where kind = :kind::text and item_id = any(:ids::bigint[]) and rating is not null
    group by kind, item_id
), of_tracks as (
    update tracks set average_rating = average from rated
    where kind = 'track' and id = item_id and average_rating is distinct from average
), of_albums as (
    update albums set average_rating = average from rated
    where kind = 'album' and id = item_id and average_rating is distinct from average
), of_folders as (
    update folders set average_rating = average from rated
    where kind = 'folder' and id = item_id and average_rating is distinct from average
)
update artists set average_rating = average from rated
where kind = 'artist' and id = item_id and average_rating is distinct from average

-- name: move_plays
-- One play of one moment stays one.
insert into plays (user_id, track_id, played, client, reported)
select p.user_id, pair.old, p.played, p.client, p.reported
from {pairs} join plays p on p.track_id = pair.new
on conflict do nothing

-- name: move_playing
update now_playing p set track_id = pair.old from {pairs} where p.track_id = pair.new

-- name: move_twins
update tracks t set twin_of = nullif(pair.old, t.id) from {pairs} where t.twin_of = pair.new

-- name: move_listed
update playlists x set songs = array(
    select coalesce(pair.old, e.id)
    from unnest(x.songs) with ordinality as e (id, n) left join {pairs} on pair.new = e.id
    order by e.n
)
where x.songs && :new::bigint[]

-- name: move_queued
update queues x set songs = array(
    select coalesce(pair.old, e.id)
    from unnest(x.songs) with ordinality as e (id, n) left join {pairs} on pair.new = e.id
    order by e.n
)
where x.songs && :new::bigint[]

-- name: move_in_jukebox
update jukebox x set version = version + 1, tracks = array(
    select coalesce(pair.old, e.id)
    from unnest(x.tracks) with ordinality as e (id, n) left join {pairs} on pair.new = e.id
    order by e.n
)
where x.tracks && :new::bigint[]

-- name: move_shared
update share_items i set item_id = pair.old from {pairs}
where i.kind = :kind::text and i.item_id = pair.new

-- name: folders_left
-- Folders without a song that is there, and where most of their songs went.
select distinct on (m.old) m.old, m.new
from unnest(:old::bigint[], :new::bigint[], :songs::integer[]) as m (old, new, songs)
where not exists (select from tracks t where t.folder_id = m.old and {twins.there})
order by m.old, m.songs desc, m.new

-- name: move_songs
update tracks set album_id = :old where album_id = :new

-- name: drop_album
delete from albums where id = :album returning key

-- name: name_album
update albums set key = :key, library_id = :library, missing_since = null where id = :album

-- name: missing_on
-- How many songs of each album are missing.
select album_id as id, count(*)::integer as songs from tracks
where album_id = any(:albums::bigint[]) and missing_since < 'infinity'
group by album_id

-- name: reread
-- What is missing names the album or the artist as it was: if it comes back, it is read again.
update tracks t set reader = 0
where t.missing_since < 'infinity' and (t.album_id = any(:albums::bigint[]) or t.id in (
    select track_id from track_artists where artist_id = any(:artists::bigint[])
))

-- name: roles
select track_id, role, position, artist_id from track_artists
where track_id = any(:tracks::bigint[]) and role in ('artist', 'albumartist')

-- name: left
-- Of these artists, those that no song names which is there; and how many that are missing do.
select a.id, count(distinct r.track_id)::integer as songs
from unnest(:artists::bigint[]) as a (id)
left join track_artists r on r.artist_id = a.id
left join tracks t on t.id = r.track_id
group by a.id
having count(*) filter (where t.id is not null and {twins.there}) = 0

-- name: name_in_songs
update tracks t set card = regexp_replace(t.card::text, :before, :after, 'g')::json, changed = now()
where t.id in (select track_id from track_artists where artist_id = :new)

-- name: name_in_albums
update albums a set card = regexp_replace(a.card::text, :before, :after, 'g')::json
where a.id in (select album_id from album_artists where artist_id = :new)

-- name: move_credits
update track_artists set artist_id = :old where artist_id = :new

-- name: move_albums
with before as (
    delete from album_artists where artist_id = :new returning album_id, position
)
insert into album_artists (album_id, artist_id, position) select album_id, :old, position from before
on conflict do nothing

-- name: yield_name
-- No two may have one key, not even for a moment.
update artists set key = chr(31) || key where id = :new

-- name: take_name
update artists o
set key = substr(n.key, 2), name = n.name, sort_name = n.sort_name, name_key = n.name_key,
    letter = n.letter, mbid = n.mbid, words = n.words,
    picture_id = coalesce(o.picture_id, n.picture_id)
from artists n where n.id = :new and o.id = :old

-- name: drop_artist
delete from artists where id = :new

-- name: leaving
-- Of the songs that will be forgotten: who stands for them.
select twin_of as old, id as new from tracks
where library_id = :library and missing_since < now() - make_interval(days => :days)
    and twin_of is not null
order by id

-- name: leaving_albums
select twin_of as old, id as new from albums a
where library_id = :library and missing_since < now() - make_interval(days => :days)
    and twin_of is not null and not exists (select from tracks where album_id = a.id)
order by id

-- name: purge
-- With a song that is forgotten goes what users attached to it, wherever that is.
with gone as materialized (
    select id from tracks
    where library_id = :library and missing_since < now() - make_interval(days => :days)
), marked as (
    delete from marks where kind = 'track' and item_id in (select id from gone)
), shared as (
    delete from share_items where kind = 'track' and item_id in (select id from gone)
), listed as (
    update playlists x set songs = array(
        select e.id from unnest(x.songs) with ordinality as e (id, n)
        where e.id not in (select id from gone) order by e.n
    )
    where x.songs && array(select id from gone)
), queued as (
    update queues x set songs = kept.songs, current = kept.current,
        position = case when kept.same then x.position else 0 end
    from queues q cross join lateral (
        select coalesce(array_agg(e.id order by e.n), '{}') as songs,
            case when count(*) > 0 then least(
                count(*) filter (where e.n <= q.current), count(*) - 1)::integer end as current,
            coalesce(bool_or(e.n = q.current + 1), false) as same
        from unnest(q.songs) with ordinality as e (id, n)
        where e.id not in (select id from gone)
    ) kept
    where q.user_id = x.user_id and x.songs && array(select id from gone)
), dropped as (
    delete from tracks where id in (select id from gone) returning id
)
select count(*)::integer from dropped

-- name: purge_albums
with gone as (
    delete from albums a
    where library_id = :library and missing_since < now() - make_interval(days => :days)
        and not exists (select from tracks where album_id = a.id)
    returning id
), shared as (
    delete from share_items where kind = 'album' and item_id in (select id from gone)
)
delete from marks where kind = 'album' and item_id in (select id from gone)
