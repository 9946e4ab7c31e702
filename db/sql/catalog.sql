-- part: trace
t.id, t.library_id, t.folder_id, t.album_id, t.path, t.audio_hash, t.mb_recording, t.mb_release, t.tag_key,
t.duration, t.cue

-- part: track_arrays
:id::bigint[], :folder_id::bigint[], :album_id::bigint[], :path::bytea[], :size::bigint[],
    :mtime_ns::bigint[], :suffix::text[], :content_type::text[], :duration::double precision[],
    :bit_rate::integer[], :title_sort::text[], :disc::integer[], :track::integer[],
    :year::integer[], :genre_keys::text[], :words::text[], :audio_hash::bytea[],
    :mb_recording::text[], :mb_release::text[], :tag_key::text[], :name_key::text[], :card::json[],
    :album_tags::json[], :album_claim::json[], :picture_hash::bytea[], :picture_id::bigint[],
    :created::timestamptz[], :cue::smallint[], :cue_begin::double precision[],
    :cue_end::double precision[], :sheet::bigint[]

-- part: track_names
id, folder_id, album_id, path, size, mtime_ns, suffix, content_type, duration, bit_rate,
    title_sort, disc, track, year, genre_keys, words, audio_hash, mb_recording, mb_release,
    tag_key, name_key, card, album_tags, album_claim, picture_hash, picture_id, created,
    cue, cue_begin, cue_end, sheet

-- part: disc_or_album
coalesce((
    select d.picture_id
    from unnest(:of_album::bigint[], :disc::integer[], :picture::bigint[]) as d (album_id, disc, picture_id)
    where d.album_id = t.album_id and d.disc = t.disc
), a.picture_id)

-- name: unlimited
set local statement_timeout = 0

-- name: known
select id, path, size, mtime_ns, reader, cue, sheet from tracks
where library_id = :library and missing_since is null
union all
select id, path, size, mtime_ns, reader, cue, sheet from tracks
where library_id = :library and missing_since = 'infinity'

-- name: tombstones
select id, path, size, mtime_ns, reader, cue, sheet from tracks
where library_id = :library and missing_since < 'infinity'
order by id

-- name: broken
select path, size, mtime_ns, reader from problems where library_id = :library

-- name: folders
select id, path, picture_id, missing_since is not null as missing from folders
where library_id = :library order by path

-- name: images
select path, size, mtime_ns, picture_id from images where library_id = :library

-- name: traces
select {trace} from tracks t where t.id = any(:ids::bigint[])

-- name: missing_traces
-- Of all libraries: what is missing in one may have gone to another.
select {trace} from tracks t where t.missing_since < 'infinity'

-- name: retired
-- Whether songs stand in a library that is not in the configuration any more.
select exists (
    select from libraries l join tracks t on t.library_id = l.id and {twins.there}
    where not l.active
)

-- name: retired_traces
-- Such songs, if there is any evidence that they are one of these.
with given as materialized (
    select array_agg(audio_hash) as sounds, array_agg(nullif(tag_key, '')) as tags,
        array_agg(mb_recording) as recordings
    from tracks where id = any(:ids::bigint[])
)
select {trace} from libraries l join tracks t on t.library_id = l.id cross join given
where not l.active and {twins.there} and (t.audio_hash = any(given.sounds)
    or t.tag_key = any(given.tags) or t.mb_recording = any(given.recordings))

-- name: last_done
-- By library, the last scan of it that came to its end; 0: none did.
select l.id as library_id, coalesce(max(s.id), 0) as scan_id
from libraries l
left join scans s on s.state = 'done' and (s.library_id is null or s.library_id = l.id)
    and s.folders = '{}'
where l.active
group by l.id

-- name: interrupted
-- Whether a scan of a library ended midway since the last one that came to its end.
select exists (
    select from scans s
    where s.state = 'failed' and s.id < :scan and (s.library_id is null or s.library_id = :library)
        and s.id > coalesce((
            select max(id) from scans
            where state = 'done' and (library_id is null or library_id = :library)
        ), 0)
)

