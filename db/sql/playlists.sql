-- part: columns
p.id, p.user_id, u.name as owner, p.name, p.comment, p.public, p.created, p.changed,
p.rules is not null as smart,
(select i.hash from playlist_pictures i where i.playlist_id = p.id) as picture_hash

-- part: stale
-- Rules are applied again when their choice is older than ten minutes, or than the library; while
-- that is being filled, not each time.
p.rules is not null and (p.evaluated is null or p.evaluated < now() - interval '10 minutes'
    or p.evaluated < now() - interval '10 seconds'
    and exists (select from libraries l where l.changed > p.evaluated)) as stale

-- part: seen
t.missing_since is null and t.library_id = any(:libraries)

-- part: songs
-- Those of a playlist that are seen, with their places in it.
select e.n, t.picture_id, t.duration
from unnest(songs) with ordinality as e (id, n) join tracks t on t.id = e.id
where {seen}
union all
select e.n, t.picture_id, t.duration
from unnest(songs) with ordinality as e (id, n) {twins.behind}
where {seen}

-- part: counted
select {columns}, s.song_count, s.duration, s.pictures, {stale}
from playlists p join users u on u.id = p.user_id cross join lateral (
    select coalesce(sum(songs), 0)::integer as song_count, coalesce(sum(duration), 0) as duration,
        coalesce((array_agg(picture_id order by first) filter (where picture_id is not null))[1:4], '{}')
            as pictures
    from (
        select picture_id, min(n) as first, count(*) as songs, sum(duration) as duration
        from ({songs}) seen group by picture_id
    ) of_picture
) s

-- part: known
not exists (
    select from unnest(:songs::bigint[]) as given (id) where not exists (
        select from tracks t where t.id = given.id and t.library_id = any(:libraries)
    )
)

-- name: readable
{counted} where p.user_id = :user or p.public or :admin::boolean order by p.sort_name, p.id

-- name: by_owner
{counted} where p.user_id = :owner order by p.sort_name, p.id

-- name: by_id
select {columns}, p.songs from playlists p join users u on u.id = p.user_id
where p.id = :playlist and (p.user_id = :user or p.public or :admin::boolean)

-- name: add
insert into playlists (user_id, name, sort_name, songs)
select :user, :name, :sort_name, :songs where {known}
returning id

-- name: lock
-- One edit after the other: the next one counts in the list that this one leaves. Tells its length.
select cardinality(songs) from playlists
where id = :playlist and (user_id = :user or :admin::boolean) for update

-- name: edit
-- Songs that the user does not see stay where they are. What people change follows its file no more;
-- what rules choose, nobody changes.
with told as (
    select :everything::boolean or cardinality(:indexes::bigint[] || :songs::bigint[]) > 0 as songs
), left_alone as (
    update playlist_files set follows = false
    where playlist_id = :playlist and (select songs from told) and {known}
), whole as (
    select e.id, e.n from playlists p cross join unnest(p.songs) with ordinality as e (id, n)
    where p.id = :playlist
), seen as (
    select t.n, row_number() over (order by t.n) - 1 as index
    from playlists p cross join lateral ({songs}) t where p.id = :playlist
)
update playlists p
set songs = case when :everything::boolean or :indexes::bigint[] <> '{}' then array(
        select id from whole where n not in (
            select n from seen where :everything or index in (select unnest(:indexes))
        ) order by n
    ) else p.songs end || :songs,
    name = coalesce(:name, p.name), sort_name = coalesce(:sort_name, p.sort_name),
    comment = coalesce(:comment, p.comment), public = coalesce(:public, p.public),
    -- Apps see milliseconds, and must see each edit.
    changed = greatest(clock_timestamp(), p.changed + interval '1 millisecond')
where p.id = :playlist and {known} and not (p.rules is not null and (select songs from told))
returning true

-- name: delete
delete from playlists where id = :playlist and (user_id = :user or :admin::boolean) returning true
