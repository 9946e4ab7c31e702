-- part: known
select 'track' as kind, t.id from tracks t
where t.id = any(:tracks::bigint[]) and t.library_id = any(:libraries)
union all
select 'album', a.id from albums a
where a.id = any(:albums::bigint[]) and a.library_id = any(:libraries)
union all
select 'artist', a.id from artists a
where a.id = any(:artists::bigint[])
  and exists (select from artist_counts c where c.artist_id = a.id and c.library_id = any(:libraries))
union all
select 'folder', f.id from folders f
where f.id = any(:folders::bigint[]) and f.library_id = any(:libraries)
union all
select 'video', v.id from videos v
where v.id = any(:videos::bigint[]) and v.library_id = any(:libraries)

-- part: meant
-- What is shown as one is marked as one, in all its files.
select kind, id from known where kind not in ('track', 'album')
union
select 'track', m.id from tracks t cross join lateral ({twins.kin}) m
where t.id = any(:tracks::bigint[]) and t.library_id = any(:libraries)
union
select 'album', m.id from albums a cross join lateral ({twins.album_kin}) m
where a.id = any(:albums::bigint[]) and a.library_id = any(:libraries)

-- name: star
-- All or nothing: an unknown id among them leaves the rest as it was.
with known as ({known}), meant as ({meant}), found as (select count(*) as n from known), done as (
    insert into marks (user_id, kind, item_id, starred)
    select :user, kind, id, clock_timestamp() from meant where (select n from found) = :wanted
    on conflict (user_id, kind, item_id) do update set starred = coalesce(marks.starred, excluded.starred)
)
select n = :wanted from found

-- name: unstar
with known as ({known}), meant as ({meant}), found as (select count(*) as n from known), done as (
    update marks m set starred = null from meant k
    where m.user_id = :user and m.kind = k.kind and m.item_id = k.id
      and m.starred is not null and (select n from found) = :wanted
)
select n = :wanted from found

-- name: take_turn
-- Who rates a thing next must see what the one before has given, or it is missing in the average.
select pg_advisory_xact_lock(hashtext('dulcian rates ' || :kind::text || ' ' || coalesce(
    (select twin_of from tracks where :kind = 'track' and id = :item::bigint),
    (select twin_of from albums where :kind = 'album' and id = :item), :item)))

-- name: rate
-- Tells all that was rated by that.
with known as ({known}), meant as ({meant}), done as (
    insert into marks (user_id, kind, item_id, rating)
    select :user, kind, id, nullif(:rating::smallint, 0) from meant
    on conflict (user_id, kind, item_id) do update set rating = excluded.rating
)
select array(select id from meant)

-- name: rated_by
select kind, array_agg(item_id) as items from marks
where user_id = :user and rating is not null group by kind order by kind

-- name: average_track
update tracks set average_rating = (
    select avg(rating)::real from marks where kind = 'track' and item_id = tracks.id and rating is not null
) where id = any(:items::bigint[])

-- name: average_album
update albums set average_rating = (
    select avg(rating)::real from marks where kind = 'album' and item_id = albums.id and rating is not null
) where id = any(:items::bigint[])

-- name: average_artist
update artists set average_rating = (
    select avg(rating)::real from marks where kind = 'artist' and item_id = artists.id and rating is not null
) where id = any(:items::bigint[])

-- name: average_folder
update folders set average_rating = (
    select avg(rating)::real from marks where kind = 'folder' and item_id = folders.id and rating is not null
) where id = any(:items::bigint[])

-- name: average_video
update videos set average_rating = (
    select avg(rating)::real from marks where kind = 'video' and item_id = videos.id and rating is not null
) where id = any(:items::bigint[])
