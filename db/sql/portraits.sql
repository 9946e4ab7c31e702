-- name: set
update artists a set picture_id = new.picture_id
from unnest(:artists::bigint[], :pictures::bigint[]) as new (artist_id, picture_id)
where a.id = new.artist_id and a.picture_id is distinct from new.picture_id
    and not exists (select from pictures p where p.id = a.picture_id and p.library_id <> :library)

-- name: clear
update artists a set picture_id = null
from pictures p
where p.id = a.picture_id and p.library_id = :library and a.id <> all(:artists::bigint[])

-- name: artists
select id, key from artists where key = any(:keys::text[])

-- name: below
select distinct on (f.n) f.n::integer - 1 as folder, s.artist_id, s.key
from unnest(:first::bytea[], :last::bytea[], :keys::text[]) with ordinality as f (first, last, key, n)
cross join lateral (
    select r.artist_id, a.key, count(*) over () as artists
    from tracks t
    join track_artists r on r.track_id = t.id and r.role = 'albumartist'
    join artists a on a.id = r.artist_id
    where t.library_id = :library and {twins.there}
        and t.path >= f.first and t.path < f.last
    group by r.artist_id, a.key
) s
where s.key = f.key or s.artists = 1
order by f.n, s.key = f.key desc, s.artist_id