-- name: artist_ids
select id from artists

-- name: genre_names
select distinct g.name from tracks t cross join lateral json_array_elements_text(t.card -> 'genres') as g (name)
where t.library_id = :library and t.genre_keys <> '{}'
union
select name from genres where library_id = :library

-- name: added_count
select count(*)::integer from unnest(:libraries::integer[], :since::bigint[]) as l (id, since)
join tracks t on t.library_id = l.id and t.scan_id > l.since
where t.scan_id > :least and {twins.there}

-- name: added_traces
-- The songs that came to each of these libraries after a scan.
select {trace} from unnest(:libraries::integer[], :since::bigint[]) as l (id, since)
join tracks t on t.library_id = l.id and t.scan_id > l.since
where t.scan_id > :least and {twins.there}

-- name: alike
select {trace} from tracks t
where t.library_id = :library and {twins.there}
    and (t.audio_hash = any(:hashes::bytea[]) or t.mb_recording = any(:recordings::text[])
        or t.tag_key = any(:tags::text[]))

-- name: neighbours
select t.id, t.path, t.cue, a.key as album_key, t.album_claim as claim
from tracks t join albums a on a.id = t.album_id
where t.folder_id = any(:folders::bigint[]) and {twins.there}

-- name: album_songs
select t.id, t.album_id, t.path, t.duration, t.genre_keys, t.picture_hash, t.picture_id, t.created,
    t.card, t.album_tags as tags
from tracks t
where t.album_id = any(:albums::bigint[]) and t.missing_since is null
order by t.album_id, t.disc, t.track, t.path

-- name: new_ids
select array(select nextval(pg_get_serial_sequence(:table, 'id')) from generate_series(1, :count::integer))

-- name: add_artists
with added as (
    insert into artists (key, name, sort_name, name_key, letter, mbid, words)
    select key, name, sort_name, name_key, letter, nullif(mbid, ''), words::tsvector
    from unnest(:key::text[], :name::text[], :sort_name::text[], :name_key::text[], :letter::text[],
        :mbid::text[], :words::text[]) as new (key, name, sort_name, name_key, letter, mbid, words)
    on conflict (key) do nothing
    returning id, key, name, sort_name, mbid
)
select id, key, name, sort_name, mbid, true as added from added
union all
select id, key, name, sort_name, mbid, false from artists where key = any(:key::text[])

-- name: change_artists
update artists a
set name = new.name, sort_name = new.sort_name, name_key = new.name_key, letter = new.letter,
    mbid = coalesce(nullif(new.mbid, ''), a.mbid), words = new.words::tsvector
from unnest(:key::text[], :name::text[], :sort_name::text[], :name_key::text[], :letter::text[],
    :mbid::text[], :words::text[]) as new (key, name, sort_name, name_key, letter, mbid, words)
where a.key = new.key

-- name: add_folders
insert into folders (id, library_id, parent_id, path, name, sort_name, name_key, letter, words,
    created)
overriding system value
select id, :library, nullif(parent_id, 0), path, name, sort_name, name_key, letter, words::tsvector,
    created
from unnest(:id::bigint[], :parent_id::bigint[], :path::bytea[], :name::text[], :sort_name::text[],
    :name_key::text[], :letter::text[], :words::text[], :created::timestamptz[])
    as new (id, parent_id, path, name, sort_name, name_key, letter, words, created)

-- name: change_folders
update folders f
set picture_id = nullif(new.picture_id, 0),
    missing_since = case when new.missing then coalesce(f.missing_since, now()) end
from unnest(:id::bigint[], :picture_id::bigint[], :missing::boolean[])
    as new (id, picture_id, missing)
where f.id = new.id

-- name: rename_root
update folders set name = l.name, sort_name = :sort_name, letter = :letter
from libraries l
where l.id = folders.library_id and l.id = :library and folders.parent_id is null
    and folders.name <> l.name

