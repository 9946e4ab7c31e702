-- part: near
-- Which artists are near to the seeds, from what is in the libraries given: every song that is counted is in them.
with owned as (
    select t.id, t.album_id, t.genre_keys, t.year from tracks t
    where t.id in (select track_id from track_artists where artist_id = any(:seeds::bigint[]))
      and {tracks.seen}
    order by t.id desc limit 1000
), taste as (
    -- How much of the seeds' music is of a genre, and how much that says: a rare one says more.
    select s.key, s.share, s.share * ln(1 + total.songs / sum(g.song_count)) as worth
    from (
        select key, count(*)::float8 / (select count(*) from owned) as share
        from owned, unnest(genre_keys) as key group by key
    ) s
    join genres g on g.key = s.key and g.library_id = any(:libraries),
    (select sum(song_count)::float8 as songs from genres where library_id = any(:libraries)) total
    group by s.key, s.share, total.songs order by worth desc, s.key limit 6
), styles as (
    select r.artist_id, k.key, count(*)::float8 as albums, avg(a.year)::float8 as year
    from albums a join album_artists r on r.album_id = a.id, unnest(a.genre_keys) as k (key)
    where a.genre_keys && array(select key from taste) and k.key = any(array(select key from taste))
      and {albums.seen}
    group by r.artist_id, k.key
), alike as (
    -- From 0 to 1: the same genres in the same shares; other times make it less.
    select s.artist_id,
           sum(t.worth * least(1, s.albums / c.albums / t.share)) / (select sum(worth) from taste)
               * (1 - 0.3 * least(1, coalesce(abs(avg(s.year) - (select avg(year) from owned)) / 30, 0.5)))
               as score
    from styles s join taste t using (key)
    join (
        select artist_id, sum(album_count)::float8 as albums from artist_counts
        where library_id = any(:libraries) group by artist_id having sum(album_count) > 0
    ) c using (artist_id)
    group by s.artist_id
), shared as (
    -- By the share of an album: a duet is much, a neighbour on a sampler little, a composer in between.
    select r.artist_id,
           sum(case when r.role = 'artist' then 1 else 0.3 end
               * case when o.id is null then 0.2 else 1 end / greatest(a.song_count, 1))::float8 as much
    from (select distinct album_id from owned order by album_id desc limit 150) own
    join albums a on a.id = own.album_id
    join tracks t on t.album_id = a.id
    join track_artists r on r.track_id = t.id and r.role <> 'albumartist'
    left join owned o on o.id = t.id
    where {tracks.seen}
    group by r.artist_id
), fans as (
    select user_id, ln(1 + sum(times))::float8 as weight from (
        select p.user_id, count(*) as times from (select id from owned limit 300) o
        join plays p on p.track_id = o.id group by p.user_id
        union all
        select u.id, count(*) * 3 from users u
        cross join lateral (
            select item_id from marks where user_id = u.id and kind = 'track' and starred is not null
            order by starred desc, item_id desc limit 100
        ) m
        join owned o on o.id = m.item_id
        group by u.id
    ) times
    group by user_id order by weight desc, user_id limit 12
), liked as (
    -- What those who hear the seeds hear else; few listeners say less than many.
    select artist_id,
           sum(f.weight * least(1, l.songs / 3.0)) / (select sum(weight) from fans)
               * (select count(*) / (count(*) + 2.0) from fans) as score
    from fans f join lateral (
        select r.artist_id, count(*) as songs from (
            (select item_id from marks where user_id = f.user_id and kind = 'track' and play_count > 0
             order by play_count desc, item_id desc limit 80)
            union
            (select item_id from marks where user_id = f.user_id and kind = 'track' and starred is not null
             order by starred desc, item_id desc limit 40)
        ) m
        join tracks t on t.id = m.item_id
        join track_artists r on r.track_id = t.id and r.role = 'artist'
        where {tracks.seen}
        group by r.artist_id
    ) l on true
    group by artist_id
), near as (
    select s.artist_id, sum(s.score) as score from (
        select artist_id, score from alike
        union all
        select artist_id, 0.8 * much / (much + 0.3) from shared
        union all
        select artist_id, 0.5 * score from liked
    ) s join artists a on a.id = s.artist_id
    where s.artist_id <> all(:seeds::bigint[])
      and a.key not in ('various artists', '[unknown artist]')
      and exists (
          select from artist_counts c where c.artist_id = s.artist_id and c.library_id = any(:libraries)
            and c.roles && array['artist', 'albumartist'])
    group by s.artist_id order by score desc, s.artist_id limit :artists
)

-- name: artists
{near}
select {artists.columns} from near n join artists a on a.id = n.artist_id
join lateral ({artists.counts} and artist_id = a.id group by artist_id) c on true {artists.mine}
order by n.score desc, n.artist_id

-- name: songs
-- A lottery without repeats: an artist's songs together weigh what the artist does, the seeds' a quarter of all.
{near}, pool as (
    select artist_id, score as weight from near
    union all
    select seed, coalesce(nullif((select sum(score) from near), 0) / 3, 1) / cardinality(:seeds::bigint[])
    from unnest(:seeds::bigint[]) as seed
), drawn as (
    select s.id, max(p.weight / s.songs) as weight from pool p join lateral (
        select t.id, count(*) over () as songs from tracks t
        where t.id in (
            select track_id from track_artists
            where artist_id = p.artist_id and role in ('artist', 'albumartist')
        ) and {tracks.seen}
        order by random() limit 200
    ) s on true
    where s.id <> all(:without::bigint[])
    group by s.id order by ln(1 - random()) / max(p.weight / s.songs) desc limit :size
)
select {tracks.columns} from drawn join tracks t using (id) {tracks.mine}
order by random()

-- name: top
-- Where an artist leads no song, those with them in any other role. Their own albums go before samplers.
with parts as (
    select r.track_id, r.role in ('artist', 'albumartist') as leads, r.role
    from track_artists r
    where r.artist_id = (select id from artists where id = :artist::bigint or key = :key::text)
), songs as (
    select track_id, count(*) as roles from parts
    where leads or not exists (select from parts where leads) group by track_id
)
select {tracks.columns}
from songs s join tracks t on t.id = s.track_id join albums a on a.id = t.album_id
cross join lateral (
    select count(*) as times from plays p where p.track_id = t.id
        or p.track_id = any(array(select x.id from tracks x where x.twin_of = t.id))
) heard {tracks.mine}
where {tracks.seen}
order by heard.times desc, m.starred is null, m.rating desc nulls last, t.average_rating desc nulls last,
    s.roles desc, a.year desc nulls last, a.id desc, t.disc, t.track, t.id
limit :size
