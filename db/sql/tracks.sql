-- part: size
-- Of a track of a cue sheet about its part of the file.
case when t.cue = 0 then t.size else (t.duration * t.bit_rate * 125)::bigint end as size

-- part: columns
t.id, t.folder_id, t.album_id, t.picture_id, t.suffix, t.content_type, {size}, t.duration,
t.bit_rate, t.created, t.average_rating, m.starred, m.rating, m.play_count, m.played, m.bookmark,
t.card as stored, t.loudness

-- part: mine
left join marks m on m.user_id = :user and m.kind = 'track' and m.item_id = t.id

-- part: open
-- There is a file that this user may have.
{twins.there} and t.library_id = any(:libraries)

-- part: seen
t.missing_since is null and t.library_id = any(:libraries)

-- part: newer
t.created > :since::timestamptz and {seen}

-- name: by_ids
select {columns} from tracks t {mine} where t.id = any(:ids) and {seen}

-- name: outlines
select t.id, t.picture_id, t.duration from tracks t where t.id = any(:ids) and {seen}

-- name: by_album
select {columns} from tracks t {mine}
where t.album_id = :album and {seen}
order by t.disc, t.track, t.title_sort, t.id

-- name: by_folder
select {columns} from tracks t {mine}
where t.folder_id = :folder and {seen}
order by t.disc, t.track, t.path, t.cue, t.id

-- name: merged_by_folder
-- For a file that stands behind another: that one.
select {columns} from tracks t {mine}
where (t.folder_id = :folder or t.id = any(array(
    select x.twin_of from tracks x
    where x.folder_id = :folder and x.missing_since = 'infinity'
))) and {seen}
order by t.disc, t.track, t.path, t.cue, t.id

-- name: in_roots
select {columns} from tracks t join folders f on f.id = t.folder_id {mine}
where f.parent_id is null and {seen}
order by t.path, t.cue, t.id

-- name: by_genre
select {columns} from (
    select t.id from tracks t where t.genre_keys @> array[:genre::text] and {seen}
    order by t.id limit :size offset :offset
) page join tracks t using (id) {mine}
order by t.id

-- name: random
-- Uniform and without reading the table: ids are drawn, most of them exist.
select {columns} from tracks t {mine}
where t.id = any(array(
    select 1 + floor(random() * (select max(id) from tracks))::bigint
    from generate_series(1, :draws::integer)
)) and {seen}

-- name: random_from
select {columns} from (
    select t.id from tracks t
    where {seen}
      and (:genre::text is null or t.genre_keys @> array[:genre::text])
      and (:from_year::integer is null or t.year >= :from_year::integer)
      and (:to_year::integer is null or t.year <= :to_year::integer)
    order by random() limit :size
) pick join tracks t using (id) {mine}
order by random()

-- name: starred
select {columns} from marks m join tracks t on t.id = m.item_id
where m.user_id = :user and m.kind = 'track' and m.starred is not null and {seen}
order by m.starred desc, t.id desc
limit :most

-- name: starred_outlines
select t.id, t.picture_id, t.duration from marks m join tracks t on t.id = m.item_id
where m.user_id = :user and m.kind = 'track' and m.starred is not null and {seen}
order by m.starred desc, t.id desc

-- name: bookmarked
select {columns}, m.bookmark_comment, m.bookmark_created, m.bookmark_changed
from marks m join tracks t on t.id = m.item_id
where m.user_id = :user and m.kind = 'track' and m.bookmark is not null and {seen}
order by m.bookmark_changed desc, t.id desc

-- part: file
t.id, l.path as root, t.path, {size}, t.mtime_ns, t.suffix, t.content_type, t.duration, t.bit_rate,
t.card, t.cue_begin as begin, t.cue_end as "end", t.loudness

-- name: file
select {file} from tracks t join libraries l on l.id = t.library_id
where t.id = :track and {open}

-- name: files
-- All files of a song's recording: its own first, then the one that stands for all.
select {file} from tracks x
cross join lateral (
    select x.id as id union select coalesce(x.twin_of, x.id) union
    select y.id from tracks y where y.twin_of = coalesce(x.twin_of, x.id)
) kin join tracks t on t.id = kin.id join libraries l on l.id = t.library_id
where x.id = :track and {open}
order by t.id <> x.id, t.twin_of is not null, t.id

