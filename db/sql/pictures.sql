-- part: columns
p.id, l.path as root, p.path, p.embedded, p.hash

-- part: seen
p.library_id = any(:libraries)

-- name: by_id
select {columns} from pictures p join libraries l on l.id = p.library_id
where p.id = :item and {seen}

-- name: shared
-- For whoever has an address that was signed for somebody who may see it.
select {columns} from pictures p join libraries l on l.id = p.library_id
where p.id = :picture and l.active

-- name: of_track
select {columns} from tracks x join pictures p on p.id = x.picture_id
join libraries l on l.id = p.library_id where x.id = :item and {seen}

-- name: of_album
select {columns} from albums x join pictures p on p.id = x.picture_id
join libraries l on l.id = p.library_id where x.id = :item and {seen}

-- name: of_artist
select {columns} from artists x join pictures p on p.id = x.picture_id
join libraries l on l.id = p.library_id where x.id = :item and {seen}

-- name: of_folder
select {columns} from folders x join pictures p on p.id = x.picture_id
join libraries l on l.id = p.library_id where x.id = :item and {seen}

-- name: of_video
-- That of its folder.
select {columns} from videos v join folders x on x.id = v.folder_id join pictures p on p.id = x.picture_id
join libraries l on l.id = p.library_id where v.id = :item and {seen}

-- name: of_playlist
-- The first four of the songs that the user sees in it.
select {columns} from (
    select t.picture_id, min(t.n) as first
    from playlists x cross join lateral ({playlists.songs}) t
    where x.id = :item and (x.user_id = :user or x.public or :admin::boolean)
        and t.picture_id is not null
    group by t.picture_id order by first limit 4
) f join pictures p on p.id = f.picture_id join libraries l on l.id = p.library_id
where {seen}
order by f.first