-- name: save_pictures
insert into pictures (library_id, hash, embedded, path)
select :library, hash, embedded, path
from unnest(:hash::bytea[], :embedded::boolean[], :path::bytea[]) as new (hash, embedded, path)
on conflict (library_id, hash) do update
set embedded = excluded.embedded, path = excluded.path
where not (pictures.embedded = false and excluded.embedded = true)
    and (pictures.embedded, pictures.path) is distinct from (excluded.embedded, excluded.path)

-- name: picture_ids
select id, hash from pictures where library_id = :library and hash = any(:hashes::bytea[])

-- name: save_images
insert into images (library_id, path, size, mtime_ns, picture_id)
select :library, path, size, mtime_ns, nullif(picture_id, 0)
from unnest(:path::bytea[], :size::bigint[], :mtime_ns::bigint[], :picture_id::bigint[])
    as new (path, size, mtime_ns, picture_id)
on conflict (library_id, path) do update
set size = excluded.size, mtime_ns = excluded.mtime_ns, picture_id = excluded.picture_id

-- name: drop_images
delete from images where library_id = :library and path = any(:paths::bytea[])

-- name: mend_pictures
-- A picture whose file is gone may stand in another file as well.
update pictures p set path = other.path, embedded = other.embedded
from (
    select p.id, coalesce(i.path, t.path) as path, i.path is null as embedded
    from pictures p
    left join lateral (
        select path from images where picture_id = p.id order by path limit 1
    ) i on true
    left join lateral (
        select t.path from tracks t
        where t.picture_id = p.id and t.picture_hash = p.hash and {twins.there}
        order by path limit 1
    ) t on true
    where p.library_id = :library and p.path = any(:paths::bytea[])
) other
where p.id = other.id and other.path is not null
    and (p.path, p.embedded) is distinct from (other.path, other.embedded)

-- name: drop_pictures
delete from pictures p where library_id = :library
    and not exists (select from images where picture_id = p.id)
    and not exists (select from tracks where picture_id = p.id)
    and not exists (select from albums where picture_id = p.id)
    and not exists (select from folders where picture_id = p.id)
    and not exists (select from artists where picture_id = p.id)

-- name: albums_in
select distinct t.album_id as id from tracks t join folders f on f.id = t.folder_id
where f.library_id = :library and {twins.there}
    and (f.path = any(:folders::bytea[]) or f.parent_id in (
        select id from folders where library_id = :library and path = any(:folders::bytea[])
    ))

-- name: folder_pictures
select distinct on (t.folder_id) t.folder_id, a.picture_id
from tracks t join albums a on a.id = t.album_id
where t.library_id = :library and {twins.there} and a.picture_id is not null
order by t.folder_id, a.id

-- name: albums_by_key
select id, key, picture_id, missing_since is not null as missing from albums
where library_id = :library and key = any(:keys::text[])

-- name: add_albums
insert into albums (id, library_id, key, name, sort_name, name_key, artist_sort, year, genre_keys,
    words, song_count, duration, card, picture_id, created)
overriding system value
select id, :library, key, name, sort_name, name_key, artist_sort, nullif(year, 0),
    string_to_array(genre_keys, chr(31)), words::tsvector,
    song_count, duration, card, nullif(picture_id, 0), created
from unnest(:id::bigint[], :key::text[], :name::text[], :sort_name::text[], :name_key::text[],
    :artist_sort::text[], :year::integer[], :genre_keys::text[], :words::text[], :song_count::integer[],
    :duration::double precision[], :card::json[], :picture_id::bigint[], :created::timestamptz[])
    as new (id, key, name, sort_name, name_key, artist_sort, year, genre_keys, words, song_count,
        duration, card, picture_id, created)

