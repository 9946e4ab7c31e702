-- part: columns
a.id, a.name, a.sort_name, a.letter, a.mbid,
(select p.id from pictures p where p.id = a.picture_id and p.library_id = any(:libraries)) as picture_id,
c.album_count, c.song_count, c.roles,
a.average_rating, m.starred, m.rating

-- part: mine
left join marks m on m.user_id = :user and m.kind = 'artist' and m.item_id = a.id

-- part: counts
select artist_id, sum(album_count)::integer as album_count, sum(song_count)::integer as song_count,
       case when count(*) = 1 then max(roles) else array(
           select distinct role from artist_counts o, unnest(o.roles) as role
           where o.artist_id = artist_counts.artist_id and o.library_id = any(:libraries) order by role
       ) end as roles
from artist_counts where library_id = any(:libraries)

-- part: whose
-- An artist of a few among many is a guest.
chief as (
    select artist_id, songs, position from (
        select r.artist_id, count(*) as songs, min(r.position) as position, max(count(*)) over () as most
        from below b join track_artists r on r.track_id = b.id and r.role = 'artist'
        group by r.artist_id
    ) counted where songs * 3 >= most
    order by songs desc, position, artist_id limit 10
)
select {columns} from chief join artists a on a.id = chief.artist_id
join lateral ({counts} and artist_id = a.id group by artist_id) c on true {mine}
order by chief.songs desc, chief.position, a.id

-- name: of_artist
select {columns} from artists a
join ({counts} and artist_id = :item group by artist_id) c on c.artist_id = a.id {mine}

-- name: of_track
with below as (select t.id from tracks t 
    where t.id = coalesce((select x.twin_of from tracks x where x.id = :item), :item) and {tracks.seen}
), {whose}

-- name: of_album
with below as (select t.id from tracks t where t.album_id = :item and {tracks.seen}), {whose}

-- name: of_folder
with below as ({folders.below}), {whose}

-- name: album_artists
select {columns} from artists a
join ({counts} group by artist_id having sum(album_count) > 0) c on c.artist_id = a.id {mine}
order by a.sort_name, a.id

-- name: starred
select {columns} from marks m
join artists a on a.id = m.item_id
join lateral ({counts} and artist_id = a.id group by artist_id) c on true
where m.user_id = :user and m.kind = 'artist' and m.starred is not null
order by m.starred desc, a.id desc

-- name: found
select {columns} from (
    select a.id, a.name_key, coalesce(m.play_count, 0) as plays, {search.fit} from artists a {mine}
    where a.words @@ :parts::tsquery and exists (
        select from artist_counts c where c.artist_id = a.id and c.library_id = any(:libraries)
    )
    order by {search.best} limit :size offset :offset
) page join artists a using (id)
join lateral ({counts} and artist_id = a.id group by artist_id) c on true {mine}
order by page.fit, page.plays desc, page.name_key, page.id

-- name: everything
select {columns} from (
    select a.id from artists a
    where exists (
        select from artist_counts c
        where c.artist_id = a.id and c.library_id = any(:libraries) and c.album_count > 0)
    order by a.id limit :size offset :offset
) page join artists a using (id)
join lateral ({counts} and artist_id = a.id group by artist_id) c on true {mine}
order by a.id
