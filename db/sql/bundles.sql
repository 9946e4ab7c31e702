-- name: files
-- What an album, artist, playlist or folder has to hear, each with its album's picture, if that is a file.
with listed as materialized (
    select t.id, row_number() over (
        order by t.first, t.second, t.disc, t.track, t.title_sort, t.id
    ) as place
    from users u
    cross join (select :kind::text as kind, :item::bigint as item_id) i
    cross join lateral {shares.songs}
    where u.id = :user and t.missing_since is null and l.active and t.library_id = any(:libraries)
    order by place limit :most
)
select {tracks.file}, t.album_id, c.path as cover_root, p.path as cover
from listed n join tracks t using (id) join libraries l on l.id = t.library_id
left join albums a on a.id = t.album_id
left join pictures p on p.id = a.picture_id and not p.embedded and p.library_id = any(:libraries)
left join libraries c on c.id = p.library_id
order by n.place
