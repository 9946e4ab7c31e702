-- Smart playlists. The fragments are all that rules can become; values are parameters, always.

-- part: readable
(p.user_id = :user or p.public or :admin::boolean)

-- part: later
-- Apps see milliseconds, and must see each change.
greatest(clock_timestamp(), changed + interval '1 millisecond')

-- name: add
insert into playlists (user_id, name, sort_name, public, songs, rules, evaluated)
values (:user, :name, :sort_name, :public, :songs, :rules::text::json, clock_timestamp())
returning id

-- name: change
-- It follows its file, if it came from one, no more.
with left_alone as (
    update playlist_files f set follows = false from playlists p
    where f.playlist_id = :playlist and p.id = f.playlist_id and (p.user_id = :user or :admin::boolean)
)
update playlists
set name = :name, sort_name = :sort_name, public = :public, songs = :songs, rules = :rules::text::json,
    evaluated = clock_timestamp(), changed = {later}
where id = :playlist and (user_id = :user or :admin::boolean) and rules is not null
returning true

-- name: rules
select p.id, p.user_id, p.rules::text as rules from playlists p
where p.id = any(:playlists::bigint[]) and p.rules is not null order by p.id

-- name: claim
-- One of those that ask at the same time evaluates, the others make do with what is there.
update playlists p set evaluated = clock_timestamp()
where p.id = :playlist and p.rules is not null and (p.evaluated is null
    or p.evaluated < now() - make_interval(secs => :seconds::double precision)
    or exists (select from libraries l where l.changed > p.evaluated))
returning true

-- name: store
-- Not where the rules have been changed meanwhile.
update playlists set songs = :songs, changed = {later}
where id = :playlist and rules::text = :rules and songs is distinct from :songs::bigint[]

-- name: known
select count(*)::integer from playlists p where p.id = any(:playlists::bigint[]) and {readable}

-- name: patience
-- For this transaction: an end, and plans for the values at hand.
select set_config('statement_timeout', :milliseconds::integer::text, true)
    || set_config('plan_cache_mode', 'force_custom_plan', true)

-- fragment: evaluate
select array(select t.id {from} where {where} order by {order}, t.id limit :limit::integer)

-- fragment: from
from tracks t
left join albums al on al.id = t.album_id
left join libraries l on l.id = t.library_id
left join marks m on m.user_id = :user::integer and m.kind = 'track' and m.item_id = t.id
left join marks am on am.user_id = :user::integer and am.kind = 'album' and am.item_id = t.album_id

-- fragment: card
cross join lateral json_to_record(t.card) as c (
    title text, artist text, comment text, composer text, path text, bpm integer, channels integer,
    sampling_rate integer, bit_depth integer
)

-- fragment: seen
t.missing_since is null and t.library_id = any(:libraries::integer[])

-- fragment: title
coalesce(c.title, '')
-- fragment: album
coalesce(al.name, '')
-- fragment: comment
coalesce(c.comment, '')
-- fragment: composer
coalesce(c.composer, '')
-- fragment: path
coalesce(c.path, '')
-- fragment: suffix
t.suffix
-- fragment: library
l.name
-- fragment: year
coalesce(t.year, 0)
-- fragment: track
t.track
-- fragment: disc
t.disc
-- fragment: duration
t.duration
-- fragment: size
t.size
-- fragment: bitRate
t.bit_rate
-- fragment: bpm
coalesce(c.bpm, 0)
-- fragment: channels
coalesce(c.channels, 0)
-- fragment: sampleRate
coalesce(c.sampling_rate, 0)
-- fragment: bitDepth
coalesce(c.bit_depth, 0)
-- fragment: playCount
coalesce(m.play_count, 0)
-- fragment: rating
coalesce(m.rating, 0)
-- fragment: averageRating
coalesce(t.average_rating, 0)
-- fragment: albumRating
coalesce(am.rating, 0)
-- fragment: albumPlayCount
coalesce(am.play_count, 0)
-- fragment: loved
m.starred is not null
-- fragment: albumLoved
am.starred is not null
-- fragment: compilation
coalesce((al.card ->> 'compilation')::boolean, false)
-- fragment: hasCoverArt
t.picture_id is not null
-- fragment: dateAdded
t.created
-- fragment: dateModified
t.changed
-- fragment: lastPlayed
m.played
-- fragment: dateLoved
m.starred
-- fragment: albumLastPlayed
am.played

-- fragment: artistLoved
t.id in (
    select r.track_id from marks k
    join track_artists r on r.artist_id = k.item_id and r.role = 'artist'
    where k.user_id = :user::integer and k.kind = 'artist' and k.starred is not null
)

-- fragment: artist
t.id in (
    select r.track_id from artists a join track_artists r on r.artist_id = a.id and r.role = 'artist'
    where {a.key}
)

-- fragment: albumArtist
t.id in (
    select r.track_id from artists a
    join track_artists r on r.artist_id = a.id and r.role = 'albumartist'
    where {a.key}
)

-- fragment: genre
exists (select from unnest(t.genre_keys) as g (key) where {g.key})

-- fragment: genre_is
t.genre_keys @> array[:value::text]

-- fragment: playlist
t.id in (
    select s.id from playlists p cross join lateral (
        select e.id from unnest(p.songs) as e (id)
        union all
        select w.twin_of from unnest(p.songs) as e (id)
        join tracks w on w.id = e.id and w.twin_of is not null
            and (select exists (select from tracks where twin_of is not null))
    ) s
    where p.id = :value::bigint and (p.user_id = :user::integer or p.public or :admin::boolean)
)

-- fragment: text_is
lower({field}) = lower(:value::text)
-- fragment: text_contains
strpos(lower({field}), lower(:value::text)) > 0
-- fragment: text_startsWith
starts_with(lower({field}), lower(:value::text))
-- fragment: text_endsWith
right(lower({field}), length(:value::text)) = lower(:value::text)

-- fragment: key_is
{field} = :value::text
-- fragment: key_contains
strpos({field}, :value::text) > 0
-- fragment: key_startsWith
starts_with({field}, :value::text)
-- fragment: key_endsWith
right({field}, length(:value::text)) = :value::text

-- fragment: number_is
{field} = :value::double precision
-- fragment: number_gt
{field} > :value::double precision
-- fragment: number_lt
{field} < :value::double precision
-- fragment: number_inTheRange
{field} between :value::double precision and :second::double precision

-- fragment: bool_is
({field}) = :value::boolean

-- fragment: date_is
{field} >= :value::timestamptz and {field} < :value::timestamptz + interval '1 day'
-- fragment: date_before
{field} < :value::timestamptz
-- fragment: date_after
{field} >= :value::timestamptz + interval '1 day'
-- fragment: date_inTheRange
{field} >= :value::timestamptz and {field} < :second::timestamptz + interval '1 day'
-- fragment: date_inTheLast
{field} > now() - make_interval(secs => 86400 * :value::double precision)

-- fragment: sort_title
t.title_sort
-- fragment: sort_album
coalesce(al.sort_name, '')
-- fragment: sort_albumArtist
coalesce(al.artist_sort, '')
-- fragment: sort_artist
lower(coalesce(c.artist, ''))
-- fragment: sort_genre
coalesce(t.genre_keys[1], '')
-- fragment: sort_random
random()
-- fragment: ascending
{field} asc nulls last
-- fragment: descending
{field} desc nulls last