-- name: change_albums
update albums a
set name = new.name, sort_name = new.sort_name, name_key = new.name_key,
    artist_sort = new.artist_sort, year = nullif(new.year, 0),
    genre_keys = string_to_array(new.genre_keys, chr(31)),
    words = new.words::tsvector, song_count = new.song_count,
    duration = new.duration, card = new.card, picture_id = nullif(new.picture_id, 0),
    missing_since = null
from unnest(:id::bigint[], :name::text[], :sort_name::text[], :name_key::text[],
    :artist_sort::text[], :year::integer[], :genre_keys::text[], :words::text[], :song_count::integer[],
    :duration::double precision[], :card::json[], :picture_id::bigint[])
    as new (id, name, sort_name, name_key, artist_sort, year, genre_keys, words, song_count, duration,
        card, picture_id)
where a.id = new.id

-- name: empty_albums
update albums set missing_since = now(), song_count = 0, duration = 0
where id = any(:ids::bigint[]) and missing_since is null

-- name: clear_album_artists
delete from album_artists where album_id = any(:albums::bigint[])

-- name: add_album_artists
insert into album_artists (album_id, artist_id, position)
select album_id, artist_id, position
from unnest(:album_id::bigint[], :artist_id::bigint[], :position::integer[])
    as new (album_id, artist_id, position)
on conflict do nothing

-- name: add_tracks
insert into tracks (id, library_id, folder_id, album_id, path, size, mtime_ns, reader, suffix,
    content_type, duration, bit_rate, title_sort, disc, track, year, genre_keys, words, audio_hash,
    mb_recording, mb_release, tag_key, name_key, card, album_tags, album_claim, picture_hash, picture_id,
    created, cue, cue_begin, cue_end, sheet, scan_id)
overriding system value
select id, :library, folder_id, album_id, path, size, mtime_ns, :reader, suffix,
    content_type, duration, bit_rate, title_sort, disc, track, nullif(year, 0),
    string_to_array(genre_keys, chr(31)), words::tsvector,
    nullif(audio_hash, ''), nullif(mb_recording, ''), nullif(mb_release, ''), tag_key, name_key, card,
    album_tags, album_claim, nullif(picture_hash, ''), nullif(picture_id, 0), created,
    cue, cue_begin, cue_end, sheet, :scan
from unnest({track_arrays}) as new ({track_names})

-- name: change_tracks
update tracks t
set folder_id = new.folder_id, album_id = new.album_id, path = new.path, size = new.size,
    mtime_ns = new.mtime_ns, reader = :reader, suffix = new.suffix,
    content_type = new.content_type, duration = new.duration, bit_rate = new.bit_rate,
    title_sort = new.title_sort, disc = new.disc, track = new.track, year = nullif(new.year, 0),
    genre_keys = string_to_array(new.genre_keys, chr(31)),
    words = new.words::tsvector, audio_hash = nullif(new.audio_hash, ''),
    mb_recording = nullif(new.mb_recording, ''),
    mb_release = nullif(new.mb_release, ''), tag_key = new.tag_key,
    name_key = new.name_key, card = new.card,
    album_tags = new.album_tags, album_claim = new.album_claim,
    picture_hash = nullif(new.picture_hash, ''), picture_id = nullif(new.picture_id, 0),
    cue = new.cue, cue_begin = new.cue_begin, cue_end = new.cue_end, sheet = new.sheet,
    loudness = case when {loudness.same_sound} then t.loudness end,
    changed = now(), missing_since = {twins.back}
from unnest({track_arrays}) as new ({track_names})
where t.id = new.id

-- name: albums_of
select distinct album_id as id from tracks where id = any(:ids::bigint[])

-- name: artists_of
select distinct artist_id as id from track_artists where track_id = any(:ids::bigint[])

-- name: genres_of
select distinct unnest(genre_keys) as key from tracks where id = any(:ids::bigint[])

-- name: clear_roles
delete from track_artists where track_id = any(:tracks::bigint[])

