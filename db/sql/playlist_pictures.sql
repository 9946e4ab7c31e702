-- part: later
greatest(clock_timestamp(), p.changed + interval '1 millisecond')

-- name: of
select p.id, i.hash, i.picture as data from playlists p join playlist_pictures i on i.playlist_id = p.id
where p.id = :playlist and (p.user_id = :user or p.public or :admin::boolean)

-- name: put
-- The playlist is changed, too: there are apps that look no further at one that is not.
with theirs as (
    update playlists p set changed = {later}
    where p.id = :playlist and (p.user_id = :user or :admin::boolean)
    returning p.id
)
insert into playlist_pictures (playlist_id, picture, hash) select id, :picture, :hash from theirs
on conflict (playlist_id) do update set picture = excluded.picture, hash = excluded.hash
returning true

-- name: remove
-- The playlist is locked first, here as there.
with theirs as (
    update playlists p set changed = {later}
    where p.id = :playlist and (p.user_id = :user or :admin::boolean)
        and exists (select from playlist_pictures i where i.playlist_id = p.id)
    returning p.id
)
delete from playlist_pictures i using theirs where i.playlist_id = theirs.id
returning true