-- name: file_for_all
select {file} from tracks t join libraries l on l.id = t.library_id
where {twins.there} and t.id = coalesce((
    select x.twin_of from tracks x where x.id = :track and x.missing_since < 'infinity'
), :track)

-- name: named
-- The words may stand in any field: songs whose tags say just this artist and title come first.
select {file} from (
    select t.id, not (
        (:artist = '' or starts_with(t.tag_key, :artist || '|'))
        and right(t.tag_key, length(:title) + 1) = '|' || :title
    ) as later
    from tracks t where t.words @@ :query::tsquery and {seen}
    order by later, t.id limit :size
) page join tracks t using (id) join libraries l on l.id = t.library_id
order by page.later, t.id

-- part: hit
t.id, t.name_key, coalesce(m.play_count, 0) as plays

-- part: recent
(:since::timestamptz is null or t.created > :since::timestamptz)

-- part: first
order by {search.best} limit :size::bigint + :offset::bigint

-- part: near
from tracks t {mine}
where t.name_key >= :key and t.name_key < :past and coalesce(t.words @@ :prefixes::tsquery, false)
  and {seen} and {recent}

-- part: after_near
, far as materialized (
    select {hit}, {search.fit} from tracks t {mine}
    where (select count(*) from near) < :size::bigint + :offset::bigint
      and t.words @@ :prefixes::tsquery and not starts_with(t.name_key, :key)
      and {seen} and {recent}
    {first}
), inside as materialized (
    select {hit}, {search.fit} from tracks t {mine}
    where (select count(*) from near) + (select count(*) from far) < :size::bigint + :offset::bigint
      and :prefixes <> :parts and t.words @@ :parts::tsquery and not t.words @@ :prefixes::tsquery
      and {seen} and {recent}
    {first}
)
select {columns} from (
    select * from near union all select * from far union all select * from inside
    order by {search.best} limit :size offset :offset
) page join tracks t using (id) {mine}
order by page.fit, page.plays desc, page.name_key, page.id

-- name: found
-- Titles that begin with what was typed are read along an index, the rest is looked for by its words,
-- and then by parts of them, only as long as the page is not full.
with near as materialized (
    select {hit}, (t.name_key <> :key)::integer as fit {near} {first}
){after_near}

-- name: found_by_letters
-- So many titles begin with a letter or two that they are not sorted by plays.
with near as materialized (
    select t.id, t.name_key, 0 as plays, (t.name_key <> :key)::integer as fit {near}
    order by t.name_key, t.id limit :size::bigint + :offset::bigint
){after_near}

-- name: everything
select {columns} from (
    select t.id from tracks t where {seen} order by t.id limit :size offset :offset
) page join tracks t using (id) {mine}
order by t.id

-- name: count_found_newer
select count(*)::integer from tracks t where t.words @@ :query::tsquery and {newer}

-- name: newer
select {columns} from (
    select t.id from tracks t where {newer} order by t.id desc limit :size offset :offset
) page join tracks t using (id) {mine}
order by t.id desc

-- name: count_newer
select count(*)::integer from tracks t where {newer}

-- name: heard
select {columns}, u.name as user_name, n.client, n.started, n.state,
    case when t.duration > 0 then least(p.position, t.duration * 1000) else p.position end::bigint as position_ms,
    n.playback_rate
from now_playing n join tracks t on t.id = n.track_id join users u on u.id = n.user_id {mine}
cross join lateral (select n.position_ms + case when n.state = 'playing'
    then greatest(extract(epoch from now() - n.reported), 0) * n.playback_rate * 1000 else 0
end as position) p
-- Gone when the song must be over; a pause is forgiven for a little while. Who reports has told
-- where the song is, so that it may last: an app can be late, but comes back within half an hour.
where {seen} and case when n.state is null
    then n.started + make_interval(secs => greatest(t.duration, 30) + 60) > now()
    else n.state <> 'stopped' and not ({plays.over})
end
order by n.started desc, u.name, n.client