-- name: add_roles
insert into track_artists (track_id, artist_id, role, position)
select track_id, artist_id, role, position
from unnest(:track_id::bigint[], :artist_id::bigint[], :role::text[], :position::integer[])
    as new (track_id, artist_id, role, position)

-- name: picture_tracks
-- Songs without a picture of their own show that of their disc, or their album's.
update tracks t set picture_id = {disc_or_album}
from albums a
where a.id = t.album_id and a.id = any(:albums::bigint[]) and t.picture_hash is null
    and t.picture_id is distinct from {disc_or_album}

-- name: touch_tracks
-- The file is there again, as it was.
update tracks t set missing_since = {twins.back} where t.id = any(:ids::bigint[])

-- name: bury_tracks
update tracks t set missing_since = now() where t.id = any(:ids::bigint[]) and {twins.there}

-- name: save_problems
insert into problems (library_id, path, size, mtime_ns, reader, reason)
select :library, path, size, mtime_ns, :reader, reason
from unnest(:path::bytea[], :size::bigint[], :mtime_ns::bigint[], :reason::text[])
    as new (path, size, mtime_ns, reason)
on conflict (library_id, path) do update
set size = excluded.size, mtime_ns = excluded.mtime_ns, reader = excluded.reader,
    reason = excluded.reason,
    since = case when problems.reason = excluded.reason then problems.since else now() end

-- name: drop_problems
delete from problems where library_id = :library and path = any(:paths::bytea[])

-- name: count_artists
with live as (
    select r.artist_id, t.library_id, t.id, t.album_id, r.role
    from track_artists r join tracks t on t.id = r.track_id and t.missing_since is null
    where r.artist_id = any(:artists::bigint[])
), counted as (
    select artist_id, library_id,
        (count(distinct album_id) filter (where role = 'albumartist'))::integer as albums,
        count(distinct id)::integer as songs, array_agg(distinct role order by role) as roles
    from live group by artist_id, library_id
)
insert into artist_counts (artist_id, library_id, album_count, song_count, roles)
select artist_id, library_id, albums, songs, roles from counted
on conflict (artist_id, library_id) do update
set album_count = excluded.album_count, song_count = excluded.song_count, roles = excluded.roles
where (artist_counts.album_count, artist_counts.song_count, artist_counts.roles)
    is distinct from (excluded.album_count, excluded.song_count, excluded.roles)

-- name: uncount_artists
delete from artist_counts c
where c.artist_id = any(:artists::bigint[]) and not exists (
    select from track_artists r join tracks t on t.id = r.track_id and t.missing_since is null
    where r.artist_id = c.artist_id and t.library_id = c.library_id
)

-- name: count_genres
insert into genres (library_id, key, name, song_count, album_count)
select :library, g.key, g.name, count(t.id)::integer, count(distinct t.album_id)::integer
from unnest(:keys::text[], :names::text[]) as g (key, name)
left join tracks t on t.library_id = :library and t.missing_since is null
    and t.genre_keys @> array[g.key]
group by g.key, g.name
on conflict (library_id, key) do update
set name = coalesce(nullif(excluded.name, ''), genres.name), song_count = excluded.song_count,
    album_count = excluded.album_count

-- name: uncount_genres
delete from genres where library_id = :library and song_count = 0

-- name: analyse
-- The planner, and searches, would otherwise wait for the next round of autovacuum.
analyze artists, albums, album_artists, artist_counts, folders, pictures, tracks, track_artists, genres, videos

-- name: clean_words
select sum(gin_clean_pending_list(i.oid))::bigint
from pg_class i join pg_am m on m.oid = i.relam and m.amname = 'gin'
join pg_index x on x.indexrelid = i.oid
where x.indrelid in ('artists'::regclass, 'albums'::regclass, 'tracks'::regclass)

-- name: changed
with told as (
    update libraries set changed = now() where id = :library returning id
)
select pg_notify('dulcian_library', '') from told

-- name: scanned
update libraries set scanned = now() where id = :library
